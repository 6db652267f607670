variable "capacity" {
  description = "The fewest and the most instances outside schedules, and the requests a minute that each one should get."
  type = object({
    max                   = optional(number, 8)
    min                   = optional(number, 2)
    requests_per_instance = optional(number, 1000)
  })
  default  = {}
  nullable = false

  validation {
    condition     = var.capacity.min >= 2
    error_message = "In capacity, min must be 2 or more: one instance alone is in one availability zone."
  }

  validation {
    condition     = var.capacity.min <= var.capacity.max
    error_message = "In capacity, min must be at most max."
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
    condition     = alltrue([for config in values(var.endpoint_configs) : contains(keys(var.releases), config.release)])
    error_message = "Each endpoint_configs entry must name a key of releases."
  }

  validation {
    condition     = alltrue([for config in values(var.endpoint_configs) : config.instance_count >= 2])
    error_message = "Each endpoint_configs entry must have an instance_count of 2 or more."
  }
}

variable "endpoint_name" {
  description = "Name of the endpoint. Stable for ever: callers, autoscaling and alarms hold on to it."
  type        = string
  nullable    = false

  validation {
    condition     = can(regex("^[a-zA-Z0-9](-*[a-zA-Z0-9])*$", var.endpoint_name)) && length(var.endpoint_name) <= 34 && !startswith(var.endpoint_name, "aws")
    error_message = "The endpoint_name must be 1 to 34 letters, digits or inner hyphens, which leaves room for a release id, and not begin with aws."
  }
}

variable "live_config" {
  description = "The key of endpoint_configs that the endpoint serves. Moving it deploys; moving it back rolls back."
  type        = string
  nullable    = false

  validation {
    condition     = contains(keys(var.endpoint_configs), var.live_config)
    error_message = "The live_config must be a key of endpoint_configs."
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
  description = "The retained releases by id. A release is never edited: whatever changes in one makes another one."
  type = map(object({
    artifact_sha256 = string
    artifact_uri    = string
    data_capture = object({
      destination_uri = string
      percentage      = number
    })
    image_uri         = string
    instance_type     = optional(string, "ml.m5.large")
    kms_key_arn       = optional(string)
    model_package_arn = string
    released_at       = string # UTC, a line on the dashboard
    role_arn          = string
    rollback_alarms = optional(object({
      error_rate            = optional(number, 0.01)
      latency_p95_ms        = optional(number, 500)
      minimum_request_count = optional(number, 10)
    }), {})
    security_group_ids = optional(list(string), [])
    subnet_ids         = optional(list(string), [])
  }))
  nullable = false

  validation {
    condition     = alltrue([for release in values(var.releases) : can(regex("^arn:aws[a-z-]*:iam::[0-9]{12}:role/.+$", release.role_arn))])
    error_message = "In releases, role_arn must look like arn:aws:iam::ACCOUNT:role/NAME."
  }

  validation {
    condition     = alltrue([for release in values(var.releases) : can(regex("^s3://[^/]+(/.+)?$", release.data_capture.destination_uri))])
    error_message = "In releases, data_capture.destination_uri must be an s3:// address."
  }

  validation {
    condition     = alltrue([for release in values(var.releases) : can(timeadd(release.released_at, "0s")) && endswith(release.released_at, "Z")])
    error_message = "In releases, released_at must be a time in UTC, such as 2027-01-31T08:00:00Z."
  }
}

variable "schedules" {
  description = "Other bounds from a time on, by name: fewer instances in the evening, more of them before the day begins."
  type = map(object({
    max_capacity = number
    min_capacity = number
    schedule     = string
    timezone     = optional(string, "UTC")
  }))
  default = {
    evening = { max_capacity = 4, min_capacity = 2, schedule = "cron(0 20 * * ? *)" }
    morning = { max_capacity = 8, min_capacity = 4, schedule = "cron(0 6 ? * MON-FRI *)" }
  }
  nullable = false

  validation {
    condition     = alltrue([for each in values(var.schedules) : each.min_capacity >= 2])
    error_message = "In schedules, min_capacity must be 2 or more."
  }
}

variable "subscriptions" {
  description = "Who hears which severities, by a name of one's own: email, HTTPS or SQS. Email and HTTPS must be confirmed by the receiver."
  type = map(object({
    endpoint   = string
    protocol   = string
    severities = optional(set(string), ["critical", "info", "warning"])
  }))
  default  = {}
  nullable = false

  validation {
    condition     = alltrue([for each in values(var.subscriptions) : contains(["email", "https", "sqs"], each.protocol)])
    error_message = "The subscriptions must have the protocol email, https or sqs."
  }
}

variable "tags" {
  description = "Tags of every resource."
  type        = map(string)
  default     = {}
  nullable    = false
}

variable "thresholds" {
  description = "Thresholds of alarms that should differ from the usual ones of the module alarms, by name. Null turns the alarm off."
  type        = map(number)
  default     = {}
  nullable    = false

  validation {
    condition     = alltrue([for threshold in values(var.thresholds) : threshold == null ? true : threshold >= 0])
    error_message = "The thresholds must be 0 or more, or null to turn the alarm off."
  }
}

variable "vcpus" {
  description = "The vCPUs of one instance of the live release: SageMaker counts the CPU per core."
  type        = number
  default     = 2
  nullable    = false

  validation {
    condition     = var.vcpus >= 1 && floor(var.vcpus) == var.vcpus
    error_message = "The vcpus must be a whole number of 1 or more."
  }
}
