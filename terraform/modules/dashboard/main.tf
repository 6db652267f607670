locals {
  _variant = flatten([for name, value in { EndpointName = var.endpoint_name, VariantName = var.variant_name } : [name, value]])
  _drift   = flatten([for name, value in coalesce(var.drift_metric.dimensions, { EndpointName = var.endpoint_name }) : [name, value]])
  _quality = flatten([for name, value in coalesce(var.quality_metric.dimensions, { EndpointName = var.endpoint_name }) : [name, value]])

  # By time, so that a release that is added changes nothing before it.
  _releases = [for stamp in sort([for id, time in var.releases : "${time} ${id}"]) : {
    label = split(" ", stamp)[1]
    value = split(" ", stamp)[0]
  }]

  _lines = { for name, threshold in var.thresholds : name => { label = name, value = threshold } if threshold != null }

  _requests  = concat(["AWS/SageMaker", "Invocations"], local._variant)
  _instances = concat(["/aws/sagemaker/Endpoints", "CPUUtilization"], local._variant)

  _graphs = [
    {
      title = "Model latency in ms"
      lines = ["latency_p95_ms"]
      # SageMaker counts microseconds.
      metrics = flatten([for share in ["p50", "p95", "p99"] : [
        { metric = concat(["AWS/SageMaker", "ModelLatency"], local._variant, [{ id = share, stat = share, visible = false }]) },
        { metric = [{ expression = "${share} / 1000", id = "${share}_ms", label = share }] },
      ]])
    },
    {
      title = "Requests in a minute"
      lines = []
      metrics = [
        { metric = concat(local._requests, [{ label = "all", stat = "Sum" }]) },
        { metric = concat(["AWS/SageMaker", "InvocationsPerInstance"], local._variant, [{ label = "per instance", stat = "Sum" }]) },
      ]
    },
    {
      title = "Errors by requests"
      lines = ["client_error_rate", "error_rate"]
      metrics = [
        { metric = concat(local._requests, [{ id = "requests", stat = "Sum", visible = false }]) },
        { metric = concat(["AWS/SageMaker", "Invocation4XXErrors"], local._variant, [{ id = "refused", stat = "Sum", visible = false }]) },
        { metric = concat(["AWS/SageMaker", "InvocationModelErrors"], local._variant, [{ id = "failed", stat = "Sum", visible = false }]) },
        { metric = [{ expression = "refused / requests", id = "refused_rate", label = "4xx" }] },
        { metric = [{ expression = "(failed - refused) / requests", id = "failed_rate", label = "failures of the model" }] },
      ]
    },
    {
      title = "Utilisation in percent of an instance"
      lines = ["cpu_percent", "memory_percent"]
      metrics = [
        # SageMaker counts 100 % for each core.
        { metric = concat(local._instances, [{ id = "cores", stat = "Average", visible = false }]) },
        { metric = [{ expression = "cores / ${var.vcpus}", id = "cpu", label = "CPU" }] },
        { metric = concat(["/aws/sagemaker/Endpoints", "MemoryUtilization"], local._variant, [{ label = "memory", stat = "Average" }]) },
        { metric = concat(["/aws/sagemaker/Endpoints", "DiskUtilization"], local._variant, [{ label = "disk", stat = "Average" }]) },
      ]
    },
    {
      title = "Instances"
      lines = ["instance_count"]
      # There is no metric of the count, but each instance reports once a minute.
      metrics = [{ metric = concat(local._instances, [{ label = "instances", stat = "SampleCount" }]) }]
    },
    {
      title   = "Data drift"
      lines   = ["data_drift"]
      metrics = [{ metric = concat([var.drift_metric.namespace, var.drift_metric.metric_name], local._drift, [{ period = 3600, stat = "Maximum" }]) }]
    },
    {
      title   = "Model quality"
      lines   = ["model_quality"]
      metrics = [{ metric = concat([var.quality_metric.namespace, var.quality_metric.metric_name], local._quality, [{ period = 3600, stat = "Minimum" }]) }]
    },
  ]

  _alarm_rows = length(var.alarm_arns) == 0 ? 0 : 3
  _alarms = [for arns in [sort(var.alarm_arns)] : {
    type       = "alarm"
    height     = local._alarm_rows
    width      = 24
    x          = 0
    y          = 0
    properties = { title = "Alarms", alarms = arns }
  } if length(arns) > 0]
}

resource "aws_cloudwatch_dashboard" "this" {
  dashboard_name = var.endpoint_name
  dashboard_body = jsonencode({
    widgets = concat(local._alarms, [for index, graph in local._graphs : {
      type   = "metric"
      height = 6
      width  = 12
      x      = 12 * (index % 2)
      y      = local._alarm_rows + 6 * floor(index / 2)
      properties = {
        annotations = { for kind, lines in {
          horizontal = [for name in graph.lines : local._lines[name] if contains(keys(local._lines), name)]
          vertical   = local._releases
        } : kind => lines if length(lines) > 0 }
        metrics = graph.metrics[*].metric
        period  = 60
        region  = var.region
        stacked = false
        title   = graph.title
        view    = "timeSeries"
      }
    }])
  })
}
