resource "aws_sagemaker_model_package_group" "this" {
  for_each = var.group_names

  model_package_group_name        = each.key
  model_package_group_description = "Versions of the model ${each.key}"
}
