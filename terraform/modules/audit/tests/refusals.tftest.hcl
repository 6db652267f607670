mock_provider "aws" {}

variables {
  kms_key_arn = "arn:aws:kms:us-east-1:000000000000:key/11111111-2222-3333-4444-555555555555"
  log_bucket  = "mlops-logs-000000000000-us-east-1"
  name        = "mlops-audit"
}

run "bad_values_are_refused" {
  command = plan

  variables {
    kms_key_arn         = "alias/mlops"
    log_bucket          = "s3://bucket"
    name                = "no spaces please"
    object_arn_prefixes = ["bucket"]
  }

  expect_failures = [var.kms_key_arn, var.log_bucket, var.name, var.object_arn_prefixes]
}
