variable "audit" {
  description = "Trail of all calls in the account and of all reads and writes in the project's buckets; null makes none."
  type = object({
    force_destroy  = optional(bool, false)
    retention_days = optional(number)
  })
  default = null

  validation {
    condition     = alltrue([for days in try(var.audit.retention_days, null)[*] : days >= 1 && floor(days) == days])
    error_message = "The audit must keep its logs for a whole number of at least 1 day, or for ever with null."
  }
}

variable "budget" {
  description = "What a month may cost, and who is told at which percentages of it; null watches nothing."
  type = object({
    emails             = set(string)
    limit_usd          = number
    of_project_only    = optional(bool, false)
    thresholds_percent = optional(set(number), [50, 80, 100])
  })
  default = null

  validation {
    condition     = alltrue([for each in try(var.budget.emails, ["one@example.com"]) : can(regex("^[^@,;<>[:space:]]+@[^@,;<>[:space:]]+[.][^@,;<>[:space:]]+$", each))]) && length(try(var.budget.emails, ["one"])) >= 1 && length(try(var.budget.emails, [])) <= 10
    error_message = "The budget must name one to ten email addresses such as team@example.com."
  }

  validation {
    condition     = try(var.budget.limit_usd, 1) > 0
    error_message = "The budget must have a limit of more than 0 US dollars."
  }

  validation {
    condition     = length(try(var.budget.thresholds_percent, [50])) >= 1 && length(try(var.budget.thresholds_percent, [50])) <= 4 && alltrue([for each in try(var.budget.thresholds_percent, []) : each > 0 && each <= 1000])
    error_message = "The budget must have one to four thresholds above 0 and at most 1000 percent."
  }
}

variable "budget_arn" {
  description = "ARN of the account's existing budget; null makes one when budget is given."
  type        = string
  default     = null

  validation {
    condition     = var.budget_arn == null || can(regex("^arn:aws[a-z-]*:budgets::[0-9]{12}:budget/.+$", var.budget_arn))
    error_message = "The budget ARN must be null or look like arn:aws:budgets::ACCOUNT:budget/NAME."
  }
}

variable "gitlab_audience" {
  description = "Audience that GitLab puts into its ID tokens; null means the GitLab URL."
  type        = string
  default     = null

  validation {
    condition     = var.gitlab_audience == null || can(regex("^[^\\s]{1,255}$", var.gitlab_audience))
    error_message = "The GitLab audience must be null or 1 to 255 characters without spaces."
  }
}

variable "gitlab_oidc_provider_arn" {
  description = "ARN of the account's existing OIDC provider for GitLab; null creates one when gitlab_url is given."
  type        = string
  default     = null

  validation {
    condition     = var.gitlab_oidc_provider_arn == null || can(regex("^arn:aws[a-z-]*:iam::[0-9]{12}:oidc-provider/.+$", var.gitlab_oidc_provider_arn))
    error_message = "The GitLab OIDC provider ARN must be null or look like arn:aws:iam::ACCOUNT:oidc-provider/HOST."
  }
}

variable "gitlab_url" {
  description = "URL of the GitLab whose pipelines may assume roles here, for example https://gitlab.com; null trusts none."
  type        = string
  default     = null

  validation {
    condition     = var.gitlab_url == null || can(regex("^https://[a-z0-9.-]+[a-z0-9](/[A-Za-z0-9._/-]*[A-Za-z0-9])?$", var.gitlab_url))
    error_message = "The GitLab URL must be null or an https URL without a port and a final slash, for example https://gitlab.com."
  }
}

variable "project" {
  description = "Project name; a tag of everything created here, the first part of its names and of the buckets that the trail watches."
  type        = string
  nullable    = false

  validation {
    condition     = can(regex("^[a-z][a-z0-9-]{0,14}[a-z0-9]$", var.project))
    error_message = "The project must have 2 to 16 lowercase letters, digits or hyphens, start with a letter and not end with a hyphen."
  }
}

variable "region" {
  description = "AWS region that the provider talks to; IAM itself is global."
  type        = string
  nullable    = false

  validation {
    condition     = can(regex("^[a-z]{2}(-[a-z]+)+-[0-9]$", var.region))
    error_message = "The region must be an AWS region code, for example us-east-1."
  }
}

variable "s3_use_path_style" {
  description = "Whether S3 is addressed by path instead of by host name; needed only where buckets have no DNS names."
  type        = bool
  default     = false
  nullable    = false
}

variable "trail_arn" {
  description = "ARN of the account's existing trail; null makes one when audit is given."
  type        = string
  default     = null

  validation {
    condition     = var.trail_arn == null || can(regex("^arn:aws[a-z-]*:cloudtrail:[a-z0-9-]+:[0-9]{12}:trail/.+$", var.trail_arn))
    error_message = "The trail ARN must be null or look like arn:aws:cloudtrail:REGION:ACCOUNT:trail/NAME."
  }
}
