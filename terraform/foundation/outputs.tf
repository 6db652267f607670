output "bucket" {
  description = "Name of the artifact bucket."
  value       = local.bucket
}

output "kms_key_arn" {
  description = "ARN of the key that encrypts bucket, topic, volumes and job outputs."
  value       = local.kms_key_arn
}

output "model_package_groups" {
  description = "ARNs of the model package groups by name."
  value       = module.registry.group_arns
}

output "parameter_name" {
  description = "Name of the SSM parameter that publishes the foundation."
  value       = aws_ssm_parameter.foundation.name
}

output "role_arn" {
  description = "ARN of the SageMaker execution role."
  value       = local.role_arn
}

output "topic_arn" {
  description = "ARN of the SNS topic for notifications and alarms."
  value       = local.topic_arn
}
