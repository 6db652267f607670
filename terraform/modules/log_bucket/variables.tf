variable "account_id" {
  description = "AWS account whose services may write."
  type        = string
  nullable    = false

  validation {
    condition     = can(regex("^[0-9]{12}$", var.account_id))
    error_message = "The account id must have 12 digits."
  }
}

variable "bucket" {
  description = "Name of the bucket."
  type        = string
  nullable    = false

  validation {
    condition     = can(regex("^[a-z0-9][a-z0-9.-]{1,61}[a-z0-9]$", var.bucket))
    error_message = "The bucket must be a bucket name of 3 to 63 lowercase letters, digits, dots or hyphens, without s3://."
  }
}

variable "force_destroy" {
  description = "Whether destroying the bucket also deletes everything in it."
  type        = bool
  default     = false
  nullable    = false
}

variable "retention_days" {
  description = "Days to keep logs; null keeps them for ever."
  type        = number
  default     = null

  validation {
    condition     = alltrue([for days in var.retention_days[*] : days >= 1 && floor(days) == days])
    error_message = "The retention days must be null or a whole number of at least 1."
  }
}
