data "aws_iam_policy_document" "deploy" {
  # Artifacts are written once, and nothing at all is deleted.
  statement {
    sid     = "WriteObjects"
    actions = ["s3:AbortMultipartUpload", "s3:PutObject"]
    resources = [
      for prefix in ["artifacts", "baselines", "code", "data", "history", "jobs", "labels", "learnt", "leases", "ledger", "monitoring", "outbox", "plans", "releases", "requests"] :
      "${local.bucket_arn}/${prefix}/*"
    ]
  }

  statement {
    sid       = "WriteStates"
    actions   = ["s3:PutObject"]
    resources = local.state_arns
  }

  statement {
    sid       = "EncryptObjects"
    actions   = ["kms:Encrypt", "kms:GenerateDataKey*"]
    resources = [var.kms_key_arn]
  }

  # The volumes of jobs and endpoints are encrypted through a grant.
  statement {
    sid       = "GrantKeyToVolumes"
    actions   = ["kms:CreateGrant"]
    resources = [var.kms_key_arn]

    condition {
      test     = "Bool"
      variable = "kms:GrantIsForAWSResource"
      values   = ["true"]
    }
  }

  statement {
    sid       = "PassTheExecutionRole"
    actions   = ["iam:PassRole"]
    resources = [var.execution_role_arn]

    condition {
      test     = "StringEquals"
      variable = "iam:PassedToService"
      values   = ["sagemaker.amazonaws.com"]
    }
  }

  statement {
    sid       = "SeeTheExecutionRole"
    actions   = ["iam:GetRole"]
    resources = [var.execution_role_arn]
  }

  statement {
    sid       = "MakeTheRoleOfAutoscaling"
    actions   = ["iam:CreateServiceLinkedRole"]
    resources = ["arn:${data.aws_partition.current.partition}:iam::${var.account_id}:role/aws-service-role/sagemaker.application-autoscaling.amazonaws.com/AWSServiceRoleForApplicationAutoScaling_SageMakerEndpoint"]
  }

  # CloudWatch knows no resource for metrics; the namespace takes its place.
  statement {
    sid       = "WriteMetrics"
    actions   = ["cloudwatch:PutMetricData"]
    resources = ["*"]

    condition {
      test     = "StringEquals"
      variable = "cloudwatch:namespace"
      values   = sort(var.metric_namespaces)
    }
  }

  statement {
    sid       = "AskForRetraining"
    actions   = ["events:PutEvents"]
    resources = ["arn:${data.aws_partition.current.partition}:events:${local.regional_arn}:event-bus/default"]

    condition {
      test     = "StringEquals"
      variable = "events:source"
      values   = ["mlops.${var.name}"]
    }
  }

  dynamic "statement" {
    for_each = length(var.topic_arns) > 0 ? [sort(var.topic_arns)] : []

    content {
      sid       = "Notify"
      actions   = ["sns:Publish"]
      resources = statement.value
    }
  }

  dynamic "statement" {
    for_each = length(var.data_buckets) > 0 ? [local.data_bucket_arns] : []

    content {
      sid       = "FindTrainingData"
      actions   = ["s3:ListBucket"]
      resources = statement.value
    }
  }

  dynamic "statement" {
    for_each = length(var.data_buckets) > 0 ? [local.data_bucket_arns] : []

    content {
      sid       = "ReadTrainingData"
      actions   = ["s3:GetObject"]
      resources = [for arn in statement.value : "${arn}/*"]
    }
  }

  dynamic "statement" {
    for_each = length(var.secret_arns) > 0 ? [sort(var.secret_arns)] : []

    content {
      sid       = "ReadSecrets"
      actions   = ["secretsmanager:GetSecretValue"]
      resources = statement.value
    }
  }
}
