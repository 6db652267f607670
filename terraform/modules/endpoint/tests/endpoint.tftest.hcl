mock_provider "aws" {}

variables {
  deployment = {
    alarm_names = ["iris-r-20260102-120000-bbbbbb-n2-errors", "iris-r-20260102-120000-bbbbbb-n2-latency"]
  }

  endpoint_configs = {
    r-20260101-120000-aaaaaa-n1 = { instance_count = 1, release = "r-20260101-120000-aaaaaa" }
    r-20260102-120000-bbbbbb-n2 = { instance_count = 2, release = "r-20260102-120000-bbbbbb" }
  }

  endpoint_name = "iris"
  live_config   = "r-20260102-120000-bbbbbb-n2"

  releases = {
    r-20260101-120000-aaaaaa = {
      artifact_sha256       = "aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa"
      artifact_uri          = "s3://mlops/artifacts/a/model.tar.gz"
      container_environment = { SAGEMAKER_PROGRAM = "inference.py" }
      execution_role_arn    = "arn:aws:iam::000000000000:role/execution"
      image_uri             = "683313688378.dkr.ecr.us-east-1.amazonaws.com/sagemaker-scikit-learn:1.9-0-cpu-py3"
      instance_type         = "ml.t2.medium"
      model_package_arn     = "arn:aws:sagemaker:us-east-1:000000000000:model-package/iris/1"
      network_isolation     = true
      rollback_alarms       = { error_rate = 0.01, latency_p95_ms = 500 }
      security_group_ids    = []
      startup_timeout_s     = 300
      subnet_ids            = []
    }
    r-20260102-120000-bbbbbb = {
      artifact_sha256       = "bbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbb"
      artifact_uri          = "s3://mlops/artifacts/b/model.tar.gz"
      container_environment = { SAGEMAKER_PROGRAM = "inference.py" }
      data_capture          = { csv_content_types = ["text/csv"], destination_uri = "s3://mlops/capture", json_content_types = ["application/json"], percentage = 50 }
      execution_role_arn    = "arn:aws:iam::000000000000:role/execution"
      image_uri             = "683313688378.dkr.ecr.us-east-1.amazonaws.com/sagemaker-scikit-learn:1.9-0-cpu-py3"
      instance_type         = "ml.m5.xlarge"
      kms_key_arn           = "arn:aws:kms:us-east-1:000000000000:key/11111111-2222-3333-4444-555555555555"
      model_package_arn     = "arn:aws:sagemaker:us-east-1:000000000000:model-package/iris/2"
      network_isolation     = true
      rollback_alarms       = { error_rate = 0.01, latency_p95_ms = 300, minimum_request_count = 5 }
      security_group_ids    = ["sg-1"]
      startup_timeout_s     = 300
      subnet_ids            = ["subnet-1"]
    }
  }
}

run "models_configs_alarms_and_the_endpoint" {
  command = plan

  assert {
    condition     = toset(keys(aws_sagemaker_model.release)) == toset(keys(var.releases)) && toset(keys(aws_sagemaker_endpoint_configuration.release)) == toset(keys(var.endpoint_configs))
    error_message = "There should be one model for each release and one SageMaker config for each config."
  }

  assert {
    condition = { for key, alarm in aws_cloudwatch_metric_alarm.rollback : key => alarm.threshold } == {
      "r-20260101-120000-aaaaaa-n1/errors"  = 0.01
      "r-20260101-120000-aaaaaa-n1/latency" = 500000
      "r-20260102-120000-bbbbbb-n2/errors"  = 0.01
      "r-20260102-120000-bbbbbb-n2/latency" = 300000
    }
    error_message = "Each config should have two rollback alarms with its release's limits."
  }

  assert {
    condition     = aws_cloudwatch_metric_alarm.rollback["r-20260101-120000-aaaaaa-n1/errors"].alarm_description == "More than 1 % of the requests fail by the model's own fault."
    error_message = "A hundredth should read as one percent."
  }

  assert {
    condition = { for key, alarm in aws_cloudwatch_metric_alarm.rollback : split("/", key)[1] => one(compact([for query in alarm.metric_query : query.expression]))... } == {
      errors  = ["IF(requests >= 10, (failures - client_errors) / requests, 0)", "IF(requests >= 5, (failures - client_errors) / requests, 0)"]
      latency = ["IF(requests >= 10, latency, 0)", "IF(requests >= 5, latency, 0)"]
    }
    error_message = "The model's own failures and its latency should count from the release's number of requests on."
  }

  assert {
    condition = alltrue(flatten([for key, alarm in aws_cloudwatch_metric_alarm.rollback : [for query in alarm.metric_query : [
      for metric in query.metric : metric.dimensions["EndpointConfigName"] == "iris-${split("/", key)[0]}" && metric.period == 60
    ]]]))
    error_message = "The alarms of a config should look at its own fleet alone."
  }

  assert {
    condition     = aws_sagemaker_endpoint.this.endpoint_config_name == "iris-r-20260102-120000-bbbbbb-n2" && one(aws_sagemaker_endpoint_configuration.release["r-20260102-120000-bbbbbb-n2"].production_variants).initial_instance_count == 2
    error_message = "The endpoint should serve the live config."
  }

  assert {
    condition     = [for key in keys(var.releases) : length(aws_sagemaker_model.release[key].vpc_config)] == [0, 1] && [for key in keys(var.endpoint_configs) : length(aws_sagemaker_endpoint_configuration.release[key].data_capture_config)] == [0, 1]
    error_message = "Network and data capture should be there only for the release that has them."
  }

  assert {
    condition     = [for header in flatten([for config in values(aws_sagemaker_endpoint_configuration.release) : config.data_capture_config[*].capture_content_type_header]) : [toset(header.csv_content_types), toset(header.json_content_types)]] == [[toset(["text/csv"]), toset(["application/json"])]]
    error_message = "Captured text should be written as text for the content types that are named."
  }

  assert {
    condition     = length(one(one(aws_sagemaker_endpoint.this.deployment_config).auto_rollback_configuration).alarms) == 2 && one(one(one(aws_sagemaker_endpoint.this.deployment_config).blue_green_update_policy).traffic_routing_configuration).type == "ALL_AT_ONCE"
    error_message = "The endpoint should roll back by the alarms of the move."
  }

  assert {
    condition     = output.rollback_alarm_names["r-20260101-120000-aaaaaa-n1"] == ["iris-r-20260101-120000-aaaaaa-n1-errors", "iris-r-20260101-120000-aaaaaa-n1-latency", "iris-r-20260101-120000-aaaaaa-n1-tests"]
    error_message = "The alarms of a config should be known by their names."
  }
}

run "rollback_is_watched_by_an_alarm_that_cannot_ring" {
  command = plan

  variables {
    deployment  = { alarm_names = ["iris-quiet"] }
    live_config = "r-20260101-120000-aaaaaa-n1"
  }

  assert {
    condition     = aws_cloudwatch_metric_alarm.quiet.alarm_name == "iris-quiet" && output.quiet_alarm_name == one(one(one(aws_sagemaker_endpoint.this.deployment_config).auto_rollback_configuration).alarms).alarm_name
    error_message = "The quiet alarm should be the one that watches."
  }

  assert {
    condition     = [for alarm in [aws_cloudwatch_metric_alarm.quiet] : "${alarm.namespace}/${alarm.metric_name} ${alarm.dimensions["EndpointName"]} ${alarm.treat_missing_data} ${alarm.evaluation_periods}"] == ["MLOps/Never iris notBreaching 1"]
    error_message = "Nobody should publish its metric, and no data should not breach."
  }
}

run "canary_shifts_a_share_first" {
  command = plan

  variables {
    deployment = {
      alarm_names        = ["iris-r-20260102-120000-bbbbbb-n2-errors"]
      step_percentage    = 50
      strategy           = "canary"
      termination_wait_s = 300
      wait_interval_s    = 120
    }
    variant_name = "main"
  }

  assert {
    condition = [for each in one(one(aws_sagemaker_endpoint.this.deployment_config).blue_green_update_policy).traffic_routing_configuration :
      "${each.type} ${one(each.canary_size).value} ${each.wait_interval_in_seconds} ${length(each.linear_step_size)}"
    ] == ["CANARY 50 120 0"]
    error_message = "A canary should have the given share and wait."
  }

  assert {
    condition     = alltrue([for config in values(aws_sagemaker_endpoint_configuration.release) : one(config.production_variants).variant_name == "main"]) && alltrue(flatten([for alarm in values(aws_cloudwatch_metric_alarm.rollback) : [for query in alarm.metric_query : [for metric in query.metric : metric.dimensions["VariantName"] == "main"]]]))
    error_message = "Configs and alarms should name the same variant."
  }
}

run "linear_shifts_in_equal_steps" {
  command = plan

  variables {
    deployment = {
      alarm_names     = ["iris-r-20260102-120000-bbbbbb-n2-errors"]
      step_percentage = 10
      strategy        = "linear"
    }
  }

  assert {
    condition     = [for each in one(one(aws_sagemaker_endpoint.this.deployment_config).blue_green_update_policy).traffic_routing_configuration : "${each.type} ${one(each.linear_step_size).value} ${length(each.canary_size)}"] == ["LINEAR 10 0"]
    error_message = "Each step should have the given share."
  }
}

run "rolling_move_has_one_policy_and_waits_after_each_batch" {
  command = plan

  variables {
    deployment = { strategy = "rolling", step_percentage = 30, wait_interval_s = 120, maximum_execution_timeout_s = 1800 }
  }

  assert {
    condition     = length(one(aws_sagemaker_endpoint.this.deployment_config).blue_green_update_policy) == 0
    error_message = "Only one update policy may be used."
  }

  assert {
    condition     = [for each in one(aws_sagemaker_endpoint.this.deployment_config).rolling_update_policy : "${one(each.maximum_batch_size).type} ${one(each.maximum_batch_size).value} ${each.wait_interval_in_seconds} ${each.maximum_execution_timeout_in_seconds} ${length(each.rollback_maximum_batch_size)}"] == ["CAPACITY_PERCENT 30 120 1800 0"]
    error_message = "The batches should have the given share of the instances, and a rollback should bring up the whole old fleet."
  }

  assert {
    condition     = local.waits_s == 480
    error_message = "Batches of 30 % are four, and each one is waited for."
  }
}

run "veto_rings_by_one_value_and_never_by_none" {
  command = plan

  assert {
    condition     = { for key, alarm in aws_cloudwatch_metric_alarm.tests : alarm.alarm_name => alarm.dimensions } == { for key in keys(var.endpoint_configs) : "iris-${key}-tests" => tomap({ EndpointConfigName = "iris-${key}" }) }
    error_message = "Each config should have an alarm of its own, by its own dimension."
  }

  assert {
    condition     = alltrue([for alarm in aws_cloudwatch_metric_alarm.tests : alarm.treat_missing_data == "notBreaching" && alarm.period == 10 && alarm.evaluation_periods == 1 && alarm.threshold == 0 && alarm.namespace == "MLOps" && alarm.metric_name == "EndpointTestsFailed"])
    error_message = "One value above 0 should ring within seconds; no value should never ring."
  }
}

run "alarms_of_the_live_config_watch_where_none_are_named" {
  command = plan

  variables {
    deployment = {}
  }

  assert {
    condition     = toset(one(one(aws_sagemaker_endpoint.this.deployment_config).auto_rollback_configuration).alarms[*].alarm_name) == toset([for kind in ["errors", "latency", "tests"] : "iris-r-20260102-120000-bbbbbb-n2-${kind}"])
    error_message = "The move should be watched by the alarms of the config that it goes to."
  }
}

run "waits_just_within_the_limits_are_taken" {
  command = plan

  variables {
    deployment = { strategy = "linear", step_percentage = 10, wait_interval_s = 350, termination_wait_s = 449, maximum_execution_timeout_s = 3600 }
  }

  assert {
    condition     = local.waits_s == 3599
    error_message = "Ten steps should have nine waits."
  }
}

run "waits_of_an_hour_together_are_refused" {
  command = plan

  variables {
    deployment = { strategy = "linear", step_percentage = 10, wait_interval_s = 350, termination_wait_s = 450, maximum_execution_timeout_s = 14400 }
  }

  expect_failures = [aws_sagemaker_endpoint.this]
}

run "timeout_within_the_waits_is_refused" {
  command = plan

  variables {
    deployment = { strategy = "linear", step_percentage = 34, wait_interval_s = 300, maximum_execution_timeout_s = 600 }
  }

  expect_failures = [aws_sagemaker_endpoint.this]
}

run "local_storage_is_given_no_key" {
  command = plan

  variables {
    releases = { for id, release in var.releases : id => merge(release, {
      instance_type = "ml.g4dn.xlarge"
      kms_key_arn   = "arn:aws:kms:us-east-1:000000000000:key/11111111-2222-3333-4444-555555555555"
    }) }
  }

  assert {
    condition     = alltrue([for config in values(aws_sagemaker_endpoint_configuration.release) : config.kms_key_arn == null])
    error_message = "SageMaker takes no key for instances with local storage."
  }
}

run "share_of_one_instance_is_refused" {
  command = plan

  variables {
    deployment  = { strategy = "canary", step_percentage = 50 }
    live_config = "r-20260101-120000-aaaaaa-n1"
  }

  expect_failures = [aws_sagemaker_endpoint.this]
}
