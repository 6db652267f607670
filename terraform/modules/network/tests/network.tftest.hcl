mock_provider "aws" {
  mock_data "aws_iam_policy_document" {
    defaults = {
      json = "{}"
    }
  }

  mock_data "aws_partition" {
    defaults = {
      dns_suffix         = "amazonaws.com"
      partition          = "aws"
      reverse_dns_prefix = "com.amazonaws"
    }
  }
}

variables {
  account_id         = "000000000000"
  availability_zones = ["us-east-1a", "us-east-1b"]
  name               = "mlops-staging"
  region             = "us-east-1"
}

run "private_subnets_reach_aws_through_endpoints_only" {
  assert {
    condition     = { for zone, subnet in aws_subnet.private : zone => subnet.cidr_block } == { us-east-1a = "10.0.0.0/20", us-east-1b = "10.0.16.0/20" }
    error_message = "Each zone should have a subnet with a sixteenth of the addresses."
  }

  assert {
    condition     = toset([for endpoint in aws_vpc_endpoint.interface : trimprefix(endpoint.service_name, "com.amazonaws.us-east-1.")]) == toset(["ecr.api", "ecr.dkr", "kms", "logs", "sagemaker.api", "sagemaker.runtime", "sts"])
    error_message = "Every API that jobs and models call should have an endpoint."
  }

  assert {
    condition     = aws_vpc_endpoint.storage.vpc_endpoint_type == "Gateway" && aws_vpc_endpoint.storage.service_name == "com.amazonaws.us-east-1.s3"
    error_message = "S3 should be reached through its gateway."
  }

  assert {
    condition     = length(aws_default_security_group.closed.ingress) + length(aws_default_security_group.closed.egress) == 0
    error_message = "The default group should let nothing through."
  }

  assert {
    condition     = length(aws_flow_log.this) == 0
    error_message = "Flow logs should be written where a bucket is given only."
  }

  assert {
    condition     = alltrue([for service, document in data.aws_iam_policy_document.endpoint : [for s in document.statement : "${one(s.actions)} ${one([for c in s.condition : "${c.variable}=${one(c.values)}"])}"] == ["${service}:* aws:PrincipalAccount=000000000000"]])
    error_message = "Endpoints should let calls of their service by principals of the own account through only."
  }

  assert {
    condition     = output.subnet_ids == [for zone in var.availability_zones : aws_subnet.private[zone].id]
    error_message = "Subnets should be given in the order of the zones."
  }
}

run "flow_logs_go_to_the_given_bucket" {
  command = plan

  variables {
    flow_log_bucket_arn = "arn:aws:s3:::mlops-staging-logs"
  }

  assert {
    condition     = aws_flow_log.this[0].log_destination == "arn:aws:s3:::mlops-staging-logs/flow-logs/" && aws_flow_log.this[0].traffic_type == "ALL"
    error_message = "All traffic should be logged below flow-logs/."
  }
}

run "china_names_most_services_after_its_own_domain" {
  command = plan

  override_data {
    target = data.aws_partition.current
    values = { partition = "aws-cn", reverse_dns_prefix = "cn.com.amazonaws" }
  }

  variables {
    availability_zones = ["cn-north-1a", "cn-north-1b"]
    region             = "cn-north-1"
  }

  assert {
    condition     = toset([for endpoint in aws_vpc_endpoint.interface : endpoint.service_name]) == toset(concat([for name in ["kms", "logs"] : "com.amazonaws.cn-north-1.${name}"], [for name in ["ecr.api", "ecr.dkr", "sagemaker.api", "sagemaker.runtime", "sts"] : "cn.com.amazonaws.cn-north-1.${name}"]))
    error_message = "KMS and Logs keep AWS's name in China, the others do not."
  }

  assert {
    condition     = aws_vpc_endpoint.storage.service_name == "com.amazonaws.cn-north-1.s3" && alltrue([for s in data.aws_iam_policy_document.storage.statement : alltrue([for r in s.resources : startswith(r, "arn:aws-cn:")])])
    error_message = "S3 keeps AWS's name in China, and ARNs are those of the partition."
  }
}
