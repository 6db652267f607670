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
  description = "Project name; a tag of everything created here."
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
