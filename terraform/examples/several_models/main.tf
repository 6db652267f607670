data "aws_caller_identity" "current" {}

locals {
  # Everything is named after the environment, so that several of them fit into one account.
  _endpoints = { for model in keys(var.models) : model => "${var.name}-${model}" }
  _live      = { for model, each in var.models : model => "${each.live_release}-n1" }
}

module "encryption" {
  source = "../../modules/encryption"

  account_id = data.aws_caller_identity.current.account_id
  alias      = var.name
}

module "notifications" {
  source = "../../modules/notifications"

  account_id  = data.aws_caller_identity.current.account_id
  kms_key_arn = module.encryption.key_arn
  name        = "${var.name}-notifications"

  subscriptions = {
    for email in var.emails : email => { endpoint = email, protocol = "email", severities = ["critical", "warning"] }
  }
}

module "registry" {
  source = "../../modules/registry"

  group_names = values(local._endpoints)
}

module "endpoint" {
  source   = "../../modules/endpoint"
  for_each = var.models

  endpoint_name = local._endpoints[each.key]
  live_config   = local._live[each.key]


  endpoint_configs = { for release in keys(each.value.releases) : "${release}-n1" => { instance_count = 1, release = release } }

  releases = {
    for name, release in each.value.releases : name => {
      artifact_sha256       = release.artifact_sha256
      artifact_uri          = release.artifact_uri
      container_environment = { SAGEMAKER_PROGRAM = "inference.py", SAGEMAKER_SUBMIT_DIRECTORY = "/opt/ml/model/code" }
      execution_role_arn    = release.role_arn
      image_uri             = release.image_uri
      instance_type         = release.instance_type
      kms_key_arn           = release.kms_key_arn
      model_package_arn     = release.model_package_arn
      network_isolation     = true
      rollback_alarms       = { error_rate = 0.01, latency_p95_ms = 500 }
      security_group_ids    = tolist([]) # checkov loses its way in a for with a bare []
      startup_timeout_s     = 300
      subnet_ids            = tolist([])
    }
  }
}

module "alarms" {
  source   = "../../modules/alarms"
  for_each = var.models

  endpoint_name = local._endpoints[each.key]
  thresholds    = each.value.thresholds
  topic_arns    = module.notifications.topic_arns
  vcpus         = each.value.vcpus
}
