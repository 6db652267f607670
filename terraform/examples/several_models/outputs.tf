output "endpoint_names" {
  description = "Names of the endpoints by model, for whoever calls them."
  value       = { for model, endpoint in module.endpoint : model => endpoint.endpoint_name }
}

output "group_arns" {
  description = "ARNs of the model package groups by name."
  value       = module.registry.group_arns
}

output "topic_arns" {
  description = "ARNs by severity of the topics that all models share."
  value       = module.notifications.topic_arns
}
