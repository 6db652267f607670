locals {
  _utilisations = {
    # SageMaker counts the CPU per core: four vCPUs at work are 400 %.
    cpu    = { metric = "CPUUtilization", settings = var.autoscaling.cpu, unit = var.vcpus }
    memory = { metric = "MemoryUtilization", settings = var.autoscaling.memory, unit = 1 }
  }

  _out = { for kind, each in local._utilisations : "${kind}-out" => {
    comparison  = "GreaterThanThreshold"
    cooldown_s  = each.settings.scale_out_cooldown_s
    description = "${upper(substr(kind, 0, 1))}${substr(kind, 1, -1)} above ${each.settings.scale_out_above_percent} %: instances are added."
    metric      = each.metric
    minutes     = 3
    steps = [for index, step in each.settings.steps : {
      change = step.add
      lower  = step.from_percent * each.unit
      upper  = try(each.settings.steps[index + 1].from_percent * each.unit, null)
    }]
    threshold = each.settings.scale_out_above_percent * each.unit
  } if each.settings != null }

  # Off unless asked for: a step takes an instance away even when target tracking wants to keep it.
  _in = { for kind, each in local._utilisations : "${kind}-in" => {
    comparison  = "LessThanThreshold"
    cooldown_s  = each.settings.scale_in_cooldown_s
    description = "${upper(substr(kind, 0, 1))}${substr(kind, 1, -1)} below ${each.settings.scale_in_below_percent} %: one instance is taken away."
    metric      = each.metric
    minutes     = 15
    steps       = [{ change = -1, lower = null, upper = 0 }]
    threshold   = each.settings.scale_in_below_percent * each.unit
  } if try(each.settings.scale_in_below_percent, null) != null }

  _steps = merge(local._out, local._in)
}

resource "aws_appautoscaling_policy" "step" {
  for_each = local._steps

  name               = "${var.endpoint_name}-${each.key}"
  policy_type        = "StepScaling"
  resource_id        = aws_appautoscaling_target.this.resource_id
  scalable_dimension = aws_appautoscaling_target.this.scalable_dimension
  service_namespace  = aws_appautoscaling_target.this.service_namespace

  step_scaling_policy_configuration {
    adjustment_type         = "ChangeInCapacity"
    cooldown                = each.value.cooldown_s
    metric_aggregation_type = "Average"

    dynamic "step_adjustment" {
      for_each = each.value.steps

      content {
        metric_interval_lower_bound = step_adjustment.value.lower
        metric_interval_upper_bound = step_adjustment.value.upper
        scaling_adjustment          = step_adjustment.value.change
      }
    }
  }

  lifecycle {
    replace_triggered_by = [terraform_data.bounds] # AWS deletes policies with their target
  }
}

resource "aws_cloudwatch_metric_alarm" "step" {
  for_each = local._steps

  # The slash keeps the names of two endpoints apart: none of them has one.
  alarm_name          = "${var.endpoint_name}/scaling-${each.key}"
  alarm_actions       = [aws_appautoscaling_policy.step[each.key].arn]
  alarm_description   = each.value.description
  comparison_operator = each.value.comparison
  dimensions          = local.dimensions
  evaluation_periods  = each.value.minutes
  metric_name         = each.value.metric
  namespace           = "/aws/sagemaker/Endpoints"
  period              = 60
  statistic           = "Average"
  threshold           = each.value.threshold
  # Instances that report nothing are starting or gone: no reason to change their number.
  treat_missing_data = "notBreaching"
}
