output "endpoint_arn" {
  description = "ARN of the endpoint."
  value       = aws_sagemaker_endpoint.this.arn
}

output "endpoint_config_name" {
  description = "Name of the endpoint config that the endpoint serves."
  value       = aws_sagemaker_endpoint.this.endpoint_config_name
}

output "endpoint_name" {
  description = "Name of the endpoint."
  value       = aws_sagemaker_endpoint.this.name
}

output "quiet_alarm_name" {
  description = "Name of the alarm that never rings; a rollback belongs under its watch alone."
  value       = aws_cloudwatch_metric_alarm.quiet.alarm_name
}

output "rollback_alarm_names" {
  description = "Names of the alarms by endpoint config key; a move to a config belongs under the watch of its own."
  value = { for key in keys(var.endpoint_configs) : key => [
    aws_cloudwatch_metric_alarm.rollback["${key}/errors"].alarm_name,
    aws_cloudwatch_metric_alarm.rollback["${key}/latency"].alarm_name,
    aws_cloudwatch_metric_alarm.tests[key].alarm_name,
  ] }
}
