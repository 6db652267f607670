output "security_group_ids" {
  description = "Security groups that jobs and models attach to, known once they may reach the endpoints."
  value       = [aws_security_group.workloads.id]

  depends_on = [
    aws_vpc_endpoint.interface,
    aws_vpc_security_group_egress_rule.endpoints,
    aws_vpc_security_group_egress_rule.peers,
    aws_vpc_security_group_egress_rule.storage,
    aws_vpc_security_group_ingress_rule.endpoints,
    aws_vpc_security_group_ingress_rule.peers,
  ]
}

output "subnet_ids" {
  description = "Private subnets, one per availability zone, known once S3 can be reached from them."
  value       = [for zone in var.availability_zones : aws_subnet.private[zone].id]

  depends_on = [aws_route_table_association.private, aws_vpc_endpoint.storage]
}

output "vpc_id" {
  description = "Id of the VPC."
  value       = aws_vpc.this.id
}
