"""Whether a retraining is asked for: the checks in their order, each with its reason."""

from dataclasses import replace
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from pipeline.core.retraining import (
    Asked,
    Cause,
    Check,
    Choice,
    Learnable,
    Rules,
    Situation,
    WindowFacts,
    choose,
    heard,
    unheard,
)

NOW = datetime(2026, 1, 31, 12, tzinfo=UTC)
DAY = timedelta(days=1)
LIVE = "r-20260101-120000-aaaaaa"
RULES = Rules(
    enabled=True,
    on_drift=True,
    on_degradation=True,
    schedule=None,
    minimum_new_rows=200,
    minimum_new_share=0.1,
    cool_down=DAY,
    most_per_month=4,
)
MUCH = Learnable(new_rows=500, known_rows=1000, same_source=False)


def window(age: int = 1, **facts: Any) -> WindowFacts:
    start = NOW - age * DAY
    return WindowFacts(**{"name": f"{start:%Y%m%d}", "start": start, "enough_rows": True, **facts})


DRIFTED: dict[str, Any] = {"drifted": ("petal length",)}
TWICE = (window(2, **DRIFTED), window(**DRIFTED))


def situation(**facts: Any) -> Situation:
    known = {"release_id": LIVE, "live_since": NOW - 20 * DAY, "now": NOW, "windows": TWICE}
    return Situation(**{**known, **facts})


def asked(age: timedelta) -> Asked:
    return Asked(
        endpoint="iris-model-staging",
        release_id=LIVE,
        window="w",
        cause=Cause.DRIFT,
        reason="it drifts",
        request_id="monitor-1",
        event_id="event-1",
        run_id="one",
        who="someone",
        when=NOW - age,
    )


# what is the case, the rules, what there is to learn: the check that decides, and its words
CASES: dict[str, tuple[Situation, Rules, Learnable, Check, str]] = {
    "two of five windows drifted and the newest": (
        situation(windows=(window(5, **DRIFTED), window(4), window(3), window(2), TWICE[1])),
        *(RULES, MUCH, Check.ASKED, "2 of the last 5 windows, the newest among them: petal length"),
    ),
    "the other one is the sixth": (
        situation(windows=(window(6, **DRIFTED), *map(window, (5, 4, 3, 2)), TWICE[1])),
        *(RULES, MUCH, Check.CAUSE, "Drifted in one window only"),
    ),
    "the newest is sound again": (
        situation(windows=(window(3, **DRIFTED), window(2, **DRIFTED), window())),
        *(RULES, MUCH, Check.CAUSE, "Nothing drifted"),
    ),
    "degraded once is enough": (
        situation(windows=(window(degraded=("0.80 is below 0.90",)),)),
        *(RULES, MUCH, Check.ASKED, "Degraded: 0.80 is below 0.90."),
    ),
    "degraded on a day of little traffic": (
        situation(windows=(window(enough_rows=False, degraded=("0.80 is below 0.90",)),)),
        *(RULES, MUCH, Check.ASKED, "Degraded: 0.80 is below 0.90."),
    ),
    "degraded on a day of little traffic, and nobody listens": (
        situation(windows=(window(enough_rows=False, degraded=("0.80 is below 0.90",)),)),
        *(replace(RULES, on_degradation=False), MUCH, Check.CAUSE, "on_degradation is off"),
    ),
    "drift is no cause without enough rows": (
        situation(windows=(TWICE[0], window(enough_rows=False, **DRIFTED))),
        *(RULES, MUCH, Check.ROWS, "not enough rows"),
    ),
    "nobody listens to degradation": (
        situation(windows=(window(degraded=("0.80 is below 0.90",)),)),
        *(replace(RULES, on_degradation=False), MUCH, Check.CAUSE, "on_degradation is off"),
    ),
    "nobody listens to drift": (
        situation(),
        *(replace(RULES, on_drift=False), MUCH, Check.CAUSE, "on_drift is off"),
    ),
    "a schedule is due": (
        situation(windows=(window(),)),
        *(replace(RULES, schedule="weekly"), MUCH, Check.ASKED, "The schedule weekly is due"),
    ),
    "a schedule is due without traffic": (
        situation(windows=(window(enough_rows=False),)),
        *(replace(RULES, schedule="weekly"), MUCH, Check.ASKED, "The schedule weekly is due"),
    ),
    "a schedule was served by the last request": (
        situation(windows=(window(),), asked=(asked(2 * DAY),)),
        *(replace(RULES, schedule="weekly"), MUCH, Check.CAUSE, "no schedule is due"),
    ),
    "too few rows": (
        situation(windows=(TWICE[0], window(enough_rows=False))),
        *(RULES, MUCH, Check.ROWS, "not enough rows"),
    ),
    "data at fault": (
        situation(windows=(TWICE[0], window(faults=("a is null", "b is gone"), **DRIFTED))),
        *(RULES, MUCH, Check.DATA_QUALITY, "a is null and 1 more."),
    ),
    "data at fault where a schedule is due": (
        situation(windows=(window(faults=("a is null",)),)),
        *(replace(RULES, schedule="weekly"), MUCH, Check.DATA_QUALITY, "a is null."),
    ),
    "the same source": (
        situation(),
        *(RULES, replace(MUCH, same_source=True), Check.NOTHING_TO_LEARN, "is the one that"),
    ),
    "too few new rows": (
        situation(),
        *(RULES, replace(MUCH, new_rows=199), Check.NOTHING_TO_LEARN, "199 new labelled rows, 200"),
    ),
    "a tenth of many rows": (
        situation(),
        *(
            RULES,
            replace(MUCH, known_rows=9000),
            Check.NOTHING_TO_LEARN,
            "500 new labelled rows, 900",
        ),
    ),
    "nothing to learn comes before what is too often": (
        situation(asked=(asked(DAY / 2),)),
        *(RULES, replace(MUCH, same_source=True), Check.NOTHING_TO_LEARN, "Nothing to learn"),
    ),
    "somebody is at work": (
        situation(at_work="run 7 holds the endpoint."),
        *(RULES, MUCH, Check.OPEN, "Not now: run 7 holds the endpoint."),
    ),
    "asked half a day ago": (
        situation(asked=(asked(DAY / 2),)),
        *(RULES, MUCH, Check.COOL_DOWN, "less than 24 hours ago"),
    ),
    "a person asked half a day ago": (
        situation(people_asked=NOW - DAY / 2),
        *(RULES, MUCH, Check.COOL_DOWN, "less than 24 hours ago"),
    ),
    "live for less than a window": (
        situation(live_since=NOW - DAY / 2),
        *(RULES, MUCH, Check.COOL_DOWN, "its first whole window has not ended yet"),
    ),
    "four times this month": (
        situation(asked=tuple(asked(days * DAY) for days in (2, 9, 16, 23))),
        *(RULES, MUCH, Check.BUDGET, "4 retrainings were asked for this month"),
    ),
    "four times, one of them last month": (
        situation(asked=tuple(asked(days * DAY) for days in (2, 9, 16, 31))),
        *(RULES, MUCH, Check.ASKED, "Drifted"),
    ),
    "switched off": (
        situation(),
        *(replace(RULES, enabled=False), MUCH, Check.OFF, "retraining.enabled is off."),
    ),
}


@pytest.mark.parametrize(
    ("known", "rules", "learnable", "check", "words"), CASES.values(), ids=CASES
)
def test_one_check_decides_and_says_why(
    known: Situation, rules: Rules, learnable: Learnable, check: Check, words: str
) -> None:
    choice = choose(known, rules, learnable)
    assert choice.check is check
    assert words in choice.reason


windows_of = st.lists(
    st.builds(
        lambda drifted, degraded, faults, enough: (drifted, degraded, faults, enough),
        *(st.booleans() for _ in range(4)),
    ),
    min_size=1,
    max_size=8,
)


@given(shown=windows_of, at_work=st.sampled_from(["", "a run"]), days=st.integers(0, 40))
def test_nothing_is_asked_on_broken_data_nor_twice_within_the_cool_down(
    shown: list[tuple[bool, bool, bool, bool]], at_work: str, days: int
) -> None:
    windows = tuple(
        window(
            len(shown) - place,
            drifted=("a",) if drifted else (),
            degraded=("b",) if degraded else (),
            faults=("c",) if fault else (),
            enough_rows=enough,
        )
        for place, (drifted, degraded, fault, enough) in enumerate(shown)
    )
    rules = replace(RULES, schedule="monthly")
    choice: Choice = choose(
        situation(windows=windows, at_work=at_work, asked=(asked(days * DAY),)), rules, MUCH
    )
    if choice.is_asked:
        assert not windows[-1].faults
        assert not at_work
        assert days >= 1
        assert choice.cause is not None


CLAIMS: dict[str, Any] = {
    "the bus has it": ([("a", "w1", "event")], set(), ["w1"], []),
    "nobody is known to have it": ([("a", "w1", None)], set(), [], ["w1"]),
    "a pipeline has it": ([("a", "w1", None)], {"a"}, ["w1"], []),
    "a later window was heard": ([("a", "w1", None), ("a", "w2", "event")], set(), ["w2"], []),
    "none of two was": ([("a", "w1", None), ("a", "w2", None)], set(), [], ["w1", "w2"]),
    "another request": ([("a", "w1", None), ("b", "w2", "event")], {"c"}, ["w2"], ["w1"]),
}


@pytest.mark.parametrize("case", CLAIMS)
def test_a_request_counts_once_and_when_it_was_heard(case: str) -> None:
    made, taken, known, open_ones = CLAIMS[case]
    claims = [
        replace(asked(place * DAY), request_id=name, window=window, event_id=event)
        for place, (name, window, event) in enumerate(reversed(made))
    ]
    assert [each.window for each in heard(claims, taken=taken)] == known
    assert [each.window for each in unheard(claims, taken=taken)] == open_ones
