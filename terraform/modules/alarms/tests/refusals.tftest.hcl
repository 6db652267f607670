mock_provider "aws" {}

variables {
  endpoint_name = "iris"
  vcpus         = 2
}

run "drift_metric_without_namespace_is_refused" {
  command = plan

  variables {
    drift_metric = { namespace = "" }
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

run "quality_metric_without_name_is_refused" {
  command = plan

  variables {
    quality_metric = { metric_name = "" }
  }

  expect_failures = [var.quality_metric]
}

run "rollback_by_an_alarm_that_is_off_is_refused" {
  command = plan

  variables {
    rollback = { alarms = ["data_drift"] }
  }

  expect_failures = [var.rollback]
}

run "suppressor_without_name_is_refused" {
  command = plan

  variables {
    rollback = { suppressor = { alarm_name = "" } }
  }

  expect_failures = [var.rollback]
}

run "suppressor_that_waits_backwards_is_refused" {
  command = plan

  variables {
    rollback = { suppressor = { alarm_name = "maintenance", wait_s = -1 } }
  }

  expect_failures = [var.rollback]
}

run "severity_of_an_unknown_alarm_is_refused" {
  command = plan

  variables {
    severities = { latency = "info" }
  }

  expect_failures = [var.severities]
}

run "unknown_severity_is_refused" {
  command = plan

  variables {
    severities = { error_rate = "fatal" }
  }

  expect_failures = [var.severities]
}

run "threshold_of_an_unknown_alarm_is_refused" {
  command = plan

  variables {
    thresholds = { latency = 500 }
  }

  expect_failures = [var.thresholds]
}

run "threshold_below_zero_is_refused" {
  command = plan

  variables {
    thresholds = { latency_p95_ms = -1 }
  }

  expect_failures = [var.thresholds]
}

run "minimum_request_count_of_none_is_refused" {
  command = plan

  variables {
    minimum_request_count = 0
  }

  expect_failures = [var.minimum_request_count]
}

run "rate_that_nothing_is_above_is_refused" {
  command = plan

  variables {
    thresholds = { error_rate = 1 }
  }

  expect_failures = [var.thresholds]
}

run "percent_that_nothing_is_above_is_refused" {
  command = plan

  variables {
    thresholds = { memory_percent = 100 }
  }

  expect_failures = [var.thresholds]
}

run "half_a_minute_of_silence_is_refused" {
  command = plan

  variables {
    thresholds = { no_traffic_minutes = 0.5 }
  }

  expect_failures = [var.thresholds]
}

run "two_days_of_silence_is_refused" {
  command = plan

  variables {
    thresholds = { no_traffic_minutes = 2880 }
  }

  expect_failures = [var.thresholds]
}

run "topic_by_name_is_refused" {
  command = plan

  variables {
    topic_arns = { info = "topic" }
  }

  expect_failures = [var.topic_arns]
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

run "latency_that_nobody_waits_for_is_refused" {
  command = plan

  variables {
    thresholds = { latency_p95_ms = 60000 }
  }

  expect_failures = [var.thresholds]
}

run "quality_that_nothing_is_below_is_refused" {
  command = plan

  variables {
    thresholds = { model_quality = 0 }
  }

  expect_failures = [var.thresholds]
}
