mock_provider "aws" {
  mock_data "aws_caller_identity" {
    defaults = {
      account_id = "111122223333"
    }
  }

  mock_data "aws_iam_policy_document" {
    defaults = {
      json = "{}"
    }
  }

  mock_data "aws_partition" {
    defaults = {
      dns_suffix         = "amazonaws.com"
      partition          = "aws"
      reverse_dns_prefix = "com.amazonaws"
    }
  }
}

variables {
  endpoint_name = "iris-production"
  live_config   = "r-20270102-080000-aaaaaa-n2"
  region        = "us-east-1"

  endpoint_configs = {
    r-20270102-080000-aaaaaa-n2 = { instance_count = 2, release = "r-20270102-080000-aaaaaa" }
  }

  releases = {
    r-20270102-080000-aaaaaa = {
      artifact_sha256   = "aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa"
      artifact_uri      = "s3://mlops-production-111122223333-us-east-1/artifacts/aaaaaa/model.tar.gz"
      data_capture      = { destination_uri = "s3://mlops-production-111122223333-us-east-1/capture", percentage = 20 }
      image_uri         = "683313688378.dkr.ecr.us-east-1.amazonaws.com/sagemaker-scikit-learn:1.9-0-cpu-py3"
      model_package_arn = "arn:aws:sagemaker:us-east-1:111122223333:model-package/mlops-production-iris/1"
      released_at       = "2027-01-02T08:00:00Z"
      role_arn          = "arn:aws:iam::111122223333:role/mlops-production-sagemaker-execution"
      rollback_alarms   = { latency_p95_ms = 300 }
    }
  }

  subscriptions = {
    on_call = { endpoint = "on-call@example.com", protocol = "email", severities = ["critical"] }
  }

  thresholds = { latency_p95_ms = 300, no_traffic_minutes = null }
}

run "endpoint_is_watched_and_scaled" {
  command = plan

  assert {
    condition     = output.endpoint_config_name == "iris-production-r-20270102-080000-aaaaaa-n2"
    error_message = "The endpoint must serve the live config."
  }

  assert {
    condition     = module.endpoint.rollback_alarm_names[var.live_config] == ["iris-production-${var.live_config}-errors", "iris-production-${var.live_config}-latency", "iris-production-${var.live_config}-tests"]
    error_message = "The alarms that watch the move must be those of the module."
  }

  assert {
    condition     = toset(keys(module.autoscaling.alarm_names)) == toset(["cpu-out", "memory-out"])
    error_message = "The endpoint must scale by CPU and memory."
  }

  assert {
    condition     = module.alarms.thresholds.instance_count == 8 && module.alarms.thresholds.latency_p95_ms == 300
    error_message = "The alarms must know the most instances and the thresholds given."
  }

  assert {
    condition     = output.dashboard_name == "iris-production"
    error_message = "The dashboard must have the name of the endpoint."
  }
}
