locals {
  # A queue takes the provider 25 s: the address of one is enough here.
  queue_arn = "arn:aws:sqs:us-east-1:000000000000:rows-queue"
}

resource "aws_sns_topic" "this" {
  application_failure_feedback_role_arn    = aws_iam_role.messenger.arn
  application_success_feedback_role_arn    = aws_iam_role.messenger.arn
  application_success_feedback_sample_rate = 10 * var.edition
  display_name                             = "Edition ${var.edition}"
  firehose_failure_feedback_role_arn       = aws_iam_role.messenger.arn
  firehose_success_feedback_role_arn       = aws_iam_role.messenger.arn
  firehose_success_feedback_sample_rate    = 10 * var.edition
  http_failure_feedback_role_arn           = aws_iam_role.messenger.arn
  http_success_feedback_role_arn           = aws_iam_role.messenger.arn
  http_success_feedback_sample_rate        = 10 * var.edition
  lambda_failure_feedback_role_arn         = aws_iam_role.messenger.arn
  lambda_success_feedback_role_arn         = aws_iam_role.messenger.arn
  lambda_success_feedback_sample_rate      = 10 * var.edition
  name                                     = "rows-topic"
  signature_version                        = 2
  sqs_failure_feedback_role_arn            = aws_iam_role.messenger.arn
  sqs_success_feedback_role_arn            = aws_iam_role.messenger.arn
  sqs_success_feedback_sample_rate         = 10 * var.edition
  tracing_config                           = var.edition == 1 ? "PassThrough" : "Active"
}

resource "aws_sns_topic_policy" "this" {
  arn = aws_sns_topic.this.arn
  policy = jsonencode({
    Version = "2012-10-17"
    Statement = [{
      Sid       = "Edition${var.edition}"
      Effect    = "Allow"
      Principal = { Service = "events.amazonaws.com" }
      Action    = "sns:Publish"
      Resource  = aws_sns_topic.this.arn
    }]
  })
}

resource "aws_sns_topic_subscription" "email" {
  topic_arn = aws_sns_topic.this.arn
  protocol  = "email"
  endpoint  = "someone@example.com"
}

resource "aws_sns_topic_subscription" "http" {
  topic_arn = aws_sns_topic.this.arn
  protocol  = "http"
  endpoint  = "http://127.0.0.1:9/hook"
}

resource "aws_sns_topic_subscription" "queue" {
  topic_arn            = aws_sns_topic.this.arn
  protocol             = "sqs"
  endpoint             = local.queue_arn
  raw_message_delivery = var.edition == 2
  filter_policy        = jsonencode({ verdict = ["deploy"] })
}

resource "aws_cloudwatch_event_bus" "this" {
  name = "rows-bus"
}

resource "aws_cloudwatch_event_archive" "this" {
  name             = "rows-archive"
  event_source_arn = aws_cloudwatch_event_bus.this.arn
  retention_days   = var.edition
}

resource "aws_cloudwatch_event_rule" "this" {
  name           = "rows-rule"
  event_bus_name = aws_cloudwatch_event_bus.this.name
  description    = "Edition ${var.edition}"
  event_pattern  = jsonencode({ source = ["aws.sagemaker"] })
}

resource "aws_cloudwatch_event_rule" "nightly" {
  name                = "rows-nightly"
  schedule_expression = "rate(${1 + var.edition} days)"
  state               = "DISABLED"
}

resource "aws_cloudwatch_event_target" "topic" {
  rule           = aws_cloudwatch_event_rule.this.name
  event_bus_name = aws_cloudwatch_event_bus.this.name
  arn            = aws_sns_topic.this.arn

  input_transformer {
    input_paths    = { name = "$.detail.name" }
    input_template = "\"Edition ${var.edition} of <name>\""
  }
}

resource "aws_cloudwatch_event_target" "queue" {
  rule           = aws_cloudwatch_event_rule.this.name
  event_bus_name = aws_cloudwatch_event_bus.this.name
  arn            = local.queue_arn
  input_path     = "$.detail"

  dead_letter_config {
    arn = local.queue_arn
  }

  retry_policy {
    maximum_event_age_in_seconds = 60
    maximum_retry_attempts       = var.edition
  }
}

resource "aws_cloudwatch_event_target" "api" {
  rule           = aws_cloudwatch_event_rule.this.name
  event_bus_name = aws_cloudwatch_event_bus.this.name
  arn            = aws_cloudwatch_event_api_destination.this.arn
  role_arn       = aws_iam_role.messenger.arn

  http_target {
    header_parameters = { "X-Edition" = tostring(var.edition) }
  }
}

resource "aws_cloudwatch_event_connection" "this" {
  name               = "rows-connection"
  authorization_type = "API_KEY"

  auth_parameters {
    api_key {
      key   = "X-Key"
      value = "edition-${var.edition}"
    }
  }
}

resource "aws_cloudwatch_event_api_destination" "this" {
  name                             = "rows-destination"
  invocation_endpoint              = "https://127.0.0.1:9/hook"
  http_method                      = "POST"
  invocation_rate_limit_per_second = var.edition
  connection_arn                   = aws_cloudwatch_event_connection.this.arn
}

resource "aws_iam_role" "messenger" {
  name = "rows-messaging"
  assume_role_policy = jsonencode({
    Version = "2012-10-17"
    Statement = [{
      Effect    = "Allow"
      Principal = { Service = ["events.amazonaws.com", "lambda.amazonaws.com", "scheduler.amazonaws.com"] }
      Action    = "sts:AssumeRole"
    }]
  })
}

resource "aws_scheduler_schedule_group" "this" {
  name = "rows-group"
}

resource "aws_scheduler_schedule" "universal" {
  name                = "rows-universal"
  group_name          = aws_scheduler_schedule_group.this.name
  schedule_expression = "rate(${1 + var.edition} hours)"

  flexible_time_window {
    mode = "OFF"
  }

  target {
    arn      = "arn:aws:scheduler:::aws-sdk:sagemaker:createProcessingJob"
    role_arn = aws_iam_role.messenger.arn
    input    = jsonencode({ ProcessingJobName = "nightly" })
  }
}

resource "aws_scheduler_schedule" "pipeline" {
  name                = "rows-pipeline"
  group_name          = aws_scheduler_schedule_group.this.name
  schedule_expression = "cron(0 3 * * ? *)"

  flexible_time_window {
    mode                      = "FLEXIBLE"
    maximum_window_in_minutes = 10 * var.edition
  }

  target {
    arn      = "arn:aws:sagemaker:us-east-1:000000000000:pipeline/nightly"
    role_arn = aws_iam_role.messenger.arn

    sagemaker_pipeline_parameters {
      pipeline_parameter {
        name  = "edition"
        value = tostring(var.edition)
      }
    }
  }
}

resource "aws_lambda_function" "this" {
  function_name    = "rows-function"
  role             = aws_iam_role.messenger.arn
  handler          = "handler.handle"
  runtime          = "python3.11"
  filename         = var.handler_zip
  source_code_hash = filebase64sha256(var.handler_zip)
  timeout          = 10 * var.edition

  environment {
    variables = { EDITION = tostring(var.edition) }
  }
}

resource "aws_lambda_alias" "this" {
  name             = "live"
  function_name    = aws_lambda_function.this.function_name
  function_version = "$LATEST"
  description      = "Edition ${var.edition}"
}

resource "aws_lambda_permission" "this" {
  statement_id  = "AllowTopic"
  action        = "lambda:InvokeFunction"
  function_name = aws_lambda_function.this.function_name
  principal     = "sns.amazonaws.com"
  source_arn    = aws_sns_topic.this.arn
}

resource "aws_cloudwatch_log_group" "this" {
  name              = "/rows/log"
  retention_in_days = var.edition == 1 ? 7 : 14
}

resource "aws_cloudwatch_log_metric_filter" "this" {
  name           = "rows-errors"
  log_group_name = aws_cloudwatch_log_group.this.name
  pattern        = var.edition == 1 ? "ERROR" : "FATAL"

  metric_transformation {
    name      = "Errors"
    namespace = "Rows"
    value     = "1"
  }
}

resource "aws_cloudwatch_query_definition" "this" {
  name            = "rows/errors"
  log_group_names = [aws_cloudwatch_log_group.this.name]
  query_string    = "fields @timestamp | limit ${var.edition}"
}

import {
  for_each = var.importing ? toset(["arn:aws:sns:us-east-1:000000000000:rows-topic"]) : []
  to       = aws_sns_topic.this
  id       = each.value
}

import {
  for_each = var.importing ? toset(["rows-bus"]) : []
  to       = aws_cloudwatch_event_bus.this
  id       = each.value
}

import {
  for_each = var.importing ? toset(["rows-bus/rows-rule"]) : []
  to       = aws_cloudwatch_event_rule.this
  id       = each.value
}

import {
  for_each = var.importing ? toset(["rows-archive"]) : []
  to       = aws_cloudwatch_event_archive.this
  id       = each.value
}

import {
  for_each = var.importing ? toset(["rows-destination"]) : []
  to       = aws_cloudwatch_event_api_destination.this
  id       = each.value
}

import {
  for_each = var.importing ? toset(["rows-group/rows-pipeline"]) : []
  to       = aws_scheduler_schedule.pipeline
  id       = each.value
}

import {
  for_each = var.importing ? toset(["/rows/log:rows-errors"]) : []
  to       = aws_cloudwatch_log_metric_filter.this
  id       = each.value
}

import {
  for_each = var.importing ? toset(["rows-function/live"]) : []
  to       = aws_lambda_alias.this
  id       = each.value
}
