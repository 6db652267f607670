mock_provider "aws" {
  mock_data "aws_iam_policy_document" {
    defaults = {
      json = "{}"
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

run "bad_values_are_refused" {
  command = plan

  variables {
    account_id               = "123"
    audience                 = ""
    bucket                   = "s3://bucket"
    data_buckets             = ["s3://warehouse"]
    deploy_branch            = "*"
    endpoint_names           = ["*"]
    environment              = "Staging"
    execution_role_arn       = "arn:aws:iam::000000000000:role/*"
    kms_key_arn              = "alias/mlops"
    metric_namespaces        = []
    model_package_groups     = ["iris-"]
    name                     = "no spaces please"
    oidc_provider_arn        = "gitlab.example.com"
    permissions_boundary_arn = "boundary"
    project                  = "Has Spaces"
    project_path             = "group/*"
    region                   = "Ireland"
    secret_arns              = ["arn:aws:secretsmanager:us-east-1:000000000000:secret:*"]
    security_group_ids       = ["sg-0aa"]
    session_duration_s       = 60
    state_bucket             = "s3://state"
    state_kms_key_arn        = "alias/state"
    topic_arns               = ["topic"]
  }

  expect_failures = [
    var.account_id,
    var.audience,
    var.bucket,
    var.data_buckets,
    var.deploy_branch,
    var.endpoint_names,
    var.environment,
    var.execution_role_arn,
    var.kms_key_arn,
    var.metric_namespaces,
    var.model_package_groups,
    var.name,
    var.oidc_provider_arn,
    var.permissions_boundary_arn,
    var.project,
    var.project_path,
    var.region,
    var.secret_arns,
    var.security_group_ids,
    var.session_duration_s,
    var.state_bucket,
    var.state_kms_key_arn,
    var.topic_arns,
  ]
}

run "no_endpoint_and_no_package_group_are_refused" {
  command = plan

  variables {
    endpoint_names       = []
    model_package_groups = []
  }

  expect_failures = [var.endpoint_names, var.model_package_groups]
}
