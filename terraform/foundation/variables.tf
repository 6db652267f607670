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

variable "email_recipients" {
  description = "Who hears of what is critical and of warnings by mail, beside subscriptions; each confirms by a click."
  type        = list(string)
  default     = []
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
}

variable "image_account_ids" {
  description = "AWS accounts whose registries images may be pulled from; null means this account and AWS's own for scikit-learn in this region."
  type        = set(string)
  default     = null
}

variable "image_repositories" {
  description = "Names of the ECR repositories that training, evaluation and hosting images come from."
  type        = set(string)
  default     = ["sagemaker-scikit-learn"]
  nullable    = false
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
  type        = object({ retention_days = optional(number) })
  default     = null

  validation {
    condition     = var.logs == null || length(var.project) + length(var.environment) + length(var.region) <= 43
    error_message = "With logs, the names of project, environment and region must have at most 43 characters together: the bucket of the logs is named after them, and S3's limit is 63."
  }
}

variable "minimum_instance_count" {
  description = "Fewest instances that an endpoint of this environment may be deployed with; the runner refuses a configuration with fewer."
  type        = number
  default     = 1
  nullable    = false

  validation {
    condition     = var.minimum_instance_count >= 1 && var.minimum_instance_count <= 999 && floor(var.minimum_instance_count) == var.minimum_instance_count
    error_message = "The minimum_instance_count must be a whole number from 1 to 999."
  }
}

variable "model_package_groups" {
  description = "Names of the model package groups to create, one per model; no other environment of the account may have the same."
  type        = set(string)
  nullable    = false

  validation {
    condition     = length(var.model_package_groups) > 0 && alltrue([for name in var.model_package_groups : can(regex("^[A-Za-z0-9](-*[A-Za-z0-9]){0,62}$", name))])
    error_message = "The model package groups must be at least one name of 1 to 63 letters, digits or hyphens that neither starts nor ends with a hyphen."
  }
}

variable "model_reader_arns" {
  description = "ARNs of roles or accounts elsewhere that may read the model package groups; it opens neither bucket nor key."
  type        = set(string)
  default     = []
  nullable    = false
}

variable "monitor_schedule" {
  description = "When to start the pipeline in mode monitor, as cron(...) or rate(...) in UTC; null never does, nor does a foundation whose retraining is null. The runner gives drift.schedule here."
  type        = string
  default     = null
}

variable "network" {
  description = "Private network for jobs and models, by default over two availability zones; null makes none."
  type = object({
    availability_zones = optional(list(string))
    cidr_block         = optional(string, "10.0.0.0/16")
  })
  default = null

  validation {
    condition     = var.network == null || var.vpc == null
    error_message = "The network must be null where vpc is given: jobs attach to one or the other."
  }
}

variable "network_isolation" {
  description = "Whether jobs and models of this environment run without any network access from inside the container."
  type        = bool
  default     = true
  nullable    = false
}

variable "permissions_boundary_arn" {
  description = "ARN of the IAM policy that bounds every role created here; null means the one that bounded_roles makes, if any."
  type        = string
  default     = null
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
  type        = object({ capture = number, lease_versions = number })
  default     = null
}

variable "retraining" {
  description = "GitLab pipeline that alarms and schedules ask to look, to retrain or to roll back; null asks nobody. See modules/retraining."
  type = object({
    mode_by_alarm = optional(map(string), { rollback = "rollback" })
    pipeline = object({
      ref         = optional(string, "main")
      trigger_url = string
      variables   = optional(map(string), {})
    })
    retry = optional(object({ attempts = optional(number), max_age_s = optional(number) }), {})
    schedules = optional(map(object({
      expression     = string
      mode           = optional(string, "full")
      timezone       = optional(string, "UTC")
      window_minutes = optional(number, 0)
    })), {})
    token_secret_arn = optional(string)
  })
  default = null
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
  description = "ARN of an existing SageMaker execution role to use, with the rights that modules/identity gives, cloudwatch:DescribeAlarms for rollbacks by alarm among them; null creates one."
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

variable "sns_topic_arn" {
  description = "ARN of an existing SNS topic that hears of everything; null creates one for each severity."
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

variable "vpc" {
  description = "Subnets and security groups of a network that is there, for jobs and models; null runs them outside a VPC, unless network makes one."
  type        = object({ security_group_ids = list(string), subnet_ids = list(string) })
  default     = null

  validation {
    condition     = alltrue([for prefix, ids in { sg = try(var.vpc.security_group_ids, null), subnet = try(var.vpc.subnet_ids, null) } : var.vpc == null ? true : length(ids) > 0 && alltrue([for id in ids : can(regex("^${prefix}-[0-9a-f]+$", id))])])
    error_message = "The vpc must have at least one of both subnet_ids, like subnet-0123456789abcdef0, and security_group_ids, like sg-0123456789abcdef0."
  }
}
