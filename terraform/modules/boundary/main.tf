data "aws_partition" "current" {}

locals {
  state_bucket_arn = "arn:${data.aws_partition.current.partition}:s3:::${var.state_bucket}"
  own_bucket_arn   = "arn:${data.aws_partition.current.partition}:s3:::${var.project}-*"
  given_bucket_arns = [
    for name in sort(var.buckets) : "arn:${data.aws_partition.current.partition}:s3:::${name}"
  ]
  bucket_arns = concat([local.own_bucket_arn], local.given_bucket_arns)
}

# A boundary grants nothing: a role may do what both its own policy and this one allow.
data "aws_iam_policy_document" "this" {
  #checkov:skip=CKV_AWS_356: DescribeAlarms tells of composite alarms only where it is allowed on all (owner: platform)
  statement {
    sid       = "ServicesOfThisAccount"
    actions   = local.account_actions
    resources = [for service in local.account_services : "arn:${data.aws_partition.current.partition}:${service}:*:${var.account_id}:*"]
  }

  statement {
    sid       = "BucketsOfTheProject"
    actions   = ["s3:GetBucketLocation", "s3:ListBucket", "s3:ListBucketMultipartUploads"]
    resources = local.bucket_arns
  }

  statement {
    sid = "ObjectsOfTheProject"
    actions = [
      "s3:AbortMultipartUpload",
      "s3:DeleteObject",
      "s3:GetObject",
      "s3:GetObjectVersion",
      "s3:ListMultipartUploadParts",
      "s3:PutObject",
    ]
    resources = [for arn in local.bucket_arns : "${arn}/*"]
  }

  # AWS publishes its images from other accounts.
  statement {
    sid = "Images"
    actions = [
      "ecr:BatchCheckLayerAvailability",
      "ecr:BatchGetImage",
      "ecr:GetDownloadUrlForLayer",
    ]
    resources = ["arn:${data.aws_partition.current.partition}:ecr:*:*:repository/*"]
  }

  # None of these calls knows a resource.
  statement {
    sid = "CallsWithoutResource"
    actions = [
      "application-autoscaling:DescribeScalableTargets",
      "application-autoscaling:DescribeScalingActivities",
      "application-autoscaling:DescribeScalingPolicies",
      "application-autoscaling:DescribeScheduledActions",
      "cloudwatch:GetMetricData",
      "cloudwatch:GetMetricStatistics",
      "cloudwatch:ListMetrics",
      "cloudwatch:PutMetricData",
      "ec2:DescribeDhcpOptions",
      "ec2:DescribeNetworkInterfaces",
      "ec2:DescribeSecurityGroups",
      "ec2:DescribeSubnets",
      "ec2:DescribeVpcs",
      "ecr:GetAuthorizationToken",
      "sagemaker:ListEndpointConfigs",
      "sagemaker:ListEndpoints",
      "sagemaker:ListModelPackageGroups",
      "sagemaker:ListModels",
      "sagemaker:ListProcessingJobs",
      "sagemaker:ListTrainingJobs",
      "servicequotas:GetServiceQuota",
      "servicequotas:ListServiceQuotas",
      "sts:GetCallerIdentity",
    ]
    resources = ["*"]
  }

  # Of composite alarms it tells only where it is allowed on all.
  statement {
    sid       = "SeeAllAlarms"
    actions   = ["cloudwatch:DescribeAlarms"]
    resources = ["*"]
  }

  statement {
    sid       = "RolesOfTheProject"
    actions   = ["iam:GetRole", "iam:GetRolePolicy", "iam:ListAttachedRolePolicies", "iam:ListRolePolicies", "iam:PassRole"]
    resources = concat(["arn:${data.aws_partition.current.partition}:iam::${var.account_id}:role/${var.project}-*"], sort(var.role_arns))
  }

  statement {
    sid       = "RoleOfAutoscaling"
    actions   = ["iam:CreateServiceLinkedRole"]
    resources = ["arn:${data.aws_partition.current.partition}:iam::${var.account_id}:role/aws-service-role/sagemaker.application-autoscaling.amazonaws.com/AWSServiceRoleForApplicationAutoScaling_SageMakerEndpoint"]
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
  #checkov:skip=CKV_AWS_355: DescribeAlarms tells of composite alarms only where it is allowed on all (owner: platform)
  name        = var.name
  description = "The most that any role of ${var.project} may do"
  policy      = data.aws_iam_policy_document.this.json

  lifecycle {
    precondition {
      condition     = length(jsonencode(jsondecode(data.aws_iam_policy_document.this.json))) <= 6144
      error_message = "The boundary would exceed the 6144 characters that IAM takes: name fewer buckets and roles, or let their names begin with the project and a hyphen, which needs no naming."
    }
  }
}
