locals {
  variant = "endpoint/rows-endpoint/variant/primary"
}

resource "aws_appautoscaling_target" "this" {
  service_namespace  = "sagemaker"
  resource_id        = local.variant
  scalable_dimension = "sagemaker:variant:DesiredInstanceCount"
  min_capacity       = 1
  max_capacity       = 2 * var.edition
  tags               = { edition = tostring(var.edition) }
}

resource "aws_appautoscaling_policy" "predefined" {
  name               = "rows-predefined"
  service_namespace  = aws_appautoscaling_target.this.service_namespace
  resource_id        = aws_appautoscaling_target.this.resource_id
  scalable_dimension = aws_appautoscaling_target.this.scalable_dimension
  policy_type        = "TargetTrackingScaling"

  target_tracking_scaling_policy_configuration {
    target_value       = 100 * var.edition
    scale_in_cooldown  = 300
    scale_out_cooldown = 60

    predefined_metric_specification {
      predefined_metric_type = "SageMakerVariantInvocationsPerInstance"
    }
  }
}

resource "aws_appautoscaling_policy" "customized" {
  name               = "rows-customized"
  service_namespace  = aws_appautoscaling_target.this.service_namespace
  resource_id        = aws_appautoscaling_target.this.resource_id
  scalable_dimension = aws_appautoscaling_target.this.scalable_dimension
  policy_type        = "TargetTrackingScaling"

  target_tracking_scaling_policy_configuration {
    target_value = 40 + var.edition

    customized_metric_specification {
      metric_name = "CPUUtilization"
      namespace   = "/aws/sagemaker/Endpoints"
      statistic   = "Average"
      unit        = "Percent"

      dimensions {
        name  = "EndpointName"
        value = "rows-endpoint"
      }

      dimensions {
        name  = "VariantName"
        value = "primary"
      }
    }
  }
}

resource "aws_appautoscaling_policy" "steps" {
  name               = "rows-steps"
  service_namespace  = aws_appautoscaling_target.this.service_namespace
  resource_id        = aws_appautoscaling_target.this.resource_id
  scalable_dimension = aws_appautoscaling_target.this.scalable_dimension
  policy_type        = "StepScaling"

  step_scaling_policy_configuration {
    adjustment_type         = "ChangeInCapacity"
    cooldown                = 60 * var.edition
    metric_aggregation_type = "Average"

    step_adjustment {
      metric_interval_lower_bound = 0
      scaling_adjustment          = 1
    }
  }
}

resource "aws_appautoscaling_scheduled_action" "this" {
  name               = "rows-night"
  service_namespace  = aws_appautoscaling_target.this.service_namespace
  resource_id        = aws_appautoscaling_target.this.resource_id
  scalable_dimension = aws_appautoscaling_target.this.scalable_dimension
  schedule           = "cron(0 22 * * ? *)"

  scalable_target_action {
    min_capacity = 1
    max_capacity = var.edition
  }
}

import {
  for_each = var.importing ? toset(["sagemaker/endpoint/rows-endpoint/variant/primary/sagemaker:variant:DesiredInstanceCount"]) : []
  to       = aws_appautoscaling_target.this
  id       = each.value
}

import {
  for_each = var.importing ? toset(["sagemaker/endpoint/rows-endpoint/variant/primary/sagemaker:variant:DesiredInstanceCount/rows-steps"]) : []
  to       = aws_appautoscaling_policy.steps
  id       = each.value
}
