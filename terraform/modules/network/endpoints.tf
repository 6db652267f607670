# Only principals of this account get through: nobody carries data out with keys of another one.
# What they may do is said in IAM.
data "aws_iam_policy_document" "endpoint" {
  for_each = toset(concat(["s3"], values(local.interface_services)))

  #checkov:skip=CKV_AWS_108: the policy of an endpoint limits who passes, and their own policies the rest (owner: platform)
  #checkov:skip=CKV_AWS_109: the policy of an endpoint limits who passes, and their own policies the rest (owner: platform)
  #checkov:skip=CKV_AWS_111: the policy of an endpoint limits who passes, and their own policies the rest (owner: platform)
  #checkov:skip=CKV_AWS_356: the policy of an endpoint limits who passes, and their own policies the rest (owner: platform)
  statement {
    sid       = "OwnAccount"
    actions   = ["${each.key}:*"]
    resources = ["*"]

    principals {
      type        = "AWS"
      identifiers = ["*"]
    }

    condition {
      test     = "StringEquals"
      variable = "aws:PrincipalAccount"
      values   = [var.account_id]
    }
  }
}

data "aws_iam_policy_document" "storage" {
  #checkov:skip=CKV_AWS_283: ECR signs the addresses of image layers with an account of AWS (owner: platform)
  source_policy_documents = [data.aws_iam_policy_document.endpoint["s3"].json]

  # ECR keeps the layers of images in a bucket of AWS.
  statement {
    sid       = "ImageLayers"
    actions   = ["s3:GetObject"]
    resources = ["arn:${data.aws_partition.current.partition}:s3:::prod-${var.region}-starport-layer-bucket/*"]

    principals {
      type        = "AWS"
      identifiers = ["*"]
    }
  }
}

resource "aws_vpc_endpoint" "storage" {
  vpc_id            = aws_vpc.this.id
  service_name      = "${local.service_prefixes["s3"]}.${var.region}.s3"
  vpc_endpoint_type = "Gateway"
  policy            = data.aws_iam_policy_document.storage.json
  route_table_ids   = [aws_route_table.private.id]

  tags = { Name = "${var.name}-s3" }
}

resource "aws_vpc_endpoint" "interface" {
  for_each = local.interface_services

  vpc_id              = aws_vpc.this.id
  service_name        = "${local.service_prefixes[each.key]}.${var.region}.${each.key}"
  vpc_endpoint_type   = "Interface"
  policy              = data.aws_iam_policy_document.endpoint[each.value].json
  private_dns_enabled = true
  security_group_ids  = [aws_security_group.endpoints.id]
  subnet_ids          = [for subnet in aws_subnet.private : subnet.id]

  tags = { Name = "${var.name}-${each.key}" }
}
