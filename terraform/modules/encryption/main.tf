data "aws_partition" "current" {}

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
