mock_provider "aws" {
  mock_data "aws_iam_policy_document" {
    defaults = {
      json = "{}"
    }
  }
}

variables {
  group_names = ["churn", "iris-classifier"]
}

run "no_group_is_refused" {
  command = plan

  variables {
    group_names = []
  }

  expect_failures = [var.group_names]
}

run "name_with_a_final_hyphen_is_refused" {
  command = plan

  variables {
    group_names = ["iris-"]
  }

  expect_failures = [var.group_names]
}

run "everybody_as_reader_is_refused" {
  command = plan

  variables {
    reader_arns = ["*"]
  }

  expect_failures = [var.reader_arns]
}
