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
}

variable "endpoint_configs" {
  description = "Endpoint configs by key: the release each one serves and its initial instance count. A key is never reused or edited."
  type = map(object({
    instance_count = number
    release        = string
  }))
}

variable "endpoint_name" {
  description = "Name of the endpoint. Stable for ever: callers, autoscaling and alarms hold on to it."
  type        = string
}

variable "imports" {
  description = <<-EOT
    What exists under the names of this endpoint and is not in the state, by its keys: it is taken into the state by the
    same plan. A key that the state has already is left alone.
  EOT
  type = object({
    endpoint         = optional(bool, false)
    endpoint_configs = optional(set(string), [])
    releases         = optional(set(string), [])
  })
  default  = {}
  nullable = false
}

variable "live_config" {
  description = "The key of endpoint_configs that the endpoint serves. Moving it deploys; moving it back rolls back."
  type        = string
}

variable "region" {
  description = "AWS region of the endpoint."
  type        = string

  validation {
    condition     = can(regex("^[a-z]{2}(-[a-z]+)+-[0-9]$", var.region))
    error_message = "region must be the name of an AWS region, such as eu-west-1."
  }
}

variable "releases" {
  description = <<-EOT
    The retained releases by release id. A release is immutable and complete: every argument of its model and
    endpoint config that cannot be changed in place comes from here and from nowhere else.
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
}

variable "s3_use_path_style" {
  description = "Address S3 buckets by path. Only an S3 that is not AWS's own needs it."
  type        = bool
  default     = false
}

variable "tags" {
  description = "Tags of every resource."
  type        = map(string)
  default     = {}
}
