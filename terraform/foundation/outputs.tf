output "bucket" {
  description = "Name of the artifact bucket."
  value       = local.bucket
}

output "ci_deploy_role_arn" {
  description = "ARN of the role that pipelines on the deploy branch assume; null without GitLab."
  value       = one(module.ci_roles[*].deploy_role_arn)
}

output "ci_plan_role_arn" {
  description = "ARN of the role that every pipeline of the project may assume; null without GitLab."
  value       = one(module.ci_roles[*].plan_role_arn)
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
  description = "ARN of the SNS topic for notifications of the runner."
  value       = local.topic_arn
}

output "topic_arns" {
  description = "ARNs of the SNS topics by severity."
  value       = local.topic_arns
}

output "vpc" {
  description = "Security groups and subnets of jobs and models; both null outside a VPC."
  value       = local.vpc
}
