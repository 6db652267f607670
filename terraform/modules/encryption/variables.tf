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

variable "reader_role_arns" {
  description = "ARNs of roles that only read: they decrypt objects through S3, and neither encrypt nor change the key, whatever IAM says."
  type        = set(string)
  default     = []
  nullable    = false

  validation {
    condition     = alltrue([for arn in var.reader_role_arns : can(regex("^arn:aws[a-z-]*:iam::[0-9]{12}:role/[A-Za-z0-9+=,.@_/-]+$", arn))])
    error_message = "The reader role ARNs must each look like arn:aws:iam::ACCOUNT:role/NAME, without wildcards."
  }
}

variable "rotation" {
  description = "Whether KMS rotates the key every year."
  type        = bool
  default     = true
  nullable    = false
}

variable "writer_role_arns" {
  description = "ARNs of roles that read and write: they encrypt and decrypt through AWS services alone, and do not change the key, whatever IAM says."
  type        = set(string)
  default     = []
  nullable    = false

  validation {
    condition     = alltrue([for arn in var.writer_role_arns : can(regex("^arn:aws[a-z-]*:iam::[0-9]{12}:role/[A-Za-z0-9+=,.@_/-]+$", arn))])
    error_message = "The writer role ARNs must each look like arn:aws:iam::ACCOUNT:role/NAME, without wildcards."
  }

  validation {
    condition     = length(setintersection(var.reader_role_arns, var.writer_role_arns)) == 0
    error_message = "The writer role ARNs must not name a role that is among the reader role ARNs."
  }
}
