mock_provider "aws" {}

variables {
  kms_key_arn = "arn:aws:kms:us-east-1:000000000000:key/11111111-2222-3333-4444-555555555555"
  log_bucket  = "mlops-logs-000000000000-us-east-1"
  name        = "mlops-audit"
}

run "trail_covers_all_regions_and_can_be_verified" {
  command = plan

  assert {
    condition     = aws_cloudtrail.this.enable_log_file_validation && aws_cloudtrail.this.is_multi_region_trail && aws_cloudtrail.this.include_global_service_events
    error_message = "The trail should cover everything and notice changed files."
  }

  assert {
    condition     = aws_cloudtrail.this.kms_key_id == var.kms_key_arn && aws_cloudtrail.this.s3_key_prefix == "cloudtrail"
    error_message = "The trail should be encrypted with the key and stay below its prefix."
  }

  assert {
    condition     = [for selector in aws_cloudtrail.this.advanced_event_selector : selector.name] == ["Management calls"]
    error_message = "Object calls should be recorded for named buckets only."
  }
}

run "calls_on_named_objects_are_recorded" {
  command = plan

  variables {
    object_arn_prefixes = ["arn:aws:s3:::mlops-"]
  }

  assert {
    condition     = one(flatten([for selector in aws_cloudtrail.this.advanced_event_selector : [for field in selector.field_selector : field.starts_with if field.field == "resources.ARN"]])) == "arn:aws:s3:::mlops-"
    error_message = "Reads and writes of the objects should be recorded."
  }
}
