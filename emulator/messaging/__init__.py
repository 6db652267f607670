"""What leaves SNS, EventBridge and Scheduler: delivery, retries and dead letters."""
