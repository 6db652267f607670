locals {
  _invocations = var.autoscaling.invocations.enabled ? {
    invocations = merge(var.autoscaling.invocations, { metric = null })
  } : {}

  _custom = { for name, each in var.autoscaling.custom_metrics : "custom-${name}" => {
    metric = {
      dimensions = coalesce(each.dimensions, local.dimensions)
      name       = each.metric_name
      namespace  = each.namespace
      statistic  = each.statistic
      unit       = each.unit
    }
    scale_in_cooldown_s  = each.scale_in_cooldown_s
    scale_out_cooldown_s = each.scale_out_cooldown_s
    target               = each.target
  } }
}

resource "aws_appautoscaling_policy" "tracking" {
  for_each = merge(local._invocations, local._custom)

  name               = "${var.endpoint_name}-${each.key}"
  policy_type        = "TargetTrackingScaling"
  resource_id        = aws_appautoscaling_target.this.resource_id
  scalable_dimension = aws_appautoscaling_target.this.scalable_dimension
  service_namespace  = aws_appautoscaling_target.this.service_namespace

  target_tracking_scaling_policy_configuration {
    scale_in_cooldown  = each.value.scale_in_cooldown_s
    scale_out_cooldown = each.value.scale_out_cooldown_s
    target_value       = each.value.target

    dynamic "predefined_metric_specification" {
      for_each = each.value.metric == null ? ["SageMakerVariantInvocationsPerInstance"] : []

      content {
        predefined_metric_type = predefined_metric_specification.value
      }
    }

    dynamic "customized_metric_specification" {
      for_each = each.value.metric[*]

      content {
        metric_name = customized_metric_specification.value.name
        namespace   = customized_metric_specification.value.namespace
        statistic   = customized_metric_specification.value.statistic
        unit        = customized_metric_specification.value.unit

        dynamic "dimensions" {
          for_each = customized_metric_specification.value.dimensions

          content {
            name  = dimensions.key
            value = dimensions.value
          }
        }
      }
    }
  }

  lifecycle {
    replace_triggered_by = [terraform_data.bounds] # AWS deletes policies with their target
  }
}
