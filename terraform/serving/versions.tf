terraform {
  required_version = ">= 1.10"

  required_providers {
    aws = {
      source  = "hashicorp/aws"
      version = "5.100.0"
    }
  }

  # Bucket, key and region are given by -backend-config: one state per model and environment.
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
