variable "group_names" {
  description = "Names of the model package groups, one per model."
  type        = set(string)
  nullable    = false

  validation {
    condition     = length(var.group_names) > 0 && alltrue([for name in var.group_names : can(regex("^[A-Za-z0-9](-*[A-Za-z0-9]){0,62}$", name))])
    error_message = "The group names must be at least one name of 1 to 63 letters, digits or hyphens that neither starts nor ends with a hyphen."
  }
}

variable "reader_arns" {
  description = "ARNs of roles or accounts elsewhere that may read groups and packages; none makes no resource policy."
  type        = set(string)
  default     = []
  nullable    = false

  validation {
    condition     = alltrue([for arn in var.reader_arns : can(regex("^arn:aws[a-z-]*:iam::[0-9]{12}:(root|role/[^*]+)$", arn))])
    error_message = "The reader ARNs must look like arn:aws:iam::ACCOUNT:role/NAME or arn:aws:iam::ACCOUNT:root, without asterisks."
  }
}
