variable "deployment" {
  description = <<-EOT
    How the last move of the endpoint was made. It belongs to that move and stays as it is until the next one:
    any difference here makes the provider send an UpdateEndpoint that relaunches the fleet.
    Waits and the timeout are in seconds. Without `alarm_names` the alarms of the live config watch.
  EOT
  type = object({
    alarm_names                 = optional(list(string))
    maximum_execution_timeout_s = optional(number, 1800)
    step_percentage             = optional(number)
    strategy                    = optional(string, "all_at_once")
    termination_wait_s          = optional(number, 0)
    wait_interval_s             = optional(number, 0)
  })
  default  = {}
  nullable = false

  validation {
    condition     = var.deployment.alarm_names == null ? true : length(var.deployment.alarm_names) >= 1 && length(var.deployment.alarm_names) <= 10
    error_message = "deployment.alarm_names must name 1 to 10 alarms; without one SageMaker never rolls back by alarm."
  }

  validation {
    condition     = var.deployment.alarm_names == null ? true : alltrue([for name in var.deployment.alarm_names : can(regex("^.{1,255}$", name))]) && length(distinct(var.deployment.alarm_names)) == length(var.deployment.alarm_names)
    error_message = "deployment.alarm_names must be different names of 1 to 255 characters."
  }

  validation {
    condition     = contains(["all_at_once", "canary", "linear", "rolling"], var.deployment.strategy)
    error_message = "deployment.strategy must be all_at_once, canary, linear or rolling."
  }

  validation {
    condition = (
      var.deployment.strategy == "all_at_once"
      ? var.deployment.step_percentage == null
      : try(var.deployment.step_percentage >= lookup({ linear = 10, rolling = 5 }, var.deployment.strategy, 1) && var.deployment.step_percentage <= 50, false)
    )
    error_message = "deployment.step_percentage must be 1 to 50 for canary, 10 to 50 for linear, 5 to 50 for rolling, and absent for all_at_once."
  }

  validation {
    condition     = var.deployment.maximum_execution_timeout_s >= 600 && var.deployment.maximum_execution_timeout_s <= 14400
    error_message = "deployment.maximum_execution_timeout_s must be 600 to 14400."
  }

  validation {
    condition = alltrue([
      for wait in [var.deployment.termination_wait_s, var.deployment.wait_interval_s] : wait >= 0 && wait <= 3600
    ])
    error_message = "deployment.termination_wait_s and deployment.wait_interval_s must be 0 to 3600."
  }

  validation {
    condition     = var.deployment.strategy != "all_at_once" || var.deployment.wait_interval_s == 0
    error_message = "deployment.wait_interval_s must be 0 for all_at_once, which has no steps to wait between."
  }

  validation {
    condition     = var.deployment.strategy != "rolling" || var.deployment.termination_wait_s == 0
    error_message = "deployment.termination_wait_s must be 0 for rolling, which waits for wait_interval_s after each batch, the last one too."
  }
}

variable "endpoint_configs" {
  description = "Endpoint configs by key: the release each one serves and its initial instance count. A key is never reused or edited."
  type = map(object({
    instance_count = number
    release        = string
  }))
  nullable = false

  validation {
    condition     = length(var.endpoint_configs) > 0
    error_message = "endpoint_configs must hold at least the config that live_config names."
  }

  validation {
    condition     = alltrue([for config in values(var.endpoint_configs) : contains(keys(var.releases), config.release)])
    error_message = "Each endpoint_configs entry must name a key of releases: ${join(", ", keys(var.releases))}."
  }

  validation {
    condition     = alltrue([for config in values(var.endpoint_configs) : config.instance_count >= 1 && floor(config.instance_count) == config.instance_count])
    error_message = "Each endpoint_configs entry must have a whole instance_count of 1 or more."
  }

  validation {
    condition     = alltrue([for key in keys(var.endpoint_configs) : can(regex("^[a-zA-Z0-9](-*[a-zA-Z0-9])*$", key))])
    error_message = "The keys of endpoint_configs must be letters, digits or inner hyphens."
  }

  validation {
    condition     = alltrue([for key in keys(var.endpoint_configs) : length("${var.endpoint_name}-${key}") <= 63])
    error_message = "endpoint_name and the key of an endpoint config together must be at most 62 characters: SageMaker's limit for the name is 63."
  }
}

variable "endpoint_name" {
  description = "Name of the endpoint. Stable for ever: callers, autoscaling and alarms hold on to it."
  type        = string
  nullable    = false

  validation {
    condition     = can(regex("^[a-zA-Z0-9](-*[a-zA-Z0-9]){0,62}$", var.endpoint_name))
    error_message = "endpoint_name must be 1 to 63 letters, digits or inner hyphens."
  }
}

variable "live_config" {
  description = "The key of endpoint_configs that the endpoint serves. Moving it deploys; moving it back rolls back."
  type        = string
  nullable    = false

  validation {
    condition     = contains(keys(var.endpoint_configs), var.live_config)
    error_message = "live_config must be a key of endpoint_configs: ${join(", ", keys(var.endpoint_configs))}."
  }
}

variable "releases" {
  description = <<-EOT
    The retained releases by release id. A release is immutable and complete: every argument of its model and
    endpoint config that cannot be changed in place comes from here and from nowhere else. An instance type with
    local storage is not given `kms_key_arn`: SageMaker takes no key there.
  EOT
  type = map(object({
    artifact_sha256       = string
    artifact_uri          = string
    container_environment = map(string)
    data_capture = optional(object({
      csv_content_types  = optional(list(string), [])
      destination_uri    = string
      json_content_types = optional(list(string), [])
      percentage         = number
    }))
    execution_role_arn = string
    image_uri          = string
    instance_type      = string
    kms_key_arn        = optional(string)
    model_package_arn  = string
    network_isolation  = bool
    rollback_alarms = object({
      error_rate            = number
      latency_p95_ms        = number
      minimum_request_count = optional(number, 10)
    })
    security_group_ids = list(string)
    startup_timeout_s  = number
    subnet_ids         = list(string)
  }))
  nullable = false

  validation {
    condition     = length(var.releases) > 0
    error_message = "releases must hold at least one release."
  }

  validation {
    condition     = alltrue([for key in keys(var.releases) : can(regex("^[a-zA-Z0-9](-*[a-zA-Z0-9])*$", key))])
    error_message = "The keys of releases must be letters, digits or inner hyphens."
  }

  validation {
    condition     = alltrue([for key in keys(var.releases) : length("${var.endpoint_name}-${key}") <= 63])
    error_message = "endpoint_name and the key of a release together must be at most 62 characters: SageMaker's limit for the name is 63."
  }

  validation {
    condition     = alltrue([for release in values(var.releases) : can(regex("^[0-9a-f]{64}$", release.artifact_sha256))])
    error_message = "releases: artifact_sha256 must be 64 hexadecimal digits."
  }

  validation {
    condition     = alltrue([for release in values(var.releases) : startswith(release.artifact_uri, "s3://")])
    error_message = "releases: artifact_uri must be an s3:// address."
  }

  validation {
    condition     = alltrue([for release in values(var.releases) : can(regex("^[^[:space:]]{1,255}$", release.image_uri))])
    error_message = "releases: image_uri must be the address of an image, of 1 to 255 characters without spaces."
  }

  validation {
    condition     = alltrue([for release in values(var.releases) : can(regex("^[A-Za-z0-9 _.:/=+@-]{1,256}$", release.model_package_arn))])
    error_message = "releases: model_package_arn must be an ARN, or what else a tag can hold: 1 to 256 letters, digits, spaces or characters of _.:/=+@-."
  }

  validation {
    condition     = alltrue([for release in values(var.releases) : startswith(release.instance_type, "ml.")])
    error_message = "releases: instance_type must be a SageMaker type, such as ml.m5.large."
  }

  validation {
    condition     = alltrue([for release in values(var.releases) : release.startup_timeout_s >= 60 && release.startup_timeout_s <= 3600])
    error_message = "releases: startup_timeout_s must be 60 to 3600."
  }

  validation {
    condition     = alltrue([for release in values(var.releases) : (length(release.subnet_ids) == 0) == (length(release.security_group_ids) == 0)])
    error_message = "releases: subnet_ids and security_group_ids must both be empty or both be given."
  }

  validation {
    condition     = alltrue([for release in values(var.releases) : release.data_capture == null ? true : release.data_capture.percentage >= 0 && release.data_capture.percentage <= 100])
    error_message = "releases: data_capture.percentage must be 0 to 100."
  }

  validation {
    condition = alltrue([for release in values(var.releases) :
      release.rollback_alarms.error_rate > 0 && release.rollback_alarms.error_rate < 1 && release.rollback_alarms.latency_p95_ms > 0 && release.rollback_alarms.latency_p95_ms < 60000
    ])
    error_message = "releases: rollback_alarms.error_rate must be between 0 and 1, rollback_alarms.latency_p95_ms above 0 and below 60000, for which SageMaker waits."
  }

  validation {
    condition = alltrue([for release in values(var.releases) :
      release.rollback_alarms.minimum_request_count >= 1 && floor(release.rollback_alarms.minimum_request_count) == release.rollback_alarms.minimum_request_count
    ])
    error_message = "releases: rollback_alarms.minimum_request_count must be a whole number of 1 or more."
  }
}

variable "variant_name" {
  description = "Name of the endpoint's variant; it stays the same in every release, so that autoscaling and alarms keep their target."
  type        = string
  default     = "primary"
  nullable    = false

  validation {
    condition     = can(regex("^[a-zA-Z0-9](-*[a-zA-Z0-9]){0,62}$", var.variant_name))
    error_message = "The variant_name must be 1 to 63 letters, digits or inner hyphens."
  }
}
