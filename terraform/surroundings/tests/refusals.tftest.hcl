mock_provider "aws" {}

variables {
  endpoint_name  = "iris"
  instance_count = 2
  instance_type  = "ml.m5.xlarge"
  region         = "us-east-1"
  release_ids    = ["r-20260101-120000-aaaaaa", "r-20260102-120000-bbbbbb"]
}

run "endpoint_name_with_an_underscore_is_refused" {
  command = plan

  variables {
    endpoint_name = "iris_model"
  }

  expect_failures = [var.endpoint_name]
}

run "half_an_instance_is_refused" {
  command = plan

  variables {
    instance_count = 1.5
  }

  expect_failures = [var.instance_count]
}

run "instance_type_of_another_service_is_refused" {
  command = plan

  variables {
    instance_type = "m5.large"
  }

  expect_failures = [var.instance_type]
}

run "unknown_region_is_refused" {
  command = plan

  variables {
    region = "Ireland"
  }

  expect_failures = [var.region]
}

run "release_id_with_a_space_is_refused" {
  command = plan

  variables {
    release_ids = ["my release"]
  }

  expect_failures = [var.release_ids]
}

run "unknown_cores_of_the_instance_type_are_refused" {
  command = plan

  variables {
    dashboard     = {}
    instance_type = "ml.t2.medium"
  }

  expect_failures = [var.vcpus]
}
