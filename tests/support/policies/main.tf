# Every module that writes an IAM policy, with everything that adds a statement turned on.
# Rendered by rendered.tftest.hcl, on a copy beside terraform/modules.
# No call is made while planning, so the provider needs nothing that is real.
provider "aws" {
  region                      = "us-east-1"
  access_key                  = "none"
  secret_key                  = "none"
  skip_credentials_validation = true
  skip_metadata_api_check     = true
  skip_requesting_account_id  = true
}

locals {
  account_id     = "111122223333"
  bucket         = "mlops-staging-111122223333-us-east-1"
  execution_role = "arn:aws:iam::111122223333:role/mlops-staging-sagemaker-execution"
  kms_key_arn    = "arn:aws:kms:us-east-1:111122223333:key/11111111-2222-3333-4444-555555555555"
  log_bucket     = "logs-mlops-staging-111122223333-us-east-1"
  region         = "us-east-1"
  state_bucket   = "mlops-state-111122223333-us-east-1"
}

variable "buckets" {
  type    = list(string)
  default = []
}

variable "endpoint_names" {
  type    = list(string)
  default = ["*-staging"]
}

module "boundary" {
  source       = "../modules/boundary"
  account_id   = local.account_id
  buckets      = var.buckets
  name         = "mlops-staging-boundary"
  project      = "mlops"
  state_bucket = local.state_bucket
}

module "ci_roles" {
  source               = "../modules/ci_roles"
  account_id           = local.account_id
  bucket               = local.bucket
  data_buckets         = ["mlops-training-data"]
  deploy_branch        = "main"
  endpoint_names       = var.endpoint_names
  environment          = "staging"
  execution_role_arn   = local.execution_role
  kms_key_arn          = local.kms_key_arn
  model_package_groups = ["iris"]
  name                 = "mlops-staging"
  oidc_provider_arn    = "arn:aws:iam::111122223333:oidc-provider/gitlab.example.com"
  project              = "mlops"
  project_path         = "group/project"
  region               = local.region
  secret_arns          = ["arn:aws:secretsmanager:us-east-1:111122223333:secret:mlops/webhook-abcdef"]
  security_group_ids   = ["sg-0aa"]
  state_bucket         = local.state_bucket
  state_kms_key_arn    = "arn:aws:kms:us-east-1:111122223333:key/99999999-2222-3333-4444-555555555555"
  subnet_ids           = ["subnet-0bb", "subnet-0cc"]
  topic_arns           = ["arn:aws:sns:us-east-1:111122223333:mlops-staging-notifications"]
}

module "encryption" {
  source           = "../modules/encryption"
  account_id       = local.account_id
  alias            = "mlops-staging"
  encrypts_trails  = true
  reader_role_arns = ["arn:aws:iam::111122223333:role/mlops-staging-ci-plan"]
  writer_role_arns = ["arn:aws:iam::111122223333:role/mlops-staging-ci-deploy", local.execution_role]
}

module "identity" {
  source             = "../modules/identity"
  account_id         = local.account_id
  bucket             = local.bucket
  image_account_ids  = ["683313688378", local.account_id]
  image_repositories = ["sagemaker-scikit-learn"]
  kms_key_arn        = local.kms_key_arn
  name               = "mlops-staging-sagemaker-execution"
  region             = local.region
  security_group_ids = ["sg-0aa"]
  subnet_ids         = ["subnet-0bb", "subnet-0cc"]
}

module "log_bucket" {
  source     = "../modules/log_bucket"
  account_id = local.account_id
  bucket     = local.log_bucket
}

module "network" {
  source             = "../modules/network"
  account_id         = local.account_id
  availability_zones = ["us-east-1a", "us-east-1b"]
  name               = "mlops-staging"
  region             = local.region
}

module "notifications" {
  source              = "../modules/notifications"
  account_id          = local.account_id
  event_rules_publish = true
  kms_key_arn         = local.kms_key_arn
  name                = "mlops-staging-notifications"
}

module "registry" {
  source      = "../modules/registry"
  group_names = ["iris"]
  reader_arns = ["arn:aws:iam::444455556666:role/mlops-production-ci-deploy"]
}

module "retraining" {
  source         = "../modules/retraining"
  account_id     = local.account_id
  endpoint_names = ["iris-staging"]
  environment    = "staging"
  kms_key_arn    = local.kms_key_arn
  name           = "mlops-staging"
  pipeline       = { trigger_url = "https://gitlab.example.com/api/v4/projects/1/trigger/pipeline" }
  region         = local.region
  schedules      = { weekly = { expression = "rate(7 days)" } }
  token          = "not-a-token"
}

module "storage" {
  source      = "../modules/storage"
  bucket      = local.bucket
  kms_key_arn = local.kms_key_arn
}
