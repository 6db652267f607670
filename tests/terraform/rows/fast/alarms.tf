resource "aws_cloudwatch_metric_alarm" "p95" {
  alarm_name                            = "rows-p95"
  comparison_operator                   = "GreaterThanThreshold"
  evaluation_periods                    = 3
  datapoints_to_alarm                   = 2
  extended_statistic                    = "p95"
  metric_name                           = "ModelLatency"
  namespace                             = "AWS/SageMaker"
  period                                = 10 * var.edition
  threshold                             = 150000 * var.edition
  treat_missing_data                    = "notBreaching"
  evaluate_low_sample_count_percentiles = var.edition == 1 ? "ignore" : "evaluate"
  dimensions                            = { EndpointName = "e", VariantName = "v", EndpointConfigName = "c" }
  tags                                  = { edition = var.edition }
  alarm_description                     = "d${var.edition}"
  alarm_actions                         = [aws_sns_topic.this.arn]
}

resource "aws_cloudwatch_metric_alarm" "plain" {
  alarm_name          = "rows-plain"
  comparison_operator = "LessThanOrEqualToThreshold"
  evaluation_periods  = 1
  statistic           = "Average"
  metric_name         = "Invocation5XXErrors"
  namespace           = "AWS/SageMaker"
  period              = 60
  threshold           = 0.05 * var.edition
  unit                = "None"
  actions_enabled     = var.edition == 1
}

resource "aws_cloudwatch_metric_alarm" "math" {
  alarm_name          = "rows-math"
  comparison_operator = "GreaterThanOrEqualToThreshold"
  evaluation_periods  = 2
  threshold           = var.edition
  metric_query {
    id          = "e1"
    expression  = "IF(m2 > 0, m1 / m2, 0) * 100"
    label       = "Error rate ${var.edition}"
    return_data = true
  }
  metric_query {
    id = "m1"
    metric {
      metric_name = "Invocation5XXErrors"
      namespace   = "AWS/SageMaker"
      period      = 60
      stat        = "Sum"
      dimensions  = { EndpointName = "e", VariantName = "v" }
    }
  }
  metric_query {
    id = "m2"
    metric {
      metric_name = "Invocations"
      namespace   = "AWS/SageMaker"
      period      = 60
      stat        = "Sum"
      unit        = "None"
      dimensions  = { EndpointName = "e", VariantName = "v" }
    }
  }
}

resource "aws_cloudwatch_metric_alarm" "anomaly" {
  alarm_name          = "rows-anomaly"
  comparison_operator = "GreaterThanUpperThreshold"
  evaluation_periods  = 2
  threshold_metric_id = "e1"
  metric_query {
    id          = "e1"
    expression  = "ANOMALY_DETECTION_BAND(m1, ${1 + var.edition})"
    return_data = true
  }
  metric_query {
    id          = "m1"
    return_data = true
    metric {
      metric_name = "Invocations"
      namespace   = "AWS/SageMaker"
      period      = 60
      stat        = "Average"
      dimensions  = { EndpointName = "e", VariantName = "v" }
    }
  }
}

resource "aws_cloudwatch_composite_alarm" "all" {
  alarm_name    = "rows-all"
  alarm_rule    = "ALARM(${aws_cloudwatch_metric_alarm.p95.alarm_name}) ${var.edition == 1 ? "OR" : "AND"} ALARM(${aws_cloudwatch_metric_alarm.math.alarm_name})"
  alarm_actions = [aws_sns_topic.this.arn]
  tags          = { edition = var.edition }
  actions_suppressor {
    alarm            = aws_cloudwatch_metric_alarm.plain.alarm_name
    extension_period = 10
    wait_period      = 20 * var.edition
  }
}

resource "aws_cloudwatch_dashboard" "this" {
  dashboard_name = "rows-dashboard"
  dashboard_body = jsonencode({ widgets = [{ type = "text", x = 0, y = 0, width = 3, height = 3, properties = { markdown = "e${var.edition}" } }] })
}

import {
  for_each = var.importing ? toset(["rows-p95"]) : []
  to       = aws_cloudwatch_metric_alarm.p95
  id       = each.value
}

import {
  for_each = var.importing ? toset(["rows-all"]) : []
  to       = aws_cloudwatch_composite_alarm.all
  id       = each.value
}

import {
  for_each = var.importing ? toset(["rows-dashboard"]) : []
  to       = aws_cloudwatch_dashboard.this
  id       = each.value
}
