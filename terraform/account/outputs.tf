output "gitlab_oidc_provider_arn" {
  description = "ARN of the OIDC provider that GitLab's pipelines authenticate with; null without GitLab."
  value       = local.creates_provider ? aws_iam_openid_connect_provider.gitlab[0].arn : var.gitlab_oidc_provider_arn
}
