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
    [
      { test = "ArnEquals", variable = "sagemaker:OutputKmsKey", values = [var.kms_key_arn] },
      { test = "ArnEqualsIfExists", variable = "sagemaker:VolumeKmsKey", values = [var.kms_key_arn] },
    ],
    var.inter_container_encryption ? [
      { test = "Bool", variable = "sagemaker:InterContainerTrafficEncryption", values = ["true"] },
    ] : [],
    local.network_conditions,
  )

  # SageMaker takes no key for local storage, which the instance encrypts itself (API reference, ResourceConfig; the types
  # are those of sagemaker-core, instance_supports_kms, and P6).
  local_storage_types = ["ml.*d*.*", "ml.g5*", "ml.g6*", "ml.g7e*", "ml.p5*", "ml.p6*", "ml.trn1*", "ml.trn2*"]
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
    sid       = "DenyVolumesWithoutKey"
    effect    = "Deny"
    actions   = ["sagemaker:CreateProcessingJob", "sagemaker:CreateTrainingJob"]
    resources = local.job_arns

    condition {
      test     = "Null"
      variable = "sagemaker:VolumeKmsKey"
      values   = ["true"]
    }

    condition {
      test     = "ForAnyValue:StringNotLike"
      variable = "sagemaker:InstanceTypes"
      values   = local.local_storage_types
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
