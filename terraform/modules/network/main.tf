data "aws_partition" "current" {}

locals {
  zones = { for index, zone in var.availability_zones : zone => cidrsubnet(var.cidr_block, 4, index) }

  # Interface endpoints, and the service whose calls go through each.
  interface_services = {
    "ecr.api"           = "ecr"
    "ecr.dkr"           = "ecr"
    "kms"               = "kms"
    "logs"              = "logs"
    "sagemaker.api"     = "sagemaker"
    "sagemaker.runtime" = "sagemaker"
    "sts"               = "sts"
  }

  # China names services after its own domain, but for some (AWS CDK, aws-ec2/lib/vpc-endpoint.ts, which has it from
  # DescribeVpcEndpointServices; GovCloud cannot be asked for one service).
  plain_in_china = ["kms", "logs", "s3"]
  service_prefixes = { for name in concat(["s3"], keys(local.interface_services)) : name =>
    data.aws_partition.current.partition == "aws-cn" && contains(local.plain_in_china, name) ? "com.amazonaws" : data.aws_partition.current.reverse_dns_prefix
  }
}

resource "aws_vpc" "this" {
  cidr_block           = var.cidr_block
  enable_dns_hostnames = true
  enable_dns_support   = true

  tags = { Name = var.name }
}

resource "aws_subnet" "private" {
  for_each = local.zones

  vpc_id                  = aws_vpc.this.id
  availability_zone       = each.key
  cidr_block              = each.value
  map_public_ip_on_launch = false

  tags = { Name = "${var.name}-${each.key}" }
}

# No route leads out of the VPC but the one to S3.
resource "aws_route_table" "private" {
  vpc_id = aws_vpc.this.id

  tags = { Name = var.name }
}

resource "aws_route_table_association" "private" {
  for_each = aws_subnet.private

  subnet_id      = each.value.id
  route_table_id = aws_route_table.private.id
}

# Without rules: whatever is attached to no other group reaches nothing.
resource "aws_default_security_group" "closed" {
  vpc_id = aws_vpc.this.id

  tags = { Name = "${var.name}-closed" }
}

resource "aws_flow_log" "this" {
  count = var.flow_log_bucket_arn == null ? 0 : 1

  vpc_id               = aws_vpc.this.id
  traffic_type         = "ALL"
  log_destination_type = "s3"
  log_destination      = "${var.flow_log_bucket_arn}/flow-logs/"

  tags = { Name = var.name }
}
