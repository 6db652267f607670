mock_provider "aws" {
  mock_data "aws_iam_policy_document" {
    defaults = {
      json = "{}"
    }
  }
}

variables {
  account_id   = "000000000000"
  name         = "mlops-staging-boundary"
  project      = "mlops"
  state_bucket = "mlops-state-000000000000-us-east-1"
}

run "bad_values_are_refused" {
  command = plan

  variables {
    account_id   = "123"
    buckets      = ["s3://bucket"]
    name         = "no spaces please"
    project      = "Has Spaces"
    role_arns    = ["arn:aws:iam::000000000000:user/somebody"]
    state_bucket = "s3://state"
  }

  expect_failures = [
    var.account_id,
    var.buckets,
    var.name,
    var.project,
    var.role_arns,
    var.state_bucket,
  ]
}
