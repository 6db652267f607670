locals {
  # The same in every release and in the root serving.
  variant_name = "primary"
}
