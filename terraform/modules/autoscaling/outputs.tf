output "alarm_names" {
  description = "Names of the alarms that start step scaling, by what they watch."
  value       = { for key, alarm in aws_cloudwatch_metric_alarm.step : key => alarm.alarm_name }
}

output "max_capacity" {
  description = "The most instances that scaling ever asks for, schedules included."
  value       = max(var.autoscaling.max_capacity, values(var.autoscaling.schedules)[*].max_capacity...)
}

output "policy_arns" {
  description = "ARNs of the scaling policies by name."
  value       = { for key, policy in merge(aws_appautoscaling_policy.tracking, aws_appautoscaling_policy.step) : key => policy.arn }
}

output "resource_id" {
  description = "Application Auto Scaling's name of the variant, endpoint/NAME/variant/NAME."
  value       = aws_appautoscaling_target.this.resource_id
}
