output "bucket" {
  description = "Name of the bucket, known once services may write to it."
  value       = aws_s3_bucket.this.bucket

  depends_on = [
    aws_s3_bucket_ownership_controls.this,
    aws_s3_bucket_policy.this,
    aws_s3_bucket_public_access_block.this,
    aws_s3_bucket_server_side_encryption_configuration.this,
    aws_s3_bucket_versioning.this,
  ]
}

output "bucket_arn" {
  description = "ARN of the bucket, known once services may write to it."
  value       = local.bucket_arn # from the name, so that it is known while planning

  depends_on = [aws_s3_bucket_policy.this]
}
