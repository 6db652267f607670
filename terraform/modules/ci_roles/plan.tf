data "aws_iam_policy_document" "plan" {
  #checkov:skip=CKV_AWS_356: DescribeAlarms tells of composite alarms only where it is allowed on all (owner: platform)
  statement {
    sid       = "FindObjects"
    actions   = ["s3:GetBucketLocation", "s3:ListBucket"]
    resources = [local.bucket_arn, local.state_bucket_arn]
  }

  statement {
    sid       = "ReadObjectsAndState"
    actions   = ["s3:GetObject"]
    resources = concat(["${local.bucket_arn}/*"], local.state_arns)
  }

  # The only thing a plan writes: the lock beside the state.
  statement {
    sid       = "HoldTheStateLock"
    actions   = ["s3:DeleteObject", "s3:GetObject", "s3:PutObject"]
    resources = [for arn in local.state_arns : "${arn}.tflock"]
  }

  statement {
    sid       = "ReadEncrypted"
    actions   = ["kms:Decrypt", "kms:DescribeKey"]
    resources = compact([var.kms_key_arn, var.state_kms_key_arn])
  }

  dynamic "statement" {
    for_each = var.state_kms_key_arn == null ? [] : [var.state_kms_key_arn]

    content {
      sid       = "EncryptTheStateLock"
      actions   = ["kms:GenerateDataKey"]
      resources = [statement.value]

      condition {
        test     = "StringEquals"
        variable = "kms:ViaService"
        values   = ["s3.${var.region}.${data.aws_partition.current.dns_suffix}"]
      }
    }
  }

  statement {
    sid       = "ReadFoundation"
    actions   = ["ssm:GetParameter"]
    resources = ["arn:${data.aws_partition.current.partition}:ssm:${local.regional_arn}:parameter/mlops/${var.project}/${var.environment}/foundation"]
  }

  statement {
    sid = "ReadServing"
    actions = [
      "sagemaker:DescribeEndpoint",
      "sagemaker:DescribeEndpointConfig",
      "sagemaker:DescribeModel",
      "sagemaker:DescribeModelPackage",
      "sagemaker:DescribeModelPackageGroup",
      "sagemaker:DescribeProcessingJob",
      "sagemaker:DescribeTrainingJob",
      "sagemaker:ListModelPackages",
      "sagemaker:ListTags",
    ]
    resources = concat(local.endpoint_arns, local.config_arns, local.model_arns, local.job_arns, local.package_arns)
  }

  statement {
    sid       = "ReadAlarmsAndDashboards"
    actions   = ["cloudwatch:GetDashboard", "cloudwatch:ListTagsForResource"]
    resources = concat(local.alarm_arns, local.dashboard_arns)
  }

  statement {
    sid       = "ReadScaling"
    actions   = ["application-autoscaling:ListTagsForResource"]
    resources = [local.scaling_arn]
  }

  statement {
    sid       = "ReadLogs"
    actions   = ["logs:DescribeLogStreams", "logs:FilterLogEvents", "logs:GetLogEvents"]
    resources = ["arn:${data.aws_partition.current.partition}:logs:${local.regional_arn}:log-group:/aws/sagemaker/*"]
  }

  # None of these calls knows a resource.
  statement {
    sid = "ListAndDescribe"
    actions = [
      "application-autoscaling:DescribeScalableTargets",
      "application-autoscaling:DescribeScalingPolicies",
      "application-autoscaling:DescribeScheduledActions",
      "cloudwatch:GetMetricData",
      "sagemaker:ListEndpointConfigs",
      "sagemaker:ListModels",
      "sagemaker:ListTrainingJobs",
      "servicequotas:ListServiceQuotas",
    ]
    resources = ["*"]
  }

  # Of composite alarms it tells only where it is allowed on all.
  statement {
    sid       = "SeeAllAlarms"
    actions   = ["cloudwatch:DescribeAlarms"]
    resources = ["*"]
  }
}
