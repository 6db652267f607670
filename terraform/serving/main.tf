locals {
  # The runner, the alarms and the root surroundings know this name.
  variant_name = "primary"
}

module "endpoint" {
  source = "../modules/endpoint"

  deployment       = var.deployment
  endpoint_configs = var.endpoint_configs
  endpoint_name    = var.endpoint_name
  live_config      = var.live_config
  releases         = var.releases
  variant_name     = local.variant_name
}
