locals {
  # SageMaker counts the CPU per core, and the sizes of its instance types tell their number.
  _odd_sizes     = { "ml.c4.8xlarge" = 36 }
  _size          = try(regex("^ml\\.[a-z0-9-]+\\.([0-9]*)(x?)large$", var.instance_type), null)
  _size_vcpus    = local._size == null ? null : local._size[1] == "" ? 2 : 4 * try(tonumber(local._size[0]), 1)
  _vcpus_of_type = lookup(local._odd_sizes, var.instance_type, local._size_vcpus)
  vcpus          = try(coalesce(var.vcpus, local._vcpus_of_type), null)
}

# The endpoint configs keep their initial counts: those are of the day they were made, and only a move goes back to them.
module "autoscaling" {
  source = "../modules/autoscaling"
  count  = var.autoscaling == null ? 0 : 1

  autoscaling   = var.autoscaling
  endpoint_name = var.endpoint_name
  instance_type = var.instance_type
  variant_name  = local.variant_name
  vcpus         = local.vcpus
}

check "instance_count" {
  assert {
    condition = var.autoscaling == null ? true : (
      var.instance_count >= coalesce(var.autoscaling.min_capacity, 1) && var.instance_count <= module.autoscaling[0].max_capacity
    )
    error_message = "The instance_count is not between min_capacity and max_capacity of autoscaling: after a move to a config with this count, scaling would correct it at once."
  }
}
