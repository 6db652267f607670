resource "aws_budgets_budget" "this" {
  name         = var.name
  account_id   = var.account_id
  budget_type  = "COST"
  limit_amount = format("%.1f", var.limit_usd)
  limit_unit   = "USD"
  time_unit    = "MONTHLY"

  dynamic "cost_filter" {
    for_each = length(var.tag_filter) > 0 ? [var.tag_filter] : []

    content {
      name   = "TagKeyValue"
      values = [for key, value in cost_filter.value : format("user:%s$%s", key, value)]
    }
  }

  # Once when it is spent, and once as soon as the forecast says that it will be.
  dynamic "notification" {
    for_each = setproduct(["ACTUAL", "FORECASTED"], var.thresholds_percent)

    content {
      comparison_operator        = "GREATER_THAN"
      notification_type          = notification.value[0]
      subscriber_email_addresses = var.emails
      threshold                  = notification.value[1]
      threshold_type             = "PERCENTAGE"
    }
  }
}
