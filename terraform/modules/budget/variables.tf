variable "account_id" {
  description = "AWS account whose costs are watched."
  type        = string
  nullable    = false

  validation {
    condition     = can(regex("^[0-9]{12}$", var.account_id))
    error_message = "The account id must have 12 digits."
  }
}

variable "emails" {
  description = "Addresses that are told; at most ten."
  type        = set(string)
  nullable    = false

  validation {
    condition     = length(var.emails) >= 1 && length(var.emails) <= 10 && alltrue([for each in var.emails : can(regex("^[^@,;<>[:space:]]+@[^@,;<>[:space:]]+[.][^@,;<>[:space:]]+$", each))])
    error_message = "The emails must be one to ten addresses such as team@example.com."
  }
}

variable "limit_usd" {
  description = "What a month may cost, in US dollars."
  type        = number
  nullable    = false

  validation {
    condition     = var.limit_usd > 0
    error_message = "The limit must be more than 0 US dollars."
  }
}

variable "name" {
  description = "Name of the budget."
  type        = string
  nullable    = false

  validation {
    condition     = can(regex("^[A-Za-z0-9_-]{1,100}$", var.name))
    error_message = "The name must have 1 to 100 letters, digits, hyphens or underscores."
  }
}

variable "tag_filter" {
  description = "Tags that costs must carry to be counted, for example { \"mlops:project\" = \"mlops\" }; they must be activated as cost allocation tags. Empty counts the whole account."
  type        = map(string)
  default     = {}
  nullable    = false

  validation {
    condition     = alltrue([for key, value in var.tag_filter : can(regex("^[^$]{1,128}$", key)) && can(regex("^[^$]{1,256}$", value))])
    error_message = "The tag filter must have keys of 1 to 128 and values of 1 to 256 characters, without dollar signs."
  }
}

variable "thresholds_percent" {
  description = "Percentages of the limit at which somebody is told."
  type        = set(number)
  default     = [50, 80, 100]
  nullable    = false

  validation {
    condition     = length(var.thresholds_percent) >= 1 && length(var.thresholds_percent) <= 4 && alltrue([for each in var.thresholds_percent : each > 0 && each <= 1000])
    error_message = "The thresholds must be one to four percentages above 0 and at most 1000."
  }
}
