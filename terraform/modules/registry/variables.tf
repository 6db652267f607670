variable "group_names" {
  description = "Names of the model package groups, one per model."
  type        = set(string)
  nullable    = false

  validation {
    condition     = length(var.group_names) > 0 && alltrue([for name in var.group_names : can(regex("^[A-Za-z0-9](-*[A-Za-z0-9]){0,62}$", name))])
    error_message = "The group names must be at least one name of 1 to 63 letters, digits or hyphens that neither starts nor ends with a hyphen."
  }
}
