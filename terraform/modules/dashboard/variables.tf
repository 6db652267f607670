variable "alarm_arns" {
  description = "ARNs of the alarms whose state the dashboard shows."
  type        = list(string)
  default     = []
  nullable    = false

  validation {
    condition     = alltrue([for arn in var.alarm_arns : can(regex("^arn:aws[a-z-]*:cloudwatch:[a-z0-9-]+:[0-9]{12}:alarm:.+$", arn))])
    error_message = "The alarm_arns must look like arn:aws:cloudwatch:REGION:ACCOUNT:alarm:NAME."
  }
}

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
  description = "Name of the endpoint; the dashboard is named like it."
  type        = string
  nullable    = false

  validation {
    condition     = can(regex("^[a-zA-Z0-9](-*[a-zA-Z0-9]){0,62}$", var.endpoint_name))
    error_message = "The endpoint_name must be 1 to 63 letters, digits or inner hyphens."
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
  description = "Times (UTC, RFC 3339) by release id; each is a vertical line in every graph."
  type        = map(string)
  default     = {}
  nullable    = false

  validation {
    condition     = alltrue([for time in values(var.releases) : can(timeadd(time, "0s")) && endswith(coalesce(time, "none"), "Z")])
    error_message = "The times of releases must be in UTC, such as 2027-01-31T08:00:00Z."
  }

  validation {
    condition     = alltrue([for id in keys(var.releases) : can(regex("^[^ ]+$", id))])
    error_message = "The release ids in releases must not be empty or hold spaces."
  }
}

variable "thresholds" {
  description = "Thresholds of the alarms, by the names that the module alarms gives them; each is a horizontal line in its graph."
  type        = map(number)
  default     = {}
  nullable    = false

  validation {
    condition = alltrue([for name in keys(var.thresholds) : contains([
      "client_error_rate", "cpu_percent", "data_drift", "error_rate", "instance_count", "latency_p95_ms", "memory_percent", "model_quality", "no_traffic_minutes"
    ], name)])
    error_message = "The keys of thresholds must be client_error_rate, cpu_percent, data_drift, error_rate, instance_count, latency_p95_ms, memory_percent, model_quality or no_traffic_minutes."
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
