"""What could never fire is refused where it is written: rules, schedules, scaling, monitoring."""

import uuid
from collections.abc import Callable
from typing import Any

import pytest
from botocore.exceptions import ClientError

from emulator.tests.over_http.test_messaging_events import NOBODY, ROLE
from emulator.tests.support.embedded import Embedded, refusal, unique

pytestmark = pytest.mark.emulated

GOOD_CRONS = (
    "cron(0 3 * * ? *)",
    "cron(0/15 8-18 ? * MON-FRI *)",
    "cron(0 0 L * ? *)",
    "cron(0 0 15W * ? 2030)",
    "cron(0 0 ? JAN,JUL 2#1 *)",
    "cron(0 0 ? * 6L 2026-2030)",
)
BAD_CRONS = (
    "cron(0 3 * * *)",
    "cron(0 3 * * ? * *)",
    "cron(60 3 * * ? *)",
    "cron(0 24 * * ? *)",
    "cron(0 3 32 * ? *)",
    "cron(0 3 0 * ? *)",
    "cron(0 3 * 13 ? *)",
    "cron(0 3 ? * 8 *)",
    "cron(0 3 ? * MOON *)",
    "cron(0 3 * * * *)",
    "cron(0 3 ? * ? *)",
    "cron(0 3 1 * MON *)",
    "cron(0 3 * * ? 1969)",
    "cron(0/0 3 * * ? *)",
    "cron(? 3 * * ? *)",
    "cron()",
    "cron",
    "0 3 * * ? *",
)
GOOD_RATES = ("rate(1 minute)", "rate(5 minutes)", "rate(1 hour)", "rate(7 days)")
BAD_RATES = (
    "rate(0 minutes)",
    "rate(-1 minutes)",
    "rate(1.5 hours)",
    "rate(5 minute)",
    "rate(5 seconds)",
    "rate(1 week)",
    "rate(minutes)",
    "rate(5minutes)",
    "RATE(5 minutes)",
    "every day",
)
GOOD_TIMES = ("at(2030-01-31T03:00:00)",)
BAD_TIMES = (
    "at(2030-02-31T03:00:00)",
    "at(2030-01-31T25:00:00)",
    "at(2030-01-31)",
    "at(2030-01-31T03:00:00Z)",
    "at(tomorrow)",
)
OFF = {"Mode": "OFF"}


def rule(embedded: Embedded, expression: str) -> None:
    embedded.client("events").put_rule(Name=unique("rule"), ScheduleExpression=expression)


def schedule(embedded: Embedded, expression: str = "rate(1 hour)", **members: Any) -> None:
    embedded.client("scheduler").create_schedule(
        **{
            "Name": unique("schedule"),
            "ScheduleExpression": expression,
            "FlexibleTimeWindow": OFF,
            "Target": {"Arn": "arn:aws:sqs:us-east-1:000000000000:q", "RoleArn": ROLE},
            **members,
        }
    )


def refused_ones(
    embedded: Embedded, create: Callable[[Embedded, str], None], expressions: tuple[str, ...]
) -> dict[str, str]:
    """Return the code with which each that is refused is refused."""
    codes = {}
    for expression in expressions:
        try:
            create(embedded, expression)
        except ClientError as error:
            codes[expression] = error.response["Error"]["Code"]
    return codes


def test_a_rule_takes_cron_and_rate_and_nothing_else(embedded: Embedded) -> None:
    bad = (*BAD_CRONS, *BAD_RATES, *GOOD_TIMES, "rate(1 hours)", "rate(1 days)")
    good = (*GOOD_CRONS, *GOOD_RATES)
    assert refused_ones(embedded, rule, (*good, *bad)) == dict.fromkeys(bad, "ValidationException")


def test_a_schedule_takes_cron_rate_and_at(embedded: Embedded) -> None:
    bad = (*BAD_CRONS, *BAD_RATES, *BAD_TIMES)
    good = (*GOOD_CRONS, *GOOD_RATES, *GOOD_TIMES, "rate(1 hours)")
    found = refused_ones(embedded, schedule, (*good, *bad))
    assert found == dict.fromkeys(bad, "ValidationException")


@pytest.mark.parametrize(
    "members",
    [
        {"ScheduleExpressionTimezone": "Mars/Base"},
        {"ScheduleExpressionTimezone": "CEST"},
        {"FlexibleTimeWindow": {"Mode": "FLEXIBLE"}},
        {"FlexibleTimeWindow": {"Mode": "OFF", "MaximumWindowInMinutes": 5}},
        {"FlexibleTimeWindow": {"Mode": "FLEXIBLE", "MaximumWindowInMinutes": 1441}},
        {"FlexibleTimeWindow": {"Mode": "SOMETIMES"}},
        {"State": "PAUSED"},
        {"ActionAfterCompletion": "FORGET"},
        {"StartDate": 2e9, "EndDate": 1.9e9},
        {"Target": {"Arn": "arn:aws:sqs:us-east-1:000000000000:q", "RoleArn": "role"}},
        {
            "Target": {
                "Arn": "arn:aws:sqs:us-east-1:000000000000:q",
                "RoleArn": ROLE,
                "RetryPolicy": {"MaximumRetryAttempts": 186},
            }
        },
    ],
)
def test_a_schedule_that_aws_would_refuse_is_refused(
    embedded: Embedded, members: dict[str, Any]
) -> None:
    assert refusal(schedule, embedded, **members)[0] == "ValidationException"


def test_good_zones_and_windows_are_taken_and_an_update_is_checked_and_kept(
    embedded: Embedded,
) -> None:
    scheduler, name = embedded.client("scheduler"), unique("schedule")
    window = {"Mode": "FLEXIBLE", "MaximumWindowInMinutes": 1440}
    zone: dict[str, Any] = {
        "ScheduleExpressionTimezone": "Europe/Berlin",
        "FlexibleTimeWindow": window,
    }
    schedule(embedded, Name=name, ActionAfterCompletion="NONE", **zone)
    changed = {
        "Name": name,
        "ScheduleExpression": "at(2030-01-31T03:00:00)",
        "Target": {"Arn": "arn:aws:sqs:us-east-1:000000000000:q", "RoleArn": ROLE},
        "ActionAfterCompletion": "DELETE",
        **zone,
    }
    assert refusal(scheduler.update_schedule, **{**changed, "ScheduleExpression": "rate(0 days)"})
    scheduler.update_schedule(**changed)
    found = scheduler.get_schedule(Name=name)
    assert {key: found[key] for key in changed if key != "Target"} == {
        key: value for key, value in changed.items() if key != "Target"
    }


def test_a_group_is_made_once_and_must_be_there(embedded: Embedded) -> None:
    scheduler, name = embedded.client("scheduler"), unique("group")
    missing = ("ResourceNotFoundException", f"Schedule group {name} does not exist.")
    assert refusal(schedule, embedded, GroupName=name) == missing
    assert refusal(scheduler.delete_schedule_group, Name=name) == missing
    scheduler.create_schedule_group(Name=name)
    schedule(embedded, GroupName=name)
    assert refusal(scheduler.create_schedule_group, Name=name)[0] == "ConflictException"


@pytest.mark.parametrize("expression", ["cron(0 3 * * ? *)", "cron(30 * ? * * *)", "rate(1 hour)"])
def test_monitoring_runs_by_the_hour_or_the_day(embedded: Embedded, expression: str) -> None:
    config = {
        "ScheduleConfig": {"ScheduleExpression": expression},
        "MonitoringJobDefinitionName": "absent",
        "MonitoringType": "DataQuality",
    }
    code, message = refusal(
        embedded.sagemaker.create_monitoring_schedule,
        MonitoringScheduleName=unique("schedule"),
        MonitoringScheduleConfig=config,
    )
    assert (code, "ScheduleExpression" in message) == ("ValidationException", True)


def test_an_api_destination_needs_a_connection_that_is_there(embedded: Embedded) -> None:
    events = embedded.client("events")
    absent = f"arn:aws:events:us-east-1:000000000000:connection/absent/{uuid.UUID(int=0)}"
    destination = {"InvocationEndpoint": NOBODY, "HttpMethod": "POST", "ConnectionArn": absent}
    refused = refusal(events.create_api_destination, Name=unique("destination"), **destination)
    assert refused[0] == "ResourceNotFoundException"
    assert "does not exist" in refused[1]


def test_no_instances_is_no_error_of_python(embedded: Embedded) -> None:
    endpoint = embedded.an_endpoint(embedded.a_config())
    code, message = refusal(
        embedded.sagemaker.update_endpoint_weights_and_capacities,
        EndpointName=endpoint,
        DesiredWeightsAndCapacities=[{"VariantName": "primary", "DesiredInstanceCount": 0}],
    )
    assert (code, "DesiredInstanceCount 0" in message) == ("NotImplementedByEmulator", True)
    assert embedded.endpoint(endpoint)["EndpointStatus"] == "InService"
