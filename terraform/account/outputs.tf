output "budget_arn" {
  description = "ARN of the monthly budget; null without one."
  value       = local.creates_budget ? module.budget[0].budget_arn : var.budget_arn
}

output "gitlab_oidc_provider_arn" {
  description = "ARN of the OIDC provider that GitLab's pipelines authenticate with; null without GitLab."
  value       = local.creates_provider ? aws_iam_openid_connect_provider.gitlab[0].arn : var.gitlab_oidc_provider_arn
}

output "trail_arn" {
  description = "ARN of the CloudTrail trail; null without one."
  value       = local.creates_trail ? module.audit[0].trail_arn : var.trail_arn
}
