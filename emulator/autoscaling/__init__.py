"""Application Auto Scaling: scalable targets, policies with their alarms, and what they do."""
