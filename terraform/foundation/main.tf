data "aws_caller_identity" "current" {}

data "aws_partition" "current" {}

locals {
  account_id = data.aws_caller_identity.current.account_id
  partition  = data.aws_partition.current.partition
  name       = "${var.project}-${var.environment}"

  job_tags = merge(var.tags, {
    "mlops:environment" = var.environment
    "mlops:project"     = var.project
  })

  # Everything here serves all models of the environment.
  tags = merge(local.job_tags, {
    "mlops:managed-by" = "terraform"
    "mlops:model"      = "shared"
  })

  bucket      = var.s3_bucket != null ? var.s3_bucket : module.storage[0].bucket
  kms_key_arn = var.kms_key_arn != null ? var.kms_key_arn : module.encryption[0].key_arn
  role_arn    = var.role_arn != null ? var.role_arn : module.identity[0].role_arn
  topic_arn   = var.sns_topic_arn != null ? var.sns_topic_arn : module.notifications[0].topic_arn

  published = {
    schema_version             = 1
    account_id                 = local.account_id
    bucket                     = local.bucket
    environment                = var.environment
    inputs_digest              = var.inputs_digest
    inter_container_encryption = var.inter_container_encryption
    kms_key_arn                = local.kms_key_arn
    model_package_groups       = module.registry.group_arns
    network_isolation          = var.network_isolation
    project                    = var.project
    region                     = var.region
    role_arn                   = local.role_arn
    tags                       = local.job_tags
    topic_arn                  = local.topic_arn
    vpc = {
      security_group_ids = var.security_group_ids
      subnet_ids         = var.subnet_ids
    }
  }
}

module "encryption" {
  source = "../modules/encryption"
  count  = var.kms_key_arn == null ? 1 : 0

  account_id           = local.account_id
  alias                = local.name
  deletion_window_days = var.key_deletion_window_days
  partition            = local.partition
  rotation             = var.key_rotation
}

module "storage" {
  source = "../modules/storage"
  count  = var.s3_bucket == null ? 1 : 0

  bucket         = "${local.name}-${local.account_id}-${var.region}"
  force_destroy  = var.bucket_force_destroy
  kms_key_arn    = local.kms_key_arn
  retention_days = var.retention_days
}

module "identity" {
  source = "../modules/identity"
  count  = var.role_arn == null ? 1 : 0

  account_id               = local.account_id
  bucket                   = var.s3_bucket != null ? var.s3_bucket : "${local.name}-${local.account_id}-${var.region}"
  image_repositories       = var.image_repositories
  kms_key_arn              = local.kms_key_arn
  name                     = "${local.name}-sagemaker-execution"
  partition                = local.partition
  permissions_boundary_arn = var.permissions_boundary_arn
  region                   = var.region
  security_group_ids       = var.security_group_ids
  subnet_ids               = var.subnet_ids
}

module "notifications" {
  source = "../modules/notifications"
  count  = var.sns_topic_arn == null ? 1 : 0

  account_id  = local.account_id
  kms_key_arn = local.kms_key_arn
  name        = "${local.name}-notifications"
}

module "registry" {
  source = "../modules/registry"

  group_names = var.model_package_groups
}

# Written last: who reads this parameter finds a foundation that is whole.
resource "aws_ssm_parameter" "foundation" {
  name        = "/mlops/${var.project}/${var.environment}/foundation"
  description = "What the foundation of ${local.name} offers, for the runner and the serving root."
  type        = "String"
  # Not "value": nothing in it is secret, and reviewers of a plan want to see what changes.
  insecure_value = jsonencode(local.published)

  depends_on = [module.encryption, module.identity, module.notifications, module.registry, module.storage]

  lifecycle {
    precondition {
      condition     = length(jsonencode(local.published)) <= 4096
      error_message = "The foundation parameter would exceed the 4096 characters of SSM's standard tier: use fewer model package groups or tags per environment."
    }
  }
}
