"""Many streams as one log: each line once, none lost, whatever comes late and in which order."""

import json
from datetime import UTC, datetime, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from pipeline.core.errors import UsageError
from pipeline.core.pace import PAUSE_S, next_pause_s
from pipeline.core.tail import LATE_MS, LogLine, json_of, moment, tail_from, take, text_of
from tests.unit.core_builders import NOON

START_MS = round(NOON.timestamp() * 1000)


def a_line(number: int, *, time_ms: int = START_MS, stream: str = "a", text: str = "x") -> LogLine:
    return LogLine(time_ms=time_ms, group="g", stream=stream, id=str(number), text=text)


@st.composite
def arrivals(draw: st.DrawFn) -> list[tuple[int, LogLine]]:
    """Lines with the moment at which each can be found: as late as a line may be."""
    count = draw(st.integers(0, 30))
    found = []
    for number in range(count):
        at = draw(st.integers(0, 10 * LATE_MS))
        late = draw(st.integers(0, LATE_MS))
        stream = draw(st.sampled_from("abc"))
        found.append((START_MS + at + late, a_line(number, time_ms=START_MS + at, stream=stream)))
    return found


@given(arrivals(), st.lists(st.integers(0, 11 * LATE_MS), max_size=20))
def test_each_line_is_shown_once_and_none_is_lost(
    lines: list[tuple[int, LogLine]], looks: list[int]
) -> None:
    tail = tail_from(NOON)
    shown: list[LogLine] = []
    for now_ms in sorted(START_MS + each for each in (*looks, 12 * LATE_MS)):
        asked = [
            line for found_ms, line in lines if found_ms <= now_ms and line.time_ms >= tail.start_ms
        ]
        tail, fresh = take(tail, asked, now_ms=now_ms)
        assert list(fresh) == sorted(fresh, key=lambda line: line.time_ms)
        shown += fresh
    assert sorted(line.id for line in shown) == sorted(line.id for _, line in lines)


def test_what_is_remembered_does_not_grow_with_the_log() -> None:
    tail = tail_from(NOON)
    for number in range(100):
        time_ms = START_MS + number * LATE_MS
        tail, _ = take(tail, [a_line(number, time_ms=time_ms)], now_ms=time_ms)
    assert len(tail.shown) == 2


def test_a_line_from_the_future_hides_none_of_now() -> None:
    ahead = a_line(1, time_ms=START_MS + 100 * LATE_MS, stream="wrong clock")
    tail, _ = take(tail_from(NOON), [ahead], now_ms=START_MS)
    tail, fresh = take(tail, [ahead, a_line(2, time_ms=START_MS + 5)], now_ms=START_MS + 10)
    assert [line.id for line in fresh] == ["2"]
    assert tail.start_ms <= START_MS + 5


@pytest.mark.parametrize(
    ("text", "ago"),
    [
        ("90s", timedelta(seconds=90)),
        ("15m", timedelta(minutes=15)),
        ("2h", timedelta(hours=2)),
        ("1d", timedelta(days=1)),
        ("1w", timedelta(weeks=1)),
    ],
)
def test_since_may_be_how_long_ago(text: str, ago: timedelta) -> None:
    assert moment(text, NOON) == NOON - ago


@pytest.mark.parametrize(
    ("text", "when"),
    [
        ("2026-01-31T12:00:00Z", datetime(2026, 1, 31, 12, tzinfo=UTC)),
        ("2026-01-31T13:00:00+01:00", datetime(2026, 1, 31, 12, tzinfo=UTC)),
        ("2026-01-31", datetime(2026, 1, 31, tzinfo=UTC)),
        ("2026-01-31 12:00", datetime(2026, 1, 31, 12, tzinfo=UTC)),
    ],
)
def test_since_may_be_a_time_and_is_utc_unless_it_says_otherwise(text: str, when: datetime) -> None:
    assert moment(text, NOON) == when


@pytest.mark.parametrize(
    "text", ["", "5", "m", "0m", "-5m", "5 m", "5y", "yesterday", "999999999w"]
)
def test_what_is_no_time_is_refused_with_an_example(text: str) -> None:
    with pytest.raises(UsageError, match="15m"):
        moment(text, NOON)


def test_a_line_moves_no_cursor_and_is_whole_in_json() -> None:
    line = a_line(1, text="\x1b[2Jloss\t0.1\rgone\n")
    assert text_of(line) == "2026-01-02T12:00:00.000Z a ?[2Jloss\t0.1?gone"
    assert json.loads(json_of(line)) == {
        "time": "2026-01-02T12:00:00.000Z",
        "group": "g",
        "stream": "a",
        "message": "\x1b[2Jloss\t0.1\rgone\n",
    }


def test_the_pause_doubles_as_long_as_aws_throttles_up_to_a_minute() -> None:
    pause_s = PAUSE_S
    pauses: list[float] = []
    for _ in range(6):
        pause_s = next_pause_s(pause_s, throttled=True)
        pauses.append(pause_s)
    assert pauses == [10, 20, 40, 60, 60, 60]
    assert next_pause_s(pause_s, throttled=False) == PAUSE_S
