mock_provider "aws" {
  mock_data "aws_availability_zones" {
    defaults = {
      names = ["us-east-1c", "us-east-1a", "us-east-1b"]
    }
  }

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
      dns_suffix         = "amazonaws.com"
      partition          = "aws"
      reverse_dns_prefix = "com.amazonaws"
    }
  }

  mock_data "aws_sagemaker_prebuilt_ecr_image" {
    defaults = {
      registry_id = "683313688378"
    }
  }

  mock_resource "aws_kms_key" {
    defaults = {
      arn = "arn:aws:kms:us-east-1:000000000000:key/11111111-2222-3333-4444-555555555555"
    }
  }

  mock_resource "aws_iam_policy" {
    defaults = {
      arn = "arn:aws:iam::000000000000:policy/mlops-staging-boundary"
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
      minimum_instance_count     = 1
      model_package_groups       = output.model_package_groups
      network_isolation          = true
      project                    = "mlops"
      region                     = "us-east-1"
      retraining                 = null
      role_arn                   = output.role_arn
      tags                       = { "mlops:environment" = "staging", "mlops:project" = "mlops" }
      topic_arn                  = output.topic_arn
      topic_arns                 = output.topic_arns
      vpc                        = { security_group_ids = null, subnet_ids = null }
    })
    error_message = "The parameter should hold exactly the outputs that runner and serving root read."
  }

  assert {
    condition     = module.identity[0].role_arn == output.role_arn && length(module.boundary) == 1
    error_message = "Roles should be bounded unless it is switched off."
  }

  assert {
    condition     = length(module.ci_roles) + length(module.log_bucket) + length(module.network) + length(module.retraining) == 0
    error_message = "Nothing slow or costly should be made unasked."
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
    vpc = { security_group_ids = ["sg-0aa"], subnet_ids = ["subnet-0bb", "subnet-0cc"] }
  }

  assert {
    condition     = jsonencode(local.published.vpc) == jsonencode({ security_group_ids = ["sg-0aa"], subnet_ids = ["subnet-0bb", "subnet-0cc"] })
    error_message = "Jobs and models should find their network in the parameter."
  }
}

run "everything_optional_is_made_where_asked" {
  command = plan

  variables {
    email_recipients = ["anna@example.com", "anna@example.com", "team@example.com"]
    gitlab = {
      oidc_provider_arn = "arn:aws:iam::000000000000:oidc-provider/gitlab.com"
      project_path      = "group/project"
    }
    logs              = { retention_days = 365 }
    model_reader_arns = ["arn:aws:iam::111122223333:root"]
    network           = {}
    retraining        = { pipeline = { trigger_url = "https://gitlab.com/api/v4/projects/1/trigger/pipeline" } }
    retraining_token  = "glptt-test"
    monitor_schedule  = "rate(1 day)"
    subscriptions     = { team = { endpoint = "team@example.com", protocol = "email" } }
  }

  assert {
    condition     = length(module.ci_roles) + length(module.log_bucket) + length(module.network) + length(module.retraining) == 4
    error_message = "What was asked for should be made."
  }

  assert {
    condition     = local.zones == tolist(["us-east-1a", "us-east-1b"])
    error_message = "The network should span the first two zones by name."
  }

  assert {
    condition     = keys(module.retraining[0].rule_names) == ["asked", "rollback", "schedule-monitor"]
    error_message = "People and the runner should ask for retraining, one alarm for a rollback, a schedule for a look."
  }

  assert {
    condition     = module.retraining[0].event == { detail_type = "Retraining Requested", source = "mlops.mlops-staging" }
    error_message = "The runner should read how to ask for a retraining."
  }

  assert {
    condition     = local.recipients == { "recipient/anna@example.com" = { endpoint = "anna@example.com", protocol = "email", severities = ["critical", "warning"] } }
    error_message = "Recipients should be subscribed once, and not beside a subscription of their own."
  }
}

run "given_boundary_and_zones_are_used" {
  command = plan

  variables {
    network                  = { availability_zones = ["us-east-1e", "us-east-1f"] }
    permissions_boundary_arn = "arn:aws:iam::000000000000:policy/given"
  }

  assert {
    condition     = length(module.boundary) == 0 && local.boundary_arn == var.permissions_boundary_arn
    error_message = "A given boundary should be used as it is."
  }

  assert {
    condition     = local.zones == tolist(["us-east-1e", "us-east-1f"])
    error_message = "Given zones should be used as they are."
  }
}

run "roles_are_unbounded_where_asked" {
  command = plan

  variables {
    bounded_roles = false
  }

  assert {
    condition     = length(module.boundary) == 0 && local.boundary_arn == null
    error_message = "Without a boundary none should be made."
  }
}

run "parameter_larger_than_ssm_takes_is_refused" {
  command = plan

  variables {
    tags = { for number in range(45) : "tag-${number}" => join("", [for _ in range(10) : "ten chars."]) }
  }

  expect_failures = [aws_ssm_parameter.foundation]
}
