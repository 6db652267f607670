output "endpoint_arn" {
  description = "ARN of the endpoint."
  value       = module.endpoint.endpoint_arn
}

output "endpoint_config_name" {
  description = "Name of the endpoint config that the endpoint serves."
  value       = module.endpoint.endpoint_config_name
}

output "endpoint_name" {
  description = "Name of the endpoint."
  value       = module.endpoint.endpoint_name
}
