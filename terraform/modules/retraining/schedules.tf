locals {
  # One value of each field of a cron expression. Checked here, because AWS answers only at apply time.
  _cron_values = {
    day     = "(0?[1-9]|[12][0-9]|3[01])"
    hour    = "([01]?[0-9]|2[0-3])"
    minute  = "[0-5]?[0-9]"
    month   = "(0?[1-9]|1[0-2]|JAN|FEB|MAR|APR|MAY|JUN|JUL|AUG|SEP|OCT|NOV|DEC)"
    weekday = "([1-7]|SUN|MON|TUE|WED|THU|FRI|SAT)"
    year    = "(19[7-9][0-9]|2[01][0-9]{2})"
  }
  _cron_ranges = { for field, value in local._cron_values : field => "(\\*|${value}(-${value})?)(/[1-9][0-9]*)?" }
  _cron_items = merge(local._cron_ranges, {
    day     = "(${local._cron_ranges.day}|LW?|${local._cron_values.day}W)"
    weekday = "(${local._cron_ranges.weekday}|L|[1-7]L|[1-7]#[1-5])"
  })
  _cron = { for field, item in local._cron_items : field => "${item}(,${item})*" }

  # Day of the month or day of the week: the other one is a question mark.
  _cron_pattern = "cron\\(${local._cron.minute} ${local._cron.hour} (${local._cron.day} ${local._cron.month} \\?|\\? ${local._cron.month} ${local._cron.weekday}) ${local._cron.year}\\)"
}

locals {
  schedule_group = "${var.name}-retraining"
}

# A group of its own: the trust of the role can name a group, and nothing smaller.
resource "aws_scheduler_schedule_group" "this" {
  count = length(var.schedules) == 0 ? 0 : 1

  name = local.schedule_group
}

# Scheduler knows time zones and rules do not; rules call API destinations and Scheduler does not.
# So a schedule puts an event on the bus, and a rule carries it to the pipeline.
resource "aws_scheduler_schedule" "this" {
  for_each = var.schedules

  name                         = "${var.name}-${each.key}"
  group_name                   = aws_scheduler_schedule_group.this[0].name
  description                  = "Asks for ${each.value.mode} of ${var.name}"
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
    input    = jsonencode({ mode = each.value.mode, schedule = each.key })

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
