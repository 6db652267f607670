mock_provider "aws" {}

variables {
  account_id = "000000000000"
  emails     = ["team@example.com"]
  limit_usd  = 500
  name       = "mlops-monthly"
}

run "spending_and_forecast_are_told_at_each_threshold" {
  command = plan

  assert {
    condition     = aws_budgets_budget.this.limit_amount == "500.0" && aws_budgets_budget.this.time_unit == "MONTHLY"
    error_message = "The limit should be for a month, as AWS writes it."
  }

  assert {
    condition     = toset([for n in aws_budgets_budget.this.notification : "${n.notification_type} ${n.threshold}"]) == toset(["ACTUAL 100", "ACTUAL 50", "ACTUAL 80", "FORECASTED 100", "FORECASTED 50", "FORECASTED 80"])
    error_message = "Half, four fifths and the whole should be told by default."
  }

  assert {
    condition     = alltrue([for n in aws_budgets_budget.this.notification : n.subscriber_email_addresses == var.emails])
    error_message = "The given addresses should be told."
  }
}

run "costs_are_counted_by_tag_where_asked" {
  command = plan

  variables {
    tag_filter         = { "mlops:project" = "mlops" }
    thresholds_percent = [90]
  }

  assert {
    condition     = one(flatten([for filter in aws_budgets_budget.this.cost_filter : filter.values])) == "user:mlops:project$mlops"
    error_message = "Only tagged costs should be counted."
  }

  assert {
    condition     = length(aws_budgets_budget.this.notification) == 2
    error_message = "One threshold should be told as spent and as forecast."
  }
}
