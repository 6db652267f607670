variable "account_id" {
  description = "AWS account that the role belongs to and that SageMaker must act for."
  type        = string
  nullable    = false

  validation {
    condition     = can(regex("^[0-9]{12}$", var.account_id))
    error_message = "The account id must have 12 digits."
  }
}

variable "bucket" {
  description = "Name of the artifact bucket that jobs read and write."
  type        = string
  nullable    = false

  validation {
    condition     = can(regex("^[a-z0-9][a-z0-9.-]{1,61}[a-z0-9]$", var.bucket))
    error_message = "The bucket must be a bucket name of 3 to 63 lowercase letters, digits, dots or hyphens, without s3://."
  }
}

variable "image_account_ids" {
  description = "AWS accounts whose registries container images may be pulled from; AWS has one of its own in each region."
  type        = set(string)
  nullable    = false

  validation {
    condition     = length(var.image_account_ids) > 0 && alltrue([for id in var.image_account_ids : can(regex("^[0-9]{12}$", id))])
    error_message = "The image account ids must be at least one account id of 12 digits, for example 683313688378, AWS's own in us-east-1."
  }
}

variable "image_repositories" {
  description = "Names of the ECR repositories that container images may be pulled from."
  type        = set(string)
  nullable    = false

  validation {
    condition     = length(var.image_repositories) > 0 && alltrue([for name in var.image_repositories : can(regex("^[a-z0-9]+([._/-][a-z0-9]+)*$", name))])
    error_message = "The image repositories must be at least one ECR repository name without registry and tag, for example sagemaker-scikit-learn."
  }
}

variable "kms_key_arn" {
  description = "ARN of the key that encrypts bucket, volumes and outputs."
  type        = string
  nullable    = false

  validation {
    condition     = can(regex("^arn:aws[a-z-]*:kms:[a-z0-9-]+:[0-9]{12}:key/[A-Za-z0-9-]+$", var.kms_key_arn))
    error_message = "The KMS key ARN must look like arn:aws:kms:REGION:ACCOUNT:key/ID; an alias is not enough."
  }
}

variable "name" {
  description = "Name of the role."
  type        = string
  nullable    = false

  validation {
    condition     = can(regex("^[A-Za-z0-9+=,.@_-]{1,64}$", var.name))
    error_message = "The name must have 1 to 64 letters, digits or characters of +=,.@_- as IAM allows."
  }
}

variable "permissions_boundary_arn" {
  description = "ARN of the IAM policy that bounds the role; null sets no boundary."
  type        = string
  default     = null

  validation {
    condition     = var.permissions_boundary_arn == null || can(regex("^arn:aws[a-z-]*:iam::([0-9]{12}|aws):policy/.+$", var.permissions_boundary_arn))
    error_message = "The permissions boundary ARN must be null or look like arn:aws:iam::ACCOUNT:policy/NAME."
  }
}

variable "region" {
  description = "AWS region of logs, images and network."
  type        = string
  nullable    = false

  validation {
    condition     = can(regex("^[a-z]{2}(-[a-z]+)+-[0-9]$", var.region))
    error_message = "The region must be an AWS region code, for example us-east-1."
  }
}

variable "security_group_ids" {
  description = "Security groups that jobs and models attach to; null outside a VPC."
  type        = list(string)
  default     = null

  validation {
    condition     = (var.security_group_ids == null) == (var.subnet_ids == null)
    error_message = "The security group ids and the subnet ids must be given together or both be null."
  }
}

variable "subnet_ids" {
  description = "Subnets that jobs and models attach to; null outside a VPC."
  type        = list(string)
  default     = null
}
