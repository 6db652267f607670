data "aws_partition" "current" {}

# No KMS here: S3 does not deliver its access logs to a bucket with a key of its own
# ("Enabling Amazon S3 server access logging" in the S3 user guide). CloudTrail encrypts by itself.
resource "aws_s3_bucket" "this" {
  #checkov:skip=CKV_AWS_145: S3 delivers no access logs to buckets encrypted with KMS (owner: platform)
  #checkov:skip=CKV_AWS_18: the log bucket would log its own logging for ever (owner: platform)
  #checkov:skip=CKV_AWS_144: logs live in the region of what they tell about (owner: platform)
  #checkov:skip=CKV2_AWS_62: nothing waits for new log files (owner: platform)
  bucket        = var.bucket
  force_destroy = var.force_destroy
}

resource "aws_s3_bucket_versioning" "this" {
  bucket = aws_s3_bucket.this.bucket

  versioning_configuration {
    status = "Enabled"
  }
}

resource "aws_s3_bucket_server_side_encryption_configuration" "this" {
  bucket = aws_s3_bucket.this.bucket

  rule {
    apply_server_side_encryption_by_default {
      sse_algorithm = "AES256"
    }
  }
}

resource "aws_s3_bucket_ownership_controls" "this" {
  bucket = aws_s3_bucket.this.bucket

  rule {
    object_ownership = "BucketOwnerEnforced"
  }
}

resource "aws_s3_bucket_public_access_block" "this" {
  bucket = aws_s3_bucket.this.bucket

  block_public_acls       = true
  block_public_policy     = true
  ignore_public_acls      = true
  restrict_public_buckets = true
}

resource "aws_s3_bucket_policy" "this" {
  bucket = aws_s3_bucket.this.bucket
  policy = data.aws_iam_policy_document.bucket.json

  # S3 answers OperationAborted when both are changed at the same time.
  depends_on = [aws_s3_bucket_public_access_block.this]
}

resource "aws_s3_bucket_lifecycle_configuration" "this" {
  count = var.retention_days == null ? 0 : 1

  bucket = aws_s3_bucket.this.bucket

  rule {
    id     = "expire-logs"
    status = "Enabled"

    filter {}

    abort_incomplete_multipart_upload {
      days_after_initiation = 7
    }

    expiration {
      days = var.retention_days
    }

    noncurrent_version_expiration {
      noncurrent_days = 1
    }
  }

  depends_on = [aws_s3_bucket_versioning.this]
}
