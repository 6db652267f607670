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
  emails = ["team@example.com"]
  name   = "shop-staging"
  region = "us-east-1"

  models = {
    churn = {
      live_release = "first"

      releases = {
        first = {
          artifact_sha256 = "aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa"
          artifact_uri    = "s3://shop-staging-111122223333-us-east-1/artifacts/churn/first/model.tar.gz"
          image_uri       = "683313688378.dkr.ecr.us-east-1.amazonaws.com/sagemaker-scikit-learn:1.9-0-cpu-py3"
          role_arn        = "arn:aws:iam::111122223333:role/shop-staging-sagemaker-execution"
        }
      }
    }

    prices = {
      live_release = "first"

      releases = {
        first = {
          artifact_sha256 = "bbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbb"
          artifact_uri    = "s3://shop-staging-111122223333-us-east-1/artifacts/prices/first/model.tar.gz"
          image_uri       = "683313688378.dkr.ecr.us-east-1.amazonaws.com/sagemaker-scikit-learn:1.9-0-cpu-py3"
          role_arn        = "arn:aws:iam::111122223333:role/shop-staging-sagemaker-execution"
        }
      }

      thresholds = { latency_p95_ms = 200, no_traffic_minutes = null }
    }
  }
}

run "each_model_has_its_own_endpoint" {
  command = plan

  assert {
    condition     = output.endpoint_names == { churn = "shop-staging-churn", prices = "shop-staging-prices" }
    error_message = "Every model must have an endpoint of its own."
  }

  assert {
    condition     = module.endpoint["prices"].rollback_alarm_names == { first-n1 = ["shop-staging-prices-first-n1-errors", "shop-staging-prices-first-n1-latency", "shop-staging-prices-first-n1-tests"] }
    error_message = "The alarms that watch the move must be those of the module."
  }

  assert {
    condition     = module.alarms["churn"].thresholds.latency_p95_ms == 500 && module.alarms["prices"].thresholds.latency_p95_ms == 200
    error_message = "Thresholds must be of one model alone."
  }

  assert {
    condition     = keys(module.registry.group_arns) == ["shop-staging-churn", "shop-staging-prices"]
    error_message = "Every model must have a group of its own."
  }
}
