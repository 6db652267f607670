mock_provider "aws" {
  mock_data "aws_iam_policy_document" {
    defaults = {
      json = "{}"
    }
  }
}

variables {
  account_id         = "000000000000"
  bucket             = "mlops-staging-000000000000-us-east-1"
  image_account_ids  = ["683313688378"]
  image_repositories = ["sagemaker-scikit-learn"]
  kms_key_arn        = "arn:aws:kms:us-east-1:000000000000:key/11111111-2222-3333-4444-555555555555"
  name               = "mlops-staging-sagemaker-execution"
  region             = "us-east-1"
}

run "bad_values_are_refused" {
  command = plan

  variables {
    account_id               = "123"
    bucket                   = "s3://bucket"
    image_account_ids        = ["*"]
    image_repositories       = ["123456789012.dkr.ecr.us-east-1.amazonaws.com/image:latest"]
    kms_key_arn              = "alias/mlops"
    name                     = "no spaces please"
    permissions_boundary_arn = "boundary"
    region                   = "Ireland"
    security_group_ids       = ["sg-0aa"]
  }

  expect_failures = [
    var.account_id,
    var.bucket,
    var.image_account_ids,
    var.image_repositories,
    var.kms_key_arn,
    var.name,
    var.permissions_boundary_arn,
    var.region,
    var.security_group_ids,
  ]
}

run "no_image_repository_is_refused" {
  command = plan

  variables {
    image_account_ids  = []
    image_repositories = []
  }

  expect_failures = [var.image_account_ids, var.image_repositories]
}
