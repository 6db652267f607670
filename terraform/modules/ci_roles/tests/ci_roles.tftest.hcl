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
  account_id           = "000000000000"
  bucket               = "mlops-staging-000000000000-us-east-1"
  deploy_branch        = "main"
  endpoint_names       = ["*-staging"]
  environment          = "staging"
  execution_role_arn   = "arn:aws:iam::000000000000:role/mlops-staging-sagemaker-execution"
  kms_key_arn          = "arn:aws:kms:us-east-1:000000000000:key/11111111-2222-3333-4444-555555555555"
  model_package_groups = ["iris-classifier"]
  name                 = "mlops-staging"
  oidc_provider_arn    = "arn:aws:iam::000000000000:oidc-provider/gitlab.example.com"
  project              = "mlops"
  project_path         = "group/project"
  region               = "us-east-1"
  state_bucket         = "mlops-state-000000000000-us-east-1"
}

run "roles_trust_one_project_and_one_branch" {
  command = plan

  assert {
    condition = { for role, document in data.aws_iam_policy_document.trust : role => [for c in one(document.statement).condition : "${c.test} ${c.variable}=${join(",", c.values)}"] } == {
      deploy = ["StringEquals gitlab.example.com:aud=https://gitlab.example.com", "StringEquals gitlab.example.com:sub=project_path:group/project:ref_type:branch:ref:main"]
      plan   = ["StringEquals gitlab.example.com:aud=https://gitlab.example.com", "StringLike gitlab.example.com:sub=project_path:group/project:*"]
    }
    error_message = "Audience and project should be pinned for both roles, the branch for the deploy role."
  }

  assert {
    condition     = keys(aws_iam_role_policy_attachment.deploy) == ["deploy", "jobs", "plan", "serving"] && aws_iam_role.deploy.max_session_duration == 7200
    error_message = "The deploy role should read as the plan role does, for two hours."
  }

  assert {
    condition     = toset([for s in concat(data.aws_iam_policy_document.plan.statement, data.aws_iam_policy_document.deploy.statement, data.aws_iam_policy_document.jobs.statement, data.aws_iam_policy_document.serving.statement) : s.sid if contains(s.resources, "*")]) == toset(["ListAndDescribe", "SeeAllAlarms", "WriteMetrics"])
    error_message = "Only calls that know no resource should be allowed on all of them."
  }

  assert {
    condition     = toset(flatten([for s in data.aws_iam_policy_document.plan.statement : [for a in s.actions : "${s.sid}/${a}" if !can(regex(":(Get|List|Describe|Decrypt|Filter)", a))]])) == toset(["HoldTheStateLock/s3:DeleteObject", "HoldTheStateLock/s3:PutObject"])
    error_message = "The plan role should write nothing but the state lock."
  }
}

run "names_are_allowed_as_they_were_given_and_in_small_letters" {
  command = plan

  variables {
    endpoint_names       = ["Iris-eu", "wine-eu"]
    model_package_groups = ["Iris"]
  }

  assert {
    condition = toset([for arn in concat(local.serving_arns, local.package_arns) : trimprefix(arn, "${local.sagemaker_arn}:")]) == toset([
      "endpoint/Iris-eu", "endpoint/iris-eu", "endpoint/wine-eu",
      "endpoint-config/Iris-eu-r-*", "endpoint-config/iris-eu-r-*", "endpoint-config/wine-eu-r-*",
      "model/Iris-eu-r-*", "model/iris-eu-r-*", "model/wine-eu-r-*",
      "model-package-group/Iris", "model-package-group/iris",
      "model-package/Iris/*", "model-package/iris/*",
    ])
    error_message = "SageMaker's ARNs have names as they were given, or in small letters: both should be allowed."
  }
}

run "network_keys_and_topics_are_demanded_where_given" {
  command = plan

  variables {
    audience                 = "sts.amazonaws.com"
    data_buckets             = ["warehouse"]
    permissions_boundary_arn = "arn:aws:iam::000000000000:policy/boundary"
    secret_arns              = ["arn:aws:secretsmanager:us-east-1:000000000000:secret:webhook"]
    security_group_ids       = ["sg-0aa"]
    state_kms_key_arn        = "arn:aws:kms:us-east-1:000000000000:key/state"
    subnet_ids               = ["subnet-0bb"]
    topic_arns               = ["arn:aws:sns:us-east-1:000000000000:topic"]
  }

  assert {
    condition     = [for c in local.job_conditions : trimprefix(c.variable, "sagemaker:")] == ["aws:RequestTag/mlops:environment", "aws:RequestTag/mlops:project", "OutputKmsKey", "VolumeKmsKey", "InterContainerTrafficEncryption", "NetworkIsolation", "VpcSubnets", "VpcSubnets", "VpcSecurityGroupIds", "VpcSecurityGroupIds"]
    error_message = "Jobs should be held to tags, keys, isolation and network."
  }

  assert {
    condition     = one([for s in data.aws_iam_policy_document.plan.statement : one(s.resources) if s.sid == "EncryptTheStateLock"]) == var.state_kms_key_arn
    error_message = "The lock should be encrypted with the key of the state bucket."
  }

  assert {
    condition     = one([for s in data.aws_iam_policy_document.deploy.statement : one(s.resources) if s.sid == "Notify"]) == "arn:aws:sns:us-east-1:000000000000:topic"
    error_message = "Pipelines should publish to the given topics only."
  }

  assert {
    condition     = { for s in data.aws_iam_policy_document.deploy.statement : s.sid => toset(s.resources) if startswith(s.sid, "Read") } == { ReadSecrets = toset(var.secret_arns), ReadTrainingData = toset(["arn:aws:s3:::warehouse/*"]) }
    error_message = "Pipelines should read the given secrets and data only."
  }

  assert {
    condition     = aws_iam_role.plan.permissions_boundary == var.permissions_boundary_arn && aws_iam_role.deploy.permissions_boundary == var.permissions_boundary_arn
    error_message = "Both roles should carry the boundary."
  }

  assert {
    condition     = alltrue([for document in data.aws_iam_policy_document.trust : one([for c in one(document.statement).condition : one(c.values) if endswith(c.variable, ":aud")]) == "sts.amazonaws.com"])
    error_message = "A given audience should be the one that is trusted."
  }
}

run "open_environment_demands_neither_isolation_nor_encryption_between_containers" {
  command = plan

  variables {
    inter_container_encryption = false
    network_isolation          = false
  }

  assert {
    condition     = !anytrue([for c in local.job_conditions : contains(["sagemaker:InterContainerTrafficEncryption", "sagemaker:NetworkIsolation"], c.variable)])
    error_message = "What is off should not be demanded."
  }
}
