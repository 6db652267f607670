mock_provider "aws" {}

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

run "unknown_region_is_refused" {
  command = plan

  variables {
    region = "Ireland"
  }

  expect_failures = [var.region]
}
