variable "model_archive" {
  description = "A model.tar.gz that answers /ping."
  type        = string
}

locals {
  variant = "endpoint/${aws_sagemaker_endpoint.scaled.name}/variant/primary"
}

resource "aws_s3_bucket" "models" {
  bucket        = "rows-models"
  force_destroy = true
}

resource "aws_s3_object" "model" {
  bucket = aws_s3_bucket.models.id
  key    = "model.tar.gz"
  source = var.model_archive
}

resource "aws_sagemaker_model" "scaled" {
  name               = "rows-scaled"
  execution_role_arn = aws_iam_role.this.arn

  primary_container {
    image          = "683313688378.dkr.ecr.us-east-1.amazonaws.com/sagemaker-scikit-learn:1.9-0-cpu-py3"
    model_data_url = "s3://${aws_s3_object.model.bucket}/${aws_s3_object.model.key}"
  }
}

resource "aws_sagemaker_endpoint_configuration" "scaled" {
  name = "rows-scaled"

  production_variants {
    variant_name           = "primary"
    model_name             = aws_sagemaker_model.scaled.name
    initial_instance_count = 1
    instance_type          = "ml.m5.large"
  }
}

resource "aws_sagemaker_endpoint" "scaled" {
  name                 = "rows-endpoint"
  endpoint_config_name = aws_sagemaker_endpoint_configuration.scaled.name
}

resource "aws_appautoscaling_target" "this" {
  service_namespace  = "sagemaker"
  resource_id        = local.variant
  scalable_dimension = "sagemaker:variant:DesiredInstanceCount"
  min_capacity       = 1
  max_capacity       = 2 * var.edition
  tags               = { edition = tostring(var.edition) }

  suspended_state {
    dynamic_scaling_in_suspended = var.edition == 2
  }
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

resource "aws_appautoscaling_policy" "math" {
  name               = "rows-math"
  service_namespace  = aws_appautoscaling_target.this.service_namespace
  resource_id        = aws_appautoscaling_target.this.resource_id
  scalable_dimension = aws_appautoscaling_target.this.scalable_dimension
  policy_type        = "TargetTrackingScaling"

  target_tracking_scaling_policy_configuration {
    target_value     = 100 * var.edition
    disable_scale_in = var.edition == 2

    customized_metric_specification {
      metrics {
        id          = "invocations"
        return_data = false

        metric_stat {
          stat = "Sum"

          metric {
            metric_name = "Invocations"
            namespace   = "AWS/SageMaker"

            dimensions {
              name  = "EndpointName"
              value = aws_sagemaker_endpoint.scaled.name
            }

            dimensions {
              name  = "VariantName"
              value = "primary"
            }
          }
        }
      }

      metrics {
        id          = "load"
        expression  = "invocations / 2"
        return_data = true
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
    metric_aggregation_type = "Maximum"

    step_adjustment {
      metric_interval_lower_bound = 0
      metric_interval_upper_bound = 10
      scaling_adjustment          = 1
    }

    step_adjustment {
      metric_interval_lower_bound = 10
      scaling_adjustment          = 1 + var.edition
    }
  }
}

resource "aws_appautoscaling_policy" "share" {
  name               = "rows-share"
  service_namespace  = aws_appautoscaling_target.this.service_namespace
  resource_id        = aws_appautoscaling_target.this.resource_id
  scalable_dimension = aws_appautoscaling_target.this.scalable_dimension
  policy_type        = "StepScaling"

  step_scaling_policy_configuration {
    adjustment_type          = "PercentChangeInCapacity"
    min_adjustment_magnitude = var.edition

    step_adjustment {
      metric_interval_upper_bound = 0
      scaling_adjustment          = -10
    }
  }
}

resource "aws_appautoscaling_scheduled_action" "this" {
  name               = "rows-night"
  service_namespace  = aws_appautoscaling_target.this.service_namespace
  resource_id        = aws_appautoscaling_target.this.resource_id
  scalable_dimension = aws_appautoscaling_target.this.scalable_dimension
  schedule           = "cron(0 22 * * ? *)"
  timezone           = "Europe/Berlin"
  start_time         = "2031-01-0${var.edition}T00:00:00Z"
  end_time           = "2032-01-01T00:00:00Z"

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
  for_each = var.importing ? toset(["sagemaker/endpoint/rows-endpoint/variant/primary/sagemaker:variant:DesiredInstanceCount/rows-predefined"]) : []
  to       = aws_appautoscaling_policy.predefined
  id       = each.value
}

import {
  for_each = var.importing ? toset(["sagemaker/endpoint/rows-endpoint/variant/primary/sagemaker:variant:DesiredInstanceCount/rows-customized"]) : []
  to       = aws_appautoscaling_policy.customized
  id       = each.value
}

import {
  for_each = var.importing ? toset(["sagemaker/endpoint/rows-endpoint/variant/primary/sagemaker:variant:DesiredInstanceCount/rows-math"]) : []
  to       = aws_appautoscaling_policy.math
  id       = each.value
}

import {
  for_each = var.importing ? toset(["sagemaker/endpoint/rows-endpoint/variant/primary/sagemaker:variant:DesiredInstanceCount/rows-steps"]) : []
  to       = aws_appautoscaling_policy.steps
  id       = each.value
}
