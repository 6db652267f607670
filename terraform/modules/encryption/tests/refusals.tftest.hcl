mock_provider "aws" {}

variables {
  account_id = "000000000000"
  alias      = "mlops-staging"
}

run "bad_values_are_refused" {
  command = plan

  variables {
    account_id           = "123"
    alias                = "alias/mlops"
    deletion_window_days = 6
    partition            = "azure"
  }

  expect_failures = [var.account_id, var.alias, var.deletion_window_days, var.partition]
}

run "reserved_alias_and_too_long_a_window_are_refused" {
  command = plan

  variables {
    alias                = "aws-own"
    deletion_window_days = 31
  }

  expect_failures = [var.alias, var.deletion_window_days]
}
