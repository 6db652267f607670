mock_provider "aws" {
  override_during = plan

  mock_resource "aws_appautoscaling_policy" {
    defaults = {
      arn = "arn:aws:autoscaling:us-east-1:000000000000:scalingPolicy:1:resource/sagemaker/endpoint/iris/variant/primary:policyName/iris"
    }
  }
}

variables {
  endpoint_name = "iris"
  instance_type = "ml.m5.xlarge"
  vcpus         = 4
}

run "defaults_keep_a_thousand_requests_per_instance" {
  command = plan

  assert {
    condition     = aws_appautoscaling_target.this.resource_id == "endpoint/iris/variant/primary" && aws_appautoscaling_target.this.min_capacity == 1 && aws_appautoscaling_target.this.max_capacity == 4
    error_message = "The variant should have 1 to 4 instances."
  }

  assert {
    condition     = keys(aws_appautoscaling_policy.tracking) == ["invocations"] && length(aws_appautoscaling_policy.step) + length(aws_cloudwatch_metric_alarm.step) + length(aws_appautoscaling_scheduled_action.this) == 0
    error_message = "Only the requests per instance should be tracked."
  }

  assert {
    condition = alltrue([for each in aws_appautoscaling_policy.tracking["invocations"].target_tracking_scaling_policy_configuration :
      each.target_value == 1000 && each.scale_in_cooldown == 300 && each.scale_out_cooldown == 60 && one(each.predefined_metric_specification).predefined_metric_type == "SageMakerVariantInvocationsPerInstance" && length(each.customized_metric_specification) == 0
    ])
    error_message = "The target should be 1000 with cool-downs of 300 and 60 seconds."
  }
}

run "all_kinds_at_once" {
  command = plan

  variables {
    autoscaling = {
      min_capacity = 2
      max_capacity = 6
      cpu          = { scale_in_below_percent = 20 }
      memory       = { scale_out_above_percent = 80, steps = [{ add = 3, from_percent = 0 }] }
      invocations  = { enabled = false }
      custom_metrics = {
        queue = { namespace = "Shop", metric_name = "Waiting", target = 20 }
        rows  = { namespace = "Shop", metric_name = "Rows", target = 5, statistic = "Sum", unit = "Count", dimensions = { Shop = "north" } }
      }
      schedules = {
        evening = { schedule = "cron(0 20 * * ? *)", timezone = "America/Argentina/Buenos_Aires", min_capacity = 1, max_capacity = 9 }
        fair    = { schedule = "at(2027-01-31T08:00:00)", min_capacity = 4, max_capacity = 8 }
        hourly  = { schedule = "rate(2 hours)", min_capacity = 1, max_capacity = 2 }
        morning = { schedule = "cron(5,30 6-8/2 ? JAN-JUN MON-FRI 2027)", timezone = "Etc/GMT+3", min_capacity = 1, max_capacity = 2 }
      }
    }
  }

  assert {
    condition     = keys(aws_appautoscaling_policy.tracking) == ["custom-queue", "custom-rows"]
    error_message = "The requests should not be tracked when that is turned off."
  }

  assert {
    condition = [for key in ["custom-queue", "custom-rows"] : [for metric in one(aws_appautoscaling_policy.tracking[key].target_tracking_scaling_policy_configuration).customized_metric_specification :
      "${metric.statistic} ${coalesce(metric.unit, "-")} ${join(",", [for each in metric.dimensions : "${each.name}=${each.value}"])}"
    ]] == [["Average - EndpointName=iris,VariantName=primary"], ["Sum Count Shop=north"]]
    error_message = "A custom metric should have the variant's dimensions unless others are given."
  }

  assert {
    condition     = { for key, alarm in aws_cloudwatch_metric_alarm.step : key => alarm.threshold } == { cpu-in = 80, cpu-out = 280, memory-out = 80 }
    error_message = "The CPU of an instance with 4 vCPUs should be counted up to 400 %, the memory up to 100 %."
  }

  assert {
    condition = [for each in one(aws_appautoscaling_policy.step["cpu-out"].step_scaling_policy_configuration).step_adjustment :
      "${each.metric_interval_lower_bound}..${coalesce(each.metric_interval_upper_bound, "-")}: ${each.scaling_adjustment}"
    ] == ["0..60: 1", "60..-: 2"]
    error_message = "The further the CPU is above its threshold, the more instances should be added."
  }

  assert {
    condition     = [for each in one(aws_appautoscaling_policy.step["cpu-in"].step_scaling_policy_configuration).step_adjustment : "${each.metric_interval_upper_bound}: ${each.scaling_adjustment}"] == ["0: -1"]
    error_message = "One instance should go at a time."
  }

  assert {
    condition = alltrue([for key, alarm in aws_cloudwatch_metric_alarm.step :
      alarm.alarm_actions == toset([output.policy_arns[key]]) && alarm.namespace == "/aws/sagemaker/Endpoints" && alarm.dimensions == tomap({ EndpointName = "iris", VariantName = "primary" }) && alarm.treat_missing_data == "notBreaching"
    ])
    error_message = "Each alarm should watch the variant and start its policy."
  }

  assert {
    condition     = { for key, each in aws_appautoscaling_scheduled_action.this : key => "${each.timezone} ${one(each.scalable_target_action).min_capacity}..${one(each.scalable_target_action).max_capacity}" } == { evening = "America/Argentina/Buenos_Aires 1..9", fair = "UTC 4..8", hourly = "UTC 1..2", morning = "Etc/GMT+3 1..2" }
    error_message = "Each schedule should set its own bounds in its own time zone."
  }

  assert {
    condition     = output.max_capacity == 9 && output.alarm_names["cpu-in"] == "iris/scaling-cpu-in" && output.resource_id == "endpoint/iris/variant/primary"
    error_message = "The most instances should be those of the evening."
  }
}
