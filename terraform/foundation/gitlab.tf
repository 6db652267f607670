locals {
  # Endpoints of every model are named <prefix>-<environment>.
  endpoint_names = coalesce(var.endpoint_names, ["*-${var.environment}"])
}

module "ci_roles" {
  source = "../modules/ci_roles"
  count  = var.gitlab == null ? 0 : 1

  account_id                 = local.account_id
  audience                   = var.gitlab.audience
  bucket                     = local.bucket
  data_buckets               = var.gitlab.data_buckets
  deploy_branch              = var.gitlab.deploy_branch
  endpoint_names             = local.endpoint_names
  environment                = var.environment
  execution_role_arn         = local.role_arn
  inter_container_encryption = var.inter_container_encryption
  kms_key_arn                = local.kms_key_arn
  model_package_groups       = var.model_package_groups
  name                       = local.name
  network_isolation          = var.network_isolation
  oidc_provider_arn          = var.gitlab.oidc_provider_arn
  permissions_boundary_arn   = local.boundary_arn
  project                    = var.project
  project_path               = var.gitlab.project_path
  region                     = var.region
  secret_arns                = var.gitlab.secret_arns
  security_group_ids         = local.vpc.security_group_ids
  session_duration_s         = var.gitlab.session_duration_s
  state_bucket               = local.state_bucket
  state_kms_key_arn          = var.gitlab.state_kms_key_arn
  subnet_ids                 = local.vpc.subnet_ids
  topic_arns                 = values(local.topic_arns)
}

module "retraining" {
  source = "../modules/retraining"
  count  = var.retraining == null ? 0 : 1

  account_id               = local.account_id
  endpoint_names           = local.endpoint_names
  environment              = var.environment
  kms_key_arn              = local.kms_key_arn
  mode_by_alarm            = var.retraining.mode_by_alarm
  name                     = local.name
  permissions_boundary_arn = local.boundary_arn
  pipeline                 = var.retraining.pipeline
  region                   = var.region
  retry                    = var.retraining.retry
  schedules = merge(
    var.retraining.schedules,
    var.monitor_schedule == null ? {} : { monitor = { expression = var.monitor_schedule, mode = "monitor", timezone = "UTC", window_minutes = 0 } },
  )
  token            = var.retraining_token
  token_secret_arn = var.retraining.token_secret_arn
}
