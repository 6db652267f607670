"""What every AWS API written here shares: errors, checks of requests, shapes of answers."""
