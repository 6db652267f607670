output "event" {
  description = "Detail type and source of the event on the default bus that asks for a retraining; its detail says endpoint, cause and request id."
  value       = { detail_type = local.detail_type, source = local.event_source }
}

output "queue_arn" {
  description = "ARN of the queue of requests that could not be delivered."
  value       = aws_sqs_queue.undelivered.arn
}

output "rule_names" {
  description = "Names of the rules that call the pipeline, by what they wait for."
  value       = { for name, rule in aws_cloudwatch_event_rule.this : name => rule.name }
}
