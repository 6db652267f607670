mock_provider "aws" {}

variables {
  endpoint_name = "iris"
  region        = "eu-west-1"
  vcpus         = 2
}

run "alarm_by_name_is_refused" {
  command = plan

  variables {
    alarm_arns = ["iris/error_rate"]
  }

  expect_failures = [var.alarm_arns]
}

run "drift_metric_without_name_is_refused" {
  command = plan

  variables {
    drift_metric = { metric_name = "" }
  }

  expect_failures = [var.drift_metric]
}

run "endpoint_name_that_ends_in_a_hyphen_is_refused" {
  command = plan

  variables {
    endpoint_name = "iris-"
  }

  expect_failures = [var.endpoint_name]
}

run "quality_metric_with_a_colon_is_refused" {
  command = plan

  variables {
    quality_metric = { namespace = "a:b" }
  }

  expect_failures = [var.quality_metric]
}

run "unknown_region_is_refused" {
  command = plan

  variables {
    region = "Ireland"
  }

  expect_failures = [var.region]
}

run "release_at_a_local_time_is_refused" {
  command = plan

  variables {
    releases = { r-1 = "2027-01-31T08:00:00+01:00" }
  }

  expect_failures = [var.releases]
}

run "release_on_a_day_is_refused" {
  command = plan

  variables {
    releases = { r-1 = "2027-01-31" }
  }

  expect_failures = [var.releases]
}

run "release_id_with_a_space_is_refused" {
  command = plan

  variables {
    releases = { "r 1" = "2027-01-31T08:00:00Z" }
  }

  expect_failures = [var.releases]
}

run "threshold_of_an_unknown_alarm_is_refused" {
  command = plan

  variables {
    thresholds = { latency = 500 }
  }

  expect_failures = [var.thresholds]
}

run "variant_name_with_a_space_is_refused" {
  command = plan

  variables {
    variant_name = "the first"
  }

  expect_failures = [var.variant_name]
}

run "half_a_core_is_refused" {
  command = plan

  variables {
    vcpus = 0.5
  }

  expect_failures = [var.vcpus]
}
