data "aws_caller_identity" "current" {}

data "aws_partition" "current" {}

# Where AWS publishes its images for this region. The provider knows it; nobody is asked.
data "aws_sagemaker_prebuilt_ecr_image" "this" {
  count = var.image_account_ids == null ? 1 : 0

  repository_name = "sagemaker-scikit-learn"
}

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
  # One topic that is given hears everything.
  topic_arns = var.sns_topic_arn != null ? { for severity in ["critical", "info", "warning"] : severity => var.sns_topic_arn } : module.notifications[0].topic_arns

  # Who is subscribed already hears what that subscription says.
  recipients = {
    for address in toset(var.email_recipients) : "recipient/${address}" => {
      endpoint   = address
      protocol   = "email"
      severities = ["critical", "warning"]
    } if !contains([for each in values(var.subscriptions) : each.endpoint], address)
  }

  image_account_ids = var.image_account_ids != null ? var.image_account_ids : toset([
    local.account_id,
    data.aws_sagemaker_prebuilt_ecr_image.this[0].registry_id,
  ])

  own_bucket   = "${local.name}-${local.account_id}-${var.region}"
  state_bucket = coalesce(var.state_bucket, "${var.project}-state-${local.account_id}-${var.region}")
  boundary_arn = local.makes_boundary ? module.boundary[0].policy_arn : var.permissions_boundary_arn

  role_arn_prefix = "arn:${local.partition}:iam::${local.account_id}:role/${local.name}"

  makes_boundary = var.bounded_roles && var.permissions_boundary_arn == null
  vpc = var.network == null ? {
    security_group_ids = try(var.vpc.security_group_ids, null)
    subnet_ids         = try(var.vpc.subnet_ids, null)
    } : {
    security_group_ids = module.network[0].security_group_ids
    subnet_ids         = module.network[0].subnet_ids
  }

  published = {
    schema_version             = 1
    account_id                 = local.account_id
    bucket                     = local.bucket
    environment                = var.environment
    inputs_digest              = var.inputs_digest
    inter_container_encryption = var.inter_container_encryption
    kms_key_arn                = local.kms_key_arn
    minimum_instance_count     = var.minimum_instance_count
    model_package_groups       = module.registry.group_arns
    network_isolation          = var.network_isolation
    project                    = var.project
    region                     = var.region
    retraining                 = one(module.retraining[*].event)
    role_arn                   = local.role_arn
    tags                       = local.job_tags
    topic_arn                  = local.topic_arn
    topic_arns                 = local.topic_arns
    vpc                        = local.vpc
  }
}

module "encryption" {
  source = "../modules/encryption"
  count  = var.kms_key_arn == null ? 1 : 0

  account_id           = local.account_id
  alias                = local.name
  deletion_window_days = var.key_deletion_window_days
  # By name, because the roles are made for the key. Who brings a role says in IAM what it may do.
  reader_role_arns = var.gitlab == null ? [] : ["${local.role_arn_prefix}-ci-plan"]
  rotation         = var.key_rotation
  writer_role_arns = concat(
    var.gitlab == null ? [] : ["${local.role_arn_prefix}-ci-deploy"],
    var.role_arn == null ? ["${local.role_arn_prefix}-sagemaker-execution"] : [],
  )
}

module "boundary" {
  source = "../modules/boundary"
  count  = local.makes_boundary ? 1 : 0

  account_id   = local.account_id
  buckets      = compact(concat([var.s3_bucket], sort(try(var.gitlab.data_buckets, []))))
  name         = "${local.name}-boundary"
  project      = var.project
  role_arns    = compact([var.role_arn])
  state_bucket = local.state_bucket
}

# Its name does not begin with the project: the account's trail records what happens in the project's buckets.
module "log_bucket" {
  source = "../modules/log_bucket"
  count  = var.logs == null ? 0 : 1

  account_id     = local.account_id
  bucket         = "logs-${local.own_bucket}"
  force_destroy  = var.bucket_force_destroy
  retention_days = var.logs.retention_days
}

module "storage" {
  source = "../modules/storage"
  count  = var.s3_bucket == null ? 1 : 0

  bucket         = local.own_bucket
  force_destroy  = var.bucket_force_destroy
  kms_key_arn    = local.kms_key_arn
  log_bucket     = var.logs == null ? null : module.log_bucket[0].bucket
  retention_days = var.retention_days
}

module "identity" {
  source = "../modules/identity"
  count  = var.role_arn == null ? 1 : 0

  account_id               = local.account_id
  bucket                   = coalesce(var.s3_bucket, local.own_bucket)
  image_account_ids        = local.image_account_ids
  image_repositories       = var.image_repositories
  kms_key_arn              = local.kms_key_arn
  name                     = "${local.name}-sagemaker-execution"
  permissions_boundary_arn = local.boundary_arn
  region                   = var.region
  security_group_ids       = local.vpc.security_group_ids
  subnet_ids               = local.vpc.subnet_ids
}

module "notifications" {
  source = "../modules/notifications"
  count  = var.sns_topic_arn == null ? 1 : 0

  account_id    = local.account_id
  kms_key_arn   = local.kms_key_arn
  name          = "${local.name}-notifications"
  subscriptions = merge(var.subscriptions, local.recipients)
}

module "registry" {
  source = "../modules/registry"

  group_names = var.model_package_groups
  reader_arns = var.model_reader_arns
}

# Written last: who reads this parameter finds a foundation that is whole.
resource "aws_ssm_parameter" "foundation" {
  #checkov:skip=CKV2_AWS_34: it holds names and addresses, nothing secret (owner: platform)
  name        = "/mlops/${var.project}/${var.environment}/foundation"
  description = "What the foundation of ${local.name} offers, for the runner and the serving root."
  type        = "String"
  # Not "value": nothing in it is secret, and reviewers of a plan want to see what changes.
  insecure_value = jsonencode(local.published)

  depends_on = [
    module.ci_roles,
    module.encryption,
    module.identity,
    module.network,
    module.notifications,
    module.registry,
    module.retraining,
    module.storage,
  ]

  lifecycle {
    precondition {
      condition     = length(jsonencode(local.published)) <= 4096
      error_message = "The foundation parameter would exceed the 4096 characters of SSM's standard tier: use fewer model package groups or tags per environment."
    }
  }
}
