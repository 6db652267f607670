data "aws_partition" "current" {}

locals {
  bucket_arn = "arn:${data.aws_partition.current.partition}:s3:::${var.bucket}"
  logs_arn   = "arn:${data.aws_partition.current.partition}:logs:${var.region}:${var.account_id}:log-group:/aws/sagemaker"
  ec2_arn    = "arn:${data.aws_partition.current.partition}:ec2:${var.region}:${var.account_id}"
  in_vpc     = var.subnet_ids != null

  log_group_arns = [
    "${local.logs_arn}/Endpoints/*",
    "${local.logs_arn}/ProcessingJobs",
    "${local.logs_arn}/ProcessingJobs:*",
    "${local.logs_arn}/TrainingJobs",
    "${local.logs_arn}/TrainingJobs:*",
  ]

  network_arns = concat(
    ["${local.ec2_arn}:network-interface/*"],
    [for id in coalesce(var.subnet_ids, []) : "${local.ec2_arn}:subnet/${id}"],
    [for id in coalesce(var.security_group_ids, []) : "${local.ec2_arn}:security-group/${id}"],
  )
}

data "aws_iam_policy_document" "trust" {
  statement {
    sid     = "SageMakerOfThisAccount"
    actions = ["sts:AssumeRole"]

    principals {
      type        = "Service"
      identifiers = ["sagemaker.amazonaws.com"]
    }

    condition {
      test     = "StringEquals"
      variable = "aws:SourceAccount"
      values   = [var.account_id]
    }
  }
}

data "aws_iam_policy_document" "execution" {
  statement {
    sid       = "FindObjects"
    actions   = ["s3:GetBucketLocation", "s3:ListBucket"]
    resources = [local.bucket_arn]
  }

  statement {
    sid     = "ReadInputs"
    actions = ["s3:GetObject"]
    resources = [for prefix in ["artifacts", "baselines", "capture", "code", "data", "jobs", "labels", "monitoring"] :
      "${local.bucket_arn}/${prefix}/*"
    ]
  }

  statement {
    sid       = "WriteOutputs"
    actions   = ["s3:AbortMultipartUpload", "s3:PutObject"]
    resources = ["${local.bucket_arn}/capture/*", "${local.bucket_arn}/jobs/*", "${local.bucket_arn}/monitoring/*"]
  }

  statement {
    sid       = "UseKey"
    actions   = ["kms:Decrypt", "kms:DescribeKey", "kms:Encrypt", "kms:GenerateDataKey*"]
    resources = [var.kms_key_arn]
  }

  # SageMaker encrypts the volumes of jobs and endpoints through a grant.
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
    sid = "WriteLogs"
    actions = [
      "logs:CreateLogGroup",
      "logs:CreateLogStream",
      "logs:DescribeLogStreams",
      "logs:PutLogEvents",
    ]
    resources = local.log_group_arns
  }

  # CloudWatch knows no resource for metrics; the namespace takes its place.
  statement {
    sid       = "WriteMetrics"
    actions   = ["cloudwatch:PutMetricData"]
    resources = ["*"]

    condition {
      test     = "StringEquals"
      variable = "cloudwatch:namespace"
      values = [
        "/aws/sagemaker/Endpoints",
        "/aws/sagemaker/ProcessingJobs",
        "/aws/sagemaker/TrainingJobs",
        "AWS/SageMaker",
      ]
    }
  }

  # While an endpoint moves, SageMaker watches the alarms of its deployment config as this role
  # (SageMaker developer guide, "Auto-Rollback Configuration and Monitoring").
  statement {
    sid       = "WatchAlarmsOfDeployments"
    actions   = ["cloudwatch:DescribeAlarms"]
    resources = ["arn:${data.aws_partition.current.partition}:cloudwatch:${var.region}:${var.account_id}:alarm:*"]
  }

  # The token belongs to the registry as a whole and has no ARN.
  statement {
    sid       = "LogInToRegistry"
    actions   = ["ecr:GetAuthorizationToken"]
    resources = ["*"]
  }

  # AWS publishes its images from another account in every region; anybody can give a repository the same name.
  statement {
    sid = "PullImages"
    actions = [
      "ecr:BatchCheckLayerAvailability",
      "ecr:BatchGetImage",
      "ecr:GetDownloadUrlForLayer",
    ]
    resources = [for pair in setproduct(sort(var.image_account_ids), sort(var.image_repositories)) :
      "arn:${data.aws_partition.current.partition}:ecr:${var.region}:${pair[0]}:repository/${pair[1]}"
    ]
  }

  dynamic "statement" {
    for_each = local.in_vpc ? [true] : []

    content {
      sid = "AttachToNetwork"
      actions = [
        "ec2:CreateNetworkInterface",
        "ec2:CreateNetworkInterfacePermission",
        "ec2:DeleteNetworkInterface",
        "ec2:DeleteNetworkInterfacePermission",
      ]
      resources = local.network_arns
    }
  }

  # The describe calls of EC2 know no resources.
  dynamic "statement" {
    for_each = local.in_vpc ? [true] : []

    content {
      sid = "SeeNetwork"
      actions = [
        "ec2:DescribeDhcpOptions",
        "ec2:DescribeNetworkInterfaces",
        "ec2:DescribeSecurityGroups",
        "ec2:DescribeSubnets",
        "ec2:DescribeVpcs",
      ]
      resources = ["*"]
    }
  }
}

resource "aws_iam_role" "execution" {
  name                 = var.name
  description          = "What SageMaker jobs and endpoints may do"
  assume_role_policy   = data.aws_iam_policy_document.trust.json
  permissions_boundary = var.permissions_boundary_arn
}

resource "aws_iam_role_policy" "execution" {
  name   = "execution"
  role   = aws_iam_role.execution.id
  policy = data.aws_iam_policy_document.execution.json
}
