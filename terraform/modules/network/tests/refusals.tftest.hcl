mock_provider "aws" {
  mock_data "aws_iam_policy_document" {
    defaults = {
      json = "{}"
    }
  }
}

variables {
  account_id         = "000000000000"
  availability_zones = ["us-east-1a", "us-east-1b"]
  name               = "mlops-staging"
  region             = "us-east-1"
}

run "bad_values_are_refused" {
  command = plan

  variables {
    account_id          = "123"
    availability_zones  = ["us-east-1a"]
    cidr_block          = "10.0.0.0/8"
    flow_log_bucket_arn = "arn:aws:s3:::bucket/path"
    name                = "no spaces please"
  }

  expect_failures = [
    var.account_id,
    var.availability_zones,
    var.cidr_block,
    var.flow_log_bucket_arn,
    var.name,
  ]
}

run "same_zone_twice_is_refused" {
  command = plan

  variables {
    availability_zones = ["us-east-1a", "us-east-1a"]
  }

  expect_failures = [var.availability_zones]
}

run "zones_of_another_region_are_refused" {
  command = plan

  variables {
    availability_zones = ["eu-west-1a", "eu-west-1b"]
  }

  expect_failures = [var.availability_zones]
}

run "region_that_is_none_is_refused" {
  command = plan

  variables {
    region = "Ireland"
  }

  expect_failures = [var.region]
}
