mock_provider "aws" {
  mock_data "aws_iam_policy_document" {
    defaults = {
      json = "{}"
    }
  }
}

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
    reader_role_arns     = ["arn:aws:iam::000000000000:role/*"]
  }

  expect_failures = [
    var.account_id,
    var.alias,
    var.deletion_window_days,
    var.reader_role_arns,
  ]
}

run "reserved_alias_and_too_long_a_window_are_refused" {
  command = plan

  variables {
    alias                = "aws-own"
    deletion_window_days = 31
  }

  expect_failures = [var.alias, var.deletion_window_days]
}

run "role_that_reads_and_writes_is_refused" {
  command = plan

  variables {
    reader_role_arns = ["arn:aws:iam::000000000000:role/one"]
    writer_role_arns = ["arn:aws:iam::000000000000:role/one"]
  }

  expect_failures = [var.writer_role_arns]
}

run "user_in_place_of_a_role_is_refused" {
  command = plan

  variables {
    writer_role_arns = ["arn:aws:iam::000000000000:user/somebody"]
  }

  expect_failures = [var.writer_role_arns]
}
