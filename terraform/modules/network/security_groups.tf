resource "aws_security_group" "workloads" {
  #checkov:skip=CKV2_AWS_5: SageMaker attaches it to the jobs and models of each run (owner: platform)
  name        = "${var.name}-workloads"
  description = "Jobs and models of ${var.name}"
  vpc_id      = aws_vpc.this.id

  tags = { Name = "${var.name}-workloads" }
}

resource "aws_security_group" "endpoints" {
  name        = "${var.name}-endpoints"
  description = "Interface endpoints of ${var.name}"
  vpc_id      = aws_vpc.this.id

  tags = { Name = "${var.name}-endpoints" }
}

resource "aws_vpc_security_group_ingress_rule" "endpoints" {
  security_group_id            = aws_security_group.endpoints.id
  description                  = "AWS APIs for jobs and models"
  referenced_security_group_id = aws_security_group.workloads.id
  from_port                    = 443
  to_port                      = 443
  ip_protocol                  = "tcp"
}

resource "aws_vpc_security_group_egress_rule" "endpoints" {
  security_group_id            = aws_security_group.workloads.id
  description                  = "AWS APIs"
  referenced_security_group_id = aws_security_group.endpoints.id
  from_port                    = 443
  to_port                      = 443
  ip_protocol                  = "tcp"
}

resource "aws_vpc_security_group_egress_rule" "storage" {
  security_group_id = aws_security_group.workloads.id
  description       = "S3 through its gateway"
  prefix_list_id    = aws_vpc_endpoint.storage.prefix_list_id
  from_port         = 443
  to_port           = 443
  ip_protocol       = "tcp"
}

# Training on several instances lets them talk to each other.
resource "aws_vpc_security_group_ingress_rule" "peers" {
  security_group_id            = aws_security_group.workloads.id
  description                  = "Instances of the same job"
  referenced_security_group_id = aws_security_group.workloads.id
  ip_protocol                  = "-1"
}

resource "aws_vpc_security_group_egress_rule" "peers" {
  security_group_id            = aws_security_group.workloads.id
  description                  = "Instances of the same job"
  referenced_security_group_id = aws_security_group.workloads.id
  ip_protocol                  = "-1"
}
