variable "emails" {
  description = "Addresses that hear of critical alarms and warnings of all models; each confirms its subscription."
  type        = set(string)
  default     = []
  nullable    = false

  validation {
    condition     = alltrue([for email in var.emails : can(regex("^[^@[:space:]]+@[^@[:space:]]+[.][^@[:space:]]+$", email))])
    error_message = "The emails must be addresses such as team@example.com."
  }
}

variable "models" {
  description = <<-EOT
    The models by name: the retained releases of each, which of them is live, and the thresholds of its alarms that
    differ from the usual ones. The vCPUs are those of one instance.
  EOT
  type = map(object({
    live_release = string
    releases = map(object({
      artifact_sha256   = string
      artifact_uri      = string
      image_uri         = string
      instance_type     = optional(string, "ml.m5.large")
      kms_key_arn       = optional(string)
      model_package_arn = optional(string, "none") # only a tag
      role_arn          = string
    }))
    thresholds = optional(map(number), {})
    vcpus      = optional(number, 2)
  }))
  nullable = false

  validation {
    condition     = length(var.models) > 0 && alltrue([for name in keys(var.models) : can(regex("^[a-zA-Z0-9](-*[a-zA-Z0-9])*$", name)) && length(name) <= 20])
    error_message = "The models must be at least one, and their names 1 to 20 letters, digits or inner hyphens."
  }

  validation {
    condition     = alltrue([for model in values(var.models) : contains(keys(model.releases), model.live_release)])
    error_message = "In models, live_release must be a key of the releases of the same model."
  }

  validation {
    condition     = alltrue(flatten([for model in values(var.models) : [for name in keys(model.releases) : can(regex("^[a-zA-Z0-9](-*[a-zA-Z0-9])*$", name)) && length(name) <= 18]]))
    error_message = "In models, the keys of releases must be 1 to 18 letters, digits or inner hyphens."
  }

  validation {
    condition     = alltrue(flatten([for model in values(var.models) : [for release in values(model.releases) : can(regex("^arn:aws[a-z-]*:iam::[0-9]{12}:role/.+$", release.role_arn))]]))
    error_message = "In models, role_arn of a release must look like arn:aws:iam::ACCOUNT:role/NAME."
  }
}

variable "name" {
  description = "Name of the environment, first part of every name; another environment in the account needs another one."
  type        = string
  nullable    = false

  validation {
    condition     = can(regex("^[a-z][a-z0-9]*(-[a-z0-9]+)*$", var.name)) && length(var.name) <= 20 && !startswith(var.name, "aws")
    error_message = "The name must be 1 to 20 lowercase letters, digits or inner hyphens, begin with a letter, and not begin with aws."
  }
}

variable "region" {
  description = "AWS region of all models."
  type        = string
  nullable    = false

  validation {
    condition     = can(regex("^[a-z]{2}(-[a-z]+)+-[0-9]$", var.region))
    error_message = "The region must be the name of an AWS region, such as eu-west-1."
  }
}

variable "tags" {
  description = "Tags of every resource."
  type        = map(string)
  default     = {}
  nullable    = false
}
