locals {
  network_conditions = concat(
    var.network_isolation ? [
      { test = "Bool", variable = "sagemaker:NetworkIsolation", values = ["true"] },
    ] : [],
    var.subnet_ids == null ? [] : [
      { test = "ForAllValues:StringEquals", variable = "sagemaker:VpcSubnets", values = var.subnet_ids },
      { test = "Null", variable = "sagemaker:VpcSubnets", values = ["false"] },
    ],
    var.security_group_ids == null ? [] : [
      { test = "ForAllValues:StringEquals", variable = "sagemaker:VpcSecurityGroupIds", values = var.security_group_ids },
      { test = "Null", variable = "sagemaker:VpcSecurityGroupIds", values = ["false"] },
    ],
  )

  job_conditions = concat(
    [for tag, value in local.ownership_tags : { test = "StringEquals", variable = "aws:RequestTag/${tag}", values = [value] }],
    [for name in ["OutputKmsKey", "VolumeKmsKey"] : { test = "ArnEquals", variable = "sagemaker:${name}", values = [var.kms_key_arn] }],
    var.inter_container_encryption ? [
      { test = "Bool", variable = "sagemaker:InterContainerTrafficEncryption", values = ["true"] },
    ] : [],
    local.network_conditions,
  )
}

# Jobs carry what the foundation says: its keys, its network, its tags. SageMaker refuses all others.
data "aws_iam_policy_document" "jobs" {
  statement {
    sid       = "StartJobs"
    actions   = ["sagemaker:CreateProcessingJob", "sagemaker:CreateTrainingJob"]
    resources = local.job_arns

    dynamic "condition" {
      for_each = local.job_conditions

      content {
        test     = condition.value.test
        variable = condition.value.variable
        values   = condition.value.values
      }
    }
  }

  statement {
    sid       = "TagJobs"
    actions   = ["sagemaker:AddTags"]
    resources = local.job_arns

    dynamic "condition" {
      for_each = local.ownership_tags

      content {
        test     = "StringEquals"
        variable = "aws:RequestTag/${condition.key}"
        values   = [condition.value]
      }
    }

    # Only with the call that starts the job: what runs already is not tagged as one's own, to be stopped then.
    condition {
      test     = "StringEquals"
      variable = "sagemaker:TaggingAction"
      values   = ["CreateProcessingJob", "CreateTrainingJob"]
    }
  }

  statement {
    sid       = "StopJobs"
    actions   = ["sagemaker:StopProcessingJob", "sagemaker:StopTrainingJob"]
    resources = local.job_arns

    dynamic "condition" {
      for_each = local.ownership_tags

      content {
        test     = "StringEquals"
        variable = "aws:ResourceTag/${condition.key}"
        values   = [condition.value]
      }
    }
  }

  # No pipeline approves a package, neither when it registers it nor afterwards: a person does.
  statement {
    sid       = "RegisterModels"
    actions   = ["sagemaker:CreateModelPackage", "sagemaker:UpdateModelPackage"]
    resources = local.package_arns

    condition {
      test     = "StringEquals"
      variable = "sagemaker:ModelApprovalStatus"
      values   = ["PendingManualApproval", "Rejected"]
    }
  }
}
