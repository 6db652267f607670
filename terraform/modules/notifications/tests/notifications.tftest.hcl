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

run "encrypted_topic_hears_the_own_account_only" {
  command = plan

  assert {
    condition     = aws_sns_topic.this.kms_master_key_id == var.kms_key_arn
    error_message = "Messages should be encrypted with the given key."
  }

  assert {
    condition = toset(flatten([for s in data.aws_iam_policy_document.topic.statement : [for p in s.principals : tolist(p.identifiers)] if s.effect != "Deny"])) == toset([
      "000000000000", "cloudwatch.amazonaws.com", "events.amazonaws.com"
    ])
    error_message = "The topic policy should allow the account, CloudWatch and EventBridge and nobody else."
  }

  assert {
    condition     = [for s in data.aws_iam_policy_document.topic.statement : [for c in s.condition : "${c.variable}=${join(",", c.values)}"] if s.sid == "DenyPlainHttp"] == [["aws:SecureTransport=false"]]
    error_message = "Publishing without TLS should be denied."
  }
}

run "bad_values_are_refused" {
  command = plan

  variables {
    account_id  = "123"
    kms_key_arn = "alias/aws/sns"
    name        = "no spaces please"
  }

  expect_failures = [var.account_id, var.kms_key_arn, var.name]
}
