terraform {
  required_version = ">= 1.10"

  required_providers {
    aws = {
      source  = "hashicorp/aws"
      version = "5.100.0"
    }
  }

  backend "s3" {}
}

provider "aws" {
  region            = "us-east-1"
  s3_use_path_style = true

  default_tags {
    tags = { "mlops:project" = "rows" }
  }
}

variable "importing" {
  description = "Whether to plan the import of what exists into an empty state."
  type        = bool
  default     = false
}

variable "edition" {
  description = "What the second apply changes."
  type        = number
  default     = 1
}

locals {
  account = "000000000000"
}

resource "aws_s3_bucket" "this" {
  bucket        = "rows-slow-bucket"
  force_destroy = true
}

resource "aws_s3_bucket_lifecycle_configuration" "this" {
  bucket = aws_s3_bucket.this.id

  rule {
    id     = "old-jobs"
    status = "Enabled"

    filter {
      prefix = "jobs/"
    }

    expiration {
      days = 30 * var.edition
    }
  }

  rule {
    id     = "old-versions"
    status = "Enabled"

    filter {}

    noncurrent_version_expiration {
      noncurrent_days = 90
    }

    abort_incomplete_multipart_upload {
      days_after_initiation = 7
    }
  }
}

resource "aws_sqs_queue" "dead_letters" {
  name = "rows-dead-letters"
}

resource "aws_sqs_queue" "this" {
  name                       = "rows-queue"
  visibility_timeout_seconds = 30 * var.edition
}

resource "aws_sqs_queue_policy" "this" {
  queue_url = aws_sqs_queue.this.id
  policy = jsonencode({
    Version = "2012-10-17"
    Statement = [{
      Effect    = "Allow"
      Principal = { Service = "sns.amazonaws.com" }
      Action    = "sqs:SendMessage"
      Resource  = aws_sqs_queue.this.arn
    }]
  })
}

resource "aws_sqs_queue_redrive_policy" "this" {
  queue_url = aws_sqs_queue.this.id
  redrive_policy = jsonencode({
    deadLetterTargetArn = aws_sqs_queue.dead_letters.arn
    maxReceiveCount     = 2 + var.edition
  })
}

resource "aws_kms_key" "this" {
  description             = "Edition ${var.edition}"
  deletion_window_in_days = 7
  enable_key_rotation     = true
  policy = jsonencode({
    Version = "2012-10-17"
    Statement = [{
      Sid       = "Edition${var.edition}"
      Effect    = "Allow"
      Principal = { AWS = "arn:aws:iam::${local.account}:root" }
      Action    = "kms:*"
      Resource  = "*"
    }]
  })
}

resource "aws_iam_service_linked_role" "this" {
  aws_service_name = "sagemaker.application-autoscaling.amazonaws.com"
  description      = "Edition ${var.edition}"
}

resource "aws_budgets_budget" "this" {
  name         = "rows-budget"
  budget_type  = "COST"
  limit_amount = "${100 * var.edition}.0"
  limit_unit   = "USD"
  time_unit    = "MONTHLY"

  notification {
    comparison_operator        = "GREATER_THAN"
    threshold                  = 80 + var.edition
    threshold_type             = "PERCENTAGE"
    notification_type          = "FORECASTED"
    subscriber_email_addresses = ["someone@example.com"]
  }
}

import {
  for_each = var.importing ? toset(["rows-slow-bucket"]) : []
  to       = aws_s3_bucket_lifecycle_configuration.this
  id       = each.value
}

import {
  for_each = var.importing ? toset(["${local.account}:rows-budget"]) : []
  to       = aws_budgets_budget.this
  id       = each.value
}

import {
  for_each = var.importing ? toset(["arn:aws:iam::${local.account}:role/aws-service-role/sagemaker.application-autoscaling.amazonaws.com/AWSServiceRoleForApplicationAutoScaling_SageMakerEndpoint"]) : []
  to       = aws_iam_service_linked_role.this
  id       = each.value
}
