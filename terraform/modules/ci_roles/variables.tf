variable "account_id" {
  description = "AWS account that the roles belong to."
  type        = string
  nullable    = false

  validation {
    condition     = can(regex("^[0-9]{12}$", var.account_id))
    error_message = "The account id must have 12 digits."
  }
}

variable "audience" {
  description = "Audience of the ID tokens, as the OIDC provider knows it; null means the URL of GitLab."
  type        = string
  default     = null

  validation {
    condition     = var.audience == null || can(regex("^[^\\s*]{1,255}$", var.audience))
    error_message = "The audience must be null or 1 to 255 characters without spaces and asterisks."
  }
}

variable "bucket" {
  description = "Name of the artifact bucket that pipelines read and write."
  type        = string
  nullable    = false

  validation {
    condition     = can(regex("^[a-z0-9][a-z0-9.-]{1,61}[a-z0-9]$", var.bucket))
    error_message = "The bucket must be a bucket name of 3 to 63 lowercase letters, digits, dots or hyphens, without s3://."
  }
}

variable "data_buckets" {
  description = "Names of further buckets that pipelines may read training data from."
  type        = set(string)
  default     = []
  nullable    = false

  validation {
    condition     = alltrue([for each in var.data_buckets : can(regex("^[a-z0-9][a-z0-9.-]{1,61}[a-z0-9]$", each))])
    error_message = "The data buckets must be bucket names of 3 to 63 lowercase letters, digits, dots or hyphens, without s3://."
  }
}

variable "deploy_branch" {
  description = "Protected branch whose pipelines may deploy."
  type        = string
  nullable    = false

  validation {
    condition     = can(regex("^[A-Za-z0-9][A-Za-z0-9._/-]{0,99}$", var.deploy_branch))
    error_message = "The deploy branch must be the name of one branch of 1 to 100 letters, digits, dots, slashes, underscores or hyphens; asterisks are not allowed."
  }
}

variable "endpoint_names" {
  description = "Names of the endpoints that pipelines plan and deploy; an asterisk stands for any characters, for example *-staging."
  type        = set(string)
  nullable    = false

  validation {
    condition     = length(var.endpoint_names) > 0 && alltrue([for each in var.endpoint_names : can(regex("^[A-Za-z0-9*](-*[A-Za-z0-9*]){0,62}$", each))])
    error_message = "The endpoint names must be at least one name of 1 to 63 letters, digits, hyphens or asterisks."
  }

  validation {
    condition     = !contains(var.endpoint_names, "*")
    error_message = "The endpoint names must say more than an asterisk alone, for example *-staging."
  }
}

variable "environment" {
  description = "Environment that the roles serve, for example staging or production."
  type        = string
  nullable    = false

  validation {
    condition     = can(regex("^[a-z][a-z0-9-]{0,14}[a-z0-9]$", var.environment))
    error_message = "The environment must have 2 to 16 lowercase letters, digits or hyphens, start with a letter and not end with a hyphen."
  }
}

variable "execution_role_arn" {
  description = "ARN of the SageMaker execution role, the only one that pipelines may pass on."
  type        = string
  nullable    = false

  validation {
    condition     = can(regex("^arn:aws[a-z-]*:iam::[0-9]{12}:role/[^*]+$", var.execution_role_arn))
    error_message = "The execution role ARN must look like arn:aws:iam::ACCOUNT:role/NAME, without asterisks."
  }
}

variable "inter_container_encryption" {
  description = "Whether jobs are refused that do not encrypt the traffic between their containers."
  type        = bool
  default     = true
  nullable    = false
}

variable "kms_key_arn" {
  description = "ARN of the key that jobs, endpoints and objects must use."
  type        = string
  nullable    = false

  validation {
    condition     = can(regex("^arn:aws[a-z-]*:kms:[a-z0-9-]+:[0-9]{12}:key/[A-Za-z0-9-]+$", var.kms_key_arn))
    error_message = "The KMS key ARN must look like arn:aws:kms:REGION:ACCOUNT:key/ID; an alias is not enough."
  }
}

variable "metric_namespaces" {
  description = "CloudWatch namespaces that pipelines may write metrics to."
  type        = set(string)
  default     = ["MLOps"]
  nullable    = false

  validation {
    condition     = length(var.metric_namespaces) > 0 && alltrue([for each in var.metric_namespaces : can(regex("^[A-Za-z0-9._/#:-]{1,255}$", each))])
    error_message = "The metric namespaces must be at least one namespace of 1 to 255 letters, digits or characters of ._/#:-."
  }
}

variable "model_package_groups" {
  description = "Names of the model package groups that pipelines register models in."
  type        = set(string)
  nullable    = false

  validation {
    condition     = length(var.model_package_groups) > 0 && alltrue([for each in var.model_package_groups : can(regex("^[A-Za-z0-9](-*[A-Za-z0-9]){0,62}$", each))])
    error_message = "The model package groups must be at least one name of 1 to 63 letters, digits or hyphens that neither starts nor ends with a hyphen."
  }
}

variable "name" {
  description = "First part of the names of the roles."
  type        = string
  nullable    = false

  validation {
    condition     = can(regex("^[A-Za-z0-9+=,.@_-]{1,54}$", var.name))
    error_message = "The name must have 1 to 54 letters, digits or characters of +=,.@_- so that the names of the roles fit IAM."
  }
}

variable "network_isolation" {
  description = "Whether jobs and models are refused that run without network isolation."
  type        = bool
  default     = true
  nullable    = false
}

variable "oidc_provider_arn" {
  description = "ARN of the OIDC provider that trusts the GitLab instance."
  type        = string
  nullable    = false

  validation {
    condition     = can(regex("^arn:aws[a-z-]*:iam::[0-9]{12}:oidc-provider/[^*]+$", var.oidc_provider_arn))
    error_message = "The OIDC provider ARN must look like arn:aws:iam::ACCOUNT:oidc-provider/HOST."
  }
}

variable "permissions_boundary_arn" {
  description = "ARN of the IAM policy that bounds each role; null sets no boundary."
  type        = string
  default     = null

  validation {
    condition     = var.permissions_boundary_arn == null || can(regex("^arn:aws[a-z-]*:iam::([0-9]{12}|aws):policy/.+$", var.permissions_boundary_arn))
    error_message = "The permissions boundary ARN must be null or look like arn:aws:iam::ACCOUNT:policy/NAME."
  }
}

variable "project" {
  description = "Project name, as in the tags of jobs and the name of the foundation parameter."
  type        = string
  nullable    = false

  validation {
    condition     = can(regex("^[a-z][a-z0-9-]{0,14}[a-z0-9]$", var.project))
    error_message = "The project must have 2 to 16 lowercase letters, digits or hyphens, start with a letter and not end with a hyphen."
  }
}

variable "project_path" {
  description = "Path of the GitLab project, for example group/project."
  type        = string
  nullable    = false

  validation {
    condition     = can(regex("^[A-Za-z0-9_][A-Za-z0-9_.-]*(/[A-Za-z0-9_][A-Za-z0-9_.-]*)+$", var.project_path))
    error_message = "The project path must be the full path of one GitLab project, for example group/project; asterisks are not allowed."
  }
}

variable "region" {
  description = "AWS region that pipelines work in."
  type        = string
  nullable    = false

  validation {
    condition     = can(regex("^[a-z]{2}(-[a-z]+)+-[0-9]$", var.region))
    error_message = "The region must be an AWS region code, for example us-east-1."
  }
}

variable "secret_arns" {
  description = "ARNs of the secrets that pipelines on the deploy branch may read, such as that of a webhook."
  type        = set(string)
  default     = []
  nullable    = false

  validation {
    condition     = alltrue([for each in var.secret_arns : can(regex("^arn:aws[a-z-]*:secretsmanager:[a-z0-9-]+:[0-9]{12}:secret:[^*]+$", each))])
    error_message = "The secret ARNs must look like arn:aws:secretsmanager:REGION:ACCOUNT:secret:NAME, without asterisks."
  }
}

variable "security_group_ids" {
  description = "Security groups that jobs and models must attach to; null demands none."
  type        = list(string)
  default     = null

  validation {
    condition     = (var.security_group_ids == null) == (var.subnet_ids == null)
    error_message = "The security group ids and the subnet ids must be given together or both be null."
  }
}

variable "session_duration_s" {
  description = "Longest session of the deploy role; a full run must fit into it."
  type        = number
  default     = 7200
  nullable    = false

  validation {
    condition     = var.session_duration_s >= 3600 && var.session_duration_s <= 43200 && floor(var.session_duration_s) == var.session_duration_s
    error_message = "The session duration must be a whole number of seconds between 3600 and 43200, as IAM allows."
  }
}

variable "state_bucket" {
  description = "Name of the bucket of Terraform's state."
  type        = string
  nullable    = false

  validation {
    condition     = can(regex("^[a-z0-9][a-z0-9.-]{1,61}[a-z0-9]$", var.state_bucket))
    error_message = "The state bucket must be a bucket name of 3 to 63 lowercase letters, digits, dots or hyphens, without s3://."
  }
}

variable "state_kms_key_arn" {
  description = "ARN of the key of the state bucket; null where it is the AWS managed key of S3."
  type        = string
  default     = null

  validation {
    condition     = var.state_kms_key_arn == null || can(regex("^arn:aws[a-z-]*:kms:[a-z0-9-]+:[0-9]{12}:key/[A-Za-z0-9-]+$", var.state_kms_key_arn))
    error_message = "The state KMS key ARN must be null or look like arn:aws:kms:REGION:ACCOUNT:key/ID; an alias is not enough."
  }
}

variable "subnet_ids" {
  description = "Subnets that jobs and models must attach to; null demands none."
  type        = list(string)
  default     = null
}

variable "topic_arns" {
  description = "ARNs of the SNS topics that pipelines may publish to."
  type        = set(string)
  default     = []
  nullable    = false

  validation {
    condition     = alltrue([for each in var.topic_arns : can(regex("^arn:aws[a-z-]*:sns:[a-z0-9-]+:[0-9]{12}:[A-Za-z0-9_-]{1,256}$", each))])
    error_message = "The topic ARNs must look like arn:aws:sns:REGION:ACCOUNT:NAME."
  }
}
