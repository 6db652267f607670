mock_provider "aws" {
  mock_data "aws_caller_identity" {
    defaults = {
      account_id = "000000000000"
    }
  }

  mock_data "aws_iam_policy_document" {
    defaults = {
      json = "{}"
    }
  }

  mock_data "aws_partition" {
    defaults = {
      partition = "aws"
    }
  }

  mock_resource "aws_kms_key" {
    defaults = {
      arn = "arn:aws:kms:us-east-1:000000000000:key/11111111-2222-3333-4444-555555555555"
    }
  }

  mock_resource "aws_iam_role" {
    defaults = {
      arn = "arn:aws:iam::000000000000:role/mlops-staging-sagemaker-execution"
    }
  }

  mock_resource "aws_sns_topic" {
    defaults = {
      arn = "arn:aws:sns:us-east-1:000000000000:mlops-staging-notifications"
    }
  }
}

variables {
  environment          = "staging"
  inputs_digest        = "0123456789abcdef"
  model_package_groups = ["iris-classifier"]
  project              = "mlops"
  region               = "us-east-1"
}

run "foundation_publishes_what_it_made" {
  assert {
    condition     = aws_ssm_parameter.foundation.name == "/mlops/mlops/staging/foundation"
    error_message = "The parameter should be found by project and environment."
  }

  assert {
    condition = aws_ssm_parameter.foundation.insecure_value == jsonencode({
      schema_version             = 1
      account_id                 = "000000000000"
      bucket                     = "mlops-staging-000000000000-us-east-1"
      environment                = "staging"
      inputs_digest              = "0123456789abcdef"
      inter_container_encryption = true
      kms_key_arn                = output.kms_key_arn
      model_package_groups       = output.model_package_groups
      network_isolation          = true
      project                    = "mlops"
      region                     = "us-east-1"
      role_arn                   = output.role_arn
      tags                       = { "mlops:environment" = "staging", "mlops:project" = "mlops" }
      topic_arn                  = output.topic_arn
      vpc                        = { security_group_ids = null, subnet_ids = null }
    })
    error_message = "The parameter should hold exactly the outputs that runner and serving root read."
  }
}

run "given_parts_are_published_and_not_made" {
  command = plan

  variables {
    kms_key_arn   = "arn:aws:kms:us-east-1:111122223333:key/given"
    role_arn      = "arn:aws:iam::111122223333:role/given"
    s3_bucket     = "given-bucket"
    sns_topic_arn = "arn:aws:sns:us-east-1:111122223333:given"
  }

  assert {
    condition     = length(module.encryption) + length(module.identity) + length(module.notifications) + length(module.storage) == 0
    error_message = "Nothing that was given should be made again."
  }

  assert {
    condition = [output.bucket, output.kms_key_arn, output.role_arn, output.topic_arn] == [
      var.s3_bucket, var.kms_key_arn, var.role_arn, var.sns_topic_arn
    ]
    error_message = "What was given should be published."
  }
}

run "vpc_is_published" {
  command = plan

  variables {
    security_group_ids = ["sg-0aa"]
    subnet_ids         = ["subnet-0bb", "subnet-0cc"]
  }

  assert {
    condition     = jsonencode(local.published.vpc) == jsonencode({ security_group_ids = ["sg-0aa"], subnet_ids = ["subnet-0bb", "subnet-0cc"] })
    error_message = "Jobs and models should find their network in the parameter."
  }
}

run "bad_values_are_refused" {
  command = plan

  variables {
    environment              = "Staging"
    image_repositories       = ["image:latest"]
    inputs_digest            = "not hexadecimal"
    key_deletion_window_days = 6
    kms_key_arn              = "alias/mlops"
    model_package_groups     = ["iris-"]
    permissions_boundary_arn = "boundary"
    project                  = "a-name-that-is-far-too-long"
    region                   = "Ireland"
    retention_days           = { capture = 0.5, lease_versions = 7 }
    role_arn                 = "arn:aws:iam::000000000000:user/somebody"
    s3_bucket                = "s3://bucket"
    security_group_ids       = ["default"]
    sns_topic_arn            = "topic"
    subnet_ids               = ["subnet-0bb"]
    tags                     = { "mlops:project" = "other" }
  }

  expect_failures = [
    var.environment,
    var.image_repositories,
    var.inputs_digest,
    var.key_deletion_window_days,
    var.kms_key_arn,
    var.model_package_groups,
    var.permissions_boundary_arn,
    var.project,
    var.region,
    var.retention_days,
    var.role_arn,
    var.s3_bucket,
    var.security_group_ids,
    var.sns_topic_arn,
    var.tags,
  ]
}

run "bad_subnets_and_empty_sets_are_refused" {
  command = plan

  variables {
    image_repositories   = []
    model_package_groups = []
    subnet_ids           = ["vpc-0aa"]
  }

  expect_failures = [var.image_repositories, var.model_package_groups, var.subnet_ids]
}

run "subnets_without_security_groups_are_refused" {
  command = plan

  variables {
    subnet_ids = ["subnet-0bb"]
  }

  expect_failures = [var.security_group_ids]
}

run "parameter_larger_than_ssm_takes_is_refused" {
  command = plan

  variables {
    tags = { for number in range(45) : "tag-${number}" => join("", [for _ in range(10) : "ten chars."]) }
  }

  expect_failures = [aws_ssm_parameter.foundation]
}
