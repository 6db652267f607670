mock_provider "aws" {
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
}

variables {
  account_id   = "000000000000"
  name         = "mlops-staging-boundary"
  project      = "mlops"
  state_bucket = "mlops-state-000000000000-us-east-1"
}

run "boundary_keeps_roles_in_account_and_project_and_off_the_state" {
  command = plan

  assert {
    condition     = alltrue(flatten([for s in data.aws_iam_policy_document.this.statement : [for r in s.resources : strcontains(r, ":000000000000:") || strcontains(r, ":s3:::mlops-") || contains(["CallsWithoutResource", "Images", "SeeAllAlarms"], s.sid)]]))
    error_message = "Everything but images and calls without a resource should be named by account or project."
  }

  assert {
    condition     = toset(flatten([for s in data.aws_iam_policy_document.this.statement : tolist(s.resources) if s.effect == "Deny"])) == toset([for tail in ["", "/*", "/*.tfstate"] : "arn:aws:s3:::mlops-state-000000000000-us-east-1${tail}"])
    error_message = "Deleting or opening the state bucket should be denied."
  }

  assert {
    condition     = alltrue(flatten([for s in data.aws_iam_policy_document.this.statement : [for a in s.actions : can(regex("^iam:(Get|List|PassRole$|CreateServiceLinkedRole$)", a))] if anytrue([for a in s.actions : startswith(a, "iam:")])]))
    error_message = "No bounded role should be able to change roles or policies."
  }
}

run "given_buckets_and_roles_are_in" {
  command = plan

  variables {
    buckets   = ["given-bucket"]
    role_arns = ["arn:aws:iam::000000000000:role/given"]
  }

  assert {
    condition     = contains(flatten([for s in data.aws_iam_policy_document.this.statement : tolist(s.resources) if s.sid == "ObjectsOfTheProject"]), "arn:aws:s3:::given-bucket/*")
    error_message = "A given bucket should be usable."
  }

  assert {
    condition     = contains(flatten([for s in data.aws_iam_policy_document.this.statement : tolist(s.resources) if s.sid == "RolesOfTheProject"]), "arn:aws:iam::000000000000:role/given")
    error_message = "A given role should be passable."
  }
}
