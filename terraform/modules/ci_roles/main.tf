data "aws_partition" "current" {}

locals {
  host       = split(":oidc-provider/", var.oidc_provider_arn)[1]
  audience   = coalesce(var.audience, "https://${local.host}")
  plan_sub   = "project_path:${var.project_path}:*"
  deploy_sub = "project_path:${var.project_path}:ref_type:branch:ref:${var.deploy_branch}"

  data_bucket_arns = [for name in sort(var.data_buckets) : "arn:${data.aws_partition.current.partition}:s3:::${name}"]

  bucket_arn       = "arn:${data.aws_partition.current.partition}:s3:::${var.bucket}"
  state_bucket_arn = "arn:${data.aws_partition.current.partition}:s3:::${var.state_bucket}"
  regional_arn     = "${var.region}:${var.account_id}"
  sagemaker_arn    = "arn:${data.aws_partition.current.partition}:sagemaker:${local.regional_arn}"
  cloudwatch_arn   = "arn:${data.aws_partition.current.partition}:cloudwatch:${local.regional_arn}"
  scaling_arn      = "arn:${data.aws_partition.current.partition}:application-autoscaling:${local.regional_arn}:scalable-target/*"

  # Everything that the roots serving and surroundings make is named after its endpoint, and so are their states.
  endpoints = sort(var.endpoint_names)
  # SageMaker's ARNs have a name as it was given (aws-samples/ml-edge-getting-started issue 18), in lists still in small
  # letters (boto/boto3 issue 4606), and until 2023 in those alone (philschmid/cdk-samples issue 2).
  arn_names = distinct(flatten([for name in local.endpoints : [name, lower(name)]]))
  # A release is called r-<date>-<time>-<digest>: <endpoint>-* alone would also be <endpoint>-eu and all that it has.
  endpoint_arns = [for name in local.arn_names : "${local.sagemaker_arn}:endpoint/${name}"]
  config_arns   = [for name in local.arn_names : "${local.sagemaker_arn}:endpoint-config/${name}-r-*"]
  model_arns    = [for name in local.arn_names : "${local.sagemaker_arn}:model/${name}-r-*"]
  serving_arns  = concat(local.endpoint_arns, local.config_arns, local.model_arns)
  # Alarms of a release are named <endpoint>-<config>-<alarm>, the one that never rings <endpoint>-quiet, those of the
  # endpoint <endpoint>/<alarm>.
  alarm_arns = flatten([
    for name in local.endpoints : [for tail in ["-quiet", "-r-*", "/*"] : "${local.cloudwatch_arn}:alarm:${name}${tail}"]
  ])
  alarm_actions = concat(
    sort(var.topic_arns),
    ["arn:${data.aws_partition.current.partition}:autoscaling:${local.regional_arn}:scalingPolicy:*:resource/sagemaker/endpoint/*"],
  )
  dashboard_arns = [
    for name in local.endpoints : "arn:${data.aws_partition.current.partition}:cloudwatch::${var.account_id}:dashboard/${name}"
  ]
  state_arns = flatten([
    for name in local.endpoints : [for root in ["serving", "surroundings"] : "${local.state_bucket_arn}/${root}/${var.environment}/${name}.tfstate"]
  ])

  # Jobs are named after their model alone; the tags say which environment they belong to.
  job_arns = ["${local.sagemaker_arn}:processing-job/*", "${local.sagemaker_arn}:training-job/*"]
  package_arns = flatten([
    for group in distinct(flatten([for name in sort(var.model_package_groups) : [name, lower(name)]])) : [
      "${local.sagemaker_arn}:model-package-group/${group}",
      "${local.sagemaker_arn}:model-package/${group}/*",
    ]
  ])
}

locals {
  ownership_tags = {
    "mlops:environment" = var.environment
    "mlops:project"     = var.project
  }

  # What is made gets the tags; where it is there already, as an endpoint config is for CreateEndpoint, it has no others.
  making_conditions = flatten([
    for tag, value in local.ownership_tags : [
      { test = "StringEquals", variable = "aws:RequestTag/${tag}", values = [value] },
      { test = "StringEqualsIfExists", variable = "aws:ResourceTag/${tag}", values = [value] },
    ]
  ])
}

locals {
  policies = {
    deploy  = { description = "Write artifacts and ledgers of ${var.name}", json = data.aws_iam_policy_document.deploy.json }
    jobs    = { description = "Train and register models of ${var.name}", json = data.aws_iam_policy_document.jobs.json }
    plan    = { description = "Plan ${var.name}", json = data.aws_iam_policy_document.plan.json }
    serving = { description = "Move endpoints of ${var.name}", json = data.aws_iam_policy_document.serving.json }
  }
}

resource "aws_iam_role" "plan" {
  name                 = "${var.name}-ci-plan"
  description          = "What pipelines of ${var.project_path} may read to plan ${var.name}"
  assume_role_policy   = data.aws_iam_policy_document.trust["plan"].json
  permissions_boundary = var.permissions_boundary_arn
}

resource "aws_iam_role" "deploy" {
  name                 = "${var.name}-ci-deploy"
  description          = "What pipelines of ${var.project_path} on ${var.deploy_branch} may change in ${var.name}"
  assume_role_policy   = data.aws_iam_policy_document.trust["deploy"].json
  max_session_duration = var.session_duration_s
  permissions_boundary = var.permissions_boundary_arn
}

# Managed policies: together they would not fit into the 10240 characters of a role's own.
resource "aws_iam_policy" "this" {
  #checkov:skip=CKV_AWS_355: DescribeAlarms tells of composite alarms only where it is allowed on all (owner: platform)
  for_each = local.policies

  name        = "${var.name}-ci-${each.key}"
  description = each.value.description
  policy      = each.value.json

  lifecycle {
    precondition {
      condition     = length(jsonencode(jsondecode(each.value.json))) <= 6144
      error_message = "The policy ${each.key} would exceed the 6144 characters that IAM takes: name fewer endpoints, with asterisks where their names allow it, or fewer model package groups."
    }
  }
}

resource "aws_iam_role_policy_attachment" "plan" {
  role       = aws_iam_role.plan.name
  policy_arn = aws_iam_policy.this["plan"].arn
}

# Who deploys also plans.
resource "aws_iam_role_policy_attachment" "deploy" {
  for_each = local.policies

  role       = aws_iam_role.deploy.name
  policy_arn = aws_iam_policy.this[each.key].arn
}
