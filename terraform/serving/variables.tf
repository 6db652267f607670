variable "alarms" {
  description = <<-EOT
    Alarms of the whole endpoint that notify `topic_arns`, as the module alarms describes them. With autoscaling,
    one of them tells that the most instances allowed are in use. Null: there are none.
  EOT
  type = object({
    drift_metric = optional(object({
      dimensions  = optional(map(string))
      metric_name = optional(string)
      namespace   = optional(string)
    }))
    quality_metric = optional(object({
      dimensions  = optional(map(string))
      metric_name = optional(string)
      namespace   = optional(string)
    }))
    rollback = optional(object({
      alarms = optional(set(string))
      suppressor = optional(object({
        alarm_name  = string
        extension_s = optional(number)
        wait_s      = optional(number)
      }))
    }))
    severities = optional(map(string))
    thresholds = optional(map(number))
  })
  default = null
}

variable "autoscaling" {
  description = <<-EOT
    When instances are added and taken away, as the module autoscaling describes it. Null: never. A move to another
    instance type needs null before and may have a value again afterwards.
  EOT
  type = object({
    cpu = optional(object({
      scale_in_below_percent  = optional(number)
      scale_in_cooldown_s     = optional(number)
      scale_out_above_percent = optional(number)
      scale_out_cooldown_s    = optional(number)
      steps = optional(list(object({
        add          = number
        from_percent = number
      })))
    }))
    custom_metrics = optional(map(object({
      dimensions           = optional(map(string))
      metric_name          = string
      namespace            = string
      scale_in_cooldown_s  = optional(number)
      scale_out_cooldown_s = optional(number)
      statistic            = optional(string)
      target               = number
      unit                 = optional(string)
    })))
    invocations = optional(object({
      enabled              = optional(bool)
      scale_in_cooldown_s  = optional(number)
      scale_out_cooldown_s = optional(number)
      target               = optional(number)
    }))
    max_capacity = optional(number)
    memory = optional(object({
      scale_in_below_percent  = optional(number)
      scale_in_cooldown_s     = optional(number)
      scale_out_above_percent = optional(number)
      scale_out_cooldown_s    = optional(number)
      steps = optional(list(object({
        add          = number
        from_percent = number
      })))
    }))
    min_capacity = optional(number)
    schedules = optional(map(object({
      max_capacity = number
      min_capacity = number
      schedule     = string
      timezone     = optional(string)
    })))
  })
  default = null
}

variable "dashboard" {
  description = <<-EOT
    A dashboard, as the module dashboard describes it. Its releases are those of `releases` at the times that their
    ids tell, unless times are given here. Null: there is none.
  EOT
  type = object({
    releases = optional(map(string))
  })
  default = null
}

variable "deployment" {
  description = <<-EOT
    How the last move of the endpoint was made. It belongs to that move and stays as it is until the next one:
    any difference here makes the provider send an UpdateEndpoint that relaunches the fleet.
    Waits and the timeout are in seconds.
  EOT
  type = object({
    alarm_names                 = list(string)
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
      destination_uri = string
      percentage      = number
    }))
    execution_role_arn = string
    image_uri          = string
    instance_type      = string
    kms_key_arn        = optional(string)
    model_package_arn  = string
    network_isolation  = bool
    rollback_alarms = object({
      error_rate     = number
      latency_p95_ms = number
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

variable "topic_arns" {
  description = "ARNs of the SNS topics that hear of alarms, by severity; the foundation makes them."
  type = object({
    critical = optional(string)
    info     = optional(string)
    warning  = optional(string)
  })
  default = null
}

variable "vcpus" {
  description = "The vCPUs of one instance, for alarms, dashboard and scaling by CPU. Only a type whose size does not tell needs it."
  type        = number
  default     = null

  validation {
    condition     = var.vcpus != null || local._vcpus_of_type != null || (var.alarms == null && var.dashboard == null && try(var.autoscaling.cpu, null) == null)
    error_message = "The vcpus must be given for alarms, a dashboard or autoscaling.cpu, because the size of the live instance type does not tell them."
  }
}
