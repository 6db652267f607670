# Nothing below artifacts/ ever expires: SageMaker fetches it again at every scale-out.
resource "aws_s3_bucket_lifecycle_configuration" "this" {
  count = var.retention_days == null ? 0 : 1

  bucket = aws_s3_bucket.this.bucket

  rule {
    id     = "abort-unfinished-uploads"
    status = "Enabled"

    filter {}

    abort_incomplete_multipart_upload {
      days_after_initiation = 7
    }
  }

  rule {
    id     = "expire-capture"
    status = "Enabled"

    filter {
      prefix = "capture/"
    }

    expiration {
      days = var.retention_days.capture
    }

    noncurrent_version_expiration {
      noncurrent_days = 1
    }
  }

  # A lease is rewritten at every heartbeat; each rewrite leaves a version behind.
  rule {
    id     = "expire-lease-versions"
    status = "Enabled"

    filter {
      prefix = "leases/"
    }

    noncurrent_version_expiration {
      noncurrent_days = var.retention_days.lease_versions
    }
  }

  depends_on = [aws_s3_bucket_versioning.this]
}
