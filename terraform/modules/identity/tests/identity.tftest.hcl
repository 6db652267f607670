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
  account_id         = "000000000000"
  bucket             = "mlops-staging-000000000000-us-east-1"
  image_account_ids  = ["683313688378", "000000000000"]
  image_repositories = ["sagemaker-scikit-learn"]
  kms_key_arn        = "arn:aws:kms:us-east-1:000000000000:key/11111111-2222-3333-4444-555555555555"
  name               = "mlops-staging-sagemaker-execution"
  region             = "us-east-1"
}

run "role_is_sagemaker_s_and_names_its_resources" {
  command = plan

  assert {
    condition     = flatten([for s in data.aws_iam_policy_document.trust.statement : [for p in s.principals : tolist(p.identifiers)]]) == ["sagemaker.amazonaws.com"]
    error_message = "SageMaker should be the only principal."
  }

  assert {
    condition     = [for c in one(data.aws_iam_policy_document.trust.statement).condition : "${c.variable}=${join(",", c.values)}"] == ["aws:SourceAccount=000000000000"]
    error_message = "SageMaker should act for this account only."
  }

  assert {
    condition     = toset([for s in data.aws_iam_policy_document.execution.statement : s.sid if contains(s.resources, "*")]) == toset(["LogInToRegistry", "WriteMetrics"])
    error_message = "Only the two calls that know no resource should be allowed on all of them."
  }

  assert {
    condition     = !anytrue(flatten([for s in data.aws_iam_policy_document.execution.statement : [for a in s.actions : a == "*" || endswith(a, ":*") || startswith(a, "iam:") || startswith(a, "s3:Delete")]]))
    error_message = "The role should neither hold whole services nor pass roles nor delete objects."
  }

  assert {
    condition     = one([for s in data.aws_iam_policy_document.execution.statement : toset(s.resources) if s.sid == "PullImages"]) == toset([for id in ["000000000000", "683313688378"] : "arn:aws:ecr:us-east-1:${id}:repository/sagemaker-scikit-learn"])
    error_message = "Images should come from the named accounts only."
  }

  assert {
    condition     = one([for s in data.aws_iam_policy_document.execution.statement : toset(s.resources) if s.sid == "WriteOutputs"]) == toset([for prefix in ["capture", "jobs", "monitoring"] : "arn:aws:s3:::mlops-staging-000000000000-us-east-1/${prefix}/*"])
    error_message = "The role should write job outputs, captured traffic and counts of it, and nothing else."
  }
}

run "bounded_role_in_a_vpc_attaches_to_the_given_network_only" {
  command = plan

  variables {
    security_group_ids = ["sg-0aa"]
    subnet_ids         = ["subnet-0bb"]

    permissions_boundary_arn = "arn:aws:iam::000000000000:policy/boundary"
  }

  assert {
    condition     = aws_iam_role.execution.permissions_boundary == "arn:aws:iam::000000000000:policy/boundary"
    error_message = "The role should carry the boundary."
  }

  assert {
    condition = one([for s in data.aws_iam_policy_document.execution.statement : toset(s.resources) if s.sid == "AttachToNetwork"]) == toset([
      "arn:aws:ec2:us-east-1:000000000000:network-interface/*",
      "arn:aws:ec2:us-east-1:000000000000:security-group/sg-0aa",
      "arn:aws:ec2:us-east-1:000000000000:subnet/subnet-0bb",
    ])
    error_message = "Network interfaces should be made in the given subnets and groups only."
  }
}
