mock_provider "aws" {}

variables {
  deployment = {
    alarm_names = ["iris-r-20260102-120000-bbbbbb-n2-errors", "iris-r-20260102-120000-bbbbbb-n2-latency"]
  }

  endpoint_configs = {
    r-20260101-120000-aaaaaa-n1 = { instance_count = 1, release = "r-20260101-120000-aaaaaa" }
    r-20260102-120000-bbbbbb-n2 = { instance_count = 2, release = "r-20260102-120000-bbbbbb" }
  }

  endpoint_name = "iris"
  live_config   = "r-20260102-120000-bbbbbb-n2"

  releases = {
    r-20260101-120000-aaaaaa = {
      artifact_sha256       = "aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa"
      artifact_uri          = "s3://mlops/artifacts/a/model.tar.gz"
      container_environment = { SAGEMAKER_PROGRAM = "inference.py" }
      execution_role_arn    = "arn:aws:iam::000000000000:role/execution"
      image_uri             = "683313688378.dkr.ecr.us-east-1.amazonaws.com/sagemaker-scikit-learn:1.9-0-cpu-py3"
      instance_type         = "ml.t2.medium"
      model_package_arn     = "arn:aws:sagemaker:us-east-1:000000000000:model-package/iris/1"
      network_isolation     = true
      rollback_alarms       = { error_rate = 0.01, latency_p95_ms = 500 }
      security_group_ids    = []
      startup_timeout_s     = 300
      subnet_ids            = []
    }
    r-20260102-120000-bbbbbb = {
      artifact_sha256       = "bbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbb"
      artifact_uri          = "s3://mlops/artifacts/b/model.tar.gz"
      container_environment = { SAGEMAKER_PROGRAM = "inference.py" }
      data_capture          = { destination_uri = "s3://mlops/capture", percentage = 50 }
      execution_role_arn    = "arn:aws:iam::000000000000:role/execution"
      image_uri             = "683313688378.dkr.ecr.us-east-1.amazonaws.com/sagemaker-scikit-learn:1.9-0-cpu-py3"
      instance_type         = "ml.m5.xlarge"
      kms_key_arn           = "arn:aws:kms:us-east-1:000000000000:key/11111111-2222-3333-4444-555555555555"
      model_package_arn     = "arn:aws:sagemaker:us-east-1:000000000000:model-package/iris/2"
      network_isolation     = true
      rollback_alarms       = { error_rate = 0.01, latency_p95_ms = 300 }
      security_group_ids    = ["sg-1"]
      startup_timeout_s     = 300
      subnet_ids            = ["subnet-1"]
    }
  }
}

run "no_rollback_alarm_is_refused" {
  command = plan

  variables {
    deployment = { alarm_names = [] }
  }

  expect_failures = [var.deployment]
}

run "batch_of_less_than_a_twentieth_is_refused" {
  command = plan

  variables {
    deployment = { alarm_names = ["a"], step_percentage = 4, strategy = "rolling" }
  }

  expect_failures = [var.deployment]
}

run "termination_wait_of_a_rolling_move_is_refused" {
  command = plan

  variables {
    deployment = { alarm_names = ["a"], step_percentage = 50, strategy = "rolling", termination_wait_s = 60 }
  }

  expect_failures = [var.deployment]
}

run "unknown_strategy_is_refused" {
  command = plan

  variables {
    deployment = { alarm_names = ["a"], step_percentage = 20, strategy = "sideways" }
  }

  expect_failures = [var.deployment]
}

run "canary_of_sixty_percent_is_refused" {
  command = plan

  variables {
    deployment = { alarm_names = ["a"], strategy = "canary", step_percentage = 60 }
  }

  expect_failures = [var.deployment]
}

run "timeout_of_a_minute_is_refused" {
  command = plan

  variables {
    deployment = { alarm_names = ["a"], maximum_execution_timeout_s = 60 }
  }

  expect_failures = [var.deployment]
}

run "wait_of_a_day_is_refused" {
  command = plan

  variables {
    deployment = { alarm_names = ["a"], termination_wait_s = 86400 }
  }

  expect_failures = [var.deployment]
}

run "wait_between_no_steps_is_refused" {
  command = plan

  variables {
    deployment = { wait_interval_s = 60 }
  }

  expect_failures = [var.deployment]
}

run "no_config_is_refused" {
  command = plan

  variables {
    endpoint_configs = {}
  }

  expect_failures = [var.endpoint_configs]
}

run "config_of_an_unknown_release_is_refused" {
  command = plan

  variables {
    endpoint_configs = { r-20260102-120000-bbbbbb-n2 = { instance_count = 1, release = "r-3" } }
  }

  expect_failures = [var.endpoint_configs]
}

run "half_an_instance_is_refused" {
  command = plan

  variables {
    endpoint_configs = { r-20260102-120000-bbbbbb-n2 = { instance_count = 0.5, release = "r-20260102-120000-bbbbbb" } }
  }

  expect_failures = [var.endpoint_configs]
}

run "config_key_with_a_dot_is_refused" {
  command = plan

  variables {
    endpoint_configs = { "r-20260102-120000-bbbbbb-n2" = { instance_count = 1, release = "r-20260102-120000-bbbbbb" }, "a.b" = { instance_count = 1, release = "r-20260102-120000-bbbbbb" } }
  }

  expect_failures = [var.endpoint_configs]
}

run "config_name_that_is_too_long_is_refused" {
  command = plan

  variables {
    endpoint_configs = { "r-20260102-120000-bbbbbb-n2" = { instance_count = 1, release = "r-20260102-120000-bbbbbb" }, "r-20260102-120000-bbbbbb-with-far-too-many-instances-n1234567" = { instance_count = 1, release = "r-20260102-120000-bbbbbb" } }
  }

  expect_failures = [var.endpoint_configs]
}

run "endpoint_name_with_a_space_is_refused" {
  command = plan

  variables {
    endpoint_name = "my endpoint"
  }

  expect_failures = [var.endpoint_name]
}

run "live_config_that_is_no_key_is_refused" {
  command = plan

  variables {
    live_config = "r-20260103-120000-cccccc-n1"
  }

  expect_failures = [var.live_config]
}

run "release_id_with_a_dot_is_refused" {
  command = plan

  variables {
    releases = merge(var.releases, { "r.3" = var.releases["r-20260101-120000-aaaaaa"] })
  }

  expect_failures = [var.releases]
}

run "release_id_that_is_too_long_is_refused" {
  command = plan

  variables {
    releases = merge(var.releases, { r-20260103-120000-cccccc-of-a-model-with-a-name-beyond-all-bounds = var.releases["r-20260101-120000-aaaaaa"] })
  }

  expect_failures = [var.releases]
}

run "digest_that_is_too_short_is_refused" {
  command = plan

  variables {
    releases = merge(var.releases, { bad = merge(var.releases["r-20260101-120000-aaaaaa"], { artifact_sha256 = "abc" }) })
  }

  expect_failures = [var.releases]
}

run "artifact_on_a_disk_is_refused" {
  command = plan

  variables {
    releases = merge(var.releases, { bad = merge(var.releases["r-20260101-120000-aaaaaa"], { artifact_uri = "file:///model.tar.gz" }) })
  }

  expect_failures = [var.releases]
}

run "instance_type_of_ec2_is_refused" {
  command = plan

  variables {
    releases = merge(var.releases, { bad = merge(var.releases["r-20260101-120000-aaaaaa"], { instance_type = "m5.large" }) })
  }

  expect_failures = [var.releases]
}

run "startup_in_a_second_is_refused" {
  command = plan

  variables {
    releases = merge(var.releases, { bad = merge(var.releases["r-20260101-120000-aaaaaa"], { startup_timeout_s = 1 }) })
  }

  expect_failures = [var.releases]
}

run "subnets_without_a_security_group_is_refused" {
  command = plan

  variables {
    releases = merge(var.releases, { bad = merge(var.releases["r-20260101-120000-aaaaaa"], { subnet_ids = ["subnet-1"] }) })
  }

  expect_failures = [var.releases]
}

run "capture_of_more_than_all_is_refused" {
  command = plan

  variables {
    releases = merge(var.releases, { bad = merge(var.releases["r-20260101-120000-aaaaaa"], { data_capture = { destination_uri = "s3://mlops/capture", percentage = 101 } }) })
  }

  expect_failures = [var.releases]
}

run "rollback_alarm_below_zero_is_refused" {
  command = plan

  variables {
    releases = merge(var.releases, { bad = merge(var.releases["r-20260101-120000-aaaaaa"], { rollback_alarms = { error_rate = -0.01, latency_p95_ms = 500 } }) })
  }

  expect_failures = [var.releases]
}

run "no_release_is_refused" {
  command = plan

  variables {
    releases = {}
  }

  expect_failures = [var.releases]
}

run "variant_name_with_a_space_is_refused" {
  command = plan

  variables {
    variant_name = "the first"
  }

  expect_failures = [var.variant_name]
}

run "same_alarm_twice_is_refused" {
  command = plan

  variables {
    deployment = merge(var.deployment, { alarm_names = ["errors", "errors"] })
  }

  expect_failures = [var.deployment]
}

run "alarm_without_a_name_is_refused" {
  command = plan

  variables {
    deployment = merge(var.deployment, { alarm_names = [""] })
  }

  expect_failures = [var.deployment]
}

run "image_with_a_space_is_refused" {
  command = plan

  variables {
    releases = merge(var.releases, { bad = merge(var.releases["r-20260101-120000-aaaaaa"], { image_uri = "the newest image" }) })
  }

  expect_failures = [var.releases]
}

run "model_package_that_no_tag_can_hold_is_refused" {
  command = plan

  variables {
    releases = merge(var.releases, { bad = merge(var.releases["r-20260101-120000-aaaaaa"], { model_package_arn = "iris, the first" }) })
  }

  expect_failures = [var.releases]
}

run "rollback_alarm_that_no_error_rate_is_above_is_refused" {
  command = plan

  variables {
    releases = merge(var.releases, { bad = merge(var.releases["r-20260101-120000-aaaaaa"], { rollback_alarms = { error_rate = 1, latency_p95_ms = 500 } }) })
  }

  expect_failures = [var.releases]
}

run "rollback_alarm_on_latency_that_nobody_waits_for_is_refused" {
  command = plan

  variables {
    releases = merge(var.releases, { bad = merge(var.releases["r-20260101-120000-aaaaaa"], { rollback_alarms = { error_rate = 0.01, latency_p95_ms = 60000 } }) })
  }

  expect_failures = [var.releases]
}

run "rollback_alarm_without_a_request_is_refused" {
  command = plan

  variables {
    releases = merge(var.releases, { bad = merge(var.releases["r-20260101-120000-aaaaaa"], { rollback_alarms = { error_rate = 0.01, latency_p95_ms = 500, minimum_request_count = 0 } }) })
  }

  expect_failures = [var.releases]
}
