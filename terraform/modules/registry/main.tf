resource "aws_sagemaker_model_package_group" "this" {
  for_each = var.group_names

  model_package_group_name        = each.key
  model_package_group_description = "Versions of the model ${each.key}"
}

# Other accounts read models here and never write: a release is promoted by copying its bytes.
data "aws_iam_policy_document" "group" {
  for_each = length(var.reader_arns) > 0 ? var.group_names : []

  statement {
    sid       = "ReadGroup"
    actions   = ["sagemaker:DescribeModelPackageGroup"]
    resources = [aws_sagemaker_model_package_group.this[each.key].arn]

    principals {
      type        = "AWS"
      identifiers = sort(var.reader_arns)
    }
  }

  statement {
    sid       = "ReadPackages"
    actions   = ["sagemaker:DescribeModelPackage", "sagemaker:ListModelPackages"]
    resources = ["${replace(aws_sagemaker_model_package_group.this[each.key].arn, ":model-package-group/", ":model-package/")}/*"]

    principals {
      type        = "AWS"
      identifiers = sort(var.reader_arns)
    }
  }
}

resource "aws_sagemaker_model_package_group_policy" "this" {
  for_each = data.aws_iam_policy_document.group

  model_package_group_name = aws_sagemaker_model_package_group.this[each.key].model_package_group_name
  # The provider sends the text as it is, and SageMaker demands one line of JSON.
  resource_policy = jsonencode(jsondecode(each.value.json))
}
