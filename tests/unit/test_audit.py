"""Who did what: history and approvals as one list, and as a table that runs no formula."""

import csv
import io
from datetime import timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from pipeline.core.audit import deeds, history_csv
from pipeline.core.head import HistoryEvent
from pipeline.core.naming import is_training_job_of, training_job_name
from pipeline.core.outcomes import History
from pipeline.core.records import Approval
from tests.unit.core_builders import NOON

JOB = "https://gitlab.example.com/mlops/-/jobs/7"


def an_event(number: int, what: str = "deployed", who: str = "ada", **details: str) -> HistoryEvent:
    return HistoryEvent(
        number=number,
        what=what,
        who=who,
        when=NOON + timedelta(hours=number),
        details=details,
        previous_sha256="",
    )


def an_approval(hours: float = 1.5, who: str = "grace", reason: str = "looked at") -> Approval:
    return Approval(
        training_job="iris-20260102-120000",
        artifact_sha256="a" * 64,
        who=who,
        when=NOON + timedelta(hours=hours),
        reason=reason,
    )


def a_history(*events: HistoryEvent, approvals: tuple[Approval, ...] = ()) -> History:
    return History(endpoint="e", events=events, first_broken=None, approvals=approvals)


def rows(history: History) -> list[dict[str, str]]:
    return list(csv.DictReader(io.StringIO(history_csv(history), newline="")))


def test_an_approval_stands_where_its_time_says_and_lines_keep_their_order() -> None:
    early, late = an_approval(1.5), an_approval(99)
    history = a_history(an_event(1), an_event(2), an_event(3), approvals=(late, early))
    found = [(each.number, each.what) for each in deeds(history)]
    assert found == [
        (1, "deployed"),
        (None, "approved"),
        (2, "deployed"),
        (3, "deployed"),
        (None, "approved"),
    ]


@pytest.mark.parametrize(
    ("who", "person", "link"),
    [
        (f"ada ({JOB})", "ada", JOB),
        ("ada", "ada", ""),
        ("ada (on call)", "ada (on call)", ""),
        (f"a (b) ({JOB})", "a (b)", JOB),
    ],
)
def test_the_page_of_a_ci_job_is_told_apart_from_its_user(who: str, person: str, link: str) -> None:
    (deed,) = deeds(a_history(an_event(1, who=who)))
    assert (deed.person, deed.link) == (person, link)


@pytest.mark.parametrize(
    "what", ["deployed", "rolled back", "plan applied", "pruned", "settled", "rollback failed"]
)
def test_each_deed_is_a_row_with_who_when_and_why(what: str) -> None:
    event = an_event(1, what, f"ada ({JOB})", run="run-1", release="r-1", reason="5xx since noon")
    (row,) = rows(a_history(event))
    assert row["what"] == what
    assert row["time_utc"] == "2026-01-02T13:00:00Z"
    assert (row["who"], row["link"], row["run"]) == ("ada", JOB, "run-1")
    assert (row["release"], row["reason"]) == ("r-1", "5xx since noon")


HOSTILE = (
    '=cmd|"/C calc"!A0',
    "+1+1",
    "-1+1",
    "@SUM(A1)",
    "\t=1",
    "\r=1",
    "\n=1",
    "  =1",
    "＝1",  # noqa: RUF001
)


@pytest.mark.parametrize("text", HOSTILE)
def test_no_cell_is_a_formula(text: str) -> None:
    event = an_event(1, text, text, release=text, job=text, reason=text, run=text)
    history = a_history(event, approvals=(an_approval(who=text, reason=text),))
    for row in rows(history):
        for cell in row.values():
            assert not cell.lstrip(" ").startswith(("=", "+", "-", "@", "\t", "\r", "\n", "＝"))  # noqa: RUF001


@given(st.text())
def test_any_text_comes_back_from_the_table(text: str) -> None:
    (row,) = rows(a_history(an_event(1, reason=text)))
    assert row["reason"].removeprefix("'") == text.removeprefix("'")


def test_a_job_is_known_by_the_name_that_its_model_gives() -> None:
    name = training_job_name("iris", NOON)
    assert is_training_job_of(name, "iris")
    assert is_training_job_of(f"{name}-2", "iris")
    assert not is_training_job_of(training_job_name("iris-large", NOON), "iris")
    assert not is_training_job_of(name, "ir.s")
