mock_provider "aws" {
  mock_data "aws_iam_policy_document" {
    defaults = {
      json = "{}"
    }
  }
}

variables {
  bucket      = "mlops-staging-000000000000-us-east-1"
  kms_key_arn = "arn:aws:kms:us-east-1:000000000000:key/11111111-2222-3333-4444-555555555555"
}

run "bucket_that_logs_into_itself_is_refused" {
  command = plan

  variables {
    log_bucket = "mlops-staging-000000000000-us-east-1"
  }

  expect_failures = [var.log_bucket]
}

run "log_bucket_as_a_url_is_refused" {
  command = plan

  variables {
    log_bucket = "s3://logs"
  }

  expect_failures = [var.log_bucket]
}

run "bad_values_are_refused" {
  command = plan

  variables {
    bucket         = "Has_Capitals"
    kms_key_arn    = "arn:aws:kms:us-east-1:000000000000:alias/mlops"
    retention_days = { capture = 0, lease_versions = 7 }
  }

  expect_failures = [var.bucket, var.kms_key_arn, var.retention_days]
}
