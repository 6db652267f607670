mock_provider "aws" {
  mock_data "aws_iam_policy_document" {
    defaults = {
      json = "{}"
    }
  }

  mock_resource "aws_sagemaker_model_package_group" {
    defaults = {
      arn = "arn:aws:sagemaker:us-east-1:000000000000:model-package-group/group"
    }
  }
}

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

  assert {
    condition     = length(aws_sagemaker_model_package_group_policy.this) == 0
    error_message = "Without readers elsewhere there should be no resource policy."
  }
}

run "readers_elsewhere_read_and_nothing_more" {
  variables {
    reader_arns = ["arn:aws:iam::111122223333:role/mlops-production-ci-deploy"]
  }

  assert {
    condition     = keys(aws_sagemaker_model_package_group_policy.this) == ["churn", "iris-classifier"]
    error_message = "Every group should have the policy."
  }

  assert {
    condition     = alltrue(flatten([for document in data.aws_iam_policy_document.group : [for s in document.statement : [for action in s.actions : can(regex("^sagemaker:(Describe|List)", action))]]]))
    error_message = "Readers should not be allowed to write."
  }

  assert {
    condition     = flatten([for s in data.aws_iam_policy_document.group["churn"].statement : [for p in s.principals : tolist(p.identifiers)]]) == [for _ in range(2) : "arn:aws:iam::111122223333:role/mlops-production-ci-deploy"]
    error_message = "Only the given readers should be named."
  }
}
