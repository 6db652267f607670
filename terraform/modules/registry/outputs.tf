output "group_arns" {
  description = "ARNs of the model package groups by name."
  value       = { for name, group in aws_sagemaker_model_package_group.this : name => group.arn }
}
