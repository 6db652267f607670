"""The whole loop with real traffic: serve, capture, drift, alarm, one request, a better model, OK.

Only GitLab is not real: a loopback receiver takes its trigger's place, and the test its runner's.
"""

import json
import random
import time
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pytest

from emulator.tests.support.embedded import eventually
from tests.e2e.command_line import Outcome
from tests.e2e.story import BUCKET, COMPARES
from tests.e2e.test_asked_by_alarms import Gitlab, gitlab

__all__ = ["gitlab"]

pytestmark = [pytest.mark.soak, pytest.mark.timeout(2400)]

ROWS = 260
HEADER = "a,b,kind\n"
# Where the rows lie, and from where on they are high: each of them is another world.
SPRING, SUMMER, AUTUMN = 0.0, 6.0, -6.0

Row = tuple[float, float]


def rows_of(world: float, count: int, *, seed: int) -> list[Row]:
    chance = random.Random(seed)
    return [(chance.gauss(world, 1), chance.gauss(world, 1)) for _ in range(count)]


def label_of(row: Row, world: float) -> str:
    return "high" if row[0] > world else "low"


def csv_of(rows: Sequence[Row], world: float) -> str:
    return "".join(f"{row[0]:.4f},{row[1]:.4f},{label_of(row, world)}\n" for row in rows)


@dataclass(kw_only=True)
class Loop:
    """One endpoint whose traffic changes, and the file that its models are trained from."""

    gitlab: Gitlab
    source: Path
    config: Path
    asked: int = 0

    @property
    def endpoint(self) -> str:
        return self.gitlab.story.endpoint

    def run(self, *flags: str, **variables: str) -> Outcome:
        given = {**COMPARES, **variables}
        return self.gitlab.run(*flags, "--config-file", str(self.config), **given)

    def learns_of(self, world: float, *, seed: int, rows: int = 400) -> None:
        """Somebody has labelled rows of this world, and put them to the source."""
        with self.source.open("a") as file:
            file.write(csv_of(rows_of(world, rows, seed=seed), world))

    def knows_only(self, world: float, *, seed: int, rows: int = 400) -> None:
        """The same, in place of all rows of before: they are about what is no more."""
        self.source.write_text(HEADER + csv_of(rows_of(world, rows, seed=seed), world))

    def window(self, world: float, *, seed: int, labelled: bool = False) -> Outcome:
        """Ask the endpoint rows of a world, then look at exactly the time that took."""
        start, rows = _second(), rows_of(world, ROWS, seed=seed)
        runtime = self.gitlab.story.aws.client("sagemaker-runtime")
        before = self.captured()
        for number, row in enumerate(rows):
            runtime.invoke_endpoint(
                EndpointName=self.endpoint,
                Body=f"{row[0]:.4f},{row[1]:.4f}\n".encode(),
                ContentType="text/csv",
                InferenceId=f"{seed}-{number}",
            )
        eventually(self.captured, lambda count: count >= before + ROWS)
        if labelled:
            self.labels(rows, world, seed=seed)
        time.sleep(1.1)
        span = f"{start:%Y-%m-%dT%H:%M:%SZ}/{_second():%Y-%m-%dT%H:%M:%SZ}"
        return self.run("--mode", "monitor", "--window", span)

    def labels(self, rows: Sequence[Row], world: float, *, seed: int) -> None:
        file = self.source.with_name(f"labels-{seed}.csv")
        lines = (f"{seed}-{number},{label_of(row, world)}\n" for number, row in enumerate(rows))
        file.write_text("id,label\n" + "".join(lines))
        put = self.run("--mode", "labels", "--file", str(file))
        assert put.exit_code == 0, put.stderr

    def captured(self) -> int:
        """Return how many requests lie in the bucket by now."""
        s3 = self.gitlab.story.aws.client("s3")
        pages = s3.get_paginator("list_objects_v2").paginate(
            Bucket=BUCKET, Prefix=f"capture/{self.endpoint}/"
        )
        keys = [each["Key"] for page in pages for each in page.get("Contents", ())]
        bodies = (s3.get_object(Bucket=BUCKET, Key=key)["Body"].read() for key in keys)
        return sum(body.count(b"\n") for body in bodies)

    def alarm(self, name: str) -> Callable[[], str]:
        cloudwatch = self.gitlab.story.aws.client("cloudwatch")

        def state() -> str:
            found = cloudwatch.describe_alarms(AlarmNames=[f"{self.endpoint}/{name}"])
            return str(found["MetricAlarms"][0]["StateValue"])

        return state

    def next_request(self) -> Mapping[str, str]:
        """Return the variables of the pipeline that the next request has started."""
        self.asked += 1
        return self.gitlab.triggered(self.asked)

    def require_no_more_requests(self) -> None:
        time.sleep(3)
        assert len(self.gitlab.receiver.waits_for(self.asked)) == self.asked

    def pipeline(self, number: str, variables: Mapping[str, str]) -> Outcome:
        given = {**variables, "CI_PIPELINE_ID": number}
        return self.run("--mode", given.pop("MODE"), **given)


def _second() -> datetime:
    return datetime.now(UTC).replace(microsecond=0)


def found(outcome: Outcome) -> Mapping[str, Any]:
    monitoring: Mapping[str, Any] = outcome.results["monitoring"]
    return monitoring


def decided(outcome: Outcome) -> str:
    return str(found(outcome)["retraining"]["check"])


def against_live(outcome: Outcome, release: str) -> bool:
    """Tell whether a run found its model better than this release, and says so."""
    decision, seen = outcome.results["decision"], outcome.training["evaluation_results"]
    better = seen["comparison"]["challenger"] > seen["comparison"]["champion"]
    named = any(f"champion {release}: " in each for each in decision["reasons"])
    return bool(better and named and seen["comparison"]["release_id"] == release)


@pytest.fixture
def loop(gitlab: Gitlab, tmp_path: Path) -> Loop:
    source = tmp_path / "rows.csv"
    source.write_text(HEADER + csv_of(rows_of(SPRING, 400, seed=1), SPRING))
    config = tmp_path / "loop.json"
    asks = {"enabled": True, "cool_down_hours": 0, "minimum_new_rows": 50}
    config.write_text(
        json.dumps(
            {
                "accuracy_threshold": 0.8,
                "minimum_accuracy": 0.7,
                "training": {"data": str(source), "target": "kind"},
                "monitoring": {"enabled": True, "data_capture_percentage": 100},
                "drift": {"enabled": True, "label_delay_hours": 0, "minimum_accuracy": 0.7},
                "retraining": asks,
                "sns_topic_arn": None,
            }
        )
    )
    return Loop(gitlab=gitlab, source=source, config=config)


def test_drift_asks_once_a_better_model_serves_and_later_drift_asks_again(loop: Loop) -> None:
    first = loop.run()
    assert first.exit_code == 0, first.stderr
    quiet = loop.window(SPRING, seed=11)
    assert quiet.exit_code == 0, quiet.stderr
    assert (found(quiet)["record"]["drift"]["finding"], decided(quiet)) == ("ok", "cause")

    once = loop.window(SUMMER, seed=12)
    assert once.exit_code == 8, once.stderr
    assert decided(once) == "cause"
    assert "one window only" in found(once)["retraining"]["reason"]
    eventually(loop.alarm("data_drift"), lambda state: state == "ALARM")
    loop.require_no_more_requests()

    unchanged = loop.window(SUMMER, seed=13)
    assert (unchanged.exit_code, decided(unchanged)) == (8, "nothing_to_learn")
    loop.knows_only(SUMMER, seed=21)
    twice = loop.window(SUMMER, seed=14)
    assert (twice.exit_code, decided(twice)) == (8, "asked"), twice.stderr
    request = loop.next_request()
    assert request["MODE"] == "full"
    assert request["MLOPS_REQUEST_CAUSE"].startswith(f"{loop.endpoint}/drift: Drifted in 3 of")

    better = loop.pipeline("81", request)
    assert better.exit_code == 0, better.stderr
    assert loop.gitlab.story.serves(better.release)
    assert better.release != first.release
    assert against_live(better, first.release)
    again = loop.pipeline("82", request)
    assert again.exit_code == 0
    assert "was taken by run" in again.results["notes"][0]
    eventually(loop.alarm("data_drift"), lambda state: state == "OK", limit_s=240)

    calm = loop.window(SUMMER, seed=15)
    assert (calm.exit_code, decided(calm)) == (0, "cause"), calm.stdout
    broken = loop.run("--mode", "history").stdout
    assert "retraining asked" in broken
    assert "nothing_to_learn" in broken

    degraded = loop.window(AUTUMN, seed=16, labelled=True)
    assert (degraded.exit_code, decided(degraded)) == (8, "asked"), degraded.stdout
    assert found(degraded)["record"]["quality"]["degraded"]
    assert found(degraded)["record"]["labelled_rows"] == ROWS
    eventually(loop.alarm("data_drift"), lambda state: state == "ALARM")
    request = loop.next_request()
    assert request["MLOPS_REQUEST_CAUSE"].startswith(f"{loop.endpoint}/degradation: Degraded")
    loop.require_no_more_requests()

    learnt = loop.pipeline("83", request)
    assert learnt.exit_code == 0, learnt.stderr
    assert any("260 rows that were answered" in each for each in learnt.results["data_warnings"])
    assert loop.gitlab.story.serves(learnt.release)
    assert against_live(learnt, better.release)
    what_is_no_better_stays_out(loop, learnt.release)


def what_is_no_better_stays_out(loop: Loop, live: str) -> None:
    """Somebody asks for one more, with a handful of rows: as good is not good enough."""
    loop.learns_of(SPRING, seed=22, rows=5)
    assert loop.run("--mode", "retrain", "--reason", "a few rows more").exit_code == 0
    request = loop.next_request()
    kept = loop.pipeline("84", request)
    assert (kept.exit_code, kept.results["decision"]["verdict"]) == (3, "keep"), kept.stdout
    assert loop.gitlab.story.serves(live)
    lines = loop.run("--mode", "history").results["history"]["events"]
    assert lines[-1]["what"] == "kept"
    assert lines[-1]["details"]["release"] == live
    assert lines[-1]["details"]["request"] == request["MLOPS_REQUEST_ID"]
    assert "does not replace what is live" in lines[-1]["details"]["reason"]
    deployed = [each["details"]["release"] for each in lines if each["what"] == "deployed"]
    assert len(deployed) == 3
    assert deployed[-1] == live
    loop.require_no_more_requests()
