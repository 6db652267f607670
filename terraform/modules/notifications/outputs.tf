output "topic_arn" {
  description = "ARN of the topic, known once its policy is set."
  value       = aws_sns_topic.this.arn

  depends_on = [aws_sns_topic_policy.this]
}
