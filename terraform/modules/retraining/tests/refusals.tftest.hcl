mock_provider "aws" {
  mock_data "aws_iam_policy_document" {
    defaults = {
      json = "{}"
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

run "bad_values_are_refused" {
  command = plan

  variables {
    account_id               = "123"
    endpoint_names           = []
    environment              = "Staging"
    kms_key_arn              = "alias/mlops"
    mode_by_alarm            = { rollback = "cleanup" }
    name                     = "no spaces please"
    permissions_boundary_arn = "boundary"
    pipeline                 = { trigger_url = "https://gitlab.com/api/v4/projects/123/trigger/pipeline?token=x" }
    region                   = "Ireland"
    retry                    = { attempts = 186 }
    schedules                = { weekly = { expression = "every monday" } }
    token_secret_arn         = "token"
  }

  expect_failures = [
    var.account_id,
    var.endpoint_names,
    var.environment,
    var.kms_key_arn,
    var.mode_by_alarm,
    var.name,
    var.permissions_boundary_arn,
    var.pipeline,
    var.region,
    var.retry,
    var.schedules,
    var.token_secret_arn,
  ]
}

run "token_given_twice_wildcard_ref_and_unknown_zone_are_refused" {
  command = plan

  variables {
    pipeline         = { ref = "*", trigger_url = "https://gitlab.com/api/v4/projects/123/trigger/pipeline" }
    retry            = { max_age_s = 59 }
    schedules        = { weekly = { expression = "rate(7 days)", timezone = "CEST+2" } }
    token_secret_arn = "arn:aws:secretsmanager:us-east-1:000000000000:secret:token"
  }

  expect_failures = [var.pipeline, var.retry, var.schedules, var.token]
}

run "own_variable_and_too_wide_a_window_are_refused" {
  command = plan

  variables {
    pipeline  = { trigger_url = "https://gitlab.com/api/v4/projects/123/trigger/pipeline", variables = { MODE = "cleanup" } }
    schedules = { weekly = { expression = "rate(7 days)", window_minutes = 1441 } }
  }

  expect_failures = [var.pipeline, var.schedules]
}

run "pipeline_that_would_start_itself_is_refused" {
  command = plan

  variables {
    mode_by_alarm = { data_drift = "retrain" }
  }

  expect_failures = [var.mode_by_alarm]
}

run "drift_and_quality_that_would_retrain_twice_are_refused" {
  command = plan

  variables {
    mode_by_alarm = { data_drift = "full", model_quality = "full" }
  }

  expect_failures = [var.mode_by_alarm]
}

run "schedule_of_another_mode_is_refused" {
  command = plan

  variables {
    schedules = { weekly = { expression = "rate(7 days)", mode = "retrain" } }
  }

  expect_failures = [var.schedules]
}

run "alarm_with_the_name_of_another_rule_is_refused" {
  command = plan

  variables {
    mode_by_alarm = { asked = "full" }
  }

  expect_failures = [var.mode_by_alarm]
}

run "schedule_with_a_name_that_does_not_fit_is_refused" {
  command = plan

  variables {
    schedules = { "every monday" = { expression = "rate(7 days)" } }
  }

  expect_failures = [var.schedules]
}

run "every_day_of_the_month_and_of_the_week_is_refused" {
  command = plan

  variables {
    schedules = { weekly = { expression = "cron(0 3 * * * *)" } }
  }

  expect_failures = [var.schedules]
}

run "cron_of_words_is_refused" {
  command = plan

  variables {
    schedules = { weekly = { expression = "cron(at three in the morning please)" } }
  }

  expect_failures = [var.schedules]
}

run "zone_of_another_planet_is_refused" {
  command = plan

  variables {
    schedules = { weekly = { expression = "rate(7 days)", timezone = "Mars/Phobos" } }
  }

  expect_failures = [var.schedules]
}

run "placeholder_of_its_own_is_refused" {
  command = plan

  variables {
    pipeline = { trigger_url = "https://gitlab.com/api/v4/projects/123/trigger/pipeline", variables = { MODEL = "<detail>" } }
  }

  expect_failures = [var.pipeline]
}

run "variable_without_a_value_is_refused" {
  command = plan

  variables {
    pipeline = { trigger_url = "https://gitlab.com/api/v4/projects/123/trigger/pipeline", variables = { MODEL = null } }
  }

  expect_failures = [var.pipeline]
}

run "alarm_without_a_mode_is_refused" {
  command = plan

  variables {
    mode_by_alarm = { rollback = null }
  }

  expect_failures = [var.mode_by_alarm]
}
