# Scheduler knows time zones and rules do not; rules call API destinations and Scheduler does not.
# So a schedule puts an event on the bus, and a rule carries it to the pipeline.
resource "aws_scheduler_schedule" "this" {
  for_each = var.schedules

  name                         = "${var.name}-${each.key}"
  description                  = "Asks for a retraining of ${var.name}"
  kms_key_arn                  = var.kms_key_arn
  schedule_expression          = each.value.expression
  schedule_expression_timezone = each.value.timezone

  flexible_time_window {
    mode                      = each.value.window_minutes == 0 ? "OFF" : "FLEXIBLE"
    maximum_window_in_minutes = each.value.window_minutes == 0 ? null : each.value.window_minutes
  }

  target {
    arn      = local.bus_arn
    role_arn = aws_iam_role.this["scheduler"].arn
    input    = jsonencode({ schedule = each.key })

    dead_letter_config {
      arn = aws_sqs_queue.undelivered.arn
    }

    eventbridge_parameters {
      detail_type = local.detail_type
      source      = local.event_source
    }

    retry_policy {
      maximum_event_age_in_seconds = var.retry.max_age_s
      maximum_retry_attempts       = var.retry.attempts
    }
  }

  depends_on = [aws_iam_role_policy.this]
}
