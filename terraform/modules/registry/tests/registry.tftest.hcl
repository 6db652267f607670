mock_provider "aws" {}

variables {
  group_names = ["churn", "iris-classifier"]
}

run "every_name_becomes_a_group" {
  assert {
    condition     = keys(output.group_arns) == ["churn", "iris-classifier"]
    error_message = "The ARNs should be given by group name."
  }

  assert {
    condition     = alltrue([for name, group in aws_sagemaker_model_package_group.this : group.model_package_group_name == name])
    error_message = "A group should be named as it was asked for."
  }
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
