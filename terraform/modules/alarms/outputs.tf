output "alarm_arns" {
  description = "ARNs of the alarms by name, without the one that asks for a rollback."
  value       = { for name, alarm in local._alarms : name => alarm.arn }
}

output "alarm_names" {
  description = "CloudWatch's names of the alarms by name, without the one that asks for a rollback."
  value       = { for name, alarm in local._alarms : name => alarm.alarm_name }
}

output "rollback_alarm_arn" {
  description = "ARN of the composite alarm that asks for a rollback, null without one."
  value       = one(aws_cloudwatch_composite_alarm.rollback[*].arn)
}

output "rollback_alarm_name" {
  description = "Name of the composite alarm that asks for a rollback, null without one."
  value       = one(aws_cloudwatch_composite_alarm.rollback[*].alarm_name)
}

output "thresholds" {
  description = "Thresholds of the alarms that are on, by name."
  value       = { for name, threshold in local.thresholds : name => threshold if threshold != null }
}
