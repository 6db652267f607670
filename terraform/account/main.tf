data "aws_caller_identity" "current" {}

data "aws_partition" "current" {}

locals {
  account_id = data.aws_caller_identity.current.account_id
  partition  = data.aws_partition.current.partition

  # Everything here serves all environments and models of the account.
  tags = {
    "mlops:environment" = "shared"
    "mlops:managed-by"  = "terraform"
    "mlops:model"       = "shared"
    "mlops:project"     = var.project
  }

  creates_provider = var.gitlab_url != null && var.gitlab_oidc_provider_arn == null
  creates_trail    = var.audit != null && var.trail_arn == null
  creates_budget   = var.budget != null && var.budget_arn == null
}

# An account can hold only one provider per URL: give its ARN where another team made it.
resource "aws_iam_openid_connect_provider" "gitlab" {
  count = local.creates_provider ? 1 : 0

  url            = var.gitlab_url
  client_id_list = [coalesce(var.gitlab_audience, var.gitlab_url)]
}

module "encryption" {
  source = "../modules/encryption"
  count  = local.creates_trail ? 1 : 0

  account_id      = local.account_id
  alias           = "${var.project}-audit"
  encrypts_trails = true
}

# Its name does not begin with the project: what the trail records must not record its own deliveries.
module "log_bucket" {
  source = "../modules/log_bucket"
  count  = local.creates_trail ? 1 : 0

  account_id     = local.account_id
  bucket         = "logs-${var.project}-${local.account_id}-${var.region}"
  force_destroy  = var.audit.force_destroy
  retention_days = var.audit.retention_days
}

module "audit" {
  source = "../modules/audit"
  count  = local.creates_trail ? 1 : 0

  kms_key_arn         = module.encryption[0].key_arn
  log_bucket          = module.log_bucket[0].bucket
  name                = "${var.project}-audit"
  object_arn_prefixes = ["arn:${local.partition}:s3:::${var.project}-"]
}

module "budget" {
  source = "../modules/budget"
  count  = local.creates_budget ? 1 : 0

  account_id         = local.account_id
  emails             = var.budget.emails
  limit_usd          = var.budget.limit_usd
  name               = "${var.project}-monthly"
  tag_filter         = var.budget.of_project_only ? { "mlops:project" = var.project } : {}
  thresholds_percent = var.budget.thresholds_percent
}
