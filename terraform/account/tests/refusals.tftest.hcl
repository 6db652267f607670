mock_provider "aws" {}

variables {
  project = "mlops"
  region  = "us-east-1"
}

run "budget_that_tells_nobody_is_refused" {
  command = plan

  variables {
    budget = { emails = ["nobody"], limit_usd = 500 }
  }

  expect_failures = [var.budget]
}

run "budget_without_thresholds_is_refused" {
  command = plan

  variables {
    budget = { emails = ["team@example.com"], limit_usd = 500, thresholds_percent = [] }
  }

  expect_failures = [var.budget]
}

run "bad_values_are_refused" {
  command = plan

  variables {
    audit                    = { retention_days = 0 }
    budget                   = { emails = ["team@example.com"], limit_usd = 0 }
    budget_arn               = "budget"
    gitlab_audience          = ""
    gitlab_oidc_provider_arn = "gitlab.com"
    gitlab_url               = "http://gitlab.com/"
    project                  = "Has Spaces"
    region                   = "Ireland"
    trail_arn                = "trail"
  }

  expect_failures = [
    var.audit,
    var.budget,
    var.budget_arn,
    var.gitlab_audience,
    var.gitlab_oidc_provider_arn,
    var.gitlab_url,
    var.project,
    var.region,
    var.trail_arn,
  ]
}

run "address_in_angle_brackets_is_refused" {
  command = plan

  variables {
    budget = { emails = ["Team<team@example.com>"], limit_usd = 100 }
  }

  expect_failures = [var.budget]
}
