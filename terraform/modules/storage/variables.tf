variable "bucket" {
  description = "Name of the bucket."
  type        = string
  nullable    = false

  validation {
    condition     = can(regex("^[a-z0-9][a-z0-9-]{1,61}[a-z0-9]$", var.bucket))
    error_message = "The bucket must have 3 to 63 lowercase letters, digits or hyphens and neither start nor end with a hyphen."
  }
}

variable "force_destroy" {
  description = "Whether destroying the bucket also deletes everything in it."
  type        = bool
  default     = false
  nullable    = false
}

variable "kms_key_arn" {
  description = "ARN of the key that encrypts every object."
  type        = string
  nullable    = false

  validation {
    condition     = can(regex("^arn:aws[a-z-]*:kms:[a-z0-9-]+:[0-9]{12}:key/[A-Za-z0-9-]+$", var.kms_key_arn))
    error_message = "The KMS key ARN must look like arn:aws:kms:REGION:ACCOUNT:key/ID; an alias is not enough."
  }
}

variable "log_bucket" {
  description = "Name of the bucket that S3 writes access logs to, below access-logs/; null writes none."
  type        = string
  default     = null

  validation {
    condition     = var.log_bucket == null || can(regex("^[a-z0-9][a-z0-9.-]{1,61}[a-z0-9]$", var.log_bucket))
    error_message = "The log bucket must be null or a bucket name of 3 to 63 lowercase letters, digits, dots or hyphens, without s3://."
  }

  validation {
    condition     = var.log_bucket != var.bucket
    error_message = "The log bucket must be another bucket than the one that is logged."
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
