module "encryption" {
  source = "../../modules/encryption"

  account_id = data.aws_caller_identity.current.account_id
  alias      = var.endpoint_name
}

module "notifications" {
  source = "../../modules/notifications"

  account_id    = data.aws_caller_identity.current.account_id
  kms_key_arn   = module.encryption.key_arn
  name          = "${var.endpoint_name}-notifications"
  subscriptions = var.subscriptions
}

module "alarms" {
  source = "../../modules/alarms"

  endpoint_name = var.endpoint_name
  thresholds    = merge({ instance_count = module.autoscaling.max_capacity }, var.thresholds)
  topic_arns    = module.notifications.topic_arns
  vcpus         = var.vcpus
}

module "dashboard" {
  source = "../../modules/dashboard"

  alarm_arns    = concat(values(module.alarms.alarm_arns), module.alarms.rollback_alarm_arn[*])
  endpoint_name = var.endpoint_name
  region        = var.region
  releases      = { for id, release in var.releases : id => release.released_at }
  thresholds    = module.alarms.thresholds
  vcpus         = var.vcpus
}
