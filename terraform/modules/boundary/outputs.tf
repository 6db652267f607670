output "policy_arn" {
  description = "ARN of the policy, for the permissions boundary of roles."
  value       = aws_iam_policy.this.arn
}
