terraform {
  required_version = ">= 1.10.0"

  required_providers {
    aws = {
      source  = "hashicorp/aws"
      version = "5.100.0"
    }
  }

  # Bucket, key and region come from -backend-config: one state per model and environment.
  # No `encrypt`: without a key of its own it asks for AES256, in place of the KMS default of the bucket.
  backend "s3" {
    use_lockfile = true
  }
}

provider "aws" {
  region            = var.region
  s3_use_path_style = var.s3_use_path_style

  # An endpoint that answers nothing must end in an error, not in an hour of retries.
  max_retries = 5

  default_tags {
    tags = var.tags
  }
}
