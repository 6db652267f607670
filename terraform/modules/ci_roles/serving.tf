# Endpoints with their models, configs, alarms, dashboards and scaling: what the roots serving and surroundings make.
data "aws_iam_policy_document" "serving" {
  # Another project's things may have names that fit; only the tags tell whose they are. A first create that failed can
  # only be cured by deleting; the runner's guard decides when.
  statement {
    sid = "MoveAndPruneOwn"
    actions = [
      "sagemaker:AddTags",
      "sagemaker:DeleteEndpoint",
      "sagemaker:DeleteEndpointConfig",
      "sagemaker:DeleteModel",
      "sagemaker:DeleteTags",
      "sagemaker:InvokeEndpoint",
      "sagemaker:UpdateEndpoint",
      "sagemaker:UpdateEndpointWeightsAndCapacities",
    ]
    # Creating and updating endpoints are also checked against the endpoint config.
    resources = local.serving_arns

    dynamic "condition" {
      for_each = local.ownership_tags

      content {
        test     = "StringEquals"
        variable = "aws:ResourceTag/${condition.key}"
        values   = [condition.value]
      }
    }
  }

  statement {
    sid       = "MakeOwn"
    actions   = ["sagemaker:CreateEndpoint", "sagemaker:CreateEndpointConfig"]
    resources = concat(local.endpoint_arns, local.config_arns)

    dynamic "condition" {
      for_each = local.making_conditions

      content {
        test     = condition.value.test
        variable = condition.value.variable
        values   = condition.value.values
      }
    }
  }

  # What is created with tags is tagged by a call of its own, for which alone SageMaker names the creating action
  # (service authorization reference of SageMaker, sagemaker:TaggingAction): whatever is there already is not tagged so.
  statement {
    sid       = "TagWhatIsMade"
    actions   = ["sagemaker:AddTags"]
    resources = local.serving_arns

    dynamic "condition" {
      for_each = local.ownership_tags

      content {
        test     = "StringEquals"
        variable = "aws:RequestTag/${condition.key}"
        values   = [condition.value]
      }
    }

    condition {
      test     = "StringEquals"
      variable = "sagemaker:TaggingAction"
      values   = ["CreateEndpoint", "CreateEndpointConfig", "CreateModel"]
    }
  }

  statement {
    sid       = "MakeModels"
    actions   = ["sagemaker:CreateModel"]
    resources = local.model_arns

    dynamic "condition" {
      for_each = concat(local.making_conditions, local.network_conditions)

      content {
        test     = condition.value.test
        variable = condition.value.variable
        values   = condition.value.values
      }
    }
  }

  # An alarm tells people or scales an endpoint, and nothing else (CloudWatch user guide, "Using condition keys to limit
  # alarm actions").
  statement {
    sid       = "MakeOwnAlarms"
    actions   = ["cloudwatch:PutCompositeAlarm", "cloudwatch:PutMetricAlarm"]
    resources = local.alarm_arns

    dynamic "condition" {
      for_each = local.making_conditions

      content {
        test     = condition.value.test
        variable = condition.value.variable
        values   = condition.value.values
      }
    }

    condition {
      test     = "ForAllValues:StringLike"
      variable = "cloudwatch:AlarmActions"
      values   = local.alarm_actions
    }
  }

  statement {
    sid       = "TagAlarmsThatAreMade"
    actions   = ["cloudwatch:TagResource"]
    resources = local.alarm_arns

    dynamic "condition" {
      for_each = local.making_conditions

      content {
        test     = condition.value.test
        variable = condition.value.variable
        values   = condition.value.values
      }
    }
  }

  statement {
    sid       = "KeepOwnAlarms"
    actions   = ["cloudwatch:DeleteAlarms", "cloudwatch:TagResource", "cloudwatch:UntagResource"]
    resources = local.alarm_arns

    dynamic "condition" {
      for_each = local.ownership_tags

      content {
        test     = "StringEquals"
        variable = "aws:ResourceTag/${condition.key}"
        values   = [condition.value]
      }
    }
  }

  statement {
    sid       = "KeepDashboards"
    actions   = ["cloudwatch:DeleteDashboards", "cloudwatch:PutDashboard"]
    resources = local.dashboard_arns
  }

  statement {
    sid = "KeepScaling"
    actions = [
      "application-autoscaling:DeleteScalingPolicy",
      "application-autoscaling:DeleteScheduledAction",
      "application-autoscaling:DeregisterScalableTarget",
      "application-autoscaling:PutScalingPolicy",
      "application-autoscaling:PutScheduledAction",
      "application-autoscaling:RegisterScalableTarget",
    ]
    resources = [local.scaling_arn]

    # A target's ARN tells neither service nor name.
    condition {
      test     = "StringEqualsIfExists"
      variable = "application-autoscaling:service-namespace"
      values   = ["sagemaker"]
    }

    condition {
      test     = "StringEqualsIfExists"
      variable = "application-autoscaling:scalable-dimension"
      values   = ["sagemaker:variant:DesiredInstanceCount"]
    }
  }

  statement {
    sid       = "TagScaling"
    actions   = ["application-autoscaling:TagResource", "application-autoscaling:UntagResource"]
    resources = [local.scaling_arn]
  }
}
