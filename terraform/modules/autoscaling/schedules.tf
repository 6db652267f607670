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

  _schedule_patterns = [
    "^at\\([0-9]{4}-(0[1-9]|1[0-2])-(0[1-9]|[12][0-9]|3[01])T([01][0-9]|2[0-3]):[0-5][0-9]:[0-5][0-9]\\)$",
    "^rate\\((1 (minute|hour|day)|([2-9]|[1-9][0-9]+) (minutes|hours|days))\\)$",
    # Day of the month or day of the week: the other one is a question mark.
    "^cron\\(${local._cron.minute} ${local._cron.hour} (${local._cron.day} ${local._cron.month} \\?|\\? ${local._cron.month} ${local._cron.weekday}) ${local._cron.year}\\)$",
  ]
}

resource "aws_appautoscaling_scheduled_action" "this" {
  for_each = var.autoscaling.schedules

  name               = "${var.endpoint_name}-${each.key}"
  resource_id        = aws_appautoscaling_target.this.resource_id
  scalable_dimension = aws_appautoscaling_target.this.scalable_dimension
  schedule           = each.value.schedule
  service_namespace  = aws_appautoscaling_target.this.service_namespace
  timezone           = each.value.timezone

  scalable_target_action {
    max_capacity = each.value.max_capacity
    min_capacity = each.value.min_capacity
  }

  lifecycle {
    replace_triggered_by = [terraform_data.bounds] # AWS deletes schedules with their target
  }
}
