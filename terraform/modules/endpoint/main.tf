locals {
  traffic_type = {
    all_at_once = "ALL_AT_ONCE"
    canary      = "CANARY"
    linear      = "LINEAR"
    rolling     = null # no traffic routing of a blue/green policy
  }[var.deployment.strategy]

  alarm_names = var.deployment.alarm_names != null ? var.deployment.alarm_names : [
    for name in ["errors", "latency", "tests"] : "${var.endpoint_name}-${var.live_config}-${name}"
  ]

  # How often SageMaker waits between steps: a canary once, a linear move before each step but the first, a rolling one
  # after each batch.
  steps = (
    var.deployment.strategy == "rolling" ? ceil(100 / coalesce(var.deployment.step_percentage, 100)) :
    var.deployment.strategy == "canary" ? 1 :
    var.deployment.strategy == "linear" ? ceil(100 / coalesce(var.deployment.step_percentage, 100)) - 1 : 0
  )
  waits_s = local.steps * var.deployment.wait_interval_s + var.deployment.termination_wait_s
}

locals {
  # Local storage is encrypted by the instance itself, and a config that asks for a key is refused (API reference,
  # CreateEndpointConfig; the types are those of sagemaker-core, instance_supports_kms, and P6).
  local_storage = "^ml\\.([^.]*d|g5|g6|g7e|p5|p6|trn1|trn2)[^.]*\\."
}

# Models and endpoint configs are immutable in SageMaker, and the endpoint may return to any retained one:
# nothing under an existing key is ever edited, and the apply that moves the endpoint should delete nothing.
resource "aws_sagemaker_model" "release" {
  #checkov:skip=CKV_AWS_370: the scanner cannot see into a release, which says by network_isolation whether it is isolated (owner: platform)
  for_each = var.releases

  name                     = "${var.endpoint_name}-${each.key}"
  enable_network_isolation = each.value.network_isolation
  execution_role_arn       = each.value.execution_role_arn

  primary_container {
    environment    = each.value.container_environment
    image          = each.value.image_uri
    model_data_url = each.value.artifact_uri
  }

  dynamic "vpc_config" {
    for_each = length(each.value.subnet_ids) > 0 ? [each.value] : []

    content {
      security_group_ids = vpc_config.value.security_group_ids
      subnets            = vpc_config.value.subnet_ids
    }
  }

  tags = {
    "mlops:artifact-sha256" = each.value.artifact_sha256
    "mlops:model-package"   = each.value.model_package_arn
    "mlops:release"         = each.key
  }

  lifecycle {
    # SageMaker deletes what is serving without a word. With this, Terraform deletes after the endpoint has moved, and not
    # at all when it has not; without it, before. Names are never free twice, so an edit fails before it deletes.
    create_before_destroy = true
  }
}

resource "aws_sagemaker_endpoint_configuration" "release" {
  for_each = var.endpoint_configs

  name        = "${var.endpoint_name}-${each.key}"
  kms_key_arn = can(regex(local.local_storage, var.releases[each.value.release].instance_type)) ? null : var.releases[each.value.release].kms_key_arn

  production_variants {
    container_startup_health_check_timeout_in_seconds = var.releases[each.value.release].startup_timeout_s
    initial_instance_count                            = each.value.instance_count
    initial_variant_weight                            = 1
    instance_type                                     = var.releases[each.value.release].instance_type
    model_name                                        = aws_sagemaker_model.release[each.value.release].name
    variant_name                                      = var.variant_name
  }

  dynamic "data_capture_config" {
    for_each = var.releases[each.value.release].data_capture[*]

    content {
      destination_s3_uri          = data_capture_config.value.destination_uri
      enable_capture              = true
      initial_sampling_percentage = data_capture_config.value.percentage

      # Without these types SageMaker writes all payloads as BASE64, which nobody can read or query
      dynamic "capture_content_type_header" {
        for_each = length(concat(data_capture_config.value.csv_content_types, data_capture_config.value.json_content_types)) > 0 ? [data_capture_config.value] : []

        content {
          csv_content_types  = length(capture_content_type_header.value.csv_content_types) > 0 ? capture_content_type_header.value.csv_content_types : null
          json_content_types = length(capture_content_type_header.value.json_content_types) > 0 ? capture_content_type_header.value.json_content_types : null
        }
      }

      capture_options {
        capture_mode = "Input"
      }

      capture_options {
        capture_mode = "Output"
      }
    }
  }

  tags = {
    "mlops:release" = each.value.release
  }

  lifecycle {
    create_before_destroy = true # as above
  }
}

resource "aws_sagemaker_endpoint" "this" {
  name                 = var.endpoint_name
  endpoint_config_name = aws_sagemaker_endpoint_configuration.release[var.live_config].name

  deployment_config {
    # Always present: adding or removing this block would replace the endpoint.
    auto_rollback_configuration {
      dynamic "alarms" {
        for_each = toset(local.alarm_names)

        content {
          alarm_name = alarms.value
        }
      }
    }

    # Only one update policy may be used (API reference, DeploymentConfig).
    dynamic "blue_green_update_policy" {
      for_each = local.traffic_type[*]

      content {
        maximum_execution_timeout_in_seconds = var.deployment.maximum_execution_timeout_s
        termination_wait_in_seconds          = var.deployment.termination_wait_s

        traffic_routing_configuration {
          type                     = blue_green_update_policy.value
          wait_interval_in_seconds = var.deployment.wait_interval_s

          dynamic "canary_size" {
            for_each = var.deployment.strategy == "canary" ? [var.deployment.step_percentage] : []

            content {
              type  = "CAPACITY_PERCENT"
              value = canary_size.value
            }
          }

          dynamic "linear_step_size" {
            for_each = var.deployment.strategy == "linear" ? [var.deployment.step_percentage] : []

            content {
              type  = "CAPACITY_PERCENT"
              value = linear_step_size.value
            }
          }
        }
      }
    }

    # Without a batch size of its own a rollback brings up the whole old fleet at once.
    dynamic "rolling_update_policy" {
      for_each = var.deployment.strategy == "rolling" ? [var.deployment.step_percentage] : []

      content {
        maximum_execution_timeout_in_seconds = var.deployment.maximum_execution_timeout_s
        wait_interval_in_seconds             = var.deployment.wait_interval_s

        maximum_batch_size {
          type  = "CAPACITY_PERCENT"
          value = rolling_update_policy.value
        }
      }
    }
  }

  # SageMaker looks the alarms up when the endpoint is created or moved.
  depends_on = [aws_cloudwatch_metric_alarm.quiet, aws_cloudwatch_metric_alarm.rollback, aws_cloudwatch_metric_alarm.tests]

  lifecycle {
    # API reference, CapacitySize.
    precondition {
      condition     = local.steps == 0 || var.endpoint_configs[var.live_config].instance_count >= 2
      error_message = "The strategy ${var.deployment.strategy} moves a share of the instances, so the live_config must have an instance_count of 2 or more; all_at_once takes one."
    }

    precondition {
      condition     = local.waits_s < 3600
      error_message = "The waits of the deployment, between its steps and before the old fleet ends, are ${local.waits_s} seconds together: they must be less than 3600, because the provider waits 60 minutes for an endpoint and no longer."
    }

    # API reference, BlueGreenUpdatePolicy: the timeout should be larger than all waits together.
    precondition {
      condition     = local.waits_s < var.deployment.maximum_execution_timeout_s
      error_message = "The maximum_execution_timeout_s of the deployment must be longer than all its waits together, which are ${local.waits_s} seconds."
    }

    # SageMaker can roll an update back and end InService on the old config; the provider calls that a success
    # (hashicorp/terraform-provider-aws issues 48997 and 46663). By name: `terraform import` looks at this too, and
    # knows no endpoint config that the state does not hold yet.
    postcondition {
      condition     = self.endpoint_config_name == "${var.endpoint_name}-${var.live_config}"
      error_message = "SageMaker rolled the update back: the endpoint serves ${self.endpoint_config_name}, not the endpoint config that was asked for."
    }
  }
}
