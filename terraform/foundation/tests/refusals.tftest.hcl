mock_provider "aws" {}

variables {
  environment          = "staging"
  inputs_digest        = "0123456789abcdef"
  model_package_groups = ["iris-classifier"]
  project              = "mlops"
  region               = "us-east-1"
}

run "bad_pipelines_and_projects_are_refused" {
  command = plan

  variables {
    gitlab = {
      deploy_branch     = "*"
      oidc_provider_arn = "arn:aws:iam::000000000000:oidc-provider/gitlab.com"
      project_path      = "group/project"
    }
    retraining       = { pipeline = { trigger_url = "https://gitlab.com/api/v4/projects/1/trigger/pipeline" } }
    retraining_token = null
    subscriptions    = { hook = { endpoint = "http://example.com", protocol = "https" } }
  }

  expect_failures = [var.gitlab, var.retraining_token, var.subscriptions]
}

run "wildcard_project_queue_name_and_given_subnets_beside_a_network_are_refused" {
  command = plan

  variables {
    gitlab             = { oidc_provider_arn = "arn:aws:iam::000000000000:oidc-provider/gitlab.com", project_path = "group/*" }
    network            = {}
    security_group_ids = ["sg-0aa"]
    subnet_ids         = ["subnet-0bb"]
    subscriptions      = { queue = { endpoint = "name", protocol = "sqs" } }
  }

  expect_failures = [var.gitlab, var.network, var.subscriptions]
}

run "unknown_severity_is_refused" {
  command = plan

  variables {
    subscriptions = { team = { endpoint = "team@example.com", protocol = "email", severities = [] } }
  }

  expect_failures = [var.subscriptions]
}

run "unknown_protocol_is_refused" {
  command = plan

  variables {
    subscriptions = { team = { endpoint = "team", protocol = "pigeon" } }
  }

  expect_failures = [var.subscriptions]
}

run "bad_values_are_refused" {
  command = plan

  variables {
    endpoint_names           = ["*"]
    environment              = "Staging"
    gitlab                   = { oidc_provider_arn = "gitlab.com", project_path = "group/project" }
    image_repositories       = ["image:latest"]
    inputs_digest            = "not hexadecimal"
    key_deletion_window_days = 6
    kms_key_arn              = "alias/mlops"
    logs                     = { retention_days = 0 }
    model_package_groups     = ["iris-"]
    model_reader_arns        = ["*"]
    network                  = { cidr_block = "10.0.0.0/8" }
    permissions_boundary_arn = "boundary"
    project                  = "a-name-that-is-far-too-long"
    region                   = "Ireland"
    retention_days           = { capture = 0.5, lease_versions = 7 }
    retraining               = { pipeline = { trigger_url = "http://gitlab.com" } }
    role_arn                 = "arn:aws:iam::000000000000:user/somebody"
    s3_bucket                = "s3://bucket"
    security_group_ids       = ["default"]
    sns_topic_arn            = "topic"
    state_bucket             = "s3://state"
    subnet_ids               = ["subnet-0bb"]
    subscriptions            = { team = { endpoint = "nobody", protocol = "email" } }
    tags                     = { "mlops:project" = "other" }
  }

  expect_failures = [
    var.endpoint_names,
    var.environment,
    var.gitlab,
    var.image_repositories,
    var.inputs_digest,
    var.key_deletion_window_days,
    var.kms_key_arn,
    var.logs,
    var.model_package_groups,
    var.model_reader_arns,
    var.network,
    var.permissions_boundary_arn,
    var.project,
    var.region,
    var.retention_days,
    var.retraining,
    var.role_arn,
    var.s3_bucket,
    var.security_group_ids,
    var.sns_topic_arn,
    var.state_bucket,
    var.subscriptions,
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

run "network_that_is_too_large_is_refused" {
  command = plan

  variables {
    network = { cidr_block = "10.0.0.0/8" }
  }

  expect_failures = [var.network]
}
