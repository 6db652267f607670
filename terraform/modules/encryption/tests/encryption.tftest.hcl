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
}

variables {
  account_id = "000000000000"
  alias      = "mlops-staging"
}

run "key_rotates_and_survives_its_deletion_for_a_month_by_default" {
  command = plan

  assert {
    condition     = aws_kms_key.this.enable_key_rotation
    error_message = "The key should rotate unless it is told not to."
  }

  assert {
    condition     = aws_kms_key.this.deletion_window_in_days == 30
    error_message = "A deleted key should be recoverable for 30 days."
  }

  assert {
    condition     = aws_kms_alias.this.name == "alias/mlops-staging"
    error_message = "The alias should carry the given name."
  }
}

run "only_the_own_account_and_its_alarms_and_events_use_the_key" {
  command = plan

  variables {
    rotation = false
  }

  assert {
    condition = toset(flatten([for s in data.aws_iam_policy_document.key.statement : [for p in s.principals : tolist(p.identifiers)]])) == toset([
      "arn:aws:iam::000000000000:root", "budgets.amazonaws.com", "cloudwatch.amazonaws.com", "events.amazonaws.com"
    ])
    error_message = "The key policy should name the account, its alarms, budgets and events and nobody else."
  }

  assert {
    condition     = [for s in data.aws_iam_policy_document.key.statement : [for c in s.condition : "${c.variable}=${join(",", c.values)}"] if s.sid == "AlarmsPublishAndRulesKeep"] == [["aws:SourceAccount=000000000000"]]
    error_message = "Services should use the key only on behalf of the own account."
  }

  assert {
    condition     = [for s in data.aws_iam_policy_document.key.statement : s.sid if s.effect == "Deny" || anytrue([for c in s.condition : c.variable == "aws:PrincipalArn"])] == []
    error_message = "Without named roles IAM alone should decide."
  }

  assert {
    condition     = !aws_kms_key.this.enable_key_rotation
    error_message = "The key should not rotate when rotation is off."
  }
}

run "trails_of_the_account_encrypt_where_they_may" {
  command = plan

  variables {
    encrypts_trails = true
  }

  assert {
    condition = [for s in data.aws_iam_policy_document.key.statement : [for c in s.condition : "${c.variable}=${join(",", c.values)}"] if s.sid == "TrailsEncrypt"] == [[
      "aws:SourceArn=arn:aws:cloudtrail:*:000000000000:trail/*", "kms:EncryptionContext:aws:cloudtrail:arn=arn:aws:cloudtrail:*:000000000000:trail/*"
    ]]
    error_message = "Only trails of the own account should encrypt, in their own name."
  }
}

run "named_roles_keep_to_their_purpose" {
  command = plan

  variables {
    reader_role_arns = ["arn:aws:iam::000000000000:role/plan"]
    writer_role_arns = ["arn:aws:iam::000000000000:role/execution"]
  }

  assert {
    condition = { for s in data.aws_iam_policy_document.key.statement : s.sid => flatten([for c in s.condition : sort(c.values) if c.variable == "aws:PrincipalArn"]) if anytrue([for c in s.condition : c.variable == "aws:PrincipalArn"]) } == {
      AccountGrantsToServices   = ["arn:aws:iam::000000000000:role/plan"]
      AccountUses               = ["arn:aws:iam::000000000000:role/execution", "arn:aws:iam::000000000000:role/plan"]
      ReadersDecryptObjects     = ["arn:aws:iam::000000000000:role/plan"]
      RolesChangeNothing        = ["arn:aws:iam::000000000000:role/execution", "arn:aws:iam::000000000000:role/plan"]
      WritersUseThroughServices = ["arn:aws:iam::000000000000:role/execution"]
    }
    error_message = "Each role should be named where it may, or may not, do something."
  }

  assert {
    condition     = [for s in data.aws_iam_policy_document.key.statement : length(s.condition) if s.sid == "AccountManages"] == [0]
    error_message = "The account should always be able to manage the key."
  }
}
