variable "account_id" {
  description = "AWS account of rules, schedules and queue."
  type        = string
  nullable    = false

  validation {
    condition     = can(regex("^[0-9]{12}$", var.account_id))
    error_message = "The account id must have 12 digits."
  }
}

variable "endpoint_names" {
  description = "Names of the endpoints whose alarms count; an asterisk stands for any characters, for example *-staging."
  type        = set(string)
  nullable    = false

  validation {
    condition     = length(var.endpoint_names) > 0 && alltrue([for each in var.endpoint_names : can(regex("^[A-Za-z0-9*](-*[A-Za-z0-9*]){0,62}$", each))])
    error_message = "The endpoint names must be at least one name of 1 to 63 letters, digits, hyphens or asterisks."
  }
}

variable "environment" {
  description = "Environment that is retrained or rolled back; the pipeline gets it as MLOPS_ENVIRONMENT."
  type        = string
  nullable    = false

  validation {
    condition     = can(regex("^[a-z][a-z0-9-]{0,14}[a-z0-9]$", var.environment))
    error_message = "The environment must have 2 to 16 lowercase letters, digits or hyphens, start with a letter and not end with a hyphen."
  }
}

variable "kms_key_arn" {
  description = "ARN of the key that encrypts schedules and undelivered requests; its policy must let EventBridge use it."
  type        = string
  nullable    = false

  validation {
    condition     = can(regex("^arn:aws[a-z-]*:kms:[a-z0-9-]+:[0-9]{12}:key/[A-Za-z0-9-]+$", var.kms_key_arn))
    error_message = "The KMS key ARN must look like arn:aws:kms:REGION:ACCOUNT:key/ID; an alias is not enough."
  }
}

variable "mode_by_alarm" {
  description = "Mode in which an alarm of an endpoint starts the pipeline, by the part of its name after the slash: full, monitor, rollback or training. Alarms of drift and quality notify, and may start monitor, which decides: two that ring together retrain once."
  type        = map(string)
  default     = { rollback = "rollback" }
  nullable    = false

  validation {
    condition     = alltrue([for alarm, mode in var.mode_by_alarm : can(regex("^[a-z][a-z0-9_]{0,23}$", alarm)) && !contains(["asked", "schedule", "schedule_monitor", "schedule_training"], alarm) && contains(["full", "monitor", "rollback", "training"], coalesce(mode, "none"))])
    error_message = "The modes by alarm must be full, monitor, training or rollback (retrain would start pipelines for ever), and the alarms 1 to 24 lowercase letters, digits or underscores, but not asked, schedule or what begins so."
  }

  validation {
    condition     = alltrue([for alarm, mode in var.mode_by_alarm : !contains(["data_drift", "model_quality"], alarm) || mode == "monitor"])
    error_message = "The alarms data_drift and model_quality must start monitor or nothing: both may ring at once, and only mode monitor asks for one retraining then."
  }
}

variable "name" {
  description = "First part of all names here."
  type        = string
  nullable    = false

  validation {
    condition     = can(regex("^[A-Za-z0-9_-]{1,39}$", var.name))
    error_message = "The name must have 1 to 39 letters, digits, hyphens or underscores, so that the names of rules and roles fit."
  }
}

variable "permissions_boundary_arn" {
  description = "ARN of the IAM policy that bounds each role; null sets no boundary."
  type        = string
  default     = null

  validation {
    condition     = var.permissions_boundary_arn == null || can(regex("^arn:aws[a-z-]*:iam::([0-9]{12}|aws):policy/.+$", var.permissions_boundary_arn))
    error_message = "The permissions boundary ARN must be null or look like arn:aws:iam::ACCOUNT:policy/NAME."
  }
}

variable "pipeline" {
  description = "GitLab pipeline that is asked: the URL of its trigger, the branch, and further variables for it."
  type = object({
    ref         = optional(string, "main")
    trigger_url = string
    variables   = optional(map(string), {})
  })
  nullable = false

  validation {
    condition     = can(regex("^https://[^/?#[:space:]]+(/[^?#[:space:]]+)?/api/v4/projects/[^/?#[:space:]]+/trigger/pipeline$", var.pipeline.trigger_url))
    error_message = "The pipeline must have a trigger URL such as https://gitlab.com/api/v4/projects/123/trigger/pipeline, without a token in it."
  }

  validation {
    condition     = can(regex("^[A-Za-z0-9][A-Za-z0-9._/-]{0,99}$", var.pipeline.ref))
    error_message = "The pipeline must run on one branch or tag with a name of 1 to 100 letters, digits, dots, slashes, underscores or hyphens."
  }

  validation {
    condition     = alltrue([for key in keys(var.pipeline.variables) : can(regex("^[A-Za-z_][A-Za-z0-9_]*$", key)) && !contains(["MLOPS_ENVIRONMENT", "MLOPS_REQUEST_CAUSE", "MLOPS_REQUEST_ID", "MLOPS_REQUEST_TIME", "MODE"], key)])
    error_message = "The pipeline must have variables whose names are letters, digits and underscores and none of those that each request sets itself."
  }

  validation {
    condition     = alltrue([for value in values(var.pipeline.variables) : can(regex("^[^<>]*$", value))])
    error_message = "The pipeline must have variables with a value, without < and >: EventBridge takes what stands between them for a placeholder."
  }
}

variable "region" {
  description = "AWS region of rules, schedules and queue."
  type        = string
  nullable    = false

  validation {
    condition     = can(regex("^[a-z]{2}(-[a-z]+)+-[0-9]$", var.region))
    error_message = "The region must be an AWS region code, for example us-east-1."
  }
}

variable "retry" {
  description = "How often and how long a request is tried again before it goes to the queue of undelivered ones."
  type = object({
    attempts  = optional(number, 20)
    max_age_s = optional(number, 3600)
  })
  default  = {}
  nullable = false

  validation {
    condition     = var.retry.attempts >= 0 && var.retry.attempts <= 185 && floor(var.retry.attempts) == var.retry.attempts
    error_message = "The retry attempts must be a whole number from 0 to 185, as EventBridge allows."
  }

  validation {
    condition     = var.retry.max_age_s >= 60 && var.retry.max_age_s <= 86400 && floor(var.retry.max_age_s) == var.retry.max_age_s
    error_message = "The retry age must be a whole number of seconds from 60 to 86400, as EventBridge allows."
  }
}

variable "schedules" {
  description = "When to start the pipeline, by a name of one's own: a cron or rate expression and its time zone; in mode monitor, which looks and decides, or in full or training, which retrain whatever has happened."
  type = map(object({
    expression     = string
    mode           = optional(string, "full")
    timezone       = optional(string, "UTC")
    window_minutes = optional(number, 0)
  }))
  default  = {}
  nullable = false

  validation {
    condition     = alltrue([for name in keys(var.schedules) : can(regex("^[A-Za-z0-9_.-]{1,24}$", name))])
    error_message = "The schedules must have names of 1 to 24 letters, digits, dots, underscores or hyphens."
  }

  validation {
    condition     = alltrue([for each in values(var.schedules) : contains(["full", "monitor", "training"], each.mode)])
    error_message = "The schedules must have the mode full, monitor or training."
  }

  validation {
    condition     = alltrue([for each in values(var.schedules) : can(regex("^(${local._cron_pattern}|rate[(][1-9][0-9]* (minute|hour|day)s?[)])$", each.expression))])
    error_message = "The schedules must have an expression cron(minute hour day-of-month month day-of-week year) with ? for one of the two days, such as cron(0 3 ? * MON *), or one such as rate(7 days)."
  }

  validation {
    condition     = alltrue([for each in values(var.schedules) : can(regex("^(UTC|(Africa|America|Antarctica|Arctic|Asia|Atlantic|Australia|Brazil|Canada|Chile|Etc|Europe|Indian|Mexico|Pacific|US)(/[A-Z][A-Za-z0-9_+-]+){1,2})$", each.timezone))])
    error_message = "The schedules must have a time zone of the IANA list such as Europe/Berlin, or UTC."
  }

  validation {
    condition     = alltrue([for each in values(var.schedules) : each.window_minutes >= 0 && each.window_minutes <= 1440 && floor(each.window_minutes) == each.window_minutes])
    error_message = "The schedules must have a window of 0 to 1440 whole minutes."
  }
}

variable "token" {
  description = "Trigger token of the GitLab pipeline; null reads it from token_secret_arn. Either way it is in Terraform's state."
  type        = string
  default     = null
  sensitive   = true

  validation {
    condition     = (var.token == null) != (var.token_secret_arn == null)
    error_message = "The token must be given either by itself or as token_secret_arn, and not both."
  }
}

variable "token_secret_arn" {
  description = "ARN of the Secrets Manager secret whose text is the trigger token; null where token is given."
  type        = string
  default     = null

  validation {
    condition     = var.token_secret_arn == null || can(regex("^arn:aws[a-z-]*:secretsmanager:[a-z0-9-]+:[0-9]{12}:secret:.+$", var.token_secret_arn))
    error_message = "The token secret ARN must be null or look like arn:aws:secretsmanager:REGION:ACCOUNT:secret:NAME."
  }
}
