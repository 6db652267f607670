mock_provider "aws" {
  mock_data "aws_iam_policy_document" {
    defaults = {
      json = "{}"
    }
  }
}

variables {
  bucket      = "mlops-staging-000000000000-us-east-1"
  kms_key_arn = "arn:aws:kms:us-east-1:000000000000:key/11111111-2222-3333-4444-555555555555"
}

run "bucket_is_private_versioned_and_encrypted_with_the_key" {
  command = plan

  assert {
    condition     = one(aws_s3_bucket_versioning.this.versioning_configuration).status == "Enabled"
    error_message = "Every object should keep its versions."
  }

  assert {
    condition     = one(one(aws_s3_bucket_server_side_encryption_configuration.this.rule).apply_server_side_encryption_by_default).kms_master_key_id == var.kms_key_arn
    error_message = "Objects should be encrypted with the given key by default."
  }

  assert {
    condition     = one(aws_s3_bucket_ownership_controls.this.rule).object_ownership == "BucketOwnerEnforced"
    error_message = "Access control lists should be off."
  }

  assert {
    condition = alltrue([
      aws_s3_bucket_public_access_block.this.block_public_acls,
      aws_s3_bucket_public_access_block.this.block_public_policy,
      aws_s3_bucket_public_access_block.this.ignore_public_acls,
      aws_s3_bucket_public_access_block.this.restrict_public_buckets,
    ])
    error_message = "Public access should be blocked in all four ways."
  }

  assert {
    condition     = !aws_s3_bucket.this.force_destroy && length(aws_s3_bucket_lifecycle_configuration.this) + length(aws_s3_bucket_logging.this) == 0
    error_message = "Nothing should be deleted or logged unless it is asked for."
  }
}

run "expiry_touches_captured_traffic_and_lease_versions_only" {
  command = plan

  variables {
    retention_days = { capture = 30, lease_versions = 7 }
  }

  assert {
    condition = { for rule in aws_s3_bucket_lifecycle_configuration.this[0].rule : rule.filter[0].prefix => length(rule.expiration) + length(rule.noncurrent_version_expiration)
      if length(rule.expiration) + length(rule.noncurrent_version_expiration) > 0 } == {
      "capture/" = 2
      "leases/"  = 1
    }
    error_message = "Only capture/ and leases/ should have rules that expire anything."
  }
}

run "accesses_are_logged_where_asked" {
  command = plan

  variables {
    log_bucket = "mlops-staging-logs-000000000000-us-east-1"
  }

  assert {
    condition     = aws_s3_bucket_logging.this[0].target_bucket == var.log_bucket && aws_s3_bucket_logging.this[0].target_prefix == "access-logs/${var.bucket}/"
    error_message = "Accesses should be logged below the name of the bucket."
  }
}

run "policy_only_denies" {
  command = apply

  override_resource {
    target = aws_s3_bucket.this
    values = {
      arn = "arn:aws:s3:::mlops-staging-000000000000-us-east-1"
    }
  }

  assert {
    condition     = alltrue([for s in data.aws_iam_policy_document.bucket.statement : s.effect == "Deny"])
    error_message = "The bucket policy should grant nothing."
  }

  assert {
    condition = [for s in data.aws_iam_policy_document.bucket.statement : "${join(" ", sort(s.actions))} ${join(" ", s.resources)}" if length(s.condition) == 0] == [
      "s3:DeleteObject s3:DeleteObjectVersion arn:aws:s3:::mlops-staging-000000000000-us-east-1/artifacts/*"
    ]
    error_message = "Deleting artifacts should be the only thing that is denied to everybody."
  }

  assert {
    condition = toset(flatten([for s in data.aws_iam_policy_document.bucket.statement : [for c in s.condition : "${c.test} ${c.variable} ${join(" ", c.values)}"] if s.sid == "DenyOverwritingArtifacts"])) == toset([
      "Bool s3:ObjectCreationOperation true", "Null s3:if-none-match true"
    ])
    error_message = "An artifact should only be created where there is none."
  }
}
