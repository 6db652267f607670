mock_provider "aws" {
  mock_data "aws_iam_policy_document" {
    defaults = {
      json = "{}"
    }
  }
}

variables {
  account_id  = "000000000000"
  kms_key_arn = "arn:aws:kms:us-east-1:000000000000:key/11111111-2222-3333-4444-555555555555"
  name        = "mlops-staging-notifications"
}

run "bad_values_are_refused" {
  command = plan

  variables {
    account_id    = "123"
    kms_key_arn   = "alias/aws/sns"
    name          = "no spaces please"
    subscriptions = { on_call = { endpoint = "+49 123", protocol = "sms" } }
  }

  expect_failures = [var.account_id, var.kms_key_arn, var.name, var.subscriptions]
}

run "email_without_an_at_sign_is_refused" {
  command = plan

  variables {
    subscriptions = { on_call = { endpoint = "on-call.example.com", protocol = "email" } }
  }

  expect_failures = [var.subscriptions]
}

run "plain_http_is_refused" {
  command = plan

  variables {
    subscriptions = { hook = { endpoint = "http://example.com/hook", protocol = "https" } }
  }

  expect_failures = [var.subscriptions]
}

run "queue_without_an_arn_is_refused" {
  command = plan

  variables {
    subscriptions = { queue = { endpoint = "messages", protocol = "sqs" } }
  }

  expect_failures = [var.subscriptions]
}

run "unknown_severity_is_refused" {
  command = plan

  variables {
    subscriptions = { on_call = { endpoint = "on-call@example.com", protocol = "email", severities = ["urgent"] } }
  }

  expect_failures = [var.subscriptions]
}

run "two_addresses_in_one_are_refused" {
  command = plan

  variables {
    subscriptions = { on_call = { endpoint = "on-call,team@example.com", protocol = "email" } }
  }

  expect_failures = [var.subscriptions]
}

run "same_receiver_twice_is_refused" {
  command = plan

  variables {
    subscriptions = { for name in ["day", "night"] : name => { endpoint = "on-call@example.com", protocol = "email", severities = ["critical"] } }
  }

  expect_failures = [var.subscriptions]
}
