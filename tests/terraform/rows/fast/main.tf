terraform {
  required_version = ">= 1.10"

  required_providers {
    aws = {
      source  = "hashicorp/aws"
      version = "5.100.0"
    }
  }

  backend "s3" {}
}

provider "aws" {
  region            = "us-east-1"
  s3_use_path_style = true

  default_tags {
    tags = { "mlops:project" = "rows" }
  }
}

variable "importing" {
  description = "Whether to plan the import of what exists into an empty state."
  type        = bool
  default     = false
}

variable "edition" {
  description = "What the second apply changes."
  type        = number
  default     = 1
}

variable "handler_zip" {
  description = "Code of the function."
  type        = string
}

locals {
  account = "000000000000"
}
