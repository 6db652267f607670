locals {
  # The runner and the alarms know this name.
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

# States of before the module.
moved {
  from = aws_cloudwatch_metric_alarm.rollback
  to   = module.endpoint.aws_cloudwatch_metric_alarm.rollback
}

moved {
  from = aws_sagemaker_endpoint.this
  to   = module.endpoint.aws_sagemaker_endpoint.this
}

moved {
  from = aws_sagemaker_endpoint_configuration.release
  to   = module.endpoint.aws_sagemaker_endpoint_configuration.release
}

moved {
  from = aws_sagemaker_model.release
  to   = module.endpoint.aws_sagemaker_model.release
}
