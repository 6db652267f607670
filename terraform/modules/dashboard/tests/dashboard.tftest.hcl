mock_provider "aws" {}

variables {
  endpoint_name = "iris"
  region        = "eu-west-1"
  vcpus         = 4
}

run "graphs_of_all_that_is_measured" {
  command = plan

  assert {
    condition = jsondecode(aws_cloudwatch_dashboard.this.dashboard_body).widgets[*].properties.title == [
      "Model latency in ms", "Requests in a minute", "Errors by requests", "Utilisation in percent of an instance", "Instances", "Data drift", "Model quality"
    ]
    error_message = "There should be a graph of each thing and no row of alarms."
  }

  assert {
    condition = [for metric in jsondecode(aws_cloudwatch_dashboard.this.dashboard_body).widgets[0].properties.metrics : jsonencode(metric)] == [
      for metric in flatten([for share in ["p50", "p95", "p99"] : [
        "[\"AWS/SageMaker\",\"ModelLatency\",\"EndpointName\",\"iris\",\"VariantName\",\"primary\",{\"id\":\"${share}\",\"stat\":\"${share}\",\"visible\":false}]",
        "[{\"expression\":\"${share} / 1000\",\"id\":\"${share}_ms\",\"label\":\"${share}\"}]",
      ]]) : metric
    ]
    error_message = "Latency should be drawn in milliseconds at three percentiles."
  }

  assert {
    condition = flatten([for widget in jsondecode(aws_cloudwatch_dashboard.this.dashboard_body).widgets : [for metric in widget.properties.metrics : metric[0].expression if can(metric[0].expression)]]) == [
      "p50 / 1000", "p95 / 1000", "p99 / 1000", "refused / requests", "(failed - refused) / requests", "cores / 4"
    ]
    error_message = "Errors should be drawn by requests, and the CPU by cores."
  }

  assert {
    condition     = [for index in [4, 5, 6] : join(" ", [for part in jsondecode(aws_cloudwatch_dashboard.this.dashboard_body).widgets[index].properties.metrics[0] : try(part.stat, part)])] == ["/aws/sagemaker/Endpoints CPUUtilization EndpointName iris VariantName primary SampleCount", "MLOps DataDrift EndpointName iris Maximum", "MLOps ModelQuality EndpointName iris Minimum"]
    error_message = "Instances should be counted by their reports, drift and quality be the metrics of the alarms."
  }

  assert {
    condition     = alltrue([for widget in jsondecode(aws_cloudwatch_dashboard.this.dashboard_body).widgets : length(widget.properties.annotations) == 0 && widget.properties.region == "eu-west-1"])
    error_message = "Nothing should be annotated, and every graph be of the endpoint's region."
  }

  assert {
    condition     = [for widget in jsondecode(aws_cloudwatch_dashboard.this.dashboard_body).widgets : "${widget.x},${widget.y}"] == ["0,0", "12,0", "0,6", "12,6", "0,12", "12,12", "0,18"]
    error_message = "Two graphs should stand side by side."
  }

  assert {
    condition     = output.dashboard_name == "iris"
    error_message = "The dashboard should be called like the endpoint."
  }
}

run "releases_thresholds_and_alarms_are_drawn" {
  command = plan

  variables {
    alarm_arns     = ["arn:aws:cloudwatch:eu-west-1:000000000000:alarm:iris/error_rate"]
    drift_metric   = { metric_name = "Psi", namespace = "Shop", dimensions = { Model = "iris" } }
    quality_metric = { metric_name = "Accuracy", dimensions = { Model = "iris" } }
    releases       = { r-2 = "2027-01-02T08:00:00Z", r-1 = "2027-01-03T08:00:00Z" }
    thresholds     = { latency_p95_ms = 300, data_drift = 0.2, error_rate = null, no_traffic_minutes = 60 }
  }

  assert {
    condition     = jsondecode(aws_cloudwatch_dashboard.this.dashboard_body).widgets[0].type == "alarm" && jsondecode(aws_cloudwatch_dashboard.this.dashboard_body).widgets[0].properties.alarms[0] == var.alarm_arns[0] && jsondecode(aws_cloudwatch_dashboard.this.dashboard_body).widgets[1].y == 3
    error_message = "The alarms should stand above the graphs."
  }

  assert {
    condition = alltrue([for widget in jsondecode(aws_cloudwatch_dashboard.this.dashboard_body).widgets : jsonencode(widget.properties.annotations.vertical) == jsonencode([
      { label = "r-2", value = "2027-01-02T08:00:00Z" }, { label = "r-1", value = "2027-01-03T08:00:00Z" }
    ]) if widget.type == "metric"])
    error_message = "Each graph should show each release at its time."
  }

  assert {
    condition = { for widget in jsondecode(aws_cloudwatch_dashboard.this.dashboard_body).widgets : widget.properties.title => join(",", [for line in widget.properties.annotations.horizontal : "${line.label}=${line.value}"]) if length(try(widget.properties.annotations.horizontal, [])) > 0 } == {
      "Data drift"          = "data_drift=0.2"
      "Model latency in ms" = "latency_p95_ms=300"
    }
    error_message = "A threshold should be a line in its own graph."
  }

  assert {
    condition     = [for index in [6, 7] : slice(jsondecode(aws_cloudwatch_dashboard.this.dashboard_body).widgets[index].properties.metrics[0], 0, 4)] == [["Shop", "Psi", "Model", "iris"], ["MLOps", "Accuracy", "Model", "iris"]]
    error_message = "Drift and quality should be the given metrics."
  }
}
