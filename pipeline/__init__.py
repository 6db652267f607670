"""Trains, gates, registers, deploys, tests and rolls back a SageMaker model. Start at `cli`."""
