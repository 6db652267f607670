terraform {
  required_version = ">= 1.10.0"

  required_providers {
    aws = {
      source  = "hashicorp/aws"
      version = "5.100.0"
    }
  }

  # Bucket, key and region come from -backend-config: one state per account.
  backend "s3" {
    encrypt      = true
    use_lockfile = true
  }
}
