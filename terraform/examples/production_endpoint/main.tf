data "aws_caller_identity" "current" {}

locals {
  instance_type = var.releases[var.endpoint_configs[var.live_config].release].instance_type
}

module "endpoint" {
  source = "../../modules/endpoint"

  endpoint_configs = var.endpoint_configs
  endpoint_name    = var.endpoint_name
  live_config      = var.live_config

  # A tenth of the traffic first. While the alarms of the new fleet are quiet for five minutes, the rest follows; the
  # old fleet stays for five more.
  deployment = {
    step_percentage    = 10
    strategy           = "canary"
    termination_wait_s = 300
    wait_interval_s    = 300
  }

  releases = {
    for id, release in var.releases : id => {
      artifact_sha256       = release.artifact_sha256
      artifact_uri          = release.artifact_uri
      container_environment = { SAGEMAKER_PROGRAM = "inference.py", SAGEMAKER_SUBMIT_DIRECTORY = "/opt/ml/model/code" }
      data_capture          = release.data_capture
      execution_role_arn    = release.role_arn
      image_uri             = release.image_uri
      instance_type         = release.instance_type
      kms_key_arn           = release.kms_key_arn
      model_package_arn     = release.model_package_arn
      network_isolation     = true
      rollback_alarms       = release.rollback_alarms
      security_group_ids    = release.security_group_ids
      startup_timeout_s     = 300
      subnet_ids            = release.subnet_ids
    }
  }
}

module "autoscaling" {
  source = "../../modules/autoscaling"

  endpoint_name = module.endpoint.endpoint_name # it must exist
  instance_type = local.instance_type
  vcpus         = var.vcpus

  autoscaling = {
    cpu          = { scale_out_above_percent = 70 }
    invocations  = { target = var.capacity.requests_per_instance }
    max_capacity = var.capacity.max
    memory       = { scale_out_above_percent = 80 }
    min_capacity = var.capacity.min
    schedules    = var.schedules
  }
}
