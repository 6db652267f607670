output "role_arn" {
  description = "ARN of the execution role, known once its policy is attached."
  value       = aws_iam_role.execution.arn

  depends_on = [aws_iam_role_policy.execution]
}

output "role_name" {
  description = "Name of the execution role."
  value       = aws_iam_role.execution.name
}
