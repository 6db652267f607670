mock_provider "aws" {}

variables {
  endpoint_name = "iris"
  instance_type = "ml.m5.xlarge"
  vcpus         = 4
}

run "burstable_type_is_refused" {
  command = plan

  variables {
    instance_type = "ml.t2.medium"
  }

  expect_failures = [var.instance_type]
}

run "bad_names_are_refused" {
  command = plan

  variables {
    endpoint_name = "iris-"
    instance_type = "m5.large"
    variant_name  = "no spaces"
  }

  expect_failures = [var.endpoint_name, var.instance_type, var.variant_name]
}

run "half_an_instance_is_refused" {
  command = plan

  variables {
    autoscaling = { min_capacity = 1.5 }
  }

  expect_failures = [var.autoscaling]
}

run "no_instance_at_night_is_refused" {
  command = plan

  variables {
    autoscaling = { schedules = { night = { schedule = "rate(1 day)", min_capacity = 0, max_capacity = 1 } } }
  }

  expect_failures = [var.autoscaling]
}

run "minimum_above_maximum_is_refused" {
  command = plan

  variables {
    autoscaling = { min_capacity = 5, max_capacity = 4 }
  }

  expect_failures = [var.autoscaling]
}

run "scheduled_minimum_above_maximum_is_refused" {
  command = plan

  variables {
    autoscaling = { schedules = { night = { schedule = "rate(1 day)", min_capacity = 2, max_capacity = 1 } } }
  }

  expect_failures = [var.autoscaling]
}

run "target_of_nothing_is_refused" {
  command = plan

  variables {
    autoscaling = { invocations = { target = 0 } }
  }

  expect_failures = [var.autoscaling]
}

run "custom_target_of_nothing_is_refused" {
  command = plan

  variables {
    autoscaling = { custom_metrics = { queue = { namespace = "Shop", metric_name = "Waiting", target = 0 } } }
  }

  expect_failures = [var.autoscaling]
}

run "cooldown_of_a_day_is_refused" {
  command = plan

  variables {
    autoscaling = { memory = { scale_in_cooldown_s = 86400 } }
  }

  expect_failures = [var.autoscaling]
}

run "unknown_statistic_is_refused" {
  command = plan

  variables {
    autoscaling = { custom_metrics = { queue = { namespace = "Shop", metric_name = "Waiting", target = 1, statistic = "p95" } } }
  }

  expect_failures = [var.autoscaling]
}

run "metric_without_namespace_is_refused" {
  command = plan

  variables {
    autoscaling = { custom_metrics = { queue = { namespace = "", metric_name = "Waiting", target = 1 } } }
  }

  expect_failures = [var.autoscaling]
}

run "name_with_a_slash_is_refused" {
  command = plan

  variables {
    autoscaling = { custom_metrics = { "a/b" = { namespace = "Shop", metric_name = "Waiting", target = 1 } } }
  }

  expect_failures = [var.autoscaling]
}

run "threshold_above_all_is_refused" {
  command = plan

  variables {
    autoscaling = { cpu = { scale_out_above_percent = 100 } }
  }

  expect_failures = [var.autoscaling]
}

run "scale_in_above_scale_out_is_refused" {
  command = plan

  variables {
    autoscaling = { memory = { scale_in_below_percent = 70, scale_out_above_percent = 60 } }
  }

  expect_failures = [var.autoscaling]
}

run "steps_that_leave_a_gap_are_refused" {
  command = plan

  variables {
    autoscaling = { cpu = { steps = [{ add = 1, from_percent = 5 }] } }
  }

  expect_failures = [var.autoscaling]
}

run "steps_out_of_order_are_refused" {
  command = plan

  variables {
    autoscaling = { cpu = { steps = [{ add = 1, from_percent = 0 }, { add = 2, from_percent = 20 }, { add = 3, from_percent = 10 }] } }
  }

  expect_failures = [var.autoscaling]
}

run "step_that_adds_nothing_is_refused" {
  command = plan

  variables {
    autoscaling = { memory = { steps = [{ add = 0, from_percent = 0 }] } }
  }

  expect_failures = [var.autoscaling]
}

run "cron_of_five_fields_is_refused" {
  command = plan

  variables {
    autoscaling = { schedules = { night = { schedule = "cron(0 20 * * *)", min_capacity = 1, max_capacity = 1 } } }
  }

  expect_failures = [var.autoscaling]
}

run "cron_with_both_days_is_refused" {
  command = plan

  variables {
    autoscaling = { schedules = { night = { schedule = "cron(0 20 * * * *)", min_capacity = 1, max_capacity = 1 } } }
  }

  expect_failures = [var.autoscaling]
}

run "cron_at_hour_24_is_refused" {
  command = plan

  variables {
    autoscaling = { schedules = { night = { schedule = "cron(0 24 * * ? *)", min_capacity = 1, max_capacity = 1 } } }
  }

  expect_failures = [var.autoscaling]
}

run "rate_of_one_hours_is_refused" {
  command = plan

  variables {
    autoscaling = { schedules = { night = { schedule = "rate(1 hours)", min_capacity = 1, max_capacity = 1 } } }
  }

  expect_failures = [var.autoscaling]
}

run "time_zone_by_offset_is_refused" {
  command = plan

  variables {
    autoscaling = { schedules = { night = { schedule = "rate(1 day)", timezone = "+02:00", min_capacity = 1, max_capacity = 1 } } }
  }

  expect_failures = [var.autoscaling]
}

run "half_a_core_is_refused" {
  command = plan

  variables {
    vcpus = 0.5
  }

  expect_failures = [var.vcpus]
}

run "cpu_of_unknown_cores_is_refused" {
  command = plan

  variables {
    autoscaling = { cpu = {} }
    vcpus       = null
  }

  expect_failures = [var.vcpus]
}

run "zone_of_another_planet_is_refused" {
  command = plan

  variables {
    autoscaling = { schedules = { night = { schedule = "rate(1 day)", min_capacity = 1, max_capacity = 2, timezone = "Mars/Phobos" } } }
  }

  expect_failures = [var.autoscaling]
}

run "unknown_unit_is_refused" {
  command = plan

  variables {
    autoscaling = { custom_metrics = { queue = { metric_name = "Waiting", namespace = "Queue", target = 1, unit = "Bananas" } } }
  }

  expect_failures = [var.autoscaling]
}
