locals {
  _default_thresholds = {
    client_error_rate  = 0.05
    cpu_percent        = 90
    data_drift         = null
    error_rate         = 0.01
    instance_count     = null
    latency_p95_ms     = 500
    memory_percent     = 90
    model_quality      = null
    no_traffic_minutes = 60
  }
  _default_severities = {
    client_error_rate  = "warning"
    cpu_percent        = "warning"
    data_drift         = "warning"
    error_rate         = "critical"
    instance_count     = "warning"
    latency_p95_ms     = "critical"
    memory_percent     = "warning"
    model_quality      = "critical"
    no_traffic_minutes = "info"
  }

  thresholds = merge(local._default_thresholds, var.thresholds)
  severities = merge(local._default_severities, var.severities)

  # One ARN at most: a severity without a topic notifies nobody, and the alarm is still seen on the dashboard.
  _topics = { for severity, arn in var.topic_arns : severity => compact([arn]) }

  _variant = {
    EndpointName = var.endpoint_name
    VariantName  = var.variant_name
  }
}

resource "aws_cloudwatch_metric_alarm" "metric" {
  for_each = { for name, each in local._metric_alarms : name => each if each.threshold != null }

  # The slash keeps the names of two endpoints apart: none of them has one.
  alarm_name          = "${var.endpoint_name}/${each.key}"
  alarm_actions       = local._topics[local.severities[each.key]]
  alarm_description   = each.value.description
  comparison_operator = each.value.comparison
  datapoints_to_alarm = each.value.datapoints
  dimensions          = each.value.dimensions
  evaluation_periods  = each.value.periods
  metric_name         = each.value.metric
  namespace           = each.value.namespace
  ok_actions          = local._topics[local.severities[each.key]]
  period              = each.value.period_s
  statistic           = each.value.statistic
  threshold           = each.value.threshold
  treat_missing_data  = each.value.missing

  lifecycle {
    # CloudWatch keeps an alarm that a composite one names, so one that is turned off must outlive the change of the
    # composite one (hashicorp/terraform-provider-aws issue 34807).
    create_before_destroy = true
  }
}

resource "aws_cloudwatch_metric_alarm" "requests" {
  for_each = { for name, each in local._request_alarms : name => each if each.threshold != null }

  alarm_name          = "${var.endpoint_name}/${each.key}"
  alarm_actions       = local._topics[local.severities[each.key]]
  alarm_description   = each.value.description
  comparison_operator = "GreaterThanThreshold"
  datapoints_to_alarm = 3
  evaluation_periods  = 5
  ok_actions          = local._topics[local.severities[each.key]]
  threshold           = each.value.threshold
  # Minutes without a request say nothing; that there are none is an alarm of its own.
  treat_missing_data = "notBreaching"

  metric_query {
    id          = "judged"
    expression  = "IF(requests >= ${var.minimum_request_count}, ${each.value.expression}, 0)"
    label       = each.value.label
    return_data = true
  }

  dynamic "metric_query" {
    for_each = merge(each.value.metrics, { requests = "Invocations" })

    content {
      id = metric_query.key

      metric {
        dimensions  = local._variant
        metric_name = metric_query.value
        namespace   = "AWS/SageMaker"
        period      = 60
        stat        = metric_query.key == "requests" ? "Sum" : each.value.statistic
      }
    }
  }

  lifecycle {
    create_before_destroy = true # as above
  }
}

# Asks for a rollback of what has been live for a while. While an endpoint moves, SageMaker itself watches the alarms of
# the new fleet; these watch the endpoint, whichever fleet answers.
resource "aws_cloudwatch_composite_alarm" "rollback" {
  count = length(var.rollback.alarms) > 0 ? 1 : 0

  alarm_name        = "${var.endpoint_name}/rollback"
  alarm_actions     = local._topics.critical
  alarm_description = "The endpoint ${var.endpoint_name} should go back to the release before."
  alarm_rule        = join(" OR ", [for name in sort(var.rollback.alarms) : "ALARM(\"${local._alarms[name].alarm_name}\")"])
  ok_actions        = local._topics.critical

  dynamic "actions_suppressor" {
    for_each = var.rollback.suppressor[*]

    content {
      alarm            = actions_suppressor.value.alarm_name
      extension_period = actions_suppressor.value.extension_s
      wait_period      = actions_suppressor.value.wait_s
    }
  }
}

locals {
  _alarms = merge(aws_cloudwatch_metric_alarm.metric, aws_cloudwatch_metric_alarm.requests)
}
