# GitLab signs who runs: audience and project (or one branch of it) are both pinned.
# That the branch is protected is GitLab's part; its claim ref_protected is none that IAM can read.
data "aws_iam_policy_document" "trust" {
  for_each = {
    deploy = { test = "StringEquals", subject = local.deploy_sub }
    plan   = { test = "StringLike", subject = local.plan_sub }
  }

  statement {
    sid     = "GitLabPipelinesOfTheProject"
    actions = ["sts:AssumeRoleWithWebIdentity"]

    principals {
      type        = "Federated"
      identifiers = [var.oidc_provider_arn]
    }

    condition {
      test     = "StringEquals"
      variable = "${local.host}:aud"
      values   = [local.audience]
    }

    condition {
      test     = each.value.test
      variable = "${local.host}:sub"
      values   = [each.value.subject]
    }
  }
}
