mock_provider "aws" {}

variables {
  endpoint_name = "iris"
  vcpus         = 2

  topic_arns = {
    critical = "arn:aws:sns:us-east-1:000000000000:critical"
    warning  = "arn:aws:sns:us-east-1:000000000000:warning"
  }
}

run "defaults_watch_what_every_endpoint_has" {
  command = plan

  assert {
    condition = { for name, alarm in merge(aws_cloudwatch_metric_alarm.metric, aws_cloudwatch_metric_alarm.requests) : name => "${alarm.comparison_operator} ${alarm.threshold} ${alarm.treat_missing_data}" } == {
      client_error_rate  = "GreaterThanThreshold 0.05 notBreaching"
      cpu_percent        = "GreaterThanThreshold 180 missing"
      error_rate         = "GreaterThanThreshold 0.01 notBreaching"
      latency_p95_ms     = "GreaterThanThreshold 500000 notBreaching"
      memory_percent     = "GreaterThanThreshold 90 missing"
      no_traffic_minutes = "LessThanThreshold 1 breaching"
    }
    error_message = "Latency should be counted in microseconds, CPU by core, and silence be a reason only for the alarm about silence."
  }

  assert {
    condition     = toset([for query in aws_cloudwatch_metric_alarm.requests["latency_p95_ms"].metric_query : "${query.id} ${query.expression != null ? query.expression : "${one(query.metric).metric_name} ${one(query.metric).stat}"}"]) == toset(["judged IF(requests >= 10, latency, 0)", "latency ModelLatency p95", "requests Invocations Sum"])
    error_message = "Latency should be the 95th percentile, of ten requests or more."
  }

  assert {
    condition = alltrue(flatten([for alarm in values(aws_cloudwatch_metric_alarm.requests) : [for query in alarm.metric_query : [
      for metric in query.metric : metric.namespace == "AWS/SageMaker" && metric.dimensions == tomap({ EndpointName = "iris", VariantName = "primary" }) && metric.period == 60
    ]]]))
    error_message = "Every minute of the whole variant should be looked at."
  }

  assert {
    condition     = toset([for query in aws_cloudwatch_metric_alarm.requests["error_rate"].metric_query : "${query.id} ${query.expression != null ? query.expression : "${one(query.metric).metric_name} ${one(query.metric).stat}"}"]) == toset(["judged IF(requests >= 10, (failures - client_errors) / requests, 0)", "client_errors Invocation4XXErrors Sum", "failures InvocationModelErrors Sum", "requests Invocations Sum"])
    error_message = "The error rate should be the model's own failures by requests, of ten or more."
  }

  assert {
    condition     = [for name in ["client_error_rate", "error_rate"] : split(" of ", aws_cloudwatch_metric_alarm.requests[name].alarm_description)[0]] == ["More than 5 %", "More than 1 %"]
    error_message = "A hundredth should read as one percent."
  }

  assert {
    condition = { for name, alarm in merge(aws_cloudwatch_metric_alarm.metric, aws_cloudwatch_metric_alarm.requests) : name => join(",", alarm.alarm_actions) if alarm.alarm_actions == alarm.ok_actions } == {
      client_error_rate  = var.topic_arns.warning
      cpu_percent        = var.topic_arns.warning
      error_rate         = var.topic_arns.critical
      latency_p95_ms     = var.topic_arns.critical
      memory_percent     = var.topic_arns.warning
      no_traffic_minutes = ""
    }
    error_message = "The severity should choose the topic of the alarm and of its end."
  }

  assert {
    condition     = [for alarm in [aws_cloudwatch_metric_alarm.metric["no_traffic_minutes"]] : "${alarm.datapoints_to_alarm} of ${alarm.evaluation_periods} by ${alarm.period} s of ${alarm.metric_name}"] == ["60 of 60 by 60 s of Invocations"]
    error_message = "An hour without a request should be an alarm."
  }

  assert {
    condition     = aws_cloudwatch_composite_alarm.rollback[0].alarm_rule == "ALARM(\"iris/error_rate\") OR ALARM(\"iris/latency_p95_ms\")" && aws_cloudwatch_composite_alarm.rollback[0].alarm_actions == toset([var.topic_arns.critical]) && length(aws_cloudwatch_composite_alarm.rollback[0].actions_suppressor) == 0
    error_message = "Errors or latency should ask for a rollback."
  }

  assert {
    condition     = output.rollback_alarm_name == "iris/rollback" && output.alarm_names["error_rate"] == "iris/error_rate" && output.thresholds["latency_p95_ms"] == 500 && !contains(keys(output.thresholds), "data_drift")
    error_message = "The names and the thresholds in force should be given."
  }
}

run "everything_that_can_be_chosen" {
  command = plan

  variables {
    drift_metric          = { metric_name = "Psi", namespace = "Shop", dimensions = { Model = "iris" } }
    quality_metric        = { metric_name = "Accuracy" }
    minimum_request_count = 1
    rollback              = { alarms = ["model_quality"], suppressor = { alarm_name = "maintenance", wait_s = 120 } }
    severities            = { data_drift = "critical", cpu_percent = "info" }
    variant_name          = "main"

    thresholds = {
      cpu_percent        = 50
      data_drift         = 0.2
      error_rate         = null
      instance_count     = 4
      latency_p95_ms     = null
      memory_percent     = null
      model_quality      = 0.9
      no_traffic_minutes = null
    }
  }

  assert {
    condition     = keys(merge(aws_cloudwatch_metric_alarm.metric, aws_cloudwatch_metric_alarm.requests)) == ["client_error_rate", "cpu_percent", "data_drift", "instance_count", "model_quality"]
    error_message = "A threshold of null should turn the alarm off."
  }

  assert {
    condition     = contains([for query in aws_cloudwatch_metric_alarm.requests["client_error_rate"].metric_query : coalesce(query.expression, "none")], "IF(requests >= 1, client_errors / requests, 0)")
    error_message = "The given number of requests should be enough."
  }

  assert {
    condition     = aws_cloudwatch_metric_alarm.metric["instance_count"].statistic == "SampleCount" && aws_cloudwatch_metric_alarm.metric["instance_count"].threshold == 4 && aws_cloudwatch_metric_alarm.metric["instance_count"].comparison_operator == "GreaterThanOrEqualToThreshold"
    error_message = "The instances should be counted by what they report."
  }

  assert {
    condition = { for name in ["data_drift", "model_quality"] : name => alltrue([for alarm in [aws_cloudwatch_metric_alarm.metric[name]] : alarm.treat_missing_data == "ignore"]) ? join(" ", [for alarm in [aws_cloudwatch_metric_alarm.metric[name]] : "${alarm.namespace} ${alarm.metric_name} ${jsonencode(alarm.dimensions)} ${alarm.comparison_operator} ${alarm.threshold}"]) : "" } == {
      data_drift    = "Shop Psi {\"Model\":\"iris\"} GreaterThanThreshold 0.2"
      model_quality = "MLOps Accuracy {\"EndpointName\":\"iris\"} LessThanThreshold 0.9"
    }
    error_message = "Drift and quality should be the given metrics, whose last word stands."
  }

  assert {
    condition     = aws_cloudwatch_metric_alarm.metric["data_drift"].alarm_actions == toset([var.topic_arns.critical]) && length(aws_cloudwatch_metric_alarm.metric["cpu_percent"].alarm_actions) == 0
    error_message = "A given severity should win, and one without a topic notify nobody."
  }

  assert {
    condition     = aws_cloudwatch_composite_alarm.rollback[0].alarm_rule == "ALARM(\"iris/model_quality\")" && one(aws_cloudwatch_composite_alarm.rollback[0].actions_suppressor).wait_period == 120 && one(aws_cloudwatch_composite_alarm.rollback[0].actions_suppressor).alarm == "maintenance"
    error_message = "The given alarms should ask for a rollback unless the other one rings."
  }
}

run "nobody_is_asked_for_a_rollback" {
  command = plan

  variables {
    rollback = { alarms = [] }
  }

  assert {
    condition     = length(aws_cloudwatch_composite_alarm.rollback) == 0 && output.rollback_alarm_name == null
    error_message = "There should be no composite alarm."
  }
}
