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
    minimum_request_count = optional(number)
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
    A dashboard, as the module dashboard describes it. Its releases are those of `release_ids` at the times that
    the ids tell, unless times are given here. Null: there is none.
  EOT
  type = object({
    releases = optional(map(string))
  })
  default = null
}

variable "endpoint_name" {
  description = "Name of the endpoint, which must be there already: the root serving makes it."
  type        = string
  nullable    = false

  validation {
    condition     = can(regex("^[a-zA-Z0-9](-*[a-zA-Z0-9]){0,62}$", var.endpoint_name))
    error_message = "endpoint_name must be 1 to 63 letters, digits or inner hyphens."
  }
}

variable "instance_count" {
  description = "Initial instance count of the endpoint config that serves, which a plan compares with the bounds of `autoscaling`."
  type        = number
  nullable    = false

  validation {
    condition     = var.instance_count >= 1 && floor(var.instance_count) == var.instance_count
    error_message = "instance_count must be a whole number of 1 or more."
  }
}

variable "instance_type" {
  description = "Instance type of the release that serves."
  type        = string
  nullable    = false

  validation {
    condition     = startswith(var.instance_type, "ml.")
    error_message = "instance_type must be a SageMaker type, such as ml.m5.large."
  }
}

variable "region" {
  description = "AWS region of the endpoint."
  type        = string

  validation {
    condition     = can(regex("^[a-z]{2}(-[a-z]+)+-[0-9]$", var.region))
    error_message = "region must be the name of an AWS region, such as eu-west-1."
  }
}

variable "release_ids" {
  description = "Ids of the retained releases. The dashboard has a line for each whose id tells when it was made, as r-20260102-120000-bbbbbb does."
  type        = list(string)
  default     = []
  nullable    = false

  validation {
    condition     = alltrue([for id in var.release_ids : can(regex("^[a-zA-Z0-9](-*[a-zA-Z0-9])*$", id))])
    error_message = "The release_ids must be letters, digits or inner hyphens."
  }
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
    error_message = "The vcpus must be given for alarms, a dashboard or autoscaling.cpu, because the size of the instance type does not tell them."
  }
}
