"""Corrections to moto, applied once before the first request; one file per service."""

import threading

from emulator.moto_patches import (
    appautoscaling,
    awslambda,
    budgets,
    cloudtrail,
    cloudwatch,
    ec2,
    event_patterns,
    events,
    iam,
    logs,
    routing,
    s3,
    scheduler,
    sns,
    sns_topics,
    sqs,
    sts,
)

_SERVICES = (
    appautoscaling,
    awslambda,
    budgets,
    cloudtrail,
    cloudwatch,
    ec2,
    event_patterns,
    events,
    iam,
    logs,
    routing,
    s3,
    scheduler,
    sns,
    sns_topics,
    sqs,
    sts,
)
_lock = threading.Lock()
_applied: list[bool] = []


def apply_patches() -> None:
    with _lock:
        if _applied:
            return
        for service in _SERVICES:
            service.apply()
        _applied.append(True)
