# Who did what in the account: management calls of every region, and calls on the named objects.
resource "aws_cloudtrail" "this" {
  #checkov:skip=CKV_AWS_252: the log bucket keeps the trail, nothing waits for new files (owner: platform)
  #checkov:skip=CKV2_AWS_10: alarms on the trail belong to the account's own security tooling (owner: platform)
  name                          = var.name
  s3_bucket_name                = var.log_bucket
  s3_key_prefix                 = "cloudtrail"
  enable_log_file_validation    = true
  include_global_service_events = true
  is_multi_region_trail         = true
  kms_key_id                    = var.kms_key_arn

  advanced_event_selector {
    name = "Management calls"

    field_selector {
      field  = "eventCategory"
      equals = ["Management"]
    }
  }

  dynamic "advanced_event_selector" {
    for_each = length(var.object_arn_prefixes) > 0 ? [sort(var.object_arn_prefixes)] : []

    content {
      name = "Object calls"

      field_selector {
        field  = "eventCategory"
        equals = ["Data"]
      }

      field_selector {
        field  = "resources.type"
        equals = ["AWS::S3::Object"]
      }

      field_selector {
        field       = "resources.ARN"
        starts_with = advanced_event_selector.value
      }
    }
  }
}
