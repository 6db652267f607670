variable "account_id" {
  description = "AWS account that owns the key."
  type        = string
  nullable    = false

  validation {
    condition     = can(regex("^[0-9]{12}$", var.account_id))
    error_message = "The account id must have 12 digits."
  }
}

variable "alias" {
  description = "Name of the key, without the prefix alias/."
  type        = string
  nullable    = false

  validation {
    condition     = can(regex("^[A-Za-z0-9_-]{1,250}$", var.alias)) && !startswith(var.alias, "aws")
    error_message = "The alias must have 1 to 250 letters, digits, hyphens or underscores and not start with aws."
  }
}

variable "deletion_window_days" {
  description = "Days between scheduling the deletion of the key and losing it."
  type        = number
  default     = 30
  nullable    = false

  validation {
    condition     = var.deletion_window_days >= 7 && var.deletion_window_days <= 30
    error_message = "The deletion window must be between 7 and 30 days, as KMS allows."
  }
}

variable "encrypts_trails" {
  description = "Whether CloudTrail trails of the account may encrypt with the key."
  type        = bool
  default     = false
  nullable    = false
}

variable "partition" {
  description = "AWS partition, for example aws or aws-cn."
  type        = string
  default     = "aws"
  nullable    = false

  validation {
    condition     = can(regex("^aws[a-z-]*$", var.partition))
    error_message = "The partition must be an AWS partition such as aws, aws-cn or aws-us-gov."
  }
}

variable "rotation" {
  description = "Whether KMS rotates the key every year."
  type        = bool
  default     = true
  nullable    = false
}
