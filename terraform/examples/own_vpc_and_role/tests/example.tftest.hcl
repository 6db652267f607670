mock_provider "aws" {}

variables {
  endpoint_name = "iris-staging"
  live_release  = "first"
  region        = "us-east-1"

  releases = {
    first = {
      artifact_sha256    = "aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa"
      artifact_uri       = "s3://our-models/first/model.tar.gz"
      image_uri          = "683313688378.dkr.ecr.us-east-1.amazonaws.com/sagemaker-scikit-learn:1.9-0-cpu-py3"
      role_arn           = "arn:aws:iam::111122223333:role/our-sagemaker-role"
      security_group_ids = ["sg-0123456789abcdef0"]
      subnet_ids         = ["subnet-0123456789abcdef0", "subnet-0fedcba9876543210"]
    }
  }
}

run "endpoint_is_made_of_what_is_there" {
  command = plan

  assert {
    condition     = output.endpoint_name == "iris-staging"
    error_message = "The endpoint must have the name that it was given."
  }

  assert {
    condition     = output.endpoint_config_name == "iris-staging-first-n1"
    error_message = "The endpoint must serve the config of the live release."
  }

  assert {
    condition     = module.endpoint.rollback_alarm_names == { first-n1 = ["iris-staging-first-n1-errors", "iris-staging-first-n1-latency", "iris-staging-first-n1-tests"] }
    error_message = "The alarms that watch the move must be those of the module."
  }
}
