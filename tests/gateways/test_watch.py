"""status --watch on the embedded AWS: from a move that is under way to its end."""

import json
from collections.abc import Callable
from dataclasses import replace
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pytest

from emulator.tests.support.embedded import Embedded, a_variant, eventually, unique
from pipeline.configuration.settings import Settings
from pipeline.context import Context, Workspace, workspace_of
from pipeline.core.errors import CloudUnusable, NotServing, RolledBack
from pipeline.core.foundation import Foundation
from pipeline.core.head import EndpointConfigEntry, LedgerHead, Lived, MoveKind, Retained
from pipeline.gateways.figures import figures_of
from pipeline.recorder import Recorder
from pipeline.steps.watch import watch
from tests.gateways.gateways import cloud_of, sagemaker_of

pytestmark = pytest.mark.emulated

_SHIFT = {
    "TrafficRoutingConfiguration": {"Type": "ALL_AT_ONCE", "WaitIntervalInSeconds": 0},
    "MaximumExecutionTimeoutInSeconds": 3600,
}
OLD, NEW = "r-20260101-120000-aaaaaa", "r-20260102-120000-bbbbbb"
NOBODY = "nobody"


def an_alarm(embedded: Embedded) -> str:
    name = unique("alarm")
    embedded.client("cloudwatch").put_metric_alarm(
        AlarmName=name,
        Namespace="test",
        MetricName=name,
        Statistic="Sum",
        Period=60,
        EvaluationPeriods=1,
        Threshold=1,
        ComparisonOperator="GreaterThanThreshold",
        TreatMissingData="ignore",  # nothing but these tests changes its state
    )
    return name


class Watched:
    """An endpoint of ours with its ledger: OLD serves, a move to NEW can be begun."""

    def __init__(self, embedded: Embedded, folder: Path) -> None:
        self.aws, self.folder, self.bake_s = embedded, folder, 300
        self.endpoint, self.bucket = unique("watched"), embedded.a_bucket()
        self.alarm = an_alarm(embedded)
        for release in (OLD, NEW):
            embedded.sagemaker.create_endpoint_config(
                EndpointConfigName=self.config(release),
                ProductionVariants=[a_variant(embedded.a_model(answer=release))],
            )
        embedded.sagemaker.create_endpoint(
            EndpointName=self.endpoint,
            EndpointConfigName=self.config(OLD),
            DeploymentConfig=self.shift,
        )
        embedded.settled(self.endpoint)
        self.lines: list[str] = []

    @property
    def shift(self) -> dict[str, Any]:
        alarms = [{"AlarmName": self.alarm}]
        policy = {**_SHIFT, "TerminationWaitInSeconds": self.bake_s}
        return {
            "BlueGreenUpdatePolicy": policy,
            "AutoRollbackConfiguration": {"Alarms": alarms},
        }

    def config(self, release: str) -> str:
        return f"{self.endpoint}-{release}-n1"

    def record(self, live: str) -> None:
        head = LedgerHead(
            endpoint=self.endpoint,
            retained=tuple(Retained(release_id=each, content_digest=each) for each in (OLD, NEW)),
            endpoint_configs={
                f"{each}-n1": EndpointConfigEntry(release=each, instance_count=1)
                for each in (OLD, NEW)
            },
            live=f"{live}-n1",
            lived=(
                Lived(
                    release_id=live, healthy=True, since=datetime.now(UTC), by=MoveKind.DEPLOYMENT
                ),
            ),
        )
        self.aws.client("s3").put_object(
            Bucket=self.bucket, Key=f"ledger/{self.endpoint}.json", Body=head.to_json().encode()
        )

    def begin(self) -> None:
        self.aws.sagemaker.update_endpoint(
            EndpointName=self.endpoint,
            EndpointConfigName=self.config(NEW),
            DeploymentConfig=self.shift,
        )

    def ring(self) -> None:
        self.aws.client("cloudwatch").set_alarm_state(
            AlarmName=self.alarm, StateValue="ALARM", StateReason="a test"
        )

    def workspace(self, *, after_a_line: Callable[[str], bool] = lambda _: True) -> Workspace:
        def out(line: str) -> bool:
            self.lines.append(line)
            return after_a_line(line)

        context = Context(
            settings=Settings(),
            cloud=cloud_of(self.aws),
            run_id="run-1",
            git_sha="",
            work_dir=self.folder,
            output_dir=self.folder,
            recorder=Recorder(),
            now=lambda: datetime.now(UTC),
            endpoint_name=self.endpoint,
            out=out,
        )
        return workspace_of(context, Foundation.of_bucket(self.bucket))

    def page(self) -> str:
        return (self.folder / "status.html").read_text(encoding="utf-8")


@pytest.fixture
def watched(embedded: Embedded, tmp_path: Path) -> Watched:
    return Watched(embedded, tmp_path)


def test_a_move_is_watched_to_its_good_end(watched: Watched) -> None:
    watched.record(NEW)
    watched.begin()
    seen: list[str] = []

    def look(_: str) -> bool:
        seen.append(watched.page())
        return True

    watch(watched.workspace(after_a_line=look))
    said = [line.partition(" UTC ")[2] for line in watched.lines]
    under_way = f"under way: to {watched.config(NEW)}: Baking, 100% of the traffic on the new fleet"
    assert any(line.startswith(under_way) for line in said), said
    assert f"endpoint: InService, serves {watched.config(NEW)}" in said
    assert said.index(next(line for line in said if line.startswith(under_way))) < said.index(
        "under way: over"
    )
    assert 'http-equiv="refresh"' in seen[0]
    assert 'http-equiv="refresh"' not in watched.page()
    assert "In service and well." in watched.page()


def test_a_move_that_sagemaker_took_back_ends_as_a_rollback(watched: Watched) -> None:
    watched.record(OLD)
    watched.bake_s = 3000
    watched.begin()

    def ring(line: str) -> bool:
        if "Baking" in line:
            watched.ring()
        return True

    with pytest.raises(RolledBack, match=f"serves {watched.config(OLD)} again"):
        watch(watched.workspace(after_a_line=ring))


def test_what_the_ledger_does_not_know_ends_as_not_proved(watched: Watched) -> None:
    with pytest.raises(NotServing):
        watch(watched.workspace())


def test_documents_are_one_a_line(watched: Watched) -> None:
    watched.record(OLD)
    workspace = watched.workspace()
    watch(replace(workspace, context=replace(workspace.context, wants_json=True)))
    (document,) = map(json.loads, watched.lines)
    assert document["settled"] is True
    assert document["status"]["endpoint"]["variants"] == [
        {"name": "primary", "instances": 1, "wanted": 1, "share": 1.0}
    ]


def test_it_ends_where_nobody_reads_any_more(watched: Watched) -> None:
    watched.record(OLD)
    watched.begin()
    watch(watched.workspace(after_a_line=lambda _: False))
    assert len(watched.lines) == 1
    watched.aws.settled(watched.endpoint)


def fault(code: str, **members: object) -> dict[str, object]:
    error = {"code": code, "message": "no", "status": 400}
    return {"service": "sagemaker", "action": "DescribeEndpoint", "error": error, **members}


def test_throttling_only_slows_it_down(watched: Watched) -> None:
    watched.record(OLD)
    watched.aws.add_fault(fault("ThrottlingException", times=8))
    watch(watched.workspace())
    assert watched.lines


def test_an_aws_that_does_not_answer_ends_it_after_some_looks(watched: Watched) -> None:
    watched.aws.add_fault(fault("AccessDeniedException"))
    with pytest.raises(CloudUnusable):
        watch(watched.workspace())


def test_metrics_that_may_not_be_read_hide_nothing_else(watched: Watched) -> None:
    watched.record(OLD)
    denied = {"code": "AccessDeniedException", "message": "no", "status": 400}
    watched.aws.add_fault({"service": "monitoring", "action": "*", "error": denied})
    watch(watched.workspace())
    assert "alarms: cannot be read" in watched.page()


def test_requests_are_measured_as_figures(watched: Watched) -> None:
    for _ in range(5):
        watched.aws.answer(watched.endpoint)
    found = eventually(
        lambda: figures_of(
            cloud_of(watched.aws), watched.endpoint, "primary", now=datetime.now(UTC)
        ),
        lambda figures: bool(figures.series["requests"]),
    )
    assert sum(point.value for point in found.series["requests"]) == 5
    assert sum(point.value for point in found.series["5xx"]) == 0
    medians = [point.value for point in found.series["p50"]]
    assert all(0 < each < 60_000 for each in medians)


def test_the_figures_of_an_endpoint_that_nobody_knows_are_empty(embedded: Embedded) -> None:
    found = figures_of(cloud_of(embedded), NOBODY, "primary", now=datetime.now(UTC))
    assert not any(found.series.values())


def test_an_observation_shows_how_far_a_move_has_come(watched: Watched) -> None:
    watched.bake_s = 3000
    watched.begin()
    seen = eventually(
        lambda: sagemaker_of(watched.aws).observe(watched.endpoint),
        lambda found: found.rollout is not None and found.rollout.stage == "Baking",
    )
    rollout = seen.rollout
    assert rollout is not None
    assert (rollout.share, rollout.instances) == (1.0, 1)
    assert rollout.started_at is not None
    assert rollout.bake_ends_at is not None
    assert 3000 <= (rollout.bake_ends_at - rollout.started_at).total_seconds() < 3100
    watched.ring()
    watched.aws.settled(watched.endpoint)
    assert sagemaker_of(watched.aws).observe(watched.endpoint).rollout is None
