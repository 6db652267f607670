variable "account_id" {
  description = "AWS account that bounded roles may act in."
  type        = string
  nullable    = false

  validation {
    condition     = can(regex("^[0-9]{12}$", var.account_id))
    error_message = "The account id must have 12 digits."
  }
}

variable "buckets" {
  description = "Names of further buckets that bounded roles may use; those whose names begin with the project and a hyphen are always in."
  type        = set(string)
  default     = []
  nullable    = false

  validation {
    condition     = alltrue([for name in var.buckets : can(regex("^[a-z0-9][a-z0-9.-]{1,61}[a-z0-9]$", name))])
    error_message = "The buckets must be bucket names of 3 to 63 lowercase letters, digits, dots or hyphens, without s3://."
  }
}

variable "name" {
  description = "Name of the policy."
  type        = string
  nullable    = false

  validation {
    condition     = can(regex("^[A-Za-z0-9+=,.@_-]{1,128}$", var.name))
    error_message = "The name must have 1 to 128 letters, digits or characters of +=,.@_- as IAM allows."
  }
}

variable "project" {
  description = "Project name; buckets and roles whose names begin with it and a hyphen are the project's own."
  type        = string
  nullable    = false

  validation {
    condition     = can(regex("^[a-z][a-z0-9-]{0,14}[a-z0-9]$", var.project))
    error_message = "The project must have 2 to 16 lowercase letters, digits or hyphens, start with a letter and not end with a hyphen."
  }
}

variable "role_arns" {
  description = "ARNs of further roles that bounded roles may look at and, where their own policy says so, pass."
  type        = set(string)
  default     = []
  nullable    = false

  validation {
    condition     = alltrue([for arn in var.role_arns : can(regex("^arn:aws[a-z-]*:iam::[0-9]{12}:role/.+$", arn))])
    error_message = "The role ARNs must look like arn:aws:iam::ACCOUNT:role/NAME."
  }
}

variable "state_bucket" {
  description = "Name of the bucket of Terraform's state, which no bounded role may delete or open."
  type        = string
  nullable    = false

  validation {
    condition     = can(regex("^[a-z0-9][a-z0-9.-]{1,61}[a-z0-9]$", var.state_bucket))
    error_message = "The state bucket must be a bucket name of 3 to 63 lowercase letters, digits, dots or hyphens, without s3://."
  }
}
