data "aws_partition" "current" {}

locals {
  event_source = "mlops.${var.name}"
  detail_type  = "Retraining Requested"
  bus_arn      = "arn:${data.aws_partition.current.partition}:events:${var.region}:${var.account_id}:event-bus/default"
  queue_arn    = "arn:${data.aws_partition.current.partition}:sqs:${var.region}:${var.account_id}:${var.name}-retraining-undelivered"

  token = var.token != null ? var.token : data.aws_secretsmanager_secret_version.token[0].secret_string

  # What each rule waits for, what it asks the pipeline to do, and where the event says why and by which id: the
  # runner may have to put a request again, as an event with an id of its own.
  rules = merge(
    {
      asked = {
        cause       = "$.detail.cause"
        description = "Asks for full when mode retrain of the runner does"
        id          = "$.detail.request_id"
        mode        = "full"
        pattern = {
          source      = [local.event_source]
          detail-type = [local.detail_type]
          detail      = { cause = [{ exists = true }], endpoint = [{ exists = true }], request_id = [{ exists = true }] }
        }
      }
    },
    {
      for alarm, mode in var.mode_by_alarm : replace(alarm, "_", "-") => {
        cause       = "$.detail.alarmName"
        description = "Asks for ${mode} when an alarm ${alarm} rings"
        id          = "$.id"
        mode        = mode
        pattern = {
          source      = ["aws.cloudwatch"]
          detail-type = ["CloudWatch Alarm State Change"]
          detail = {
            alarmName = [for name in sort(var.endpoint_names) : { wildcard = "${name}/${alarm}" }]
            state     = { value = ["ALARM"] }
          }
        }
      }
    },
    {
      # One rule for each mode: a rule cannot choose what it says by the event.
      for mode in toset([for each in values(var.schedules) : each.mode]) : mode == "full" ? "schedule" : "schedule-${mode}" => {
        cause       = "$.detail.schedule"
        description = "Asks for ${mode} when a schedule of it is due"
        id          = "$.id"
        mode        = mode
        pattern = {
          source      = [local.event_source]
          detail-type = [local.detail_type]
          detail      = { mode = [mode], schedule = [{ exists = true }] }
        }
      }
    },
  )

  # Terraform writes < and > as escapes, which EventBridge does not take for placeholders. Without quotes
  # around a placeholder EventBridge writes JSON; that it escapes anything between them is nowhere said, and
  # then the name of an alarm could ask the pipeline for whatever else.
  templates = {
    for name, rule in local.rules : name => replace(jsonencode({
      ref = var.pipeline.ref
      variables = merge(var.pipeline.variables, {
        MLOPS_ENVIRONMENT   = var.environment
        MLOPS_REQUEST_CAUSE = "<cause>"
        MLOPS_REQUEST_ID    = "<id>"
        MLOPS_REQUEST_TIME  = "<time>"
        MODE                = rule.mode
      })
    }), "/\"\\\\u003c([a-z]+)\\\\u003e\"/", "<$1>")
  }
}

data "aws_secretsmanager_secret_version" "token" {
  count = var.token_secret_arn == null ? 0 : 1

  secret_id = var.token_secret_arn
}

resource "aws_cloudwatch_event_connection" "gitlab" {
  name               = "${var.name}-retraining"
  description        = "Trigger token of the pipeline that retrains and rolls back ${var.name}"
  authorization_type = "API_KEY"

  auth_parameters {
    # EventBridge wants a header; GitLab reads the token from the body.
    api_key {
      key   = "X-Trigger-Token"
      value = local.token
    }

    invocation_http_parameters {
      body {
        key             = "token"
        value           = local.token
        is_value_secret = true
      }
    }
  }
}

resource "aws_cloudwatch_event_api_destination" "pipeline" {
  name                             = "${var.name}-retraining"
  description                      = "Pipeline that retrains and rolls back ${var.name}"
  connection_arn                   = aws_cloudwatch_event_connection.gitlab.arn
  http_method                      = "POST"
  invocation_endpoint              = var.pipeline.trigger_url
  invocation_rate_limit_per_second = 1
}

resource "aws_cloudwatch_event_rule" "this" {
  for_each = local.rules

  name          = "${var.name}-${each.key}"
  description   = each.value.description
  event_pattern = jsonencode(each.value.pattern)
}

resource "aws_cloudwatch_event_target" "pipeline" {
  for_each = local.rules

  rule     = aws_cloudwatch_event_rule.this[each.key].name
  arn      = aws_cloudwatch_event_api_destination.pipeline.arn
  role_arn = aws_iam_role.this["caller"].arn

  dead_letter_config {
    arn = aws_sqs_queue.undelivered.arn
  }

  input_transformer {
    input_paths    = { cause = each.value.cause, id = each.value.id, time = "$.time" }
    input_template = local.templates[each.key]
  }

  retry_policy {
    maximum_event_age_in_seconds = var.retry.max_age_s
    maximum_retry_attempts       = var.retry.attempts
  }

  depends_on = [aws_iam_role_policy.this]
}

# What could not be delivered waits here for two weeks.
resource "aws_sqs_queue" "undelivered" {
  name                              = "${var.name}-retraining-undelivered"
  kms_data_key_reuse_period_seconds = 3600
  kms_master_key_id                 = var.kms_key_arn
  message_retention_seconds         = 1209600
  policy                            = data.aws_iam_policy_document.queue.json
}
