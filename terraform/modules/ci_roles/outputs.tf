output "deploy_role_arn" {
  description = "ARN of the role that pipelines on the deploy branch assume, known once its policies are attached."
  value       = aws_iam_role.deploy.arn

  depends_on = [aws_iam_role_policy_attachment.deploy]
}

output "plan_role_arn" {
  description = "ARN of the role that every pipeline of the project may assume, known once its policy is attached."
  value       = aws_iam_role.plan.arn

  depends_on = [aws_iam_role_policy_attachment.plan]
}
