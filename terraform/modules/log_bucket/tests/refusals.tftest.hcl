mock_provider "aws" {
  mock_data "aws_iam_policy_document" {
    defaults = {
      json = "{}"
    }
  }
}

variables {
  account_id = "000000000000"
  bucket     = "mlops-staging-logs-000000000000-us-east-1"
}

run "bad_values_are_refused" {
  command = plan

  variables {
    account_id     = "123"
    bucket         = "s3://bucket"
    retention_days = 0.5
  }

  expect_failures = [var.account_id, var.bucket, var.retention_days]
}
