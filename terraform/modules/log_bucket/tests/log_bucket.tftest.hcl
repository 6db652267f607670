mock_provider "aws" {
  mock_data "aws_iam_policy_document" {
    defaults = {
      json = "{}"
    }
  }

  mock_data "aws_partition" {
    defaults = {
      dns_suffix         = "amazonaws.com"
      partition          = "aws"
      reverse_dns_prefix = "com.amazonaws"
    }
  }
}

variables {
  account_id = "000000000000"
  bucket     = "mlops-staging-logs-000000000000-us-east-1"
}

run "services_of_the_account_write_below_their_own_prefixes" {
  command = plan

  assert {
    condition = { for s in data.aws_iam_policy_document.bucket.statement : one(flatten([for p in s.principals : tolist(p.identifiers)])) => one(s.resources) if startswith(s.sid, "Write") } == {
      "cloudtrail.amazonaws.com"    = "arn:aws:s3:::mlops-staging-logs-000000000000-us-east-1/cloudtrail/*"
      "delivery.logs.amazonaws.com" = "arn:aws:s3:::mlops-staging-logs-000000000000-us-east-1/flow-logs/*"
      "logging.s3.amazonaws.com"    = "arn:aws:s3:::mlops-staging-logs-000000000000-us-east-1/access-logs/*"
    }
    error_message = "Each service should have a prefix of its own."
  }

  assert {
    condition     = alltrue([for s in data.aws_iam_policy_document.bucket.statement : one([for c in s.condition : one(c.values) if c.variable == "aws:SourceAccount"]) == "000000000000" if s.effect == "Allow"])
    error_message = "Services should write on behalf of the own account only."
  }

  assert {
    condition = alltrue([
      aws_s3_bucket_public_access_block.this.block_public_acls,
      aws_s3_bucket_public_access_block.this.block_public_policy,
      aws_s3_bucket_public_access_block.this.ignore_public_acls,
      aws_s3_bucket_public_access_block.this.restrict_public_buckets,
      one(aws_s3_bucket_versioning.this.versioning_configuration).status == "Enabled",
      one(aws_s3_bucket_ownership_controls.this.rule).object_ownership == "BucketOwnerEnforced",
    ])
    error_message = "The bucket should be private and versioned."
  }

  assert {
    condition     = one(one(aws_s3_bucket_server_side_encryption_configuration.this.rule).apply_server_side_encryption_by_default).sse_algorithm == "AES256"
    error_message = "S3 delivers access logs to buckets with S3's own key only."
  }

  assert {
    condition     = length(aws_s3_bucket_lifecycle_configuration.this) == 0 && !aws_s3_bucket.this.force_destroy
    error_message = "Nothing should be deleted unless it is asked for."
  }
}

run "logs_expire_when_asked" {
  command = plan

  variables {
    retention_days = 365
  }

  assert {
    condition     = one(one(aws_s3_bucket_lifecycle_configuration.this[0].rule).expiration).days == 365
    error_message = "Logs should be kept as long as asked."
  }
}
