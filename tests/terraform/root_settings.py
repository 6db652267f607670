"""What people would set for each root: the least there is, as locally, and all that production has.

Values of the foundation come on top of terraform/environments/<setting>.tfvars.
"""

from typing import Any

from pipeline.core.naming import LOCAL_ACCOUNT
from tests.terraform.conftest import REGION
from tests.terraform.serving_stack import BUCKET, Wanted, first_release
from tests.terraform.surroundings_stack import surroundings

Values = dict[str, Any]

FIRST, SECOND = "r-20260101-000001-aaaaa1", "r-20260101-000002-aaaaa2"
GITLAB = f"arn:aws:iam::{LOCAL_ACCOUNT}:oidc-provider/gitlab.example.com"
PIPELINE = {"trigger_url": "https://gitlab.example.com/api/v4/projects/1/trigger/pipeline"}
TOPICS = {
    severity: f"arn:aws:sns:{REGION}:{LOCAL_ACCOUNT}:trial-{severity}"
    for severity in ("critical", "info", "warning")
}
WHERE: Values = {"project": "trial", "region": REGION, "s3_use_path_style": True}
ACCOUNT: Values = {
    **WHERE,
    "audit": {"force_destroy": True, "retention_days": 365},
    "budget": {"emails": ["team@example.com"], "limit_usd": 500},
    "gitlab_url": "https://gitlab.example.com",
}
FOUNDATION: Values = {
    **WHERE,
    "bucket_force_destroy": True,
    "gitlab": {"oidc_provider_arn": GITLAB, "project_path": "group/project"},
    "model_package_groups": ["trial-production-classifier"],
    "model_reader_arns": ["arn:aws:iam::111122223333:root"],
    "retraining": {
        "pipeline": PIPELINE,
        "schedules": {"weekly": {"expression": "cron(0 3 ? * MON *)", "timezone": "Europe/Berlin"}},
    },
    "retraining_token": "glptt-trial",
    "subscriptions": {
        "on_call": {"endpoint": "a@example.com", "protocol": "email", "severities": ["critical"]}
    },
}
LOCAL_FOUNDATION: Values = {
    **WHERE,
    "environment": "local",
    "model_package_groups": ["trial-local-classifier"],
}
STAGING_FOUNDATION: Values = {
    **FOUNDATION,
    "model_package_groups": ["trial-staging-classifier"],
    "network": {"cidr_block": "10.1.0.0/16"},
}
SCALING: Values = {
    "cpu": {"scale_in_below_percent": 20, "scale_out_above_percent": 70},
    "custom_metrics": {
        "queue": {"metric_name": "WaitingRequests", "namespace": "Shop", "target": 20}
    },
    "invocations": {"target": 500},
    "max_capacity": 6,
    "memory": {"scale_out_above_percent": 80},
    "min_capacity": 2,
    "schedules": {
        "evening": {
            "max_capacity": 4,
            "min_capacity": 2,
            "schedule": "cron(0 20 * * ? *)",
            "timezone": "Europe/Berlin",
        },
        "morning": {"max_capacity": 8, "min_capacity": 3, "schedule": "cron(0 6 ? * MON-FRI *)"},
    },
}
ALARMS: Values = {
    "drift_metric": {"metric_name": "Drift", "namespace": "Shop"},
    "quality_metric": {"dimensions": {"Model": "iris"}, "metric_name": "F1", "namespace": "Shop"},
    "rollback": {
        "alarms": ["error_rate", "latency_p95_ms", "model_quality"],
        "suppressor": {"alarm_name": "trial-maintenance"},
    },
    "severities": {"cpu_percent": "info"},
    "thresholds": {"data_drift": 0.3, "model_quality": 0.8},
}
CANARY: Values = {"step_percentage": 50, "strategy": "canary"}
CAPTURE: Values = {"destination_uri": f"s3://{BUCKET}/capture", "percentage": 20}


def serving(endpoint: str, release: str = FIRST) -> Wanted:
    """Return an endpoint on two instances of one release, moved there as a canary."""
    return first_release(endpoint, release, count=2).moved_to(f"{release}-n2", **CANARY)


def everything_around(endpoint: str, release: str = FIRST) -> Values:
    """Return every option on around that endpoint."""
    options: Values = {"alarms": ALARMS, "autoscaling": SCALING, "dashboard": {}}
    return surroundings(endpoint, release, instance_count=2, topic_arns=TOPICS, **options)


# root -> setting -> values. Inventories are of local and production, names are compared among all.
SETTINGS: dict[str, dict[str, Values]] = {
    "account": {"local": WHERE, "production": ACCOUNT},
    "foundation": {
        "local": LOCAL_FOUNDATION,
        "production": FOUNDATION,
        "staging": STAGING_FOUNDATION,
    },
    "serving": {
        "local": first_release("iris-local", FIRST).tfvars(),
        "other_model": serving("prices-production").tfvars(),
        "production": serving("iris-production").tfvars(),
    },
    "surroundings": {
        "local": surroundings("iris-local", FIRST),
        "other_model": everything_around("prices-production"),
        "production": everything_around("iris-production"),
    },
}
