mock_provider "aws" {}

variables {
  endpoint_name = "iris-staging"
  live_release  = "first"
  region        = "us-east-1"

  releases = {
    first = {
      artifact_sha256    = "aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa"
      artifact_uri       = "s3://our-models/first/model.tar.gz"
      image_uri          = "683313688378.dkr.ecr.us-east-1.amazonaws.com/sagemaker-scikit-learn:1.9-0-cpu-py3"
      role_arn           = "arn:aws:iam::111122223333:role/our-sagemaker-role"
      security_group_ids = ["sg-0123456789abcdef0"]
      subnet_ids         = ["subnet-0123456789abcdef0", "subnet-0fedcba9876543210"]
    }
  }
}

run "endpoint_name_that_ends_in_a_hyphen_is_refused" {
  command = plan

  variables {
    endpoint_name = "iris-"
  }

  expect_failures = [var.endpoint_name]
}

run "endpoint_name_without_room_for_a_release_is_refused" {
  command = plan

  variables {
    endpoint_name = "iiiiiiiiiiiiiiiiiiiiiiiiiiiiiiiiiiiiiiiii"
  }

  expect_failures = [var.endpoint_name]
}

run "live_release_that_is_none_is_refused" {
  command = plan

  variables {
    live_release = "second"
  }

  expect_failures = [var.live_release]
}

run "unknown_region_is_refused" {
  command = plan

  variables {
    region = "Ireland"
  }

  expect_failures = [var.region]
}

run "name_of_a_release_that_is_too_long_is_refused" {
  command = plan

  variables {
    live_release = "rrrrrrrrrrrrrrrrrrrr"
    releases     = { rrrrrrrrrrrrrrrrrrrr = var.releases.first }
  }

  expect_failures = [var.releases]
}

run "user_in_place_of_a_role_is_refused" {
  command = plan

  variables {
    releases = { first = merge(var.releases.first, { role_arn = "arn:aws:iam::111122223333:user/someone" }) }
  }

  expect_failures = [var.releases]
}

run "release_without_security_group_is_refused" {
  command = plan

  variables {
    releases = { first = merge(var.releases.first, { security_group_ids = [] }) }
  }

  expect_failures = [var.releases]
}

run "name_in_place_of_a_subnet_is_refused" {
  command = plan

  variables {
    releases = { first = merge(var.releases.first, { subnet_ids = ["private-a"] }) }
  }

  expect_failures = [var.releases]
}
