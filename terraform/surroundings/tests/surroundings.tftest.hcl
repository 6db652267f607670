mock_provider "aws" {
  override_during = plan

  mock_resource "aws_appautoscaling_policy" {
    defaults = {
      arn = "arn:aws:autoscaling:us-east-1:000000000000:scalingPolicy:1:resource/sagemaker/endpoint/iris/variant/primary:policyName/iris"
    }
  }

  mock_resource "aws_cloudwatch_metric_alarm" {
    defaults = {
      arn = "arn:aws:cloudwatch:us-east-1:000000000000:alarm:iris/alarm"
    }
  }

  mock_resource "aws_cloudwatch_composite_alarm" {
    defaults = {
      arn = "arn:aws:cloudwatch:us-east-1:000000000000:alarm:iris/rollback"
    }
  }
}

variables {
  endpoint_name  = "iris"
  instance_count = 2
  instance_type  = "ml.m5.xlarge"
  region         = "us-east-1"
  release_ids    = ["r-20260101-120000-aaaaaa", "r-20260102-120000-bbbbbb"]
}

run "without_options_nothing_at_all" {
  command = plan

  assert {
    condition     = length(module.autoscaling) + length(module.alarms) + length(module.dashboard) == 0 && length(output.alarm_names) == 0 && output.dashboard_name == null && output.rollback_alarm_name == null
    error_message = "Nothing should be there."
  }
}

run "with_every_option" {
  command = plan

  variables {
    alarms      = { thresholds = { no_traffic_minutes = null }, severities = { error_rate = "warning" } }
    autoscaling = { max_capacity = 6, cpu = {}, schedules = { night = { schedule = "cron(0 22 * * ? *)", min_capacity = 1, max_capacity = 7 } } }
    dashboard   = {}
    topic_arns  = { warning = "arn:aws:sns:us-east-1:000000000000:warning" }
  }

  assert {
    condition     = module.autoscaling[0].max_capacity == 7 && module.autoscaling[0].resource_id == "endpoint/iris/variant/primary" && contains(keys(module.autoscaling[0].policy_arns), "cpu-out")
    error_message = "The variant should scale."
  }

  assert {
    condition     = keys(output.alarm_names) == ["client_error_rate", "cpu_percent", "error_rate", "instance_count", "latency_p95_ms", "memory_percent"] && module.alarms[0].thresholds.instance_count == 7 && output.rollback_alarm_name == "iris/rollback"
    error_message = "With autoscaling, the most instances allowed should be an alarm."
  }

  assert {
    condition     = output.dashboard_name == "iris" && local._vcpus_of_type == 4 && local._release_times["r-20260102-120000-bbbbbb"] == "2026-01-02T12:00:00Z"
    error_message = "The dashboard should show the releases at the times of their ids."
  }
}

run "releases_that_tell_no_time_get_no_line" {
  command = plan

  variables {
    dashboard   = {}
    release_ids = ["first", "r-20260102-120000-bbbbbb", "r-20260102-120000-bbbbbb"]
  }

  assert {
    condition     = keys(local._release_times) == ["r-20260102-120000-bbbbbb"]
    error_message = "Only ids that tell a time should have a line, and each one only once."
  }
}

run "count_outside_the_bounds_is_warned_about" {
  command = plan

  variables {
    autoscaling = { min_capacity = 3 }
  }

  expect_failures = [check.instance_count]
}
