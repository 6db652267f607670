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
      dns_suffix         = "amazonaws.com"
      partition          = "aws"
      reverse_dns_prefix = "com.amazonaws"
    }
  }

  mock_resource "aws_kms_key" {
    defaults = {
      arn = "arn:aws:kms:us-east-1:000000000000:key/11111111-2222-3333-4444-555555555555"
    }
  }
}

variables {
  project = "mlops"
  region  = "us-east-1"
}

run "nothing_is_created_unless_asked" {
  command = plan

  assert {
    condition     = length(aws_iam_openid_connect_provider.gitlab) == 0 && output.gitlab_oidc_provider_arn == null
    error_message = "Without a GitLab URL there should be no provider."
  }

  assert {
    condition     = length(module.audit) + length(module.budget) + length(module.encryption) + length(module.log_bucket) == 0
    error_message = "Trail and budget should be made where asked only."
  }
}

run "gitlab_url_makes_a_provider_with_the_url_as_audience" {
  command = plan

  variables {
    gitlab_url = "https://gitlab.com"
  }

  assert {
    condition     = aws_iam_openid_connect_provider.gitlab[0].client_id_list == toset(["https://gitlab.com"])
    error_message = "The audience should be GitLab's URL unless another one is given."
  }
}

run "trail_and_budget_are_made_where_asked" {
  variables {
    audit  = { force_destroy = true, retention_days = 365 }
    budget = { emails = ["team@example.com"], limit_usd = 500, of_project_only = true }
  }

  assert {
    condition     = output.trail_arn == module.audit[0].trail_arn && output.budget_arn == module.budget[0].budget_arn
    error_message = "What was made should be given out."
  }

  assert {
    condition     = module.log_bucket[0].bucket == "logs-mlops-000000000000-us-east-1"
    error_message = "The bucket of the trail should not be one of the project's, which the trail records."
  }
}

run "given_trail_and_budget_are_passed_through" {
  command = plan

  variables {
    audit      = {}
    budget     = { emails = ["team@example.com"], limit_usd = 500 }
    budget_arn = "arn:aws:budgets::000000000000:budget/given"
    trail_arn  = "arn:aws:cloudtrail:us-east-1:000000000000:trail/given"
  }

  assert {
    condition     = length(module.audit) + length(module.budget) == 0 && output.trail_arn == var.trail_arn && output.budget_arn == var.budget_arn
    error_message = "What was given should not be made again."
  }
}

run "given_provider_is_passed_through" {
  command = plan

  variables {
    gitlab_oidc_provider_arn = "arn:aws:iam::000000000000:oidc-provider/gitlab.com"
    gitlab_url               = "https://gitlab.com"
  }

  assert {
    condition     = length(aws_iam_openid_connect_provider.gitlab) == 0 && output.gitlab_oidc_provider_arn == var.gitlab_oidc_provider_arn
    error_message = "A given provider should be used as it is."
  }
}
