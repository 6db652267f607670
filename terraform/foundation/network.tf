data "aws_availability_zones" "available" {
  #checkov:skip=CKV_AWS_394: only the first two zones by name are taken, and network.availability_zones pins them (owner: platform)
  count = var.network == null ? 0 : 1

  state = "available"
}

locals {
  zones = var.network == null ? [] : coalesce(
    var.network.availability_zones,
    slice(sort(data.aws_availability_zones.available[0].names), 0, 2),
  )
}

module "network" {
  source = "../modules/network"
  count  = var.network == null ? 0 : 1

  account_id          = local.account_id
  availability_zones  = local.zones
  cidr_block          = var.network.cidr_block
  flow_log_bucket_arn = var.logs == null ? null : module.log_bucket[0].bucket_arn
  name                = local.name
  region              = var.region
}
