mock_provider "aws" {}

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

run "email_without_at_is_refused" {
  command = plan

  variables {
    emails = ["team"]
  }

  expect_failures = [var.emails]
}

run "no_model_is_refused" {
  command = plan

  variables {
    models = {}
  }

  expect_failures = [var.models]
}

run "live_release_of_another_model_is_refused" {
  command = plan

  variables {
    models = { churn = { live_release = "second", releases = { first = var.models.churn.releases.first } } }
  }

  expect_failures = [var.models]
}

run "name_of_a_release_that_is_too_long_is_refused" {
  command = plan

  variables {
    models = { churn = { live_release = "rrrrrrrrrrrrrrrrrrr", releases = { rrrrrrrrrrrrrrrrrrr = var.models.churn.releases.first } } }
  }

  expect_failures = [var.models]
}

run "user_in_place_of_a_role_is_refused" {
  command = plan

  variables {
    models = { churn = { live_release = "first", releases = { first = merge(var.models.churn.releases.first, { role_arn = "arn:aws:iam::111122223333:user/someone" }) } } }
  }

  expect_failures = [var.models]
}

run "name_that_aws_keeps_for_itself_is_refused" {
  command = plan

  variables {
    name = "aws-shop"
  }

  expect_failures = [var.name]
}

run "unknown_region_is_refused" {
  command = plan

  variables {
    region = "Ireland"
  }

  expect_failures = [var.region]
}
