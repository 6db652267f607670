locals {
  _metric_alarms = {
    cpu_percent = {
      comparison  = "GreaterThanThreshold"
      datapoints  = 5
      description = "The CPU of the instances is used above ${coalesce(local.thresholds.cpu_percent, 0)} % for five minutes."
      dimensions  = local._variant
      metric      = "CPUUtilization"
      missing     = "missing" # instances that are gone are neither busy nor idle
      namespace   = "/aws/sagemaker/Endpoints"
      period_s    = 60
      periods     = 5
      statistic   = "Average"
      threshold   = try(local.thresholds.cpu_percent * var.vcpus, null) # SageMaker counts 100 % for each core
    }
    data_drift = {
      comparison  = "GreaterThanThreshold"
      datapoints  = 1
      description = "What the endpoint is asked differs from what the model was trained on by more than ${coalesce(local.thresholds.data_drift, 0)}."
      dimensions  = coalesce(var.drift_metric.dimensions, { EndpointName = var.endpoint_name })
      metric      = var.drift_metric.metric_name
      missing     = "ignore" # it is measured now and then; until the next time the last word stands
      namespace   = var.drift_metric.namespace
      period_s    = 60 # the newest figure counts, an older one of the same hour does not
      periods     = 1
      statistic   = "Maximum"
      threshold   = local.thresholds.data_drift
    }
    instance_count = {
      comparison  = "GreaterThanOrEqualToThreshold"
      datapoints  = 15
      description = "${coalesce(local.thresholds.instance_count, 0)} instances, the most allowed, serve for a quarter of an hour."
      dimensions  = local._variant
      metric      = "CPUUtilization" # there is no metric of the count, but each instance reports once a minute
      missing     = "notBreaching"   # no instance at all is not too many
      namespace   = "/aws/sagemaker/Endpoints"
      period_s    = 60
      periods     = 15 # a deployment has two fleets for some minutes
      statistic   = "SampleCount"
      threshold   = local.thresholds.instance_count
    }
    memory_percent = {
      comparison  = "GreaterThanThreshold"
      datapoints  = 5
      description = "The memory of the instances is used above ${coalesce(local.thresholds.memory_percent, 0)} % for five minutes."
      dimensions  = local._variant
      metric      = "MemoryUtilization"
      missing     = "missing" # as for the CPU
      namespace   = "/aws/sagemaker/Endpoints"
      period_s    = 60
      periods     = 5
      statistic   = "Average"
      threshold   = local.thresholds.memory_percent
    }
    model_quality = {
      comparison  = "LessThanThreshold"
      datapoints  = 1
      description = "The answers, compared with what was found to be true, score below ${coalesce(local.thresholds.model_quality, 0)}."
      dimensions  = coalesce(var.quality_metric.dimensions, { EndpointName = var.endpoint_name })
      metric      = var.quality_metric.metric_name
      missing     = "ignore" # as for the drift
      namespace   = var.quality_metric.namespace
      period_s    = 60 # the newest figure counts, an older one of the same hour does not
      periods     = 1
      statistic   = "Minimum"
      threshold   = local.thresholds.model_quality
    }
    # By the minute: one long period would look at a silence that a deployment has just ended.
    no_traffic_minutes = {
      comparison  = "LessThanThreshold"
      datapoints  = local.thresholds.no_traffic_minutes
      description = "Nobody has asked the endpoint anything for ${coalesce(local.thresholds.no_traffic_minutes, 0)} minutes."
      dimensions  = local._variant
      metric      = "Invocations"
      missing     = "breaching" # SageMaker reports no zero: that nothing is reported is the alarm
      namespace   = "AWS/SageMaker"
      period_s    = 60
      periods     = local.thresholds.no_traffic_minutes
      statistic   = "Sum"
      threshold   = local.thresholds.no_traffic_minutes == null ? null : 1
    }
  }

  # `failures` are the model's own: 5xx, crashes and answers that never came. SageMaker counts everything but 2xx among
  # InvocationModelErrors, and what the model told its callers to correct among Invocation4XXErrors.
  _request_alarms = {
    client_error_rate = {
      description = format("More than %.4g %% of the requests end in a 4xx answer of the model.", coalesce(local.thresholds.client_error_rate, 0) * 100)
      expression  = "client_errors / requests"
      label       = "4xx answers per request"
      metrics     = { client_errors = "Invocation4XXErrors" }
      statistic   = "Sum"
      threshold   = local.thresholds.client_error_rate
    }
    error_rate = {
      description = format("More than %.4g %% of the requests fail by the model's own fault.", coalesce(local.thresholds.error_rate, 0) * 100)
      expression  = "(failures - client_errors) / requests"
      label       = "Failures of the model per request"
      metrics     = { client_errors = "Invocation4XXErrors", failures = "InvocationModelErrors" }
      statistic   = "Sum"
      threshold   = local.thresholds.error_rate
    }
    latency_p95_ms = {
      description = "The 95th percentile of the model latency is above ${coalesce(local.thresholds.latency_p95_ms, 0)} ms."
      expression  = "latency"
      label       = "95th percentile of the model latency in microseconds"
      metrics     = { latency = "ModelLatency" }
      statistic   = "p95"
      threshold   = try(local.thresholds.latency_p95_ms * 1000, null) # SageMaker counts microseconds
    }
  }
}
