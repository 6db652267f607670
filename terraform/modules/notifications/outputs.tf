output "topic_arn" {
  description = "ARN of the topic for information, known once its policy is set."
  value       = aws_sns_topic.severity["info"].arn

  depends_on = [aws_sns_topic_policy.severity]
}

output "topic_arns" {
  description = "ARNs of the topics by severity, known once their policies are set."
  value       = { for severity, topic in aws_sns_topic.severity : severity => topic.arn }

  depends_on = [aws_sns_topic_policy.severity]
}
