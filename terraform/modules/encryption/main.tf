data "aws_iam_policy_document" "key" {
  #checkov:skip=CKV_AWS_109: in a key policy * is the key itself (owner: platform)
  #checkov:skip=CKV_AWS_111: in a key policy * is the key itself (owner: platform)
  #checkov:skip=CKV_AWS_356: in a key policy * is the key itself (owner: platform)
  # Without it nobody could ever change the key again; who may use it is said in IAM.
  statement {
    sid       = "AccountDecides"
    actions   = ["kms:*"]
    resources = ["*"] # in a key policy this is the key itself

    principals {
      type        = "AWS"
      identifiers = ["arn:${var.partition}:iam::${var.account_id}:root"]
    }
  }

  # Alarms and event rules publish to the encrypted topic as services, outside IAM.
  statement {
    sid       = "AlarmsAndEventsPublish"
    actions   = ["kms:Decrypt", "kms:GenerateDataKey*"]
    resources = ["*"]

    principals {
      type        = "Service"
      identifiers = ["budgets.amazonaws.com", "cloudwatch.amazonaws.com", "events.amazonaws.com"]
    }

    condition {
      test     = "StringEquals"
      variable = "aws:SourceAccount"
      values   = [var.account_id]
    }
  }

  dynamic "statement" {
    for_each = var.encrypts_trails ? [true] : []

    content {
      sid       = "TrailsEncrypt"
      actions   = ["kms:DescribeKey", "kms:GenerateDataKey*"]
      resources = ["*"]

      principals {
        type        = "Service"
        identifiers = ["cloudtrail.amazonaws.com"]
      }

      condition {
        test     = "StringLike"
        variable = "aws:SourceArn"
        values   = ["arn:${var.partition}:cloudtrail:*:${var.account_id}:trail/*"]
      }
    }
  }
}

resource "aws_kms_key" "this" {
  description             = "Artifacts, notifications, volumes and job outputs of ${var.alias}"
  deletion_window_in_days = var.deletion_window_days
  enable_key_rotation     = var.rotation
}

# A resource of its own: everything that needs only the key's ARN need not wait for the policy.
resource "aws_kms_key_policy" "this" {
  key_id = aws_kms_key.this.key_id
  policy = data.aws_iam_policy_document.key.json
}

resource "aws_kms_alias" "this" {
  name          = "alias/${var.alias}"
  target_key_id = aws_kms_key.this.key_id
}
