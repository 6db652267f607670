"""What dies and when, told by what the cloud saw; then the same command, typed again.

Every row has one intended end. A row begins in a copy of the same AWS: C serves, or, before a
pruning, B serves and C is barred.
"""

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path

import pytest

from emulator.tests.support import embedded_aws
from tests.e2e.agreement import require_agreement
from tests.e2e.command_line import Running
from tests.e2e.moments import (
    Moment,
    announced,
    arrived,
    called,
    kill_process,
    provider_of,
    terraform_of,
    told,
    updated_to,
    wait_for,
)
from tests.e2e.three import FOURTH, PREFIX, Made, Three, a_copy

KILLED = -9
# Long enough for a kill to come before the next step, also on a busy machine.
SLOWLY = (
    {"service": "s3", "action": "PutObject", "latency_ms": 400},
    {"service": "sagemaker", "action": "Create*", "latency_ms": 700},
    {"service": "sagemaker", "action": "Delete*", "latency_ms": 700},
    {"service": "sagemaker", "action": "UpdateEndpoint", "latency_ms": 3000},
    {"service": "sagemaker-runtime", "action": "InvokeEndpoint", "latency_ms": 3000, "times": 1},
    {"service": "monitoring", "action": "*Alarm*", "latency_ms": 200},
)
BACK = ("--mode", "rollback", "--reason", "a story")
PRUNE = ("--mode", "prune")

STATE = f"/serving/staging/{PREFIX}-staging.tfstate"
PLAN_LOCKED = called("PutObject", f"{STATE}.tflock")
PLANNED = called("DeleteObject", f"{STATE}.tflock")
APPLY_LOCKED = called("PutObject", f"{STATE}.tflock", count=2)
STATE_WRITTEN = called("PutObject", STATE)
LEASED = called("PutObject", f"/leases/{PREFIX}-staging.json")
ASKED = called("InvokeEndpoint")


@dataclass(frozen=True, kw_only=True)
class Row:
    """`first` and `second` are exit codes. A rollback that ended well is not typed again."""

    command: str
    moment: str
    reached: Moment
    victim: str
    first: int
    second: int | None = 0

    def __str__(self) -> str:
        return f"{self.command}, {self.moment}, {self.victim}"


def rows(command: str, victim: str, first: int, **moments: Moment) -> tuple[Row, ...]:
    return tuple(
        Row(
            command=command,
            moment=name.replace("_", " "),
            reached=reached,
            victim=victim,
            first=first,
            second=None if command == "rollback" and first == 0 else 0,
        )
        for name, reached in moments.items()
    )


ROWS = (
    *rows(
        *("deployment", "run", KILLED),
        leased=LEASED,
        announced=announced,
        plan_locked=PLAN_LOCKED,
        planned=PLANNED,
        model_created=called("CreateModel"),
        config_created=called("CreateEndpointConfig"),
        endpoint_updated=called("UpdateEndpoint"),
        serves=updated_to("d"),
        arrived=arrived,
        asked=ASKED,
        recorded=told("deployed"),
    ),
    *rows("deployment", "terraform", 11, plan_locked=PLAN_LOCKED),
    *rows(
        *("deployment", "terraform", 5),
        apply_locked=APPLY_LOCKED,
        alarm_created=called("PutMetricAlarm"),
        config_created=called("CreateEndpointConfig"),
    ),
    *rows(
        *("deployment", "terraform", 0),
        endpoint_updated=called("UpdateEndpoint"),
        state_written=STATE_WRITTEN,
    ),
    *rows("deployment", "provider", 5, model_created=called("CreateModel")),
    *rows("deployment", "provider", 0, endpoint_updated=called("UpdateEndpoint")),
    *rows(
        *("deployment", "cloud stopped", 11),
        endpoint_updated=called("UpdateEndpoint"),
        arrived=arrived,
    ),
    *rows(
        *("deployment", "cloud killed", 11),
        config_created=called("CreateEndpointConfig"),
        endpoint_updated=called("UpdateEndpoint"),
    ),
    *rows(
        *("rollback", "run", KILLED),
        leased=LEASED,
        announced=announced,
        plan_locked=PLAN_LOCKED,
        endpoint_updated=called("UpdateEndpoint"),
        serves=updated_to("b"),
        arrived=arrived,
        asked=ASKED,
        recorded=told("rolled back"),
    ),
    *rows("rollback", "terraform", 11, plan_locked=PLAN_LOCKED),
    *rows("rollback", "terraform", 0, endpoint_updated=called("UpdateEndpoint")),
    *rows("rollback", "provider", 0, endpoint_updated=called("UpdateEndpoint")),
    *rows("rollback", "cloud stopped", 11, endpoint_updated=called("UpdateEndpoint")),
    *rows("rollback", "cloud killed", 6, arrived=arrived),
    *rows(
        *("prune", "run", KILLED),
        leased=LEASED,
        plan_locked=PLAN_LOCKED,
        config_deleted=called("DeleteEndpointConfig"),
        model_deleted=called("DeleteModel"),
        recorded=told("pruned"),
    ),
    *rows("prune", "terraform", 11, config_deleted=called("DeleteEndpointConfig")),
    *rows("prune", "provider", 11, alarm_deleted=called("DeleteAlarms")),
    *rows("prune", "cloud stopped", 11, config_deleted=called("DeleteEndpointConfig")),
)


def begun(three: Three, command: str) -> Running:
    if command == "deployment":
        return three.begin_d()
    return three.begin(*(BACK if command == "rollback" else PRUNE))


def kill(three: Three, running: Running, victim: str) -> None:
    if victim == "run":
        running.process.kill()
    elif victim == "terraform":
        kill_process(terraform_of(running))
    elif victim == "provider":
        kill_process(provider_of(running))
    elif victim == "cloud stopped":
        embedded_aws.stop(three.state_dir)
    else:
        # What came after the last snapshot is lost with it, and nothing here is to be.
        embedded_aws.admin(three.aws.url, "snapshot", method="POST")
        kill_process(three.cloud())


@pytest.fixture(scope="module")
def table(request: pytest.FixtureRequest) -> Iterator[Callable[..., None]]:
    """Collect one line for each kill, and print them when all are done."""
    lines: list[tuple[str, ...]] = [("moment", "killed", "first exit", "second exit", "serves")]
    yield lambda *cells: lines.append(tuple(map(str, cells)))
    plugins = request.config.pluginmanager
    capture, reporter = plugins.getplugin("capturemanager"), plugins.getplugin("terminalreporter")
    if capture and reporter:  # a worker of several has no terminal
        with capture.global_and_fixture_disabled():
            reporter.write_line("")
            for line in lines:
                reporter.write_line("{:32} {:14} {:11} {:11} {}".format(*line))


@pytest.mark.soak
@pytest.mark.parametrize("row", ROWS, ids=str)
def test_after_a_kill_the_same_command_ends_what_was_begun(
    row: Row,
    three_made: Made,
    three_went_back: Made,
    tmp_path: Path,
    table: Callable[..., None],
) -> None:
    made = three_went_back if row.command == "prune" else three_made
    with a_copy(made, tmp_path) as three:
        for rule in SLOWLY:
            three.aws.add_fault(rule)
        three.aws.clear_requests()
        running = begun(three, row.command)
        wait_for(three, running, row.reached)
        kill(three, running, row.victim)
        ended = running.ended()
        assert ended.exit_code == row.first, ended.stdout + ended.stderr
        if not row.victim.startswith("cloud"):
            three.aws.clear_faults()
        if row.second is not None:
            again = begun(three, row.command).ended()
            assert again.exit_code == row.second, again.stdout + again.stderr
        serves, barred = intended(three, row.command)
        require_agreement(three, tmp_path, serves=serves, barred=barred)
    name = {three.a: "A", three.b: "B", three.c: "C"}.get(serves, "D")
    table(f"{row.command}, {row.moment}", row.victim, row.first, row.second, name)


def intended(three: Three, command: str) -> tuple[str, tuple[str, ...]]:
    """Return what serves in the end, and what is barred."""
    if command == "deployment":
        d = three.ledger().live_release or ""
        assert three.release(d).serving.startup_timeout_s == int(*FOURTH.values())
        return d, ()
    return three.b, (three.c,)
