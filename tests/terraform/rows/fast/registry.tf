locals {
  image = "683313688378.dkr.ecr.us-east-1.amazonaws.com/sagemaker-model-monitor-analyzer"
}

resource "aws_sagemaker_model_package_group" "this" {
  model_package_group_name        = "rows-group"
  model_package_group_description = "Packages of the rows"
  tags                            = { edition = tostring(var.edition) }
}

resource "aws_sagemaker_model_package_group_policy" "this" {
  model_package_group_name = aws_sagemaker_model_package_group.this.model_package_group_name
  resource_policy = jsonencode({
    Version = "2012-10-17"
    Statement = [{
      Sid       = "Edition${var.edition}"
      Effect    = "Allow"
      Principal = { AWS = "arn:aws:iam::${local.account}:root" }
      Action    = ["sagemaker:DescribeModelPackage"]
      Resource  = ["${aws_sagemaker_model_package_group.this.arn}/*"]
    }]
  })
}

resource "aws_iam_role" "sagemaker" {
  name = "rows-registry"
  assume_role_policy = jsonencode({
    Version = "2012-10-17"
    Statement = [{
      Effect    = "Allow"
      Principal = { Service = "sagemaker.amazonaws.com" }
      Action    = "sts:AssumeRole"
    }]
  })
}

resource "aws_sagemaker_pipeline" "this" {
  pipeline_name         = "rows-pipeline"
  pipeline_display_name = "rows"
  pipeline_description  = "Edition ${var.edition}"
  role_arn              = aws_iam_role.sagemaker.arn
  pipeline_definition = jsonencode({
    Version    = "2020-12-01"
    Parameters = [{ Name = "edition", Type = "Integer", DefaultValue = var.edition }]
    Steps      = [{ Name = "Stop", Type = "Fail", Arguments = { ErrorMessage = "never meant to run" } }]
  })
}

resource "aws_sagemaker_data_quality_job_definition" "this" {
  name     = "rows-data-quality-${var.edition}"
  role_arn = aws_iam_role.sagemaker.arn

  data_quality_app_specification {
    image_uri = local.image
  }

  data_quality_job_input {
    endpoint_input {
      endpoint_name = "rows-endpoint"
    }
  }

  data_quality_job_output_config {
    monitoring_outputs {
      s3_output {
        s3_uri = "s3://rows-reports/quality"
      }
    }
  }

  job_resources {
    cluster_config {
      instance_count    = 1
      instance_type     = "ml.m5.large"
      volume_size_in_gb = 20
    }
  }

  lifecycle {
    create_before_destroy = true
  }
}

resource "aws_sagemaker_monitoring_schedule" "this" {
  name = "rows-schedule"

  monitoring_schedule_config {
    monitoring_job_definition_name = aws_sagemaker_data_quality_job_definition.this.name
    monitoring_type                = "DataQuality"

    schedule_config {
      schedule_expression = var.edition == 1 ? "cron(0 * ? * * *)" : "cron(0 0 ? * * *)"
    }
  }
}

resource "aws_ecr_repository" "this" {
  name                 = "rows/serving"
  image_tag_mutability = var.edition == 1 ? "MUTABLE" : "IMMUTABLE"

  image_scanning_configuration {
    scan_on_push = true
  }
}

resource "aws_ecr_lifecycle_policy" "this" {
  repository = aws_ecr_repository.this.name
  policy = jsonencode({
    rules = [{
      rulePriority = 1
      description  = "Keep the newest"
      selection    = { tagStatus = "any", countType = "imageCountMoreThan", countNumber = 10 * var.edition }
      action       = { type = "expire" }
    }]
  })
}

resource "aws_ecr_repository_policy" "this" {
  repository = aws_ecr_repository.this.name
  policy = jsonencode({
    Version = "2012-10-17"
    Statement = [{
      Sid       = "Edition${var.edition}"
      Effect    = "Allow"
      Principal = { AWS = "arn:aws:iam::${local.account}:root" }
      Action    = ["ecr:BatchGetImage"]
    }]
  })
}

resource "aws_ssm_parameter" "this" {
  name  = "/rows/parameter"
  type  = "String"
  value = "edition ${var.edition}"
}

resource "aws_secretsmanager_secret" "this" {
  name                    = "rows-secret"
  description             = "Edition ${var.edition}"
  recovery_window_in_days = 0
}

resource "aws_secretsmanager_secret_version" "this" {
  secret_id     = aws_secretsmanager_secret.this.id
  secret_string = "edition ${var.edition}"
}

resource "aws_dynamodb_table" "this" {
  name         = "rows-table"
  billing_mode = "PAY_PER_REQUEST"
  hash_key     = "id"

  attribute {
    name = "id"
    type = "S"
  }

  tags = { edition = tostring(var.edition) }
}

resource "aws_resourcegroups_group" "this" {
  name        = "rows-resources"
  description = "Edition ${var.edition}"

  resource_query {
    query = jsonencode({
      ResourceTypeFilters = ["AWS::AllSupported"]
      TagFilters          = [{ Key = "mlops:project", Values = ["rows"] }]
    })
  }
}

import {
  for_each = var.importing ? toset(["rows-group"]) : []
  to       = aws_sagemaker_model_package_group.this
  id       = each.value
}

import {
  for_each = var.importing ? toset(["rows-group"]) : []
  to       = aws_sagemaker_model_package_group_policy.this
  id       = each.value
}

import {
  for_each = var.importing ? toset(["rows-pipeline"]) : []
  to       = aws_sagemaker_pipeline.this
  id       = each.value
}

import {
  for_each = var.importing ? toset(["rows-data-quality-2"]) : []
  to       = aws_sagemaker_data_quality_job_definition.this
  id       = each.value
}

import {
  for_each = var.importing ? toset(["rows-schedule"]) : []
  to       = aws_sagemaker_monitoring_schedule.this
  id       = each.value
}

import {
  for_each = var.importing ? toset(["rows/serving"]) : []
  to       = aws_ecr_repository.this
  id       = each.value
}

import {
  for_each = var.importing ? toset(["/rows/parameter"]) : []
  to       = aws_ssm_parameter.this
  id       = each.value
}

import {
  for_each = var.importing ? toset(["rows-table"]) : []
  to       = aws_dynamodb_table.this
  id       = each.value
}

import {
  for_each = var.importing ? toset(["rows-resources"]) : []
  to       = aws_resourcegroups_group.this
  id       = each.value
}
