locals {
  state_bucket_arn = "arn:${var.partition}:s3:::${var.state_bucket}"
  own_bucket_arn   = "arn:${var.partition}:s3:::${var.project}-*"
  given_bucket_arns = [
    for name in sort(var.buckets) : "arn:${var.partition}:s3:::${name}"
  ]
  bucket_arns = concat([local.own_bucket_arn], local.given_bucket_arns)

  # Services whose resources all carry region and account in their ARN.
  account_services = [
    "application-autoscaling",
    "cloudwatch",
    "ec2",
    "events",
    "kms",
    "logs",
    "sagemaker",
    "scheduler",
    "secretsmanager",
    "sns",
    "sqs",
    "ssm",
  ]
}

# A boundary grants nothing: a role may do what both its own policy and this one allow.
data "aws_iam_policy_document" "this" {
  #checkov:skip=CKV_AWS_108: a boundary grants nothing, each role's own policy names its objects (owner: platform)
  #checkov:skip=CKV_AWS_109: a boundary grants nothing, each role's own policy names its permissions (owner: platform)
  #checkov:skip=CKV_AWS_111: a boundary grants nothing, each role's own policy names its writes (owner: platform)
  statement {
    sid       = "ServicesOfThisAccount"
    actions   = [for service in local.account_services : "${service}:*"]
    resources = [for service in local.account_services : "arn:${var.partition}:${service}:*:${var.account_id}:*"]
  }

  statement {
    sid       = "BucketsOfTheProject"
    actions   = ["s3:*"]
    resources = flatten([for arn in local.bucket_arns : [arn, "${arn}/*"]])
  }

  # AWS publishes its images from other accounts.
  statement {
    sid = "Images"
    actions = [
      "ecr:BatchCheckLayerAvailability",
      "ecr:BatchGetImage",
      "ecr:GetDownloadUrlForLayer",
    ]
    resources = ["arn:${var.partition}:ecr:*:*:repository/*"]
  }

  # These calls know no resource, or list what there is.
  statement {
    sid = "CallsWithoutResource"
    actions = [
      "application-autoscaling:Describe*",
      "cloudwatch:DescribeAlarms",
      "cloudwatch:GetMetricData",
      "cloudwatch:GetMetricStatistics",
      "cloudwatch:ListMetrics",
      "cloudwatch:PutMetricData",
      "ec2:Describe*",
      "ecr:GetAuthorizationToken",
      "kms:ListAliases",
      "logs:DescribeLogGroups",
      "sagemaker:List*",
      "servicequotas:GetServiceQuota",
      "servicequotas:ListServiceQuotas",
      "ssm:DescribeParameters",
      "sts:GetCallerIdentity",
    ]
    resources = ["*"]
  }

  statement {
    sid       = "RolesOfTheProject"
    actions   = ["iam:GetRole", "iam:GetRolePolicy", "iam:ListAttachedRolePolicies", "iam:ListRolePolicies", "iam:PassRole"]
    resources = concat(["arn:${var.partition}:iam::${var.account_id}:role/${var.project}-*"], sort(var.role_arns))
  }

  statement {
    sid       = "RoleOfAutoscaling"
    actions   = ["iam:CreateServiceLinkedRole"]
    resources = ["arn:${var.partition}:iam::${var.account_id}:role/aws-service-role/sagemaker.application-autoscaling.amazonaws.com/AWSServiceRoleForApplicationAutoScaling_SageMakerEndpoint"]
  }

  # Losing Terraform's state is losing the endpoint; no role of the project may take it away.
  statement {
    sid    = "DenyLosingTheStateBucket"
    effect = "Deny"
    actions = [
      "s3:DeleteBucket",
      "s3:DeleteBucketPolicy",
      "s3:PutBucketPolicy",
      "s3:PutBucketPublicAccessBlock",
      "s3:PutBucketVersioning",
      "s3:PutEncryptionConfiguration",
      "s3:PutLifecycleConfiguration",
    ]
    resources = [local.state_bucket_arn]
  }

  statement {
    sid       = "DenyLosingStateVersions"
    effect    = "Deny"
    actions   = ["s3:DeleteObjectVersion"]
    resources = ["${local.state_bucket_arn}/*"]
  }

  # Terraform gives its lock back by deleting it: a file beside each state, ending in .tflock.
  statement {
    sid       = "DenyDeletingStates"
    effect    = "Deny"
    actions   = ["s3:DeleteObject"]
    resources = ["${local.state_bucket_arn}/*.tfstate"]
  }
}

resource "aws_iam_policy" "this" {
  name        = var.name
  description = "The most that any role of ${var.project} may do"
  policy      = data.aws_iam_policy_document.this.json
}
