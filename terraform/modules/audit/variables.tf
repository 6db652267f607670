variable "kms_key_arn" {
  description = "ARN of the key that encrypts the trail; its policy must let CloudTrail use it."
  type        = string
  nullable    = false

  validation {
    condition     = can(regex("^arn:aws[a-z-]*:kms:[a-z0-9-]+:[0-9]{12}:key/[A-Za-z0-9-]+$", var.kms_key_arn))
    error_message = "The KMS key ARN must look like arn:aws:kms:REGION:ACCOUNT:key/ID; an alias is not enough."
  }
}

variable "log_bucket" {
  description = "Name of the bucket that the trail is written to, below cloudtrail/; its policy must let CloudTrail write there."
  type        = string
  nullable    = false

  validation {
    condition     = can(regex("^[a-z0-9][a-z0-9.-]{1,61}[a-z0-9]$", var.log_bucket))
    error_message = "The log bucket must be a bucket name of 3 to 63 lowercase letters, digits, dots or hyphens, without s3://."
  }
}

variable "name" {
  description = "Name of the trail."
  type        = string
  nullable    = false

  validation {
    condition     = can(regex("^[A-Za-z0-9_-]{1,128}$", var.name))
    error_message = "The name must have 1 to 128 letters, digits, hyphens or underscores."
  }
}

variable "object_arn_prefixes" {
  description = "Beginnings of the ARNs of objects whose reads and writes are recorded too, for example arn:aws:s3:::mlops-; each event costs money."
  type        = set(string)
  default     = []
  nullable    = false

  validation {
    condition     = alltrue([for each in var.object_arn_prefixes : can(regex("^arn:aws[a-z-]*:s3:::[a-z0-9][a-z0-9.-]{1,61}(/.*)?$", each))])
    error_message = "The object ARN prefixes must look like arn:aws:s3:::BUCKET/, or the beginning of it."
  }
}
