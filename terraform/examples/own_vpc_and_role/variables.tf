variable "endpoint_name" {
  description = "Name of the endpoint. Stable for ever: callers hold on to it."
  type        = string
  nullable    = false

  validation {
    condition     = can(regex("^[a-zA-Z0-9](-*[a-zA-Z0-9])*$", var.endpoint_name)) && length(var.endpoint_name) <= 40
    error_message = "The endpoint_name must be 1 to 40 letters, digits or inner hyphens, which leaves room for the name of a release."
  }
}

variable "live_release" {
  description = "The key of releases that the endpoint serves. Moving it deploys; moving it back rolls back."
  type        = string
  nullable    = false

  validation {
    condition     = contains(keys(var.releases), var.live_release)
    error_message = "The live_release must be a key of releases."
  }
}

variable "region" {
  description = "AWS region of the endpoint."
  type        = string
  nullable    = false

  validation {
    condition     = can(regex("^[a-z]{2}(-[a-z]+)+-[0-9]$", var.region))
    error_message = "The region must be the name of an AWS region, such as eu-west-1."
  }
}

variable "releases" {
  description = "The retained releases by a name of one's own. A release is never edited: other models, roles, groups or subnets are other releases."
  type = map(object({
    artifact_sha256    = string
    artifact_uri       = string
    image_uri          = string
    instance_type      = optional(string, "ml.m5.large")
    kms_key_arn        = optional(string)
    role_arn           = string
    security_group_ids = list(string)
    subnet_ids         = list(string)
  }))
  nullable = false

  validation {
    condition     = alltrue([for name in keys(var.releases) : can(regex("^[a-zA-Z0-9](-*[a-zA-Z0-9])*$", name)) && length(name) <= 19])
    error_message = "The keys of releases must be 1 to 19 letters, digits or inner hyphens."
  }

  validation {
    condition     = alltrue([for release in values(var.releases) : can(regex("^arn:aws[a-z-]*:iam::[0-9]{12}:role/.+$", release.role_arn))])
    error_message = "In releases, role_arn must look like arn:aws:iam::ACCOUNT:role/NAME."
  }

  validation {
    condition     = alltrue([for release in values(var.releases) : length(release.security_group_ids) > 0 && alltrue([for id in release.security_group_ids : startswith(id, "sg-")])])
    error_message = "In releases, security_group_ids must hold at least one id such as sg-0123456789abcdef0."
  }

  validation {
    condition     = alltrue([for release in values(var.releases) : length(release.subnet_ids) > 0 && alltrue([for id in release.subnet_ids : startswith(id, "subnet-")])])
    error_message = "In releases, subnet_ids must hold at least one id such as subnet-0123456789abcdef0."
  }
}

variable "tags" {
  description = "Tags of every resource."
  type        = map(string)
  default     = {}
  nullable    = false
}
