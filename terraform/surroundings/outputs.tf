output "alarm_names" {
  description = "CloudWatch's names of the alarms of the whole endpoint, by name; none without alarms."
  value       = merge(module.alarms[*].alarm_names...)
}

output "dashboard_name" {
  description = "Name of the dashboard, null without one."
  value       = one(module.dashboard[*].dashboard_name)
}

output "rollback_alarm_name" {
  description = "Name of the alarm that asks for a rollback, null without one."
  value       = one(module.alarms[*].rollback_alarm_name)
}
