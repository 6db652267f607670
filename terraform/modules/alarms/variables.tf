variable "drift_metric" {
  description = "Metric that says how far the data has drifted, by default for the dimension EndpointName alone."
  type = object({
    dimensions  = optional(map(string))
    metric_name = optional(string, "DataDrift")
    namespace   = optional(string, "MLOps")
  })
  default  = {}
  nullable = false

  validation {
    condition     = var.drift_metric.metric_name != "" && can(regex("^[^:]+$", var.drift_metric.namespace))
    error_message = "In drift_metric, metric_name and namespace must not be empty, and namespace must not hold a colon."
  }
}

variable "endpoint_name" {
  description = "Name of the endpoint; the alarms are named after it."
  type        = string
  nullable    = false

  validation {
    condition     = can(regex("^[a-zA-Z0-9](-*[a-zA-Z0-9]){0,62}$", var.endpoint_name))
    error_message = "The endpoint_name must be 1 to 63 letters, digits or inner hyphens."
  }
}

variable "minimum_request_count" {
  description = "Requests within a minute from which on errors and latency count: one failure in a quiet minute is no incident. An endpoint that is asked less needs fewer, 1 counts every minute."
  type        = number
  default     = 10
  nullable    = false

  validation {
    condition     = var.minimum_request_count >= 1 && floor(var.minimum_request_count) == var.minimum_request_count
    error_message = "The minimum_request_count must be a whole number of 1 or more."
  }
}

variable "quality_metric" {
  description = "Metric that says how good the answers are, more is better, by default for the dimension EndpointName alone."
  type = object({
    dimensions  = optional(map(string))
    metric_name = optional(string, "ModelQuality")
    namespace   = optional(string, "MLOps")
  })
  default  = {}
  nullable = false

  validation {
    condition     = var.quality_metric.metric_name != "" && can(regex("^[^:]+$", var.quality_metric.namespace))
    error_message = "In quality_metric, metric_name and namespace must not be empty, and namespace must not hold a colon."
  }
}

variable "rollback" {
  description = <<-EOT
    The alarms, named as in `thresholds`, of which one is enough to ask for a rollback. While the alarm that
    `suppressor` names is in ALARM, nobody is asked; with no alarms nobody ever is.
  EOT
  type = object({
    alarms = optional(set(string), ["error_rate", "latency_p95_ms"])
    suppressor = optional(object({
      alarm_name  = string
      extension_s = optional(number, 60)
      wait_s      = optional(number, 60)
    }))
  })
  default  = {}
  nullable = false

  validation {
    condition     = alltrue([for name in var.rollback.alarms : lookup(local.thresholds, name, null) != null])
    error_message = "In rollback, alarms must name alarms that have a threshold."
  }

  validation {
    condition     = var.rollback.suppressor == null ? true : var.rollback.suppressor.alarm_name != ""
    error_message = "In rollback.suppressor, alarm_name must not be empty."
  }

  validation {
    condition     = var.rollback.suppressor == null ? true : var.rollback.suppressor.wait_s >= 0 && var.rollback.suppressor.extension_s >= 0
    error_message = "In rollback.suppressor, wait_s and extension_s must be 0 or more."
  }
}

variable "severities" {
  description = "Severity (critical, warning or info) of alarms that should not have their usual one, by name."
  type        = map(string)
  default     = {}
  nullable    = false

  validation {
    condition     = alltrue([for name in keys(var.severities) : contains(keys(local._default_thresholds), name)])
    error_message = "The keys of severities must be client_error_rate, cpu_percent, data_drift, error_rate, instance_count, latency_p95_ms, memory_percent, model_quality or no_traffic_minutes."
  }

  validation {
    condition     = alltrue([for severity in values(var.severities) : contains(["critical", "info", "warning"], coalesce(severity, "none"))])
    error_message = "The severities must be critical, warning or info."
  }
}

variable "thresholds" {
  description = "Thresholds that should differ from the usual ones, by name. Null turns the alarm off."
  type        = map(number)
  default     = {}
  nullable    = false

  validation {
    condition     = alltrue([for name in keys(var.thresholds) : contains(keys(local._default_thresholds), name)])
    error_message = "The keys of thresholds must be client_error_rate, cpu_percent, data_drift, error_rate, instance_count, latency_p95_ms, memory_percent, model_quality or no_traffic_minutes."
  }

  validation {
    condition     = alltrue([for threshold in values(var.thresholds) : threshold == null ? true : threshold >= 0])
    error_message = "The thresholds must be 0 or more, or null to turn the alarm off."
  }

  validation {
    condition     = alltrue([for name in ["client_error_rate", "error_rate"] : coalesce(lookup(var.thresholds, name, null), 0) < 1])
    error_message = "In thresholds, client_error_rate and error_rate must be below 1, which is every request: nothing is above it."
  }

  validation {
    condition     = alltrue([for name in ["cpu_percent", "memory_percent"] : coalesce(lookup(var.thresholds, name, null), 0) < 100])
    error_message = "In thresholds, cpu_percent and memory_percent must be below 100: nothing is above it."
  }

  validation {
    condition     = coalesce(lookup(var.thresholds, "latency_p95_ms", null), 0) < 60000
    error_message = "In thresholds, latency_p95_ms must be below 60000: SageMaker waits no longer for an answer."
  }

  validation {
    condition     = coalesce(lookup(var.thresholds, "model_quality", null), 1) > 0
    error_message = "In thresholds, model_quality must be above 0: nothing scores below it."
  }

  validation {
    condition = alltrue([for name, most in { instance_count = 10000, no_traffic_minutes = 1440 } :
      try(floor(var.thresholds[name]) == var.thresholds[name] && var.thresholds[name] >= 1 && var.thresholds[name] <= most, lookup(var.thresholds, name, null) == null)
    ])
    error_message = "In thresholds, instance_count must be a whole number of 1 or more, and no_traffic_minutes one of 1 to 1440."
  }
}

variable "topic_arns" {
  description = "ARNs of the SNS topics that hear of alarms, and of their end, by severity."
  type = object({
    critical = optional(string)
    info     = optional(string)
    warning  = optional(string)
  })
  default  = {}
  nullable = false

  validation {
    condition     = alltrue([for arn in values(var.topic_arns) : arn == null ? true : can(regex("^arn:aws[a-z-]*:sns:[a-z0-9-]+:[0-9]{12}:[A-Za-z0-9_-]+$", arn))])
    error_message = "The topic_arns must look like arn:aws:sns:REGION:ACCOUNT:NAME."
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
  description = "The vCPUs of one instance: SageMaker counts the CPU per core."
  type        = number
  nullable    = false

  validation {
    condition     = var.vcpus >= 1 && floor(var.vcpus) == var.vcpus
    error_message = "The vcpus must be a whole number of 1 or more."
  }
}
