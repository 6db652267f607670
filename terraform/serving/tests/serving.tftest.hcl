mock_provider "aws" {
  override_during = plan

  mock_resource "aws_appautoscaling_policy" {
    defaults = {
      arn = "arn:aws:autoscaling:us-east-1:000000000000:scalingPolicy:1:resource/sagemaker/endpoint/iris/variant/primary:policyName/iris"
    }
  }

  mock_resource "aws_cloudwatch_metric_alarm" {
    defaults = {
      arn = "arn:aws:cloudwatch:us-east-1:000000000000:alarm:iris/alarm"
    }
  }

  mock_resource "aws_cloudwatch_composite_alarm" {
    defaults = {
      arn = "arn:aws:cloudwatch:us-east-1:000000000000:alarm:iris/rollback"
    }
  }
}

variables {
  deployment = {
    alarm_names = ["iris-r-20260102-120000-bbbbbb-n2-errors", "iris-r-20260102-120000-bbbbbb-n2-latency"]
  }

  endpoint_configs = {
    r-20260101-120000-aaaaaa-n1 = { instance_count = 1, release = "r-20260101-120000-aaaaaa" }
    r-20260102-120000-bbbbbb-n2 = { instance_count = 2, release = "r-20260102-120000-bbbbbb" }
  }

  endpoint_name = "iris"
  live_config   = "r-20260102-120000-bbbbbb-n2"
  region        = "us-east-1"

  releases = {
    r-20260101-120000-aaaaaa = {
      artifact_sha256       = "aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa"
      artifact_uri          = "s3://mlops/artifacts/a/model.tar.gz"
      container_environment = { SAGEMAKER_PROGRAM = "inference.py" }
      execution_role_arn    = "arn:aws:iam::000000000000:role/execution"
      image_uri             = "683313688378.dkr.ecr.us-east-1.amazonaws.com/sagemaker-scikit-learn:1.9-0-cpu-py3"
      instance_type         = "ml.t2.medium"
      model_package_arn     = "arn:aws:sagemaker:us-east-1:000000000000:model-package/iris/1"
      network_isolation     = true
      rollback_alarms       = { error_rate = 0.01, latency_p95_ms = 500 }
      security_group_ids    = []
      startup_timeout_s     = 300
      subnet_ids            = []
    }
    r-20260102-120000-bbbbbb = {
      artifact_sha256       = "bbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbb"
      artifact_uri          = "s3://mlops/artifacts/b/model.tar.gz"
      container_environment = { SAGEMAKER_PROGRAM = "inference.py" }
      data_capture          = { destination_uri = "s3://mlops/capture", percentage = 50 }
      execution_role_arn    = "arn:aws:iam::000000000000:role/execution"
      image_uri             = "683313688378.dkr.ecr.us-east-1.amazonaws.com/sagemaker-scikit-learn:1.9-0-cpu-py3"
      instance_type         = "ml.m5.xlarge"
      kms_key_arn           = "arn:aws:kms:us-east-1:000000000000:key/11111111-2222-3333-4444-555555555555"
      model_package_arn     = "arn:aws:sagemaker:us-east-1:000000000000:model-package/iris/2"
      network_isolation     = true
      rollback_alarms       = { error_rate = 0.01, latency_p95_ms = 300 }
      security_group_ids    = ["sg-1"]
      startup_timeout_s     = 300
      subnet_ids            = ["subnet-1"]
    }
  }
}

run "without_options_only_what_serves" {
  command = plan

  assert {
    condition     = module.endpoint.endpoint_name == "iris" && toset(keys(module.endpoint.rollback_alarm_names)) == toset(keys(var.endpoint_configs)) && output.endpoint_config_name == "iris-r-20260102-120000-bbbbbb-n2"
    error_message = "The endpoint should serve the live config."
  }

  assert {
    condition     = length(module.autoscaling) + length(module.alarms) + length(module.dashboard) == 0 && length(output.alarm_names) == 0 && output.dashboard_name == null && output.rollback_alarm_name == null
    error_message = "Nothing else should be there."
  }
}

run "with_every_option" {
  command = plan

  variables {
    alarms      = { thresholds = { no_traffic_minutes = null }, severities = { error_rate = "warning" } }
    autoscaling = { max_capacity = 6, cpu = {}, schedules = { night = { schedule = "cron(0 22 * * ? *)", min_capacity = 1, max_capacity = 7 } } }
    dashboard   = {}
    topic_arns  = { warning = "arn:aws:sns:us-east-1:000000000000:warning" }

    deployment = {
      alarm_names     = ["iris-r-20260102-120000-bbbbbb-n2-errors"]
      step_percentage = 20
      strategy        = "linear"
    }
  }

  assert {
    condition     = module.autoscaling[0].max_capacity == 7 && module.autoscaling[0].resource_id == "endpoint/iris/variant/primary" && contains(keys(module.autoscaling[0].policy_arns), "cpu-out")
    error_message = "The variant should scale."
  }

  assert {
    condition     = keys(output.alarm_names) == ["client_error_rate", "cpu_percent", "error_rate", "instance_count", "latency_p95_ms", "memory_percent"] && module.alarms[0].thresholds.instance_count == 7 && output.rollback_alarm_name == "iris/rollback"
    error_message = "With autoscaling, the most instances allowed should be an alarm."
  }

  assert {
    condition     = output.dashboard_name == "iris" && local._vcpus_of_type == 4 && local._release_times["r-20260102-120000-bbbbbb"] == "2026-01-02T12:00:00Z"
    error_message = "The dashboard should show the releases at the times of their ids."
  }
}

run "count_outside_the_bounds_is_warned_about" {
  command = plan

  variables {
    autoscaling = { min_capacity = 3 }
  }

  expect_failures = [check.instance_count]
}
