locals {
  # One pair of rollback alarms for each endpoint config. The dimension EndpointConfigName limits them to the fleet
  # of that config: an alarm over both fleets would abort a deployment because the old fleet is bad.
  _rollback_alarms = merge([
    for key, config in var.endpoint_configs : {
      "${key}/errors" = {
        comparison         = "GreaterThanThreshold"
        config             = key
        description        = format("More than %.4g %% of the requests end in a 5xx answer.", var.releases[config.release].rollback_alarms.error_rate * 100)
        extended_statistic = null
        metric             = "Invocation5XXErrors"
        statistic          = "Average"
        threshold          = var.releases[config.release].rollback_alarms.error_rate
      }
      "${key}/latency" = {
        comparison         = "GreaterThanThreshold"
        config             = key
        description        = "The 95th percentile of the model latency is above ${var.releases[config.release].rollback_alarms.latency_p95_ms} ms."
        extended_statistic = "p95"
        metric             = "ModelLatency"
        statistic          = null
        threshold          = var.releases[config.release].rollback_alarms.latency_p95_ms * 1000 # SageMaker counts microseconds
      }
    }
  ]...)
}

resource "aws_cloudwatch_metric_alarm" "rollback" {
  for_each = local._rollback_alarms

  alarm_name          = "${var.endpoint_name}-${replace(each.key, "/", "-")}"
  alarm_description   = each.value.description
  comparison_operator = each.value.comparison
  evaluation_periods  = 1
  extended_statistic  = each.value.extended_statistic
  metric_name         = each.value.metric
  namespace           = "AWS/SageMaker"
  period              = 60
  statistic           = each.value.statistic
  threshold           = each.value.threshold
  # A fleet without traffic says nothing, good or bad; the endpoint tests bring traffic of their own.
  treat_missing_data = "notBreaching"

  dimensions = {
    EndpointConfigName = "${var.endpoint_name}-${each.value.config}"
    EndpointName       = var.endpoint_name
    VariantName        = var.variant_name
  }

  lifecycle {
    create_before_destroy = true # what serves keeps its alarms until the endpoint has moved
  }
}

# The watch of a rollback. Alarms that ring because of what is left behind would abort the way back, the alarms of the
# config to go back to may still ring from its own past, and SageMaker wants 1 to 10 alarms (API reference, AlarmList).
resource "aws_cloudwatch_metric_alarm" "quiet" {
  alarm_name          = "${var.endpoint_name}-quiet"
  alarm_description   = "Never rings: nobody publishes its metric. A rollback of ${var.endpoint_name} is watched by it alone, because SageMaker wants an alarm and none may stop a rollback."
  comparison_operator = "GreaterThanThreshold"
  evaluation_periods  = 1
  metric_name         = "Never"
  namespace           = "MLOps"
  period              = 60
  statistic           = "Sum"
  threshold           = 0
  treat_missing_data  = "notBreaching"

  dimensions = {
    EndpointName = var.endpoint_name
  }
}
