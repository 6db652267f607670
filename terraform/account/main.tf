locals {
  # Everything here serves all environments and models of the account.
  tags = {
    "mlops:environment" = "shared"
    "mlops:managed-by"  = "terraform"
    "mlops:model"       = "shared"
    "mlops:project"     = var.project
  }

  creates_provider = var.gitlab_url != null && var.gitlab_oidc_provider_arn == null
}

# An account can hold only one provider per URL: give its ARN where another team made it.
resource "aws_iam_openid_connect_provider" "gitlab" {
  count = local.creates_provider ? 1 : 0

  url            = var.gitlab_url
  client_id_list = [coalesce(var.gitlab_audience, var.gitlab_url)]
}
