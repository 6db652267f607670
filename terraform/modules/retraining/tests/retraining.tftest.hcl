mock_provider "aws" {
  mock_data "aws_iam_policy_document" {
    defaults = {
      json = "{}"
    }
  }

  mock_data "aws_partition" {
    defaults = {
      dns_suffix         = "amazonaws.com"
      partition          = "aws"
      reverse_dns_prefix = "com.amazonaws"
    }
  }

  mock_data "aws_secretsmanager_secret_version" {
    defaults = {
      secret_string = "token-from-the-secret"
    }
  }
}

variables {
  account_id     = "000000000000"
  endpoint_names = ["*-staging"]
  environment    = "staging"
  kms_key_arn    = "arn:aws:kms:us-east-1:000000000000:key/11111111-2222-3333-4444-555555555555"
  name           = "mlops-staging"
  pipeline       = { trigger_url = "https://gitlab.com/api/v4/projects/123/trigger/pipeline" }
  region         = "us-east-1"
  token          = "glptt-test"
}

run "alarms_of_the_endpoints_ask_the_pipeline" {
  command = plan

  assert {
    condition     = { for name, rule in local.rules : name => rule.mode } == { asked = "full", rollback = "rollback" }
    error_message = "People and the runner should ask for a retraining, the composite alarm for a rollback, and no other alarm for anything."
  }

  assert {
    condition = jsondecode(aws_cloudwatch_event_rule.this["rollback"].event_pattern) == {
      source      = ["aws.cloudwatch"]
      detail-type = ["CloudWatch Alarm State Change"]
      detail      = { alarmName = [{ wildcard = "*-staging/rollback" }], state = { value = ["ALARM"] } }
    }
    error_message = "Only a ringing composite alarm of the endpoints should ask for a rollback."
  }

  assert {
    condition = output.event == { detail_type = "Retraining Requested", source = "mlops.mlops-staging" } && jsondecode(aws_cloudwatch_event_rule.this["asked"].event_pattern) == {
      source      = ["mlops.mlops-staging"]
      detail-type = ["Retraining Requested"]
      detail      = { cause = [{ exists = true }], endpoint = [{ exists = true }], request_id = [{ exists = true }] }
    }
    error_message = "The event that is told should be the one that is waited for."
  }

  assert {
    condition     = { for name, target in aws_cloudwatch_event_target.pipeline : name => target.input_transformer[0].input_paths["id"] } == { asked = "$.detail.request_id", rollback = "$.id" }
    error_message = "What the runner asks should be known by the runner's id, an alarm by that of its event."
  }

  assert {
    condition = jsondecode(replace(aws_cloudwatch_event_target.pipeline["rollback"].input_transformer[0].input_template, "/<[a-z]+>/", "\"$0\"")) == {
      ref = "main"
      variables = {
        MLOPS_ENVIRONMENT   = "staging"
        MLOPS_REQUEST_CAUSE = "<cause>"
        MLOPS_REQUEST_ID    = "<id>"
        MLOPS_REQUEST_TIME  = "<time>"
        MODE                = "rollback"
      }
    }
    error_message = "The request should say what is asked, why, and by which event."
  }

  assert {
    condition     = alltrue([for name in ["cause", "id", "time"] : strcontains(aws_cloudwatch_event_target.pipeline["rollback"].input_transformer[0].input_template, ":<${name}>")])
    error_message = "Placeholders should stand where EventBridge writes JSON, not between quotes."
  }

  assert {
    condition     = aws_cloudwatch_event_target.pipeline["rollback"].retry_policy[0].maximum_retry_attempts == 20 && aws_sqs_queue.undelivered.message_retention_seconds == 1209600
    error_message = "Undelivered requests should be tried again, and then kept."
  }

  assert {
    condition     = length(aws_scheduler_schedule.this) == 0 && keys(aws_iam_role.this) == ["caller"]
    error_message = "Without schedules nothing should be scheduled."
  }

  assert {
    condition     = aws_cloudwatch_event_connection.gitlab.auth_parameters[0].invocation_http_parameters[0].body[0].is_value_secret
    error_message = "The token should be a secret of the connection."
  }
}

run "schedules_put_events_in_their_time_zone" {
  command = plan

  variables {
    mode_by_alarm = {}
    retry         = { attempts = 3, max_age_s = 600 }
    schedules = {
      nightly = { expression = "rate(1 day)", window_minutes = 30 }
      watch   = { expression = "rate(1 hour)", mode = "monitor" }
      weekly  = { expression = "cron(0 3 ? * MON *)", timezone = "Europe/Berlin" }
    }
  }

  assert {
    condition     = aws_scheduler_schedule.this["weekly"].schedule_expression_timezone == "Europe/Berlin" && aws_scheduler_schedule.this["weekly"].flexible_time_window[0].mode == "OFF"
    error_message = "A schedule should keep its time zone and be punctual by default."
  }

  assert {
    condition     = alltrue([for schedule in values(aws_scheduler_schedule.this) : schedule.group_name == "mlops-staging-retraining"]) && local.roles.scheduler.source_arn == "arn:aws:scheduler:us-east-1:000000000000:schedule-group/mlops-staging-retraining"
    error_message = "The role should trust the group that the schedules are in."
  }

  assert {
    condition     = aws_scheduler_schedule.this["nightly"].flexible_time_window[0].maximum_window_in_minutes == 30
    error_message = "A window should be passed on."
  }

  assert {
    condition     = keys(aws_cloudwatch_event_rule.this) == ["asked", "schedule", "schedule-monitor"] && jsondecode(replace(aws_cloudwatch_event_target.pipeline["schedule"].input_transformer[0].input_template, "/<[a-z]+>/", "\"$0\"")).variables.MODE == "full" && aws_cloudwatch_event_target.pipeline["schedule"].retry_policy[0].maximum_event_age_in_seconds == 600
    error_message = "One rule should carry all schedules of a mode to the pipeline."
  }

  assert {
    condition = { for name in ["schedule", "schedule-monitor"] : name => "${jsondecode(replace(aws_cloudwatch_event_target.pipeline[name].input_transformer[0].input_template, "/<[a-z]+>/", "\"$0\"")).variables.MODE} ${jsonencode(jsondecode(aws_cloudwatch_event_rule.this[name].event_pattern).detail.mode)}" } == {
      "schedule"         = "full [\"full\"]"
      "schedule-monitor" = "monitor [\"monitor\"]"
    }
    error_message = "A rule should start the pipeline in the mode that it listens to."
  }

  assert {
    condition     = { for name, schedule in aws_scheduler_schedule.this : name => jsondecode(schedule.target[0].input).mode } == { nightly = "full", watch = "monitor", weekly = "full" }
    error_message = "An event should say in which mode its schedule starts the pipeline."
  }
}

run "token_is_read_from_the_secret" {
  command = plan

  variables {
    token            = null
    token_secret_arn = "arn:aws:secretsmanager:us-east-1:000000000000:secret:token"
  }

  assert {
    condition     = nonsensitive(aws_cloudwatch_event_connection.gitlab.auth_parameters[0].api_key[0].value) == "token-from-the-secret"
    error_message = "The connection should hold the secret's text."
  }
}
