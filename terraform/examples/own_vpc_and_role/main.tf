locals {
  _configs = { for release in keys(var.releases) : release => "${release}-n1" }
}

module "endpoint" {
  source = "../../modules/endpoint"

  endpoint_name = var.endpoint_name
  live_config   = local._configs[var.live_release]


  endpoint_configs = { for release, key in local._configs : key => { instance_count = 1, release = release } }

  releases = {
    for name, release in var.releases : name => {
      artifact_sha256       = release.artifact_sha256
      artifact_uri          = release.artifact_uri
      container_environment = { SAGEMAKER_PROGRAM = "inference.py", SAGEMAKER_SUBMIT_DIRECTORY = "/opt/ml/model/code" }
      execution_role_arn    = release.role_arn
      image_uri             = release.image_uri
      instance_type         = release.instance_type
      kms_key_arn           = release.kms_key_arn
      model_package_arn     = "none" # no registry here; it is only a tag
      network_isolation     = true   # the container reaches nothing, not even what the subnets reach
      rollback_alarms       = { error_rate = 0.01, latency_p95_ms = 500 }
      security_group_ids    = release.security_group_ids
      startup_timeout_s     = 300
      subnet_ids            = release.subnet_ids
    }
  }
}
