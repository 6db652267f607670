locals {
  # What names nothing is refused by the module endpoint, in a sentence; any type will do to spare it a second one.
  _live         = try(var.endpoint_configs[var.live_config], null)
  instance_type = try(var.releases[local._live.release].instance_type, "ml.m5.large")

  # SageMaker counts the CPU per core, and the sizes of its instance types tell their number.
  _odd_sizes     = { "ml.c4.8xlarge" = 36 }
  _size          = try(regex("^ml\\.[a-z0-9-]+\\.([0-9]*)(x?)large$", local.instance_type), null)
  _size_vcpus    = local._size == null ? null : local._size[1] == "" ? 2 : 4 * try(tonumber(local._size[0]), 1)
  _vcpus_of_type = lookup(local._odd_sizes, local.instance_type, local._size_vcpus)
}

# The endpoint configs keep their initial counts: those are of the day they were made, and only a move goes back to them.
module "autoscaling" {
  source = "../modules/autoscaling"
  count  = var.autoscaling == null ? 0 : 1

  autoscaling   = var.autoscaling
  endpoint_name = module.endpoint.endpoint_name # a target must exist
  instance_type = local.instance_type
  variant_name  = local.variant_name
  vcpus         = try(coalesce(var.vcpus, local._vcpus_of_type), null)
}

check "instance_count" {
  assert {
    condition = var.autoscaling == null || local._live == null ? true : (
      local._live.instance_count >= coalesce(var.autoscaling.min_capacity, 1) && local._live.instance_count <= module.autoscaling[0].max_capacity
    )
    error_message = "The instance_count of the config that live_config names is not between min_capacity and max_capacity of autoscaling: after a move, scaling would correct it at once."
  }
}
