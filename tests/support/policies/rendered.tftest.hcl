run "rendered" {
  command = plan

  # What AWS would only tell after an apply.
  override_resource {
    target          = module.notifications.aws_sns_topic.severity
    override_during = plan
    values          = { arn = "arn:aws:sns:us-east-1:111122223333:mlops-staging-notifications" }
  }

  override_resource {
    target          = module.registry.aws_sagemaker_model_package_group.this
    override_during = plan
    values          = { arn = "arn:aws:sagemaker:us-east-1:111122223333:model-package-group/iris" }
  }

  override_resource {
    target          = module.retraining.aws_cloudwatch_event_api_destination.pipeline
    override_during = plan
    values = {
      arn = "arn:aws:events:us-east-1:111122223333:api-destination/mlops-staging-retraining/11111111-2222-3333-4444-555555555555"
    }
  }

  override_resource {
    target          = module.storage.aws_s3_bucket.this
    override_during = plan
    values          = { arn = "arn:aws:s3:::mlops-staging-111122223333-us-east-1" }
  }
}
