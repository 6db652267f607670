locals {
  account_arn = "arn:${data.aws_partition.current.partition}:iam::${var.account_id}:root"
  reader_arns = sort(var.reader_role_arns)
  writer_arns = sort(var.writer_role_arns)
  role_arns   = concat(local.reader_arns, local.writer_arns)
  use_actions = ["kms:Decrypt", "kms:Encrypt", "kms:GenerateDataKey*"]

  # Services that read, write or notify for a role, and the only way that it touches data.
  services = [for name in ["ec2", "s3", "sagemaker", "sns", "sqs"] : "${name}.*.amazonaws.com*"]

  change_actions = [
    "kms:CancelKeyDeletion",
    "kms:CreateAlias",
    "kms:DeleteAlias",
    "kms:DisableKey",
    "kms:DisableKeyRotation",
    "kms:EnableKey",
    "kms:EnableKeyRotation",
    "kms:PutKeyPolicy",
    "kms:RevokeGrant",
    "kms:RotateKeyOnDemand",
    "kms:ScheduleKeyDeletion",
    "kms:TagResource",
    "kms:UntagResource",
    "kms:UpdateAlias",
    "kms:UpdateKeyDescription",
  ]

  look_actions = [
    "kms:DescribeKey",
    "kms:GetKeyPolicy",
    "kms:GetKeyRotationStatus",
    "kms:ListGrants",
    "kms:ListKeyPolicies",
    "kms:ListKeyRotations",
    "kms:ListResourceTags",
  ]

  # Each of these leaves the decision to IAM; whom it is left to differs by role.
  account_statements = {
    # Without it nobody could ever change the key again.
    AccountManages = {
      actions    = concat(local.look_actions, local.change_actions)
      conditions = []
    }

    AccountUses = {
      actions = concat(local.use_actions, ["kms:ReEncrypt*"])
      conditions = length(local.role_arns) == 0 ? [] : [
        { test = "ArnNotEquals", variable = "aws:PrincipalArn", values = local.role_arns },
      ]
    }

    # Volumes of jobs and endpoints are encrypted through a grant.
    AccountGrantsToServices = {
      actions = ["kms:CreateGrant"]
      conditions = concat(
        [{ test = "Bool", variable = "kms:GrantIsForAWSResource", values = ["true"] }],
        length(local.reader_arns) == 0 ? [] : [
          { test = "ArnNotEquals", variable = "aws:PrincipalArn", values = local.reader_arns },
        ],
      )
    }
  }

  role_statements = merge(
    length(local.reader_arns) == 0 ? {} : {
      ReadersDecryptObjects = { actions = ["kms:Decrypt"], arns = local.reader_arns, services = ["s3.*.amazonaws.com*"] }
    },
    length(local.writer_arns) == 0 ? {} : {
      WritersUseThroughServices = { actions = local.use_actions, arns = local.writer_arns, services = local.services }
    },
  )
}

# In a key policy * is the key itself.
data "aws_iam_policy_document" "key" {
  #checkov:skip=CKV_AWS_109: in a key policy * is the key itself (owner: platform)
  #checkov:skip=CKV_AWS_111: in a key policy * is the key itself (owner: platform)
  #checkov:skip=CKV_AWS_356: in a key policy * is the key itself (owner: platform)
  dynamic "statement" {
    for_each = local.account_statements

    content {
      sid       = statement.key
      actions   = statement.value.actions
      resources = ["*"]

      principals {
        type        = "AWS"
        identifiers = [local.account_arn]
      }

      dynamic "condition" {
        for_each = statement.value.conditions

        content {
          test     = condition.value.test
          variable = condition.value.variable
          values   = condition.value.values
        }
      }
    }
  }

  # By condition, not as principals: KMS refuses principals that are not there yet.
  dynamic "statement" {
    for_each = local.role_statements

    content {
      sid       = statement.key
      actions   = statement.value.actions
      resources = ["*"]

      principals {
        type        = "AWS"
        identifiers = [local.account_arn]
      }

      condition {
        test     = "ArnEquals"
        variable = "aws:PrincipalArn"
        values   = statement.value.arns
      }

      condition {
        test     = "StringLike"
        variable = "kms:ViaService"
        values   = statement.value.services
      }
    }
  }

  dynamic "statement" {
    for_each = length(local.role_arns) == 0 ? [] : [local.role_arns]

    content {
      sid       = "RolesChangeNothing"
      effect    = "Deny"
      actions   = local.change_actions
      resources = ["*"]

      principals {
        type        = "AWS"
        identifiers = ["*"]
      }

      condition {
        test     = "ArnEquals"
        variable = "aws:PrincipalArn"
        values   = statement.value
      }
    }
  }

  # Alarms and budgets publish to the encrypted topic as services, outside IAM; rules keep what they could not deliver in
  # the encrypted queue.
  statement {
    sid       = "AlarmsPublishAndRulesKeep"
    actions   = ["kms:Decrypt", "kms:GenerateDataKey*"]
    resources = ["*"]

    principals {
      type        = "Service"
      identifiers = ["budgets.amazonaws.com", "cloudwatch.amazonaws.com", "events.amazonaws.com"]
    }

    condition {
      test     = "StringEquals"
      variable = "aws:SourceAccount"
      values   = [var.account_id]
    }
  }

  # Rules publish to the encrypted topic without aws:SourceAccount, aws:SourceArn or aws:SourceOrgID: a key policy that
  # asks for them shuts rules out (SNS developer guide, "Managing Amazon SNS encryption keys and costs").
  statement {
    sid       = "EventsPublish"
    actions   = ["kms:Decrypt", "kms:GenerateDataKey*"]
    resources = ["*"]

    principals {
      type        = "Service"
      identifiers = ["events.amazonaws.com"]
    }

    condition {
      test     = "StringLike"
      variable = "kms:EncryptionContext:aws:sns:topicArn"
      values   = ["arn:${data.aws_partition.current.partition}:sns:*:${var.account_id}:*"]
    }
  }

  dynamic "statement" {
    for_each = var.encrypts_trails ? {
      TrailsEncrypt = { actions = ["kms:GenerateDataKey*"], variables = ["aws:SourceArn", "kms:EncryptionContext:aws:cloudtrail:arn"] }
      TrailsLook    = { actions = ["kms:DescribeKey"], variables = ["aws:SourceArn"] }
    } : {}

    content {
      sid       = statement.key
      actions   = statement.value.actions
      resources = ["*"]

      principals {
        type        = "Service"
        identifiers = ["cloudtrail.amazonaws.com"]
      }

      dynamic "condition" {
        for_each = statement.value.variables

        content {
          test     = "StringLike"
          variable = condition.value
          values   = ["arn:${data.aws_partition.current.partition}:cloudtrail:*:${var.account_id}:trail/*"]
        }
      }
    }
  }
}
