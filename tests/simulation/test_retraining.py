"""Mode monitor cut off at each step: a window asks for a retraining once, as the pipeline hears it.

What it showed is in the bucket already, so no job is run: what is tried here is what follows. The
steps are those of tests/fakes: each read, each write, each event.
"""

from collections.abc import Callable
from dataclasses import dataclass, field, replace
from datetime import timedelta
from pathlib import Path
from typing import Any, TypeVar

import pytest

from pipeline.configuration.sections import (
    DriftSettings,
    MonitoringSettings,
    RetrainingSettings,
    TrainingSettings,
)
from pipeline.core import naming, requests
from pipeline.core.errors import CloudUnusable
from pipeline.core.foundation import Retraining
from pipeline.core.history import first_broken_link
from pipeline.core.monitoring import Window, last_complete
from pipeline.core.outcomes import DeploymentReport, DeploymentStatus
from pipeline.core.requests import Claim
from pipeline.core.retraining import Asked, Check
from pipeline.gateways.ledger import Ledger
from pipeline.steps.forget_drift import forget_drift
from pipeline.steps.monitor import monitor
from tests.fakes.boundary import AllEnds, Kind, NoFaults
from tests.fakes.store import FakeStore
from tests.simulation.commands import Command, Ended, Mode, run_command, workspace_of
from tests.simulation.world import ENDPOINT, FOUNDATION, SETTINGS, World, empty_world
from tests.support.message_builders import a_report
from tests.support.windows import a_record

T = TypeVar("T")

MONITOR = Command(mode=Mode.MONITOR)
ASKS = Retraining(detail_type="Retraining Requested", source="mlops.mlops-staging")
DAY_S = timedelta(days=1).total_seconds()
HEADER = "x,species\n"


def settings_of(source: Path, **retraining: Any) -> Any:
    return SETTINGS.model_copy(
        update={
            "monitoring": MonitoringSettings(data_capture_percentage=100),
            "retraining": RetrainingSettings(enabled=True, minimum_new_rows=3, **retraining),
            "training": TrainingSettings(data=str(source), target="species"),
        }
    )


@pytest.fixture
def source(tmp_path: Path) -> Path:
    """Return a data source with rows that nothing was trained on yet."""
    file = tmp_path / "rows.csv"
    file.write_text(HEADER + "".join(f"{n},one\n" for n in range(9)))
    return file


@pytest.fixture
def world(source: Path) -> World:
    """A release that was deployed a week ago, of which two windows in a row have drifted."""
    found = empty_world(settings_of(source))
    found.foundation = replace(FOUNDATION, retraining=ASKS)
    found.bucket.write("data/d/train/train.csv", f"{HEADER}7,one\n8,two\n".encode())
    deployed = run_command(found, Command(mode=Mode.DEPLOYMENT, name="A"), NoFaults())
    assert deployed.code == 0
    found.clock.jump(7 * DAY_S)
    show(found, drifted=("x",), age_days=1)
    show(found, drifted=("x",))
    return found


def newest(world: World, *, age_days: int = 0) -> Window:
    """Return the window that a run of now looks at, or one of days before."""
    return last_complete(world.clock.now(), hours=24).before(timedelta(days=age_days))


def show(world: World, *, age_days: int = 0, **found: Any) -> None:
    """Let a window have shown this, as an earlier run judged it."""
    release, window = world.head().live_release or "", newest(world, age_days=age_days)
    record = a_record(window, release=release, endpoint=ENDPOINT, **found)
    key = naming.verdict_object(ENDPOINT, release, window.name)
    world.bucket.write(key, record.to_json().encode())


def looked(world: World) -> Check:
    """Look once, without any fault; return the check that decided."""
    workspace = workspace_of(world, MONITOR, NoFaults(), run_id=f"look-{world.runs}")
    world.runs += 1
    try:
        return monitor(workspace, window=None).retraining.check
    finally:
        for holding in workspace.context.held:
            holding.give_back(told=True)


def claims(world: World) -> list[Asked]:
    prefix = naming.retraining_claims_prefix(ENDPOINT)
    keys = sorted(key for key in world.bucket.objects if key.startswith(prefix))
    return [Asked.from_json(world.bucket.objects[key].body) for key in keys]


def a_claim(world: World, request_id: str) -> Claim:
    """Return what a pipeline writes down that takes a request now."""
    return Claim(
        request_id=request_id,
        cause="",
        time=world.clock.now(),
        pipeline_id="77",
        run_id="pipeline",
        who="ci",
        claimed_at=world.clock.now(),
    )


def told(world: World) -> list[str]:
    """Return which outcomes the history tells of, and that it is whole."""
    book = Ledger(FakeStore(world.bucket, NoFaults()), ENDPOINT)
    events = book.events()
    assert first_broken_link(events, world.head()) is None
    return [each.details["check"] for each in events if each.what.startswith("retraining")]


def test_two_drifted_windows_ask_once_and_say_so(world: World) -> None:
    assert looked(world) is Check.ASKED
    [event] = world.cloud.put_events
    assert event["cause"].startswith(f"{ENDPOINT}/drift: Drifted in 2 of the last 2 windows")
    assert world.cloud.figures["DataDrift"] == 0.5
    [claim] = claims(world)
    assert (claim.window, claim.cause.value) == (newest(world).name, "drift")
    assert told(world) == ["asked"]


def test_the_same_window_again_and_the_next_one_ask_nobody_until_the_cool_down_is_over(
    world: World,
) -> None:
    assert looked(world) is Check.ASKED
    assert looked(world) is Check.COOL_DOWN
    world.clock.jump(DAY_S - 3600)
    show(world, drifted=("x",))
    assert looked(world) is Check.COOL_DOWN
    world.clock.jump(DAY_S)
    show(world, drifted=("x",))
    assert looked(world) is Check.ASKED
    assert len(world.cloud.put_events) == len(claims(world)) == 2


def test_a_window_that_asked_asks_no_more_when_there_is_no_cool_down(
    world: World, source: Path
) -> None:
    world.settings = settings_of(source, cool_down_hours=0)
    assert [looked(world), looked(world)] == [Check.ASKED, Check.CLAIMED]
    assert len(world.cloud.put_events) == 1


def test_four_requests_a_month_are_enough(world: World, source: Path) -> None:
    world.settings = settings_of(source, cool_down_hours=0)
    found = []
    for _ in range(6):
        found.append(looked(world))
        world.clock.jump(DAY_S)
        show(world, drifted=("x",))
    assert found == [Check.ASKED] * 4 + [Check.BUDGET] * 2
    assert len(world.cloud.put_events) == 4


def test_a_fault_of_the_data_asks_nobody_and_is_written_down(world: World) -> None:
    show(world, drifted=("x",), faults=("40 of 500 rows lack this column",))
    assert looked(world) is Check.DATA_QUALITY
    assert (world.cloud.put_events, claims(world), told(world)) == ([], [], ["data_quality"])


def test_a_source_with_nothing_new_asks_nobody(world: World, source: Path) -> None:
    source.write_text(HEADER + "7,one\n8,two\n1,one\n2,two\n3,three\n")
    assert looked(world) is Check.NOTHING_TO_LEARN
    assert world.cloud.put_events == []
    assert told(world) == ["nothing_to_learn"]


def test_labelled_rows_are_something_to_learn(world: World, source: Path) -> None:
    source.write_text(HEADER + "7,one\n8,two\n1,one\n2,two\n3,three\n")
    world.bucket.write(f"learnt/{ENDPOINT}/w.csv", b"species,x\ntwo,4\ntwo,5\none,6\n")
    assert looked(world) is Check.ASKED


def test_a_run_that_is_at_work_is_not_disturbed(world: World) -> None:
    other = workspace_of(world, MONITOR, NoFaults(), run_id="other")
    holding = other.take_lease(world.head().fencing)
    assert looked(world) is Check.OPEN
    assert world.cloud.put_events == []
    holding.give_back(told=True)
    assert looked(world) is Check.ASKED


def test_what_there_is_to_learn_is_read_while_others_may_move_the_endpoint(world: World) -> None:
    steps = Faulty()
    assert run_command(world, MONITOR, steps).code == 0
    read = [n for n, what in enumerate(steps.passed) if what.endswith("/data/d/train/train.csv")]
    [taken, given_back] = [
        n for n, what in enumerate(steps.passed) if what == f"replace leases/{ENDPOINT}.json"
    ]
    assert [taken < n < given_back for n in read] == [False]


def test_only_what_people_asked_for_is_read_of_all_requests(world: World) -> None:
    for n in range(3):
        world.bucket.write(naming.request_object(ENDPOINT, f"{n}-of-a-schedule"), b"never read")
    asked = a_claim(world, requests.id_of_asking(ENDPOINT, "it drifts", taken=0))
    world.bucket.write(naming.request_object(ENDPOINT, asked.request_id), asked.to_json().encode())
    assert looked(world) is Check.COOL_DOWN
    world.clock.jump(DAY_S)
    show(world, drifted=("x",))
    assert looked(world) is Check.ASKED


def test_a_foundation_that_asks_nobody_is_told(world: World) -> None:
    world.foundation = FOUNDATION
    assert looked(world) is Check.UNHEARD
    assert (world.cloud.put_events, claims(world), told(world)) == ([], [], ["unheard"])


def test_a_window_without_rows_is_a_result(world: World) -> None:
    show(world, rows=0)
    assert looked(world) is Check.ROWS
    assert world.cloud.figures == {"MonitoredRows": 0.0}
    assert told(world) == []


@pytest.mark.parametrize(
    ("status", "figure"),
    [(DeploymentStatus.SUCCESS, 0.0), (DeploymentStatus.NOTHING_TO_DO, 0.5), (None, 0.5)],
)
def test_after_a_move_alone_no_drift_is_published(
    world: World, status: DeploymentStatus | None, figure: float
) -> None:
    world.settings = world.settings.model_copy(
        update={
            "drift": DriftSettings(enabled=True),
            "monitoring": MonitoringSettings(enabled=True, data_capture_percentage=100),
        }
    )
    assert looked(world) is Check.ASKED
    workspace = workspace_of(world, MONITOR, NoFaults())
    if status is not None:
        report = DeploymentReport(
            status=status, endpoint_name=ENDPOINT, release_id="r", duration_s=1.0
        )
        workspace.context.recorder.add(deployment=report)
    forget_drift(workspace)
    assert world.cloud.figures["DataDrift"] == figure


def test_a_move_does_not_fail_because_no_metric_can_be_published(world: World) -> None:
    world.settings = world.settings.model_copy(
        update={
            "drift": DriftSettings(enabled=True),
            "monitoring": MonitoringSettings(enabled=True),
        }
    )
    refusing = Faulty(at=0, how="refused")
    workspace = workspace_of(world, MONITOR, refusing)
    moved = DeploymentReport(
        status=DeploymentStatus.SUCCESS, endpoint_name=ENDPOINT, release_id="r", duration_s=1.0
    )
    workspace.context.recorder.add(deployment=moved)
    forget_drift(workspace)
    assert refusing.passed == [f"publish of {ENDPOINT}"]
    assert "DataDrift" not in world.cloud.figures


@dataclass(kw_only=True)
class Faulty:
    """Goes wrong at boundary `at`: its effect may have come about, its answer is lost or no more.

    `how`: killed before, killed after, refused, or done with the answer lost.
    """

    at: int = -1
    how: str = ""
    passed: list[str] = field(default_factory=list)

    def through(self, what: str, kind: Kind, do: Callable[[], T]) -> T:
        del kind
        self.passed.append(what)
        if len(self.passed) - 1 != self.at:
            return do()
        if self.how in ("killed after", "answer lost"):
            do()
        if self.how.startswith("killed"):
            raise AllEnds
        message = f"Could not {what}"
        raise CloudUnusable(message, remedy="Run the same command again.")

    def unseen(self, do: Callable[[], T]) -> T:
        return do()


HOW = ("killed before", "killed after", "refused", "answer lost")


def again(world: World) -> Ended:
    """Type the same command until it says how it ended, as a pipeline's retry does."""
    for _ in range(3):
        ended = run_command(world, MONITOR, NoFaults())
        if ended.code == 0:
            break
        world.clock.jump(20 * 60)
    return ended


def requests_of(world: World) -> list[str]:
    """Return what pipelines were asked for: of each request they take one event."""
    return list(dict.fromkeys(event["request_id"] for event in world.cloud.put_events))


@pytest.mark.parametrize("how", HOW)
def test_cut_off_anywhere_a_window_asks_once_and_the_next_may(world: World, how: str) -> None:
    counted = Faulty()
    run_command(world.copy(), MONITOR, counted)
    assert "put an event" in counted.passed
    for at in range(len(counted.passed)):
        where = f"{how} at {counted.passed[at]}"
        trial = world.copy()
        run_command(trial, MONITOR, Faulty(at=at, how=how))
        assert again(trial).code == 0, where
        require_asked(trial, times=1, where=where)
        trial.clock.jump(2 * DAY_S)
        show(trial, drifted=("x",), age_days=1)
        show(trial, drifted=("x",))
        assert again(trial).code == 0
        require_asked(trial, times=2, where=f"{where}, then")
        assert claims(trial)[-1].window == newest(trial).name
        told(trial)


def require_asked(world: World, *, times: int, where: str) -> None:
    """So many requests were heard, each window of a release claimed one of them; figures stand."""
    windows = [(each.release_id, each.window) for each in claims(world)]
    assert len(windows) == len(set(windows)) == times, where
    assert len(requests_of(world)) == times, where
    assert {each.request_id for each in claims(world)} == set(requests_of(world)), where
    assert all(each.event_id for each in claims(world)), where
    assert world.cloud.figures["DataDrift"] == 0.5, where


def cut_off(world: World, *, how: str, at: str = "put an event") -> None:
    """Let a run end at this step, and take its lease from it."""
    counted = Faulty()
    run_command(world.copy(), MONITOR, counted)
    run_command(world, MONITOR, Faulty(at=counted.passed.index(at), how=how))
    world.clock.jump(20 * 60)


@pytest.mark.parametrize(("how", "events"), [("killed before", 1), ("killed after", 2)])
def test_a_later_window_asks_by_the_request_that_nobody_may_have_heard(
    world: World, how: str, events: int
) -> None:
    cut_off(world, how=how)
    [before] = claims(world)
    assert before.event_id is None
    world.clock.jump(DAY_S)
    show(world, drifted=("x",))
    assert looked(world) is Check.ASKED
    assert (len(world.cloud.put_events), requests_of(world)) == (events, [before.request_id])
    assert [each.request_id for each in claims(world)] == [before.request_id] * 2
    assert looked(world) is Check.COOL_DOWN


def test_what_a_pipeline_has_taken_was_heard_though_the_answer_was_lost(world: World) -> None:
    cut_off(world, how="answer lost")
    [claim] = claims(world)
    taken = a_claim(world, claim.request_id)
    key = naming.request_object(ENDPOINT, claim.request_id)
    world.bucket.write(key, taken.to_json().encode())
    assert looked(world) is Check.COOL_DOWN
    world.clock.jump(2 * DAY_S)
    show(world, drifted=("x",), age_days=1)
    show(world, drifted=("x",))
    assert looked(world) is Check.ASKED
    assert len(requests_of(world)) == 2


def test_a_claim_of_a_release_that_serves_no_more_is_asked_by_nobody(world: World) -> None:
    cut_off(world, how="killed before")
    assert run_command(world, Command(mode=Mode.DEPLOYMENT, name="B"), NoFaults()).code == 0
    world.clock.jump(7 * DAY_S)
    show(world, drifted=("x",), age_days=1)
    show(world, drifted=("x",))
    assert looked(world) is Check.ASKED
    old, new = sorted(claims(world), key=lambda each: each.when)
    assert (old.event_id, requests_of(world)) == (None, [new.request_id])


@pytest.mark.parametrize("labelled", [False, True])
def test_what_an_earlier_release_was_asked_is_looked_at_where_anybody_gives_labels(
    world: World, labelled: bool
) -> None:
    before = world.head().live_release or ""
    assert run_command(world, Command(mode=Mode.DEPLOYMENT, name="B"), NoFaults()).code == 0
    hour = f"{world.clock.now():%Y/%m/%d/%H}"
    world.bucket.write(f"capture/{ENDPOINT}/{before}/{ENDPOINT}/primary/{hour}/0.jsonl", b"{}\n")
    if labelled:
        world.bucket.write(f"labels/{ENDPOINT}/{hour}/0.jsonl", b"{}\n")
    world.clock.jump(DAY_S)
    show(world)
    workspace = workspace_of(world, MONITOR, NoFaults())
    assert monitor(workspace, window=None).earlier_releases == ()
    notes = workspace.context.recorder.complete(a_report("monitor")).notes
    # Its baseline is what a job would count by, and it has none here
    assert [f"Release {before} has no baseline" in each for each in notes] == [True] * labelled


def test_where_the_cause_is_gone_what_nobody_heard_is_not_asked(world: World) -> None:
    cut_off(world, how="killed before")
    world.clock.jump(DAY_S)
    show(world)
    assert looked(world) is Check.CAUSE
    assert world.cloud.put_events == []
