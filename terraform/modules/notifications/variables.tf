variable "account_id" {
  description = "AWS account whose principals, alarms and budgets may publish."
  type        = string
  nullable    = false

  validation {
    condition     = can(regex("^[0-9]{12}$", var.account_id))
    error_message = "The account id must have 12 digits."
  }
}

variable "event_rules_publish" {
  description = "Whether EventBridge rules may publish. SNS takes no condition for them, so rules of every account that knows a topic's ARN may."
  type        = bool
  default     = false
  nullable    = false
}

variable "kms_key_arn" {
  description = "ARN of the key that encrypts messages at rest; its policy must let CloudWatch and, where they publish, EventBridge rules use it."
  type        = string
  nullable    = false

  validation {
    condition     = can(regex("^arn:aws[a-z-]*:kms:[a-z0-9-]+:[0-9]{12}:key/[A-Za-z0-9-]+$", var.kms_key_arn))
    error_message = "The KMS key ARN must look like arn:aws:kms:REGION:ACCOUNT:key/ID; an alias is not enough."
  }
}

variable "name" {
  description = "Name of the topic for information; the others add their severity to it."
  type        = string
  nullable    = false

  validation {
    condition     = can(regex("^[A-Za-z0-9_-]{1,247}$", var.name))
    error_message = "The name must have 1 to 247 letters, digits, hyphens or underscores."
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

  validation {
    condition     = alltrue([for each in values(var.subscriptions) : can(regex("^[^@,;<>[:space:]]+@[^@,;<>[:space:]]+[.][^@,;<>[:space:]]+$", each.endpoint)) if each.protocol == "email"])
    error_message = "The subscriptions by email must have an address such as team@example.com as their endpoint."
  }

  validation {
    condition     = alltrue([for each in values(var.subscriptions) : can(regex("^https://[^[:space:]]+$", each.endpoint)) if each.protocol == "https"])
    error_message = "The subscriptions by https must have a URL that begins with https:// as their endpoint."
  }

  validation {
    condition     = alltrue([for each in values(var.subscriptions) : can(regex("^arn:aws[a-z-]*:sqs:[a-z0-9-]+:[0-9]{12}:[A-Za-z0-9_-]{1,80}([.]fifo)?$", each.endpoint)) if each.protocol == "sqs"])
    error_message = "The subscriptions by sqs must have a queue's ARN such as arn:aws:sqs:REGION:ACCOUNT:NAME as their endpoint."
  }

  validation {
    condition     = alltrue([for each in values(var.subscriptions) : length(each.severities) > 0 && length(setsubtract(each.severities, ["critical", "info", "warning"])) == 0])
    error_message = "The subscriptions must name at least one of the severities critical, warning and info."
  }

  validation {
    condition = alltrue([for severity in ["critical", "info", "warning"] :
      length([for each in values(var.subscriptions) : each if contains(each.severities, severity)]) == length(distinct([for each in values(var.subscriptions) : "${each.protocol} ${each.endpoint}" if contains(each.severities, severity)]))
    ])
    error_message = "The subscriptions must not name the same endpoint twice for one severity: SNS would make one subscription of both, and lose it with the first that goes."
  }
}
