"""CloudWatch: the metric store, metric math, alarms and their evaluation."""
