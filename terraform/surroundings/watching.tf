locals {
  # The output alone: alarms are created before their old ones are destroyed, and that spreads to all that they depend on.
  # By module.autoscaling[*] it would be the scalable target, which registers as what is then deregistered.
  _most_instances = var.autoscaling == null ? {} : { instance_count = module.autoscaling[0].max_capacity }

  # An id tells when the release was made.
  _release_times = { for id in toset(var.release_ids) : id => format("%s-%s-%sT%s:%s:%sZ", regex(local._release_id, id)...) if can(regex(local._release_id, id)) }
  _release_id    = "^r-([0-9]{4})([0-9]{2})([0-9]{2})-([0-9]{2})([0-9]{2})([0-9]{2})-"
}

# Alarms of the whole endpoint: they notify, and never veto a move.
module "alarms" {
  source = "../modules/alarms"
  count  = var.alarms == null ? 0 : 1

  drift_metric          = var.alarms.drift_metric
  endpoint_name         = var.endpoint_name
  minimum_request_count = var.alarms.minimum_request_count
  quality_metric        = var.alarms.quality_metric
  rollback              = var.alarms.rollback
  severities            = var.alarms.severities
  thresholds            = merge(local._most_instances, var.alarms.thresholds)
  topic_arns            = var.topic_arns
  variant_name          = local.variant_name
  vcpus                 = local.vcpus
}

module "dashboard" {
  source = "../modules/dashboard"
  count  = var.dashboard == null ? 0 : 1

  alarm_arns     = flatten([for alarms in module.alarms : concat(values(alarms.alarm_arns), alarms.rollback_alarm_arn[*])])
  drift_metric   = try(var.alarms.drift_metric, null)
  endpoint_name  = var.endpoint_name
  quality_metric = try(var.alarms.quality_metric, null)
  region         = var.region
  releases       = coalesce(var.dashboard.releases, local._release_times)
  thresholds     = merge(module.alarms[*].thresholds...)
  variant_name   = local.variant_name
  vcpus          = local.vcpus
}
