data "aws_iam_policy_document" "assume" {
  statement {
    actions = ["sts:AssumeRole"]

    principals {
      type        = "Service"
      identifiers = ["sagemaker.amazonaws.com"]
    }
  }
}

resource "aws_iam_policy" "boundary" {
  name = "rows-boundary"
  policy = jsonencode({
    Version   = "2012-10-17"
    Statement = [{ Effect = "Allow", Action = "sagemaker:*", Resource = "*" }]
  })
}

resource "aws_iam_role" "this" {
  name                 = "rows-identity"
  description          = "Edition ${var.edition}"
  assume_role_policy   = data.aws_iam_policy_document.assume.json
  permissions_boundary = aws_iam_policy.boundary.arn
}

resource "aws_iam_role_policy" "this" {
  name = "rows-inline"
  role = aws_iam_role.this.id
  policy = jsonencode({
    Version   = "2012-10-17"
    Statement = [{ Sid = "Edition${var.edition}", Effect = "Allow", Action = "s3:GetObject", Resource = "*" }]
  })
}

resource "aws_iam_role_policy_attachment" "managed" {
  role       = aws_iam_role.this.name
  policy_arn = "arn:aws:iam::aws:policy/AmazonSageMakerFullAccess"
}

resource "aws_iam_openid_connect_provider" "this" {
  url             = "https://rows.example.com"
  client_id_list  = var.edition == 1 ? ["one"] : ["one", "two"]
  thumbprint_list = ["ffffffffffffffffffffffffffffffffffffffff"]
}

resource "aws_kms_key" "this" {
  description             = "Objects of the rows"
  deletion_window_in_days = 7
}

resource "aws_kms_alias" "this" {
  name          = "alias/rows"
  target_key_id = aws_kms_key.this.key_id
}

resource "aws_s3_bucket" "this" {
  bucket = "rows-bucket"
  tags   = { edition = tostring(var.edition) }
}

resource "aws_s3_bucket_versioning" "this" {
  bucket = aws_s3_bucket.this.id

  versioning_configuration {
    status = "Enabled"
  }
}

resource "aws_s3_bucket_server_side_encryption_configuration" "this" {
  bucket = aws_s3_bucket.this.id

  rule {
    bucket_key_enabled = var.edition == 2

    apply_server_side_encryption_by_default {
      sse_algorithm     = "aws:kms"
      kms_master_key_id = aws_kms_key.this.arn
    }
  }
}

resource "aws_s3_bucket_public_access_block" "this" {
  bucket                  = aws_s3_bucket.this.id
  block_public_acls       = true
  block_public_policy     = true
  ignore_public_acls      = true
  restrict_public_buckets = true
}

resource "aws_s3_bucket_ownership_controls" "this" {
  bucket = aws_s3_bucket.this.id

  rule {
    object_ownership = "BucketOwnerEnforced"
  }
}

resource "aws_s3_bucket" "logs" {
  bucket        = "rows-access-logs"
  force_destroy = true
}

resource "aws_s3_bucket_policy" "logs" {
  bucket = aws_s3_bucket.logs.id
  policy = jsonencode({
    Version = "2012-10-17"
    Statement = [
      {
        Effect    = "Allow"
        Principal = { Service = "logging.s3.amazonaws.com" }
        Action    = "s3:PutObject"
        Resource  = "${aws_s3_bucket.logs.arn}/*"
      },
      {
        Effect    = "Allow"
        Principal = { Service = "cloudtrail.amazonaws.com" }
        Action    = ["s3:GetBucketAcl", "s3:PutObject"]
        Resource  = [aws_s3_bucket.logs.arn, "${aws_s3_bucket.logs.arn}/*"]
      },
    ]
  })
}

resource "aws_s3_bucket_logging" "this" {
  bucket        = aws_s3_bucket.this.id
  target_bucket = aws_s3_bucket_policy.logs.bucket
  target_prefix = "edition-${var.edition}/"
}

resource "aws_s3_bucket_policy" "this" {
  bucket = aws_s3_bucket.this.id
  policy = jsonencode({
    Version = "2012-10-17"
    Statement = [{
      Sid       = "Edition${var.edition}"
      Effect    = "Deny"
      Principal = "*"
      Action    = "s3:*"
      Resource  = [aws_s3_bucket.this.arn, "${aws_s3_bucket.this.arn}/*"]
      Condition = { Bool = { "aws:SecureTransport" = "false" } }
    }]
  })
}

resource "aws_s3_object" "this" {
  bucket  = aws_s3_bucket_policy.this.bucket
  key     = "notes.txt"
  content = "edition ${var.edition}"
}

resource "aws_s3_bucket_notification" "this" {
  bucket      = aws_s3_bucket.this.id
  eventbridge = true
}

resource "aws_cloudtrail" "this" {
  name                          = "rows-trail"
  s3_bucket_name                = aws_s3_bucket_policy.logs.bucket
  include_global_service_events = var.edition == 1
}

import {
  for_each = var.importing ? toset(["rows-identity"]) : []
  to       = aws_iam_role.this
  id       = each.value
}

import {
  for_each = var.importing ? toset(["rows-identity/arn:aws:iam::aws:policy/AmazonSageMakerFullAccess"]) : []
  to       = aws_iam_role_policy_attachment.managed
  id       = each.value
}

import {
  for_each = var.importing ? toset(["arn:aws:iam::${local.account}:oidc-provider/rows.example.com"]) : []
  to       = aws_iam_openid_connect_provider.this
  id       = each.value
}

import {
  for_each = var.importing ? toset(["alias/rows"]) : []
  to       = aws_kms_alias.this
  id       = each.value
}

import {
  for_each = var.importing ? toset(["rows-bucket"]) : []
  to       = aws_s3_bucket_server_side_encryption_configuration.this
  id       = each.value
}

import {
  for_each = var.importing ? toset(["rows-bucket"]) : []
  to       = aws_s3_bucket_notification.this
  id       = each.value
}

import {
  for_each = var.importing ? toset(["arn:aws:cloudtrail:us-east-1:${local.account}:trail/rows-trail"]) : []
  to       = aws_cloudtrail.this
  id       = each.value
}
