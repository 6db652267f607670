locals {
  # One pair of rollback alarms for each endpoint config. The dimension EndpointConfigName limits them to the fleet
  # of that config: an alarm over both fleets would abort a deployment because the old fleet is bad.
  # `failures` are the model's own: 5xx, crashes and answers that never came. SageMaker counts everything but 2xx among
  # InvocationModelErrors, and what the model told its callers to correct among Invocation4XXErrors.
  _rollback_alarms = merge([
    for key, config in var.endpoint_configs : {
      "${key}/errors" = {
        config      = key
        description = format("More than %.4g %% of the requests fail by the model's own fault.", var.releases[config.release].rollback_alarms.error_rate * 100)
        expression  = "(failures - client_errors) / requests"
        label       = "Failures of the model per request"
        metrics     = { client_errors = "Invocation4XXErrors", failures = "InvocationModelErrors" }
        minimum     = var.releases[config.release].rollback_alarms.minimum_request_count
        statistic   = "Sum"
        threshold   = var.releases[config.release].rollback_alarms.error_rate
      }
      "${key}/latency" = {
        config      = key
        description = "The 95th percentile of the model latency is above ${var.releases[config.release].rollback_alarms.latency_p95_ms} ms."
        expression  = "latency"
        label       = "95th percentile of the model latency in microseconds"
        metrics     = { latency = "ModelLatency" }
        minimum     = var.releases[config.release].rollback_alarms.minimum_request_count
        statistic   = "p95"
        threshold   = var.releases[config.release].rollback_alarms.latency_p95_ms * 1000 # SageMaker counts microseconds
      }
    }
  ]...)
}

# They ring by what one minute showed, so only a move that waits that long is watched: `termination_wait_s`, or
# `wait_interval_s` of canary and linear. A move without a wait is over before they can.
resource "aws_cloudwatch_metric_alarm" "rollback" {
  for_each = local._rollback_alarms

  alarm_name          = "${var.endpoint_name}-${replace(each.key, "/", "-")}"
  alarm_description   = each.value.description
  comparison_operator = "GreaterThanThreshold"
  evaluation_periods  = 1
  threshold           = each.value.threshold
  # A fleet without traffic says nothing, good or bad; the endpoint tests bring traffic of their own.
  treat_missing_data = "notBreaching"

  metric_query {
    id          = "judged"
    expression  = "IF(requests >= ${each.value.minimum}, ${each.value.expression}, 0)"
    label       = each.value.label
    return_data = true
  }

  dynamic "metric_query" {
    for_each = merge(each.value.metrics, { requests = "Invocations" })

    content {
      id = metric_query.key

      metric {
        metric_name = metric_query.value
        namespace   = "AWS/SageMaker"
        period      = 60
        stat        = metric_query.key == "requests" ? "Sum" : each.value.statistic

        dimensions = {
          EndpointConfigName = "${var.endpoint_name}-${each.value.config}"
          EndpointName       = var.endpoint_name
          VariantName        = var.variant_name
        }
      }
    }
  }

  lifecycle {
    create_before_destroy = true # what serves keeps its alarms until the endpoint has moved
  }
}

# The veto of whoever tests the endpoint during the bake: one value of the metric, and SageMaker shifts back while the
# old fleet is still warm. Without a value it says nothing. A period of 10 seconds needs the metric in high resolution
# (CloudWatch user guide, "Create a CloudWatch alarm based on a static threshold"; API reference, PutMetricAlarm, Period).
resource "aws_cloudwatch_metric_alarm" "tests" {
  for_each = var.endpoint_configs

  alarm_name          = "${var.endpoint_name}-${each.key}-tests"
  alarm_description   = "The endpoint tests failed while the move to this endpoint config was baking."
  comparison_operator = "GreaterThanThreshold"
  evaluation_periods  = 1
  metric_name         = "EndpointTestsFailed"
  namespace           = "MLOps"
  period              = 10
  statistic           = "Maximum"
  threshold           = 0
  treat_missing_data  = "notBreaching"

  dimensions = {
    EndpointConfigName = "${var.endpoint_name}-${each.key}"
  }

  lifecycle {
    create_before_destroy = true # as above
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
