variable "autoscaling" {
  description = <<-EOT
    When instances are added and taken away. Without more, between 1 and 4 instances, so that each one gets about
    1000 requests a minute. Utilisation is in percent of a whole instance, cool-downs (_s) are in seconds.
    `invocations` and `custom_metrics` are kept at their targets; `cpu` and `memory` add instances in steps, by how
    far the threshold is passed; `schedules` set other bounds from a time on.
  EOT
  type = object({
    cpu = optional(object({
      scale_in_below_percent  = optional(number)
      scale_in_cooldown_s     = optional(number, 300)
      scale_out_above_percent = optional(number, 70)
      scale_out_cooldown_s    = optional(number, 60)
      steps = optional(list(object({
        add          = number
        from_percent = number
      })), [{ add = 1, from_percent = 0 }, { add = 2, from_percent = 15 }])
    }))
    custom_metrics = optional(map(object({
      dimensions           = optional(map(string)) # those of the variant, unless given
      metric_name          = string
      namespace            = string
      scale_in_cooldown_s  = optional(number, 300)
      scale_out_cooldown_s = optional(number, 60)
      statistic            = optional(string, "Average")
      target               = number
      unit                 = optional(string)
    })), {})
    invocations = optional(object({
      enabled              = optional(bool, true)
      scale_in_cooldown_s  = optional(number, 300)
      scale_out_cooldown_s = optional(number, 60)
      target               = optional(number, 1000) # requests per instance and minute
    }), {})
    max_capacity = optional(number, 4)
    memory = optional(object({
      scale_in_below_percent  = optional(number)
      scale_in_cooldown_s     = optional(number, 300)
      scale_out_above_percent = optional(number, 70)
      scale_out_cooldown_s    = optional(number, 60)
      steps = optional(list(object({
        add          = number
        from_percent = number
      })), [{ add = 1, from_percent = 0 }, { add = 2, from_percent = 15 }])
    }))
    min_capacity = optional(number, 1)
    schedules = optional(map(object({
      max_capacity = number
      min_capacity = number
      schedule     = string
      timezone     = optional(string, "UTC")
    })), {})
  })
  default  = {}
  nullable = false

  validation {
    condition = alltrue([for each in concat([var.autoscaling], values(var.autoscaling.schedules)) :
      each.min_capacity >= 1 && floor(each.min_capacity) == each.min_capacity && floor(each.max_capacity) == each.max_capacity
    ])
    error_message = "In autoscaling and its schedules, min_capacity and max_capacity must be whole numbers of 1 or more."
  }

  validation {
    condition     = alltrue([for each in concat([var.autoscaling], values(var.autoscaling.schedules)) : each.min_capacity <= each.max_capacity])
    error_message = "In autoscaling and its schedules, min_capacity must be at most max_capacity."
  }

  validation {
    condition     = var.autoscaling.invocations.target > 0 && alltrue([for each in values(var.autoscaling.custom_metrics) : each.target > 0])
    error_message = "The targets of autoscaling.invocations and autoscaling.custom_metrics must be above 0."
  }

  validation {
    condition = alltrue([
      for each in concat([var.autoscaling.invocations], values(var.autoscaling.custom_metrics), [for step in [var.autoscaling.cpu, var.autoscaling.memory] : step if step != null]) :
      each.scale_in_cooldown_s >= 0 && each.scale_in_cooldown_s <= 3600 && each.scale_out_cooldown_s >= 0 && each.scale_out_cooldown_s <= 3600
    ])
    error_message = "In autoscaling, scale_in_cooldown_s and scale_out_cooldown_s must be 0 to 3600."
  }

  validation {
    condition     = alltrue([for each in values(var.autoscaling.custom_metrics) : contains(["Average", "Maximum", "Minimum", "SampleCount", "Sum"], each.statistic)])
    error_message = "In autoscaling.custom_metrics, statistic must be Average, Maximum, Minimum, SampleCount or Sum."
  }

  validation {
    condition     = alltrue([for each in values(var.autoscaling.custom_metrics) : each.metric_name != "" && can(regex("^[^:*][^:]*$", each.namespace))])
    error_message = "In autoscaling.custom_metrics, metric_name and namespace must not be empty, and namespace must not hold a colon."
  }

  validation {
    condition     = alltrue([for each in values(var.autoscaling.custom_metrics) : each.unit == null ? true : can(regex("^(Seconds|Microseconds|Milliseconds|None|Percent|((B|Kilob|Megab|Gigab|Terab)(ytes|its)|Count)(/Second)?)$", each.unit))])
    error_message = "In autoscaling.custom_metrics, unit must be one of CloudWatch's, such as Count, Percent, Milliseconds or Bytes/Second, or absent."
  }

  validation {
    condition     = alltrue([for name in concat(keys(var.autoscaling.custom_metrics), keys(var.autoscaling.schedules)) : can(regex("^[A-Za-z0-9](-?[A-Za-z0-9]){0,63}$", name))])
    error_message = "The names in autoscaling.custom_metrics and autoscaling.schedules must be 1 to 64 letters, digits or inner hyphens."
  }

  validation {
    condition = alltrue([for each in [var.autoscaling.cpu, var.autoscaling.memory] : each == null ? true :
      each.scale_out_above_percent > 0 && each.scale_out_above_percent < 100
    ])
    error_message = "In autoscaling.cpu and autoscaling.memory, scale_out_above_percent must be above 0 and below 100."
  }

  validation {
    condition = alltrue([for each in [var.autoscaling.cpu, var.autoscaling.memory] : try(each.scale_in_below_percent, null) == null ? true :
      each.scale_in_below_percent > 0 && each.scale_in_below_percent < each.scale_out_above_percent
    ])
    error_message = "In autoscaling.cpu and autoscaling.memory, scale_in_below_percent must be above 0 and below scale_out_above_percent."
  }

  validation {
    condition = alltrue([for each in [var.autoscaling.cpu, var.autoscaling.memory] : each == null ? true :
      try(each.steps[0].from_percent, -1) == 0 && alltrue([for index, step in each.steps :
        index == 0 ? true : step.from_percent > each.steps[index - 1].from_percent
      ])
    ])
    error_message = "In autoscaling.cpu and autoscaling.memory, from_percent of the steps must begin at 0 and rise."
  }

  validation {
    condition = alltrue([for each in [var.autoscaling.cpu, var.autoscaling.memory] : each == null ? true :
      alltrue([for step in each.steps : step.add >= 1 && floor(step.add) == step.add])
    ])
    error_message = "In autoscaling.cpu and autoscaling.memory, add must be a whole number of 1 or more in each step."
  }

  validation {
    condition     = alltrue([for each in values(var.autoscaling.schedules) : anytrue([for pattern in local._schedule_patterns : can(regex(pattern, each.schedule))])])
    error_message = "In autoscaling.schedules, schedule must be cron(minute hour day-of-month month day-of-week year) with ? for one of the two days, rate(number unit) or at(yyyy-mm-ddThh:mm:ss)."
  }

  validation {
    condition     = alltrue([for each in values(var.autoscaling.schedules) : can(regex("^(UTC|(Africa|America|Antarctica|Arctic|Asia|Atlantic|Australia|Brazil|Canada|Chile|Etc|Europe|Indian|Mexico|Pacific|US)(/[A-Z][A-Za-z0-9_+-]*){1,2})$", each.timezone))])
    error_message = "In autoscaling.schedules, timezone must be UTC or a name of the IANA database, such as Europe/Berlin."
  }
}

variable "endpoint_name" {
  description = "Name of the endpoint, which must exist."
  type        = string
  nullable    = false

  validation {
    condition     = can(regex("^[a-zA-Z0-9](-*[a-zA-Z0-9]){0,62}$", var.endpoint_name))
    error_message = "The endpoint_name must be 1 to 63 letters, digits or inner hyphens."
  }
}

variable "instance_type" {
  description = "Instance type of the variant, which says whether SageMaker can scale it."
  type        = string
  nullable    = false

  validation {
    condition     = can(regex("^ml\\.[a-z0-9-]+\\.[a-z0-9]+$", var.instance_type))
    error_message = "The instance_type must be a SageMaker type, such as ml.m5.large."
  }

  validation {
    condition     = !startswith(var.instance_type, "ml.t2.")
    error_message = "The instance_type must not be an ml.t2 type while scaling is on: SageMaker does not scale burstable instances. Choose another type, such as ml.m5.large, or leave scaling off."
  }
}

variable "variant_name" {
  description = "Name of the endpoint's variant; it stays the same in every release."
  type        = string
  default     = "primary"
  nullable    = false

  validation {
    condition     = can(regex("^[a-zA-Z0-9](-*[a-zA-Z0-9]){0,62}$", var.variant_name))
    error_message = "The variant_name must be 1 to 63 letters, digits or inner hyphens."
  }
}

variable "vcpus" {
  description = "The vCPUs of one instance. Only scaling by CPU needs it."
  type        = number
  default     = null

  validation {
    condition     = var.vcpus == null ? true : var.vcpus >= 1 && floor(var.vcpus) == var.vcpus
    error_message = "The vcpus must be a whole number of 1 or more."
  }

  validation {
    condition     = var.vcpus != null || var.autoscaling.cpu == null
    error_message = "The vcpus must be given while autoscaling.cpu is: SageMaker counts the CPU per core."
  }
}
