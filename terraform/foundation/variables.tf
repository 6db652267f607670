variable "bucket_force_destroy" {
  description = "Whether destroying the foundation also deletes everything in the artifact bucket."
  type        = bool
  default     = false
  nullable    = false
}

variable "environment" {
  description = "Environment this foundation serves, for example staging or production."
  type        = string
  nullable    = false

  validation {
    condition     = can(regex("^[a-z][a-z0-9-]{0,14}[a-z0-9]$", var.environment))
    error_message = "The environment must have 2 to 16 lowercase letters, digits or hyphens, start with a letter and not end with a hyphen."
  }
}

variable "image_repositories" {
  description = "Names of the ECR repositories that training, evaluation and hosting images come from."
  type        = set(string)
  default     = ["sagemaker-scikit-learn"]
  nullable    = false

  validation {
    condition     = length(var.image_repositories) > 0
    error_message = "The image repositories must name at least one ECR repository."
  }

  validation {
    condition     = alltrue([for name in var.image_repositories : can(regex("^[a-z0-9]+([._/-][a-z0-9]+)*$", name))])
    error_message = "The image repositories must be ECR repository names without registry and tag, for example sagemaker-scikit-learn."
  }
}

variable "inputs_digest" {
  description = "Digest of what this foundation was applied from; published so that the runner can tell whether it is up to date."
  type        = string
  default     = null

  validation {
    condition     = var.inputs_digest == null || can(regex("^[0-9a-f]{8,64}$", var.inputs_digest))
    error_message = "The inputs digest must be null or 8 to 64 lowercase hexadecimal digits."
  }
}

variable "inter_container_encryption" {
  description = "Whether jobs of this environment encrypt the traffic between their containers."
  type        = bool
  default     = true
  nullable    = false
}

variable "key_deletion_window_days" {
  description = "Days between scheduling the deletion of the key and losing it."
  type        = number
  default     = 30
  nullable    = false

  validation {
    condition     = var.key_deletion_window_days >= 7 && var.key_deletion_window_days <= 30
    error_message = "The key deletion window must be between 7 and 30 days, as KMS allows."
  }
}

variable "key_rotation" {
  description = "Whether KMS rotates the key every year."
  type        = bool
  default     = true
  nullable    = false
}

variable "kms_key_arn" {
  description = "ARN of an existing KMS key to use; null creates one."
  type        = string
  default     = null

  validation {
    condition     = var.kms_key_arn == null || can(regex("^arn:aws[a-z-]*:kms:[a-z0-9-]+:[0-9]{12}:key/[A-Za-z0-9-]+$", var.kms_key_arn))
    error_message = "The KMS key ARN must be null or look like arn:aws:kms:REGION:ACCOUNT:key/ID; an alias is not enough."
  }
}

variable "model_package_groups" {
  description = "Names of the model package groups to create, one per model."
  type        = set(string)
  nullable    = false

  validation {
    condition     = length(var.model_package_groups) > 0
    error_message = "The model package groups must name at least one group."
  }

  validation {
    condition     = alltrue([for name in var.model_package_groups : can(regex("^[A-Za-z0-9](-*[A-Za-z0-9]){0,62}$", name))])
    error_message = "Every model package group name must have 1 to 63 letters, digits or hyphens and neither start nor end with a hyphen."
  }
}

variable "network_isolation" {
  description = "Whether jobs and models of this environment run without any network access from inside the container."
  type        = bool
  default     = true
  nullable    = false
}

variable "permissions_boundary_arn" {
  description = "ARN of the IAM policy that bounds every role created here; null sets no boundary."
  type        = string
  default     = null

  validation {
    condition     = var.permissions_boundary_arn == null || can(regex("^arn:aws[a-z-]*:iam::([0-9]{12}|aws):policy/.+$", var.permissions_boundary_arn))
    error_message = "The permissions boundary ARN must be null or look like arn:aws:iam::ACCOUNT:policy/NAME."
  }
}

variable "project" {
  description = "Project name; the first part of every name created here."
  type        = string
  nullable    = false

  validation {
    condition     = can(regex("^[a-z][a-z0-9-]{0,14}[a-z0-9]$", var.project))
    error_message = "The project must have 2 to 16 lowercase letters, digits or hyphens, start with a letter and not end with a hyphen."
  }
}

variable "region" {
  description = "AWS region that everything lives in."
  type        = string
  nullable    = false

  validation {
    condition     = can(regex("^[a-z]{2}(-[a-z]+)+-[0-9]$", var.region))
    error_message = "The region must be an AWS region code, for example us-east-1."
  }
}

variable "retention_days" {
  description = "Days to keep captured traffic and superseded versions of leases; null keeps them for ever."
  type = object({
    capture        = number
    lease_versions = number
  })
  default = null

  validation {
    condition     = var.retention_days == null || alltrue([for days in values(coalesce(var.retention_days, {})) : days >= 1 && floor(days) == days])
    error_message = "The retention days must be whole numbers of at least 1, or null for no expiry at all."
  }
}

variable "role_arn" {
  description = "ARN of an existing SageMaker execution role to use; null creates one."
  type        = string
  default     = null

  validation {
    condition     = var.role_arn == null || can(regex("^arn:aws[a-z-]*:iam::[0-9]{12}:role/.+$", var.role_arn))
    error_message = "The role ARN must be null or look like arn:aws:iam::ACCOUNT:role/NAME."
  }
}

variable "s3_bucket" {
  description = "Name of an existing artifact bucket to use; null creates one."
  type        = string
  default     = null

  validation {
    condition     = var.s3_bucket == null || can(regex("^[a-z0-9][a-z0-9.-]{1,61}[a-z0-9]$", var.s3_bucket))
    error_message = "The S3 bucket must be null or a bucket name of 3 to 63 lowercase letters, digits, dots or hyphens, without s3://."
  }
}

variable "s3_use_path_style" {
  description = "Whether S3 is addressed by path instead of by host name; needed only where buckets have no DNS names."
  type        = bool
  default     = false
  nullable    = false
}

variable "security_group_ids" {
  description = "Security groups of jobs and models; null together with subnet_ids runs them outside a VPC."
  type        = list(string)
  default     = null

  validation {
    condition     = var.security_group_ids == null || (length(coalesce(var.security_group_ids, [])) > 0 && alltrue([for id in coalesce(var.security_group_ids, []) : can(regex("^sg-[0-9a-f]+$", id))]))
    error_message = "The security group ids must be null or at least one id like sg-0123456789abcdef0."
  }

  validation {
    condition     = (var.security_group_ids == null) == (var.subnet_ids == null)
    error_message = "The security group ids and the subnet ids must be given together or both be null."
  }
}

variable "sns_topic_arn" {
  description = "ARN of an existing SNS topic for notifications; null creates one."
  type        = string
  default     = null

  validation {
    condition     = var.sns_topic_arn == null || can(regex("^arn:aws[a-z-]*:sns:[a-z0-9-]+:[0-9]{12}:[A-Za-z0-9_-]{1,256}$", var.sns_topic_arn))
    error_message = "The SNS topic ARN must be null or look like arn:aws:sns:REGION:ACCOUNT:NAME."
  }
}

variable "subnet_ids" {
  description = "Subnets of jobs and models; null together with security_group_ids runs them outside a VPC."
  type        = list(string)
  default     = null

  validation {
    condition     = var.subnet_ids == null || (length(coalesce(var.subnet_ids, [])) > 0 && alltrue([for id in coalesce(var.subnet_ids, []) : can(regex("^subnet-[0-9a-f]+$", id))]))
    error_message = "The subnet ids must be null or at least one id like subnet-0123456789abcdef0."
  }
}

variable "tags" {
  description = "Further tags for everything created here and for every job of this environment."
  type        = map(string)
  default     = {}
  nullable    = false

  validation {
    condition     = alltrue([for key in keys(var.tags) : !can(regex("^(aws|mlops):", key))])
    error_message = "The tags must not use the prefixes aws: and mlops:, which are set by AWS and by this project."
  }
}
