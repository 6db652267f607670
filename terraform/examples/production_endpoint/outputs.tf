output "alarm_names" {
  description = "CloudWatch's names of the alarms of the whole endpoint, by name."
  value       = module.alarms.alarm_names
}

output "dashboard_name" {
  description = "Name of the dashboard."
  value       = module.dashboard.dashboard_name
}

output "endpoint_arn" {
  description = "ARN of the endpoint."
  value       = module.endpoint.endpoint_arn
}

output "endpoint_config_name" {
  description = "Name of the endpoint config that the endpoint serves."
  value       = module.endpoint.endpoint_config_name
}

output "endpoint_name" {
  description = "Name of the endpoint, for whoever calls it."
  value       = module.endpoint.endpoint_name
}

output "rollback_alarm_name" {
  description = "Name of the alarm that asks for a rollback after the bake."
  value       = module.alarms.rollback_alarm_name
}

output "topic_arns" {
  description = "ARNs of the topics by severity."
  value       = module.notifications.topic_arns
}
