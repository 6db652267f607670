locals {
  # The runner speaks on the topic for information; it has the plain name.
  topic_names = {
    critical = "${var.name}-critical"
    info     = var.name
    warning  = "${var.name}-warning"
  }

  subscriptions = merge([
    for name, subscription in var.subscriptions : {
      for severity in subscription.severities : "${name}/${severity}" => {
        endpoint = subscription.endpoint
        protocol = subscription.protocol
        severity = severity
      }
    }
  ]...)
}

data "aws_iam_policy_document" "topic" {
  for_each = aws_sns_topic.severity

  statement {
    sid = "AccountUses"
    actions = [
      "sns:GetTopicAttributes",
      "sns:ListSubscriptionsByTopic",
      "sns:Publish",
      "sns:Subscribe",
    ]
    resources = [each.value.arn]

    principals {
      type        = "AWS"
      identifiers = [var.account_id]
    }
  }

  statement {
    sid       = "AlarmsAndBudgetsPublish"
    actions   = ["sns:Publish"]
    resources = [each.value.arn]

    principals {
      type        = "Service"
      identifiers = ["budgets.amazonaws.com", "cloudwatch.amazonaws.com"]
    }

    condition {
      test     = "StringEquals"
      variable = "aws:SourceAccount"
      values   = [var.account_id]
    }
  }

  # "You can't use Condition blocks in Amazon SNS topic policies for EventBridge" (EventBridge user guide, "Using
  # resource-based policies"): whoever lets rules in lets in those of every account that knows the topic's ARN.
  dynamic "statement" {
    for_each = var.event_rules_publish ? [true] : []

    content {
      sid       = "EventsPublish"
      actions   = ["sns:Publish"]
      resources = [each.value.arn]

      principals {
        type        = "Service"
        identifiers = ["events.amazonaws.com"]
      }
    }
  }

  statement {
    sid       = "DenyPlainHttp"
    effect    = "Deny"
    actions   = ["sns:Publish"]
    resources = [each.value.arn]

    principals {
      type        = "*"
      identifiers = ["*"]
    }

    condition {
      test     = "Bool"
      variable = "aws:SecureTransport"
      values   = ["false"]
    }
  }
}

resource "aws_sns_topic" "severity" {
  for_each = local.topic_names

  name              = each.value
  kms_master_key_id = var.kms_key_arn
}

resource "aws_sns_topic_policy" "severity" {
  for_each = aws_sns_topic.severity

  arn    = each.value.arn
  policy = data.aws_iam_policy_document.topic[each.key].json
}

resource "aws_sns_topic_subscription" "this" {
  for_each = local.subscriptions

  topic_arn = aws_sns_topic.severity[each.value.severity].arn
  protocol  = each.value.protocol
  endpoint  = each.value.endpoint

  depends_on = [aws_sns_topic_policy.severity]
}
