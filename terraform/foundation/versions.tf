terraform {
  required_version = ">= 1.10.0"

  required_providers {
    aws = {
      source  = "hashicorp/aws"
      version = "5.100.0"
    }
  }

  # Bucket, key and region come from -backend-config: one state per root and environment.
  # No `encrypt`: without a key of its own it asks for AES256, in place of the KMS default of the bucket.
  backend "s3" {
    use_lockfile = true
  }
}
