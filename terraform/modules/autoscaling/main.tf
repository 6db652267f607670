locals {
  dimensions = {
    EndpointName = var.endpoint_name
    VariantName  = var.variant_name
  }
}

# Replaced bounds replace the target with all that hangs on it; the instances stay as many as they are.
resource "terraform_data" "bounds" {
  input = {
    max_capacity = var.autoscaling.max_capacity
    min_capacity = var.autoscaling.min_capacity
  }
}

resource "aws_appautoscaling_target" "this" {
  max_capacity       = var.autoscaling.max_capacity
  min_capacity       = var.autoscaling.min_capacity
  resource_id        = "endpoint/${var.endpoint_name}/variant/${var.variant_name}"
  scalable_dimension = "sagemaker:variant:DesiredInstanceCount"
  service_namespace  = "sagemaker"

  lifecycle {
    # A schedule that fires writes its bounds here. Without this, every plan until the next one fires would take
    # them back, and a deployment at night would end the night.
    ignore_changes = [max_capacity, min_capacity]

    replace_triggered_by = [terraform_data.bounds]
  }
}
