locals {
  rule_arn_prefix    = "arn:${data.aws_partition.current.partition}:events:${var.region}:${var.account_id}:rule/${var.name}-"
  schedule_group_arn = "arn:${data.aws_partition.current.partition}:scheduler:${var.region}:${var.account_id}:schedule-group/${local.schedule_group}"

  roles = merge(
    {
      caller = {
        description = "Lets rules of ${var.name} call the pipeline"
        policy      = data.aws_iam_policy_document.caller.json
        service     = "events.amazonaws.com"
        source_arn  = "${local.rule_arn_prefix}*"
      }
    },
    length(var.schedules) == 0 ? {} : {
      scheduler = {
        description = "Lets schedules of ${var.name} ask for a retraining"
        policy      = data.aws_iam_policy_document.scheduler.json
        service     = "scheduler.amazonaws.com"
        # Scheduler comes in the name of the group; a schedule or its prefix here would shut every schedule out
        # (EventBridge Scheduler user guide, "Confused deputy prevention").
        source_arn = local.schedule_group_arn
      }
    },
  )
}

data "aws_iam_policy_document" "trust" {
  for_each = local.roles

  statement {
    sid     = "OwnRulesAndSchedules"
    actions = ["sts:AssumeRole"]

    principals {
      type        = "Service"
      identifiers = [each.value.service]
    }

    condition {
      test     = "StringEquals"
      variable = "aws:SourceAccount"
      values   = [var.account_id]
    }

    condition {
      test     = "ArnLike"
      variable = "aws:SourceArn"
      values   = [each.value.source_arn]
    }
  }
}

data "aws_iam_policy_document" "caller" {
  statement {
    sid       = "CallThePipeline"
    actions   = ["events:InvokeApiDestination"]
    resources = [aws_cloudwatch_event_api_destination.pipeline.arn]
  }
}

data "aws_iam_policy_document" "scheduler" {
  statement {
    sid       = "AskOnTheBus"
    actions   = ["events:PutEvents"]
    resources = [local.bus_arn]

    condition {
      test     = "StringEquals"
      variable = "events:source"
      values   = [local.event_source]
    }
  }

  statement {
    sid       = "KeepWhatIsUndelivered"
    actions   = ["sqs:SendMessage"]
    resources = [local.queue_arn]
  }

  statement {
    sid       = "UseKey"
    actions   = ["kms:Decrypt", "kms:GenerateDataKey"]
    resources = [var.kms_key_arn]
  }
}

data "aws_iam_policy_document" "queue" {
  statement {
    sid       = "OwnRulesKeepWhatIsUndelivered"
    actions   = ["sqs:SendMessage"]
    resources = [local.queue_arn]

    principals {
      type        = "Service"
      identifiers = ["events.amazonaws.com"]
    }

    condition {
      test     = "ArnLike"
      variable = "aws:SourceArn"
      values   = ["${local.rule_arn_prefix}*"]
    }
  }

  statement {
    sid       = "DenyPlainHttp"
    effect    = "Deny"
    actions   = ["sqs:*"]
    resources = [local.queue_arn]

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

resource "aws_iam_role" "this" {
  for_each = local.roles

  name                 = "${var.name}-retraining-${each.key}"
  description          = each.value.description
  assume_role_policy   = data.aws_iam_policy_document.trust[each.key].json
  permissions_boundary = var.permissions_boundary_arn
}

resource "aws_iam_role_policy" "this" {
  for_each = local.roles

  name   = each.key
  role   = aws_iam_role.this[each.key].id
  policy = each.value.policy
}
