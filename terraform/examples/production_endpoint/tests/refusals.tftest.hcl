mock_provider "aws" {}

variables {
  endpoint_name = "iris-production"
  live_config   = "r-20270102-080000-aaaaaa-n2"
  region        = "us-east-1"

  endpoint_configs = {
    r-20270102-080000-aaaaaa-n2 = { instance_count = 2, release = "r-20270102-080000-aaaaaa" }
  }

  releases = {
    r-20270102-080000-aaaaaa = {
      artifact_sha256   = "aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa"
      artifact_uri      = "s3://mlops-production-111122223333-us-east-1/artifacts/aaaaaa/model.tar.gz"
      data_capture      = { destination_uri = "s3://mlops-production-111122223333-us-east-1/capture", percentage = 20 }
      image_uri         = "683313688378.dkr.ecr.us-east-1.amazonaws.com/sagemaker-scikit-learn:1.9-0-cpu-py3"
      model_package_arn = "arn:aws:sagemaker:us-east-1:111122223333:model-package/mlops-production-iris/1"
      released_at       = "2027-01-02T08:00:00Z"
      role_arn          = "arn:aws:iam::111122223333:role/mlops-production-sagemaker-execution"
      rollback_alarms   = { latency_p95_ms = 300 }
    }
  }

  subscriptions = {
    on_call = { endpoint = "on-call@example.com", protocol = "email", severities = ["critical"] }
  }

  thresholds = { latency_p95_ms = 300, no_traffic_minutes = null }
}

run "one_instance_is_refused" {
  command = plan

  variables {
    capacity = { min = 1 }
  }

  expect_failures = [var.capacity]
}

run "min_above_max_is_refused" {
  command = plan

  variables {
    capacity = { max = 4, min = 5 }
  }

  expect_failures = [var.capacity]
}

run "config_of_an_unknown_release_is_refused" {
  command = plan

  variables {
    endpoint_configs = { r-20270102-080000-aaaaaa-n2 = { instance_count = 2, release = "r-3" } }
  }

  expect_failures = [var.endpoint_configs]
}

run "config_of_one_instance_is_refused" {
  command = plan

  variables {
    endpoint_configs = { r-20270102-080000-aaaaaa-n2 = { instance_count = 1, release = "r-20270102-080000-aaaaaa" } }
  }

  expect_failures = [var.endpoint_configs]
}

run "endpoint_name_without_room_for_a_release_is_refused" {
  command = plan

  variables {
    endpoint_name = "iiiiiiiiiiiiiiiiiiiiiiiiiiiiiiiiiii"
  }

  expect_failures = [var.endpoint_name]
}

run "live_config_that_is_none_is_refused" {
  command = plan

  variables {
    live_config = "r-20270102-080000-aaaaaa"
  }

  expect_failures = [var.live_config]
}

run "unknown_region_is_refused" {
  command = plan

  variables {
    region = "Ireland"
  }

  expect_failures = [var.region]
}

run "user_in_place_of_a_role_is_refused" {
  command = plan

  variables {
    releases = { r-20270102-080000-aaaaaa = merge(var.releases["r-20270102-080000-aaaaaa"], { role_arn = "arn:aws:iam::111122223333:user/someone" }) }
  }

  expect_failures = [var.releases]
}

run "capture_into_a_folder_is_refused" {
  command = plan

  variables {
    releases = { r-20270102-080000-aaaaaa = merge(var.releases["r-20270102-080000-aaaaaa"], { data_capture = { destination_uri = "/capture", percentage = 20 } }) }
  }

  expect_failures = [var.releases]
}

run "release_of_local_time_is_refused" {
  command = plan

  variables {
    releases = { r-20270102-080000-aaaaaa = merge(var.releases["r-20270102-080000-aaaaaa"], { released_at = "2027-01-02T08:00:00+01:00" }) }
  }

  expect_failures = [var.releases]
}

run "schedule_with_one_instance_is_refused" {
  command = plan

  variables {
    schedules = { night = { max_capacity = 2, min_capacity = 1, schedule = "cron(0 20 * * ? *)" } }
  }

  expect_failures = [var.schedules]
}

run "subscription_by_pigeon_is_refused" {
  command = plan

  variables {
    subscriptions = { team = { endpoint = "loft", protocol = "pigeon" } }
  }

  expect_failures = [var.subscriptions]
}

run "threshold_below_zero_is_refused" {
  command = plan

  variables {
    thresholds = { error_rate = -1 }
  }

  expect_failures = [var.thresholds]
}

run "half_a_vcpu_is_refused" {
  command = plan

  variables {
    vcpus = 0.5
  }

  expect_failures = [var.vcpus]
}
