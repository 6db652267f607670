mock_provider "aws" {}

variables {
  environment          = "staging"
  inputs_digest        = "0123456789abcdef"
  model_package_groups = ["iris-classifier"]
  project              = "mlops"
  region               = "us-east-1"
}

run "bad_values_are_refused" {
  command = plan

  variables {
    endpoint_names         = ["*"]
    environment            = "Staging"
    inputs_digest          = "not hexadecimal"
    kms_key_arn            = "alias/mlops"
    minimum_instance_count = 0
    model_package_groups   = ["iris-"]
    project                = "a-name-that-is-far-too-long"
    region                 = "Ireland"
    retraining             = { pipeline = { trigger_url = "https://gitlab.com/api/v4/projects/1/trigger/pipeline" } }
    retraining_token       = null
    role_arn               = "arn:aws:iam::000000000000:user/somebody"
    s3_bucket              = "s3://bucket"
    sns_topic_arn          = "topic"
    tags                   = { "mlops:project" = "other" }
    vpc                    = { security_group_ids = ["sg-0aa"], subnet_ids = ["vpc-0aa"] }
  }

  expect_failures = [
    var.endpoint_names,
    var.environment,
    var.inputs_digest,
    var.kms_key_arn,
    var.minimum_instance_count,
    var.model_package_groups,
    var.project,
    var.region,
    var.retraining_token,
    var.role_arn,
    var.s3_bucket,
    var.sns_topic_arn,
    var.tags,
    var.vpc,
  ]
}

run "network_beside_a_given_one_and_names_that_leave_no_room_for_the_logs_are_refused" {
  command = plan

  variables {
    environment = "production-of-16"
    logs        = {}
    network     = {}
    project     = "project-of-16-le"
    region      = "ap-southeast-1"
    vpc         = { security_group_ids = ["sg-0aa"], subnet_ids = ["subnet-0bb"] }
  }

  expect_failures = [var.logs, var.network]
}

run "unknown_security_groups_are_refused" {
  command = plan

  variables {
    vpc = { security_group_ids = ["default"], subnet_ids = ["subnet-0bb"] }
  }

  expect_failures = [var.vpc]
}
