mock_provider "aws" {
  mock_data "aws_iam_policy_document" {
    defaults = {
      json = "{}"
    }
  }

  mock_resource "aws_sns_topic" {
    defaults = {
      arn = "arn:aws:sns:us-east-1:000000000000:topic"
    }
  }
}

variables {
  account_id  = "000000000000"
  kms_key_arn = "arn:aws:kms:us-east-1:000000000000:key/11111111-2222-3333-4444-555555555555"
  name        = "mlops-staging-notifications"
}

run "encrypted_topics_hear_the_own_account_only" {
  command = plan

  assert {
    condition     = { for severity, topic in aws_sns_topic.severity : severity => topic.name } == { critical = "mlops-staging-notifications-critical", info = "mlops-staging-notifications", warning = "mlops-staging-notifications-warning" }
    error_message = "Each severity should have a topic, information the plain name."
  }

  assert {
    condition     = alltrue([for topic in aws_sns_topic.severity : topic.kms_master_key_id == var.kms_key_arn])
    error_message = "Messages should be encrypted with the given key."
  }

  assert {
    condition     = length(aws_sns_topic_subscription.this) == 0
    error_message = "Nobody should be subscribed who was not named."
  }
}

run "topic_policy_allows_the_account_and_its_services" {
  assert {
    condition = alltrue([for topic in data.aws_iam_policy_document.topic : toset(flatten([for s in topic.statement : [for p in s.principals : tolist(p.identifiers)] if s.effect != "Deny"])) == toset([
      "000000000000", "budgets.amazonaws.com", "cloudwatch.amazonaws.com"
    ])])
    error_message = "The topic policy should allow the account, its alarms and budgets and nobody else."
  }

  assert {
    condition     = alltrue([for topic in data.aws_iam_policy_document.topic : [for s in topic.statement : [for c in s.condition : "${c.variable}=${join(",", c.values)}"] if s.sid == "DenyPlainHttp"] == [["aws:SecureTransport=false"]]])
    error_message = "Publishing without TLS should be denied."
  }

  assert {
    condition     = output.topic_arn == output.topic_arns["info"] && keys(output.topic_arns) == ["critical", "info", "warning"]
    error_message = "The topic for information should be the one that the runner speaks on."
  }
}

run "event_rules_publish_where_asked_and_without_a_condition" {
  variables {
    event_rules_publish = true
  }

  assert {
    condition     = alltrue([for topic in data.aws_iam_policy_document.topic : [for s in topic.statement : length(s.condition) if s.sid == "EventsPublish"] == [0]])
    error_message = "SNS takes no condition in a statement for EventBridge."
  }
}

run "subscribers_hear_the_severities_they_ask_for" {
  command = plan

  variables {
    subscriptions = {
      hook    = { endpoint = "https://example.com/hook", protocol = "https", severities = ["critical", "warning"] }
      on_call = { endpoint = "on-call@example.com", protocol = "email", severities = ["critical"] }
      queue   = { endpoint = "arn:aws:sqs:us-east-1:000000000000:messages", protocol = "sqs" }
    }
  }

  assert {
    condition     = keys(aws_sns_topic_subscription.this) == ["hook/critical", "hook/warning", "on_call/critical", "queue/critical", "queue/info", "queue/warning"]
    error_message = "There should be one subscription for each severity asked for, and all of them by default."
  }

  assert {
    condition     = aws_sns_topic_subscription.this["on_call/critical"].protocol == "email" && aws_sns_topic_subscription.this["on_call/critical"].endpoint == "on-call@example.com"
    error_message = "Protocol and endpoint should be as given."
  }
}
