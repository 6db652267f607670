variable "bounded_roles" {
  description = "Whether to make a policy that bounds every role created here, unless permissions_boundary_arn names one."
  type        = bool
  default     = true
  nullable    = false
}

variable "bucket_force_destroy" {
  description = "Whether destroying the foundation also deletes everything in the artifact bucket."
  type        = bool
  default     = false
  nullable    = false
}

variable "endpoint_names" {
  description = "Names of the endpoints that CI roles may move and whose alarms ask for retraining, with * for any characters; null means all that end in the environment."
  type        = set(string)
  default     = null

  validation {
    condition     = var.endpoint_names == null || (length(coalesce(var.endpoint_names, [])) > 0 && alltrue([for each in coalesce(var.endpoint_names, []) : can(regex("^[A-Za-z0-9*](-*[A-Za-z0-9*]){0,62}$", each)) && each != "*"]))
    error_message = "The endpoint names must be null or at least one name of 1 to 63 letters, digits, hyphens or asterisks that says more than an asterisk alone."
  }
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

variable "gitlab" {
  description = "GitLab project whose pipelines plan and deploy here, and the OIDC provider that terraform/account offers; null makes no roles for CI."
  type = object({
    audience           = optional(string)
    data_buckets       = optional(set(string), [])
    deploy_branch      = optional(string, "main")
    oidc_provider_arn  = string
    project_path       = string
    secret_arns        = optional(set(string), [])
    session_duration_s = optional(number, 7200)
    state_kms_key_arn  = optional(string)
  })
  default = null

  validation {
    condition     = can(regex("^arn:aws[a-z-]*:iam::[0-9]{12}:oidc-provider/[^*]+$", try(var.gitlab.oidc_provider_arn, "arn:aws:iam::000000000000:oidc-provider/none")))
    error_message = "The GitLab settings must have an OIDC provider ARN such as arn:aws:iam::ACCOUNT:oidc-provider/HOST."
  }

  validation {
    condition     = can(regex("^[A-Za-z0-9_][A-Za-z0-9_.-]*(/[A-Za-z0-9_][A-Za-z0-9_.-]*)+$", try(var.gitlab.project_path, "group/none")))
    error_message = "The GitLab settings must have the full path of one project, for example group/project; asterisks are not allowed."
  }

  validation {
    condition     = can(regex("^[A-Za-z0-9][A-Za-z0-9._/-]{0,99}$", try(var.gitlab.deploy_branch, "main")))
    error_message = "The GitLab settings must have the name of one branch to deploy from; asterisks are not allowed."
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

variable "logs" {
  description = "Bucket for access logs and flow logs, and the days to keep them (null for ever); null logs nothing."
  type = object({
    retention_days = optional(number)
  })
  default = null

  validation {
    condition     = alltrue([for days in try(var.logs.retention_days, null)[*] : days >= 1 && floor(days) == days])
    error_message = "The logs must be kept for a whole number of at least 1 day, or for ever with null."
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

variable "model_reader_arns" {
  description = "ARNs of roles or accounts elsewhere that may read the model package groups, for promotion into another account."
  type        = set(string)
  default     = []
  nullable    = false

  validation {
    condition     = alltrue([for arn in var.model_reader_arns : can(regex("^arn:aws[a-z-]*:iam::[0-9]{12}:(root|role/[^*]+)$", arn))])
    error_message = "The model reader ARNs must look like arn:aws:iam::ACCOUNT:role/NAME or arn:aws:iam::ACCOUNT:root, without asterisks."
  }
}

variable "network" {
  description = "Private network for jobs and models, by default over two availability zones; null makes none."
  type = object({
    availability_zones = optional(list(string))
    cidr_block         = optional(string, "10.0.0.0/16")
  })
  default = null

  validation {
    condition     = var.network == null || var.subnet_ids == null
    error_message = "The network must be null where subnet_ids are given: jobs attach to one or the other."
  }

  validation {
    condition     = can(cidrnetmask(try(var.network.cidr_block, "10.0.0.0/16"))) && can(regex("/(1[6-9]|2[0-4])$", try(var.network.cidr_block, "10.0.0.0/16")))
    error_message = "The network must have an IPv4 range with a prefix of 16 to 24 bits, for example 10.0.0.0/16."
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

variable "retraining" {
  description = "GitLab pipeline that alarms and schedules ask to retrain or roll back; null asks nobody. See modules/retraining."
  type = object({
    mode_by_alarm = optional(map(string), { data_drift = "retrain", model_quality = "retrain", rollback = "rollback" })
    pipeline = object({
      ref         = optional(string, "main")
      trigger_url = string
      variables   = optional(map(string), {})
    })
    retry = optional(object({
      attempts  = optional(number, 20)
      max_age_s = optional(number, 3600)
    }), {})
    schedules = optional(map(object({
      expression     = string
      timezone       = optional(string, "UTC")
      window_minutes = optional(number, 0)
    })), {})
    token_secret_arn = optional(string)
  })
  default = null

  validation {
    condition     = can(regex("^https://[^/?#[:space:]]+(/[^?#[:space:]]+)?/api/v4/projects/[^/?#[:space:]]+/trigger/pipeline$", try(var.retraining.pipeline.trigger_url, "https://gitlab.com/api/v4/projects/1/trigger/pipeline")))
    error_message = "The retraining must have a trigger URL such as https://gitlab.com/api/v4/projects/123/trigger/pipeline, without a token in it."
  }
}

variable "retraining_token" {
  description = "Trigger token of the pipeline of retraining; null where retraining names a secret, or is null itself."
  type        = string
  default     = null
  sensitive   = true

  validation {
    condition     = var.retraining == null || (var.retraining_token == null) != (try(var.retraining.token_secret_arn, null) == null)
    error_message = "The retraining token must be given either by itself or as token_secret_arn of retraining, and not both."
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

variable "state_bucket" {
  description = "Name of the bucket of Terraform's state; null means the one that --mode bootstrap makes."
  type        = string
  default     = null

  validation {
    condition     = var.state_bucket == null || can(regex("^[a-z0-9][a-z0-9.-]{1,61}[a-z0-9]$", var.state_bucket))
    error_message = "The state bucket must be null or a bucket name of 3 to 63 lowercase letters, digits, dots or hyphens, without s3://."
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

variable "subscriptions" {
  description = "Who hears which severities, by a name of one's own: email, HTTPS or SQS. Email and HTTPS must be confirmed by the receiver."
  type = map(object({
    endpoint   = string
    protocol   = string
    severities = optional(set(string), ["critical", "info", "warning"])
  }))
  default  = {}
  nullable = false

  validation {
    condition     = alltrue([for each in values(var.subscriptions) : contains(["email", "https", "sqs"], each.protocol)])
    error_message = "The subscriptions must have the protocol email, https or sqs."
  }

  validation {
    condition     = alltrue([for each in values(var.subscriptions) : can(regex("^[^@[:space:]]+@[^@[:space:]]+[.][^@[:space:]]+$", each.endpoint)) if each.protocol == "email"])
    error_message = "The subscriptions by email must have an address such as team@example.com as their endpoint."
  }

  validation {
    condition     = alltrue([for each in values(var.subscriptions) : can(regex("^https://[^[:space:]]+$", each.endpoint)) if each.protocol == "https"])
    error_message = "The subscriptions by https must have a URL that begins with https:// as their endpoint."
  }

  validation {
    condition     = alltrue([for each in values(var.subscriptions) : can(regex("^arn:aws[a-z-]*:sqs:[a-z0-9-]+:[0-9]{12}:[A-Za-z0-9_-]{1,80}([.]fifo)?$", each.endpoint)) if each.protocol == "sqs"])
    error_message = "The subscriptions by sqs must have a queue's ARN such as arn:aws:sqs:REGION:ACCOUNT:NAME as their endpoint."
  }

  validation {
    condition     = alltrue([for each in values(var.subscriptions) : length(each.severities) > 0 && length(setsubtract(each.severities, ["critical", "info", "warning"])) == 0])
    error_message = "The subscriptions must name at least one of the severities critical, warning and info."
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
