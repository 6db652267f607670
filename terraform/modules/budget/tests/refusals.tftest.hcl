mock_provider "aws" {}

variables {
  account_id = "000000000000"
  emails     = ["team@example.com"]
  limit_usd  = 500
  name       = "mlops-monthly"
}

run "bad_values_are_refused" {
  command = plan

  variables {
    account_id         = "123"
    emails             = ["nobody"]
    limit_usd          = 0
    name               = "no spaces please"
    tag_filter         = { "" = "value" }
    thresholds_percent = []
  }

  expect_failures = [
    var.account_id,
    var.emails,
    var.limit_usd,
    var.name,
    var.tag_filter,
    var.thresholds_percent,
  ]
}

run "address_in_angle_brackets_is_refused" {
  command = plan

  variables {
    emails = ["Team<team@example.com>"]
  }

  expect_failures = [var.emails]
}
