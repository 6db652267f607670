"""What a run tells people, by how it ended; and what is told for a run that died."""

from dataclasses import replace
from typing import Any

import pytest

from pipeline.core import ledger, news
from pipeline.core.head import HistoryEvent, LedgerHead, Lived, MoveKind
from pipeline.core.messages import EventKind, Severity
from pipeline.core.monitoring import WindowRecord
from pipeline.core.outcomes import DeploymentReport, DeploymentStatus
from pipeline.core.records import Decision, Verdict
from pipeline.core.retraining import Check
from tests.support.message_builders import (
    ENDPOINT,
    NOON,
    RUN_ID,
    a_failure,
    a_report,
    a_setting,
)
from tests.support.windows import a_monitored, a_record
from tests.unit.core_builders import a_training_run, an_evaluation

OLD, NEW = "r-20260101-120000-bbbbbb", "r-20260102-120000-aaaaaa"
HEAD: LedgerHead = replace(
    ledger.empty_head(ENDPOINT),
    lived=(
        Lived(release_id=OLD, healthy=True, since=NOON, by=MoveKind.DEPLOYMENT),
        Lived(release_id=NEW, healthy=True, since=NOON, by=MoveKind.DEPLOYMENT),
    ),
)


def judged(verdict: Verdict) -> dict[str, Any]:
    return {
        "decision": Decision(verdict=verdict, reasons=("accuracy 0.93 is below 0.95.",)),
        "training": a_training_run(),
        "evaluation": an_evaluation(),
    }


def deployed(status: DeploymentStatus, **changes: Any) -> dict[str, Any]:
    report = DeploymentReport(
        status=status, endpoint_name=ENDPOINT, release_id=NEW, duration_s=1.0, **changes
    )
    return {"deployment": report, "release_id": NEW}


def seen(record: WindowRecord, check: Check) -> dict[str, Any]:
    return {"failure": a_failure(8), "monitored": a_monitored(record, check)}


PLANNED = ("Plan: 1 to add (serving)", "To apply it: ./run_mlops_pipeline.sh --mode apply")
FAILS = {"failure": a_failure(5), **deployed(DeploymentStatus.ROLLED_BACK, rolled_back_to=OLD)}
CASES: list[tuple[str, str, dict[str, Any], list[str]]] = [
    ("a passing model that is not deployed", "training", judged(Verdict.DEPLOY), ["passed"]),
    ("held", "full", {**judged(Verdict.HOLD), "failure": a_failure(3)}, ["held"]),
    ("rejected", "full", {**judged(Verdict.REJECT), "failure": a_failure(3)}, ["rejected"]),
    ("deployed", "full", deployed(DeploymentStatus.SUCCESS), ["deployed"]),
    ("already there", "full", deployed(DeploymentStatus.NOTHING_TO_DO), []),
    ("rolled back by itself", "full", FAILS, ["rolled_back"]),
    ("rolled back", "rollback", deployed(DeploymentStatus.SUCCESS), ["rolled_back"]),
    ("not serving", "rollback", {"failure": a_failure(6)}, ["not_serving"]),
    ("nowhere to go", "rollback", {"failure": a_failure(6, code="NothingEarlier")}, ["failed"]),
    ("tests failed", "testing", {"failure": a_failure(4)}, ["tests_failed"]),
    ("refused", "deployment", {"failure": a_failure(7)}, ["plan_refused"]),
    ("barred", "deployment", {"failure": a_failure(7, code="Quarantined")}, ["quarantined"]),
    ("drift", "monitor", {"failure": a_failure(8)}, ["drift"]),
    ("drift found", "monitor", seen(a_record(drifted=("a",)), Check.CAUSE), ["drift"]),
    (
        "drift found, and asked",
        *("monitor", seen(a_record(drifted=("a",)), Check.ASKED), ["drift", "retraining_asked"]),
    ),
    (
        "degraded, and nothing to learn",
        *("monitor", seen(a_record(degraded=("0.8",)), Check.NOTHING_TO_LEARN)),
        ["degraded", "retraining_not_done"],
    ),
    ("data at fault", "monitor", seen(a_record(faults=("gone",)), Check.CAUSE), ["data_fault"]),
    ("nothing drifted", "monitor", {"monitored": a_monitored(a_record(), Check.CAUSE)}, []),
    ("a job failed", "training", {"failure": a_failure(10)}, ["job_failed"]),
    ("AWS is gone", "full", {"failure": a_failure(11)}, ["failed"]),
    ("a bug", "full", {"failure": a_failure(1)}, ["failed"]),
    ("a typing error", "full", {"failure": a_failure(2)}, []),
    ("somebody else works", "full", {"failure": a_failure(9)}, []),
    ("Ctrl-C", "full", {"failure": a_failure(130)}, []),
    ("asked", "retrain", {"listing": ("Asked for a retraining: request 1",)}, ["retraining_asked"]),
    ("planned", "plan", {"plan_digest": "ab" * 32, "listing": PLANNED}, ["plan_waits"]),
    ("planned, and empty", "plan", {"plan_digest": "ab" * 32, "listing": PLANNED[:1]}, []),
    ("approved", "approve", judged(Verdict.HOLD), []),
    ("settled", "settle", {}, []),
]


@pytest.mark.parametrize(
    ("mode", "parts", "kinds"), [case[1:] for case in CASES], ids=[case[0] for case in CASES]
)
def test_a_run_tells_what_it_came_to(mode: str, parts: dict[str, Any], kinds: list[str]) -> None:
    told = news.of_run(a_report(mode, **parts), a_setting(), HEAD)
    assert [event.kind for event in told] == kinds


def test_a_message_ends_with_a_command_that_can_be_typed() -> None:
    program = "./run_mlops_pipeline.sh --mode"
    whole = a_setting(completed=lambda text: text.replace("--mode", program))
    (event,) = news.of_run(a_report(**deployed(DeploymentStatus.SUCCESS)), whole, HEAD)
    assert f"{program} rollback" in event.to_do
    (event,) = news.of_run(a_report("plan", listing=PLANNED), whole, HEAD)
    assert (event.why, event.to_do) == PLANNED


def test_every_event_that_a_run_can_end_with_is_in_the_table() -> None:
    of_others = {EventKind.STARTED, EventKind.KEPT, EventKind.RECOVERED, EventKind.TEST}
    told = {EventKind(kind) for case in CASES for kind in case[3]}
    assert told | of_others | {EventKind.RETRAINING_NOT_DONE} == set(EventKind)


def test_a_deployment_tells_from_where_to_where_with_figures_and_who() -> None:
    parts = {**judged(Verdict.DEPLOY), **deployed(DeploymentStatus.SUCCESS), "duration_s": 61.0}
    (event,) = news.of_run(a_report(**parts), a_setting(), HEAD)
    assert (event.release_from, event.release_to, event.who) == (OLD, NEW, "anna")
    assert event.figures == {"Accuracy": "0.9700", "Duration": "61 s"}
    assert event.severity is Severity.INFO


@pytest.mark.parametrize(
    ("mode", "parts", "asked_by", "how", "left", "to"),
    [
        ("full", FAILS, "", "itself", NEW, OLD),
        ("rollback", deployed(DeploymentStatus.SUCCESS), "", "person", OLD, NEW),
        ("rollback", deployed(DeploymentStatus.SUCCESS), f"{ENDPOINT}/errors", "alarm", OLD, NEW),
    ],
)
def test_a_rollback_tells_who_wanted_it(
    mode: str, parts: dict[str, Any], asked_by: str, how: str, left: str, to: str
) -> None:
    (event,) = news.of_run(a_report(mode, **parts), a_setting(asked_by=asked_by), HEAD)
    assert (event.how, event.release_from, event.release_to) == (how, left, to)
    assert asked_by in event.why


def test_a_retraining_that_is_not_done_is_told_where_it_was_asked_for() -> None:
    report = a_report("training", notes=("Nothing to do on it: another pipeline does it.",))
    (event,) = news.of_run(report, a_setting(asked_by="schedule"), HEAD)
    assert event.kind is EventKind.RETRAINING_NOT_DONE
    assert "another pipeline" in event.why


@pytest.mark.parametrize(("asked_by", "how"), [("", ""), (f"{ENDPOINT}/drift: x", "asked")])
def test_that_what_is_live_stays_is_told_and_whether_a_retraining_was_asked_for(
    asked_by: str, how: str
) -> None:
    report = a_report("full", **judged(Verdict.KEEP), failure=a_failure(3))
    (event,) = news.of_run(report, a_setting(asked_by=asked_by), HEAD)
    assert (event.kind, event.how, event.severity) == (EventKind.KEPT, how, Severity.INFO)


def a_line(what: str, **details: str) -> HistoryEvent:
    return HistoryEvent(
        number=7, what=what, who="bert", when=NOON, details=details, previous_sha256=""
    )


def test_the_lines_of_a_run_that_died_are_the_events_that_it_would_have_told() -> None:
    parts = deployed(DeploymentStatus.SUCCESS)
    (own,) = news.of_run(a_report(**parts), a_setting(), HEAD)
    line = a_line("deployed", release=NEW, run=RUN_ID)
    (missed,) = news.of_history([line], a_setting(), except_of="another")
    assert missed.id == own.id
    assert (missed.who, missed.when) == ("bert", NOON)
    assert news.of_history([line], a_setting(), except_of=RUN_ID) == ()


@pytest.mark.parametrize(
    ("line", "kind", "how"),
    [
        (a_line("deployed", release=NEW), "deployed", ""),
        (
            a_line("rolled back", to=OLD, left=NEW, reason="Rolled back by b: x"),
            "rolled_back",
            "person",
        ),
        (
            a_line("rolled back", to=OLD, left=NEW, reason="Release r failed"),
            "rolled_back",
            "itself",
        ),
        (
            a_line("rolled back", to=OLD, left=NEW, reason="a/b", request="1"),
            "rolled_back",
            "alarm",
        ),
        (a_line("rollback failed", release=OLD, cause="x"), "not_serving", ""),
        (a_line("deployment failed", release=NEW, cause="x"), "failed", ""),
    ],
)
def test_a_line_of_the_history_is_told_as_what_it_was(
    line: HistoryEvent, kind: str, how: str
) -> None:
    (event,) = news.of_history([line], a_setting(), except_of="another")
    assert (event.kind, event.how) == (kind, how)


def test_lines_that_no_channel_is_for_are_not_told() -> None:
    assert news.of_history([a_line("pruned", releases=OLD)], a_setting(), except_of="x") == ()


def test_a_message_links_to_what_there_is_to_look_at() -> None:
    told = deployed(DeploymentStatus.SUCCESS)
    setting = a_setting(links={"Job": "https://ci/7"}, pages="https://ci/7/artifacts/file/out")
    on_aws: dict[str, Any] = {"backend": "aws", "region": "eu-central-1", "has_dashboard": True}
    report = replace(a_report(**told), links={"report.html": "/out/report.html"}, **on_aws)
    (event,) = news.of_run(report, setting, HEAD)
    assert event.links["Report"] == "https://ci/7/artifacts/file/out/report.html"
    assert {"Job", "Report", "Endpoint", "Dashboard"} == set(event.links)
    (plain,) = news.of_run(a_report(**told), setting, HEAD)
    assert plain.links == {"Job": "https://ci/7"}
