variable "account_id" {
  description = "AWS account whose principals may use the endpoints."
  type        = string
  nullable    = false

  validation {
    condition     = can(regex("^[0-9]{12}$", var.account_id))
    error_message = "The account id must have 12 digits."
  }
}

variable "availability_zones" {
  description = "Availability zones that get a private subnet each; new ones go to the end of the list."
  type        = list(string)
  nullable    = false

  validation {
    condition     = length(var.availability_zones) >= 2 && length(var.availability_zones) <= 6 && alltrue([for each in var.availability_zones : can(regex("^[a-z]{2}(-[a-z]+)+-[0-9][a-z]$", each))])
    error_message = "The availability zones must be two to six zones such as us-east-1a."
  }

  validation {
    condition     = length(distinct(var.availability_zones)) == length(var.availability_zones)
    error_message = "The availability zones must all be different."
  }

  validation {
    condition     = alltrue([for each in var.availability_zones : startswith(each, var.region)])
    error_message = "The availability zones must be zones of the region."
  }
}

variable "cidr_block" {
  description = "Address range of the VPC; each subnet takes a sixteenth of it."
  type        = string
  default     = "10.0.0.0/16"
  nullable    = false

  validation {
    condition     = can(cidrnetmask(var.cidr_block)) && can(regex("/(1[6-9]|2[0-4])$", var.cidr_block))
    error_message = "The CIDR block must be an IPv4 range with a prefix of 16 to 24 bits, for example 10.0.0.0/16."
  }
}

variable "flow_log_bucket_arn" {
  description = "ARN of the bucket that flow logs are written to, below flow-logs/; null writes none."
  type        = string
  default     = null

  validation {
    condition     = var.flow_log_bucket_arn == null || can(regex("^arn:aws[a-z-]*:s3:::[a-z0-9][a-z0-9.-]{1,61}[a-z0-9]$", var.flow_log_bucket_arn))
    error_message = "The flow log bucket ARN must be null or look like arn:aws:s3:::BUCKET, without a path."
  }
}

variable "name" {
  description = "Name of the VPC and first part of the names of its groups."
  type        = string
  nullable    = false

  validation {
    condition     = can(regex("^[A-Za-z0-9_-]{1,64}$", var.name))
    error_message = "The name must have 1 to 64 letters, digits, hyphens or underscores."
  }
}

variable "region" {
  description = "AWS region of the VPC and its endpoints."
  type        = string
  nullable    = false

  validation {
    condition     = can(regex("^[a-z]{2}(-[a-z]+)+-[0-9]$", var.region))
    error_message = "The region must be an AWS region code, for example us-east-1."
  }
}
