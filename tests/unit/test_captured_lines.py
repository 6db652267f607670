"""Captured lines: one state whatever their form, their order and the number of machines."""

import json
from datetime import datetime, timedelta

import numpy as np
import pandas as pd
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from model.monitoring.baseline import Answers
from model.monitoring.capture import NotCounted, event_of, name_in
from model.monitoring.window import Share, Span, Spans
from pipeline.core.window_counts import WindowCounts, merged
from pipeline.gateways import runtime
from tests.unit.monitoring_builders import (
    HOUR,
    NOON,
    a_baseline,
    a_label,
    captured,
    count_lines,
    known,
)

RNG = np.random.default_rng(3)
X = pd.DataFrame({"size": RNG.normal(size=400), "kind": RNG.choice(["a", "b"], 400).astype(object)})
LABELS = RNG.choice([0, 1], 400)
ANSWERS = Answers(predicted=LABELS, actual=LABELS, certainty=RNG.uniform(0.5, 1, 400))
BASELINE = a_baseline(X, answers=ANSWERS)
ANSWER = '{"predictions": [1, 0], "probabilities": [[0.2, 0.8], [0.9, 0.1]], "labels": [0, 1]}'
CSV = "0.5,a\n-1.25,b\n"
WITH_HEADER = "size,kind\n0.5,a\n-1.25,b\n"
OTHER_ORDER = "kind,size\na,0.50\nb,-1.25\n"
LISTS = '[[0.5, "a"], [-1.25, "b"]]'
OBJECTS = json.dumps({"instances": [{"size": 0.5, "kind": "a"}, {"kind": "b", "size": "-1.25"}]})


def counts_of(window: WindowCounts) -> tuple[object, ...]:
    return window.rows, window.inputs, window.answers, window.on_steps


@pytest.mark.parametrize("plain", [True, False])
@pytest.mark.parametrize(
    ("body", "content_type"),
    [
        (CSV, "text/csv"),
        (CSV.replace("\n", "\r\n"), "text/csv"),
        (CSV, "text/csv; header=absent"),
        (WITH_HEADER, "text/csv"),
        (WITH_HEADER, "text/csv; header=present"),
        (OTHER_ORDER, "text/csv; charset=utf-8"),
        (LISTS, "application/json"),
        (OBJECTS, "application/json"),
    ],
)
def test_every_form_of_a_request_is_one_state(body: str, content_type: str, plain: bool) -> None:
    line = captured(body, ANSWER, content_type=content_type, plain=plain)
    window = count_lines(BASELINE, [line])
    assert window.rows == 2
    assert counts_of(window) == counts_of(count_lines(BASELINE, [captured(CSV, ANSWER)]))


def test_an_answer_in_csv_has_labels_and_no_certainty() -> None:
    window = count_lines(BASELINE, [captured(CSV, "1\n0\n", answer_type="text/csv")])
    assert window.answers["predicted_label"].present == 2
    assert window.answers["top_probability"].present == 0


def test_rows_of_one_request_count_like_requests_of_one_row() -> None:
    single = [
        captured("0.5,a", '{"predictions": [1], "probabilities": [[0.2, 0.8]]}'),
        captured("-1.25,b", '{"predictions": [0], "probabilities": [[0.9, 0.1]]}', id="2"),
    ]
    assert counts_of(count_lines(BASELINE, single)) == counts_of(
        count_lines(BASELINE, [captured(CSV, ANSWER)])
    )


DEEP = "[" * 100_000 + "]" * 100_000


@pytest.mark.parametrize(
    "answer",
    [
        DEEP,
        f'{{"predictions": {DEEP}}}',
        '{"predictions": {"a": 1}}',
        '{"predictions": [[1], [0]]}',
        "3",
        "null",
        "{",
    ],
)
def test_an_answer_of_another_form_is_not_counted_and_its_request_is(answer: str) -> None:
    window = count_lines(BASELINE, [captured(CSV, answer)])
    assert (window.rows, window.answers["predicted_label"].present) == (2, 0)


@pytest.mark.parametrize(
    "probabilities",
    [
        "0.5",
        '"half"',
        "{}",
        "[0.5, 0.5]",
        "[null, 1]",
        "[[], [null]]",
        '[["a"], [[1]]]',
        "[[1e999]]",
    ],
)
def test_probabilities_of_another_form_are_no_certainty(probabilities: str) -> None:
    answer = f'{{"predictions": [1, 0], "probabilities": {probabilities}}}'
    window = count_lines(BASELINE, [captured(CSV, answer)])
    assert window.answers["predicted_label"].present == 2
    assert window.answers["top_probability"].present == sum(window.on_steps) == 0


def test_an_id_that_is_no_text_counts_like_any_other() -> None:
    lines = [captured(CSV, ANSWER, callers="half \ud800"), captured(CSV, ANSWER, callers="\udfff")]
    window = count_lines(BASELINE, lines, labels=[a_label("half \ud800", 1, 0)])
    [quality] = window.quality
    assert (window.requests, quality.labelled) == (2, 2)


def test_what_the_runner_asks_is_no_traffic_and_waits_for_no_label() -> None:
    own = [captured(CSV, ANSWER, callers=f"{runtime.TEST_ID}{number:032x}") for number in range(3)]
    theirs = captured(CSV, ANSWER, callers="order-1")
    window = count_lines(BASELINE, [*own, theirs, own[0]], labels=[a_label("order-1", 1, 0)])
    alone = count_lines(BASELINE, [theirs], labels=[a_label("order-1", 1, 0)])
    assert counts_of(window) == counts_of(alone)
    assert (window.requests, window.quality) == (1, alone.quality)
    assert (window.lines, window.not_counted["tests"]) == (5, 4)
    [quality] = count_lines(BASELINE, own, labels=[]).quality
    assert quality.rows == 0  # such a cohort waits for nothing


@pytest.mark.parametrize(
    "callers",
    [
        "mlops-test-",
        "mlops-test-1",
        f"mlops-test-{'a' * 31}",
        f"mlops-test-{'a' * 33}",
        f"mlops-test-{'A' * 32}",
        f"mlops-test-{'g' * 32}",
        "mlops-test-" + "\u0661" * 32,
        f"mlops-test-{'a' * 32}\n",
        f" mlops-test-{'a' * 32}",
    ],
)
def test_an_id_that_only_resembles_those_of_the_runner_hides_no_traffic(callers: str) -> None:
    window = count_lines(BASELINE, [captured(CSV, ANSWER, callers=callers)])
    assert (window.requests, window.not_counted["tests"]) == (1, 0)


@pytest.mark.parametrize("at", [NOON - HOUR, NOON + HOUR])
def test_what_the_runner_asked_at_another_time_is_outside_the_window(at: datetime) -> None:
    own = captured(CSV, ANSWER, callers=f"{runtime.TEST_ID}{1:032x}", at=at)
    not_counted = count_lines(BASELINE, [own]).not_counted
    assert (not_counted["tests"], not_counted["outside"]) == (0, 1)


def test_an_id_of_sagemakers_own_is_never_that_of_a_test() -> None:
    """The eventId is SageMaker's, however it begins."""
    line = captured(CSV, ANSWER, id=f"{runtime.TEST_ID}{1:032x}")
    assert count_lines(BASELINE, [line]).requests == 1


WHOLE = captured(CSV, ANSWER, callers="mine")


@pytest.mark.parametrize(
    ("line", "reason"),
    [
        (WHOLE[:-40], "torn"),
        (b"\n", "torn"),
        (DEEP.encode(), "torn"),
        (b"{}\n", "foreign"),
        (b"[1]\n", "foreign"),
        (captured("{", content_type="application/json"), "unreadable"),
        (captured(DEEP, content_type="application/json"), "unreadable"),
        (captured(CSV, content_type="image/png"), "unreadable"),
        (captured(CSV, '{"error": "TableError", "error-message": "no"}'), "refused"),
        (captured(CSV, at=NOON - timedelta(seconds=1)), "outside"),
        (captured(CSV, at=NOON + HOUR), "outside"),
        (WHOLE, "twice"),
    ],
)
def test_a_line_that_cannot_be_counted_is_counted_as_what_it_is(line: bytes, reason: str) -> None:
    window = count_lines(BASELINE, [WHOLE, line])
    assert {name: n for name, n in window.not_counted.items() if n} == {reason: 1}
    assert counts_of(window) == counts_of(count_lines(BASELINE, [WHOLE]))


@pytest.mark.parametrize("at", [NOON, NOON + HOUR - timedelta(seconds=1)])
def test_both_ends_of_an_hour_belong_where_they_should(at: object) -> None:
    assert count_lines(BASELINE, [captured(CSV, at=at)]).requests == 1  # type: ignore[arg-type]


def test_a_row_by_name_may_lack_a_column_or_have_another() -> None:
    row = json.dumps({"size": 1, "more": 2, "y": 3})
    window = count_lines(BASELINE, [captured(row, content_type="application/json")])
    assert window.inputs["kind"].absent == 1
    assert window.inputs["size"].present == 1
    assert window.extra_columns == {"more": 1}


@pytest.mark.parametrize(
    ("cell", "field"), [("", "missing"), ("NA", "missing"), ("x", "unreadable")]
)
def test_a_cell_without_a_number_is_missing_or_unreadable(cell: str, field: str) -> None:
    window = count_lines(BASELINE, [captured(f"{cell},a\n1,b")])
    assert getattr(window.inputs["size"], field) == 1
    assert window.inputs["size"].present == 1


def test_a_new_text_is_counted_beside_the_other_bin() -> None:
    found = count_lines(BASELINE, [captured("1,zebra")]).inputs["kind"]
    assert (found.new, found.bins[-1]) == (1, 1)


def traffic(number: int) -> bytes:
    size = "" if number % 11 == 0 else repr(float(np.sin(number) * 10.0 ** (number % 7 - 3)))
    answer = {"predictions": [number % 2], "probabilities": [[0.5, number % 9 / 10]]}
    callers = f"id-{number}" if number % 3 else None
    at = NOON + timedelta(minutes=number % 70)
    row = f"{size},{'abc'[number % 3]}"
    return captured(row, json.dumps(answer), id=f"event-{number}", callers=callers, at=at)


LINES = [traffic(number) for number in range(300)]
LATE = [a_label(f"id-{number}" if number % 3 else f"event-{number}", 1) for number in range(200)]


WHOLE_STATE = count_lines(BASELINE, LINES, labels=LATE).to_json()
MACHINES = st.sampled_from([1, 2, 3, 7])


def shared(lines: list[bytes], machines: int) -> WindowCounts:
    """Return what so many machines count together; each is given all lines."""
    shares = [Share(place=number, machines=machines) for number in range(machines)]
    return merged([count_lines(BASELINE, lines, labels=LATE, share=share) for share in shares])


@settings(deadline=None, max_examples=15)
@given(st.permutations(LINES), MACHINES)
def test_any_order_on_any_number_of_machines_is_byte_identical(
    lines: list[bytes], machines: int
) -> None:
    assert shared(lines, machines).to_json() == WHOLE_STATE


def sent_again(number: int) -> bytes:
    """Return a line of an id that was captured before, with another body or torn."""
    if number % 5 == 0:
        return traffic(number)[:-30]
    answer = '{"predictions": [1], "probabilities": [[0.1, 0.9]]}'
    return captured(f"{number}.5,z", answer, id=f"again-{number}", callers=f"id-{number % 40}")


@settings(deadline=None, max_examples=25)
@given(
    lines=st.lists(
        st.one_of(st.sampled_from(LINES), st.integers(0, 200).map(sent_again)), max_size=60
    ),
    machines=MACHINES,
)
def test_what_was_sent_twice_counts_once_wherever_its_lines_lie(
    lines: list[bytes], machines: int
) -> None:
    found, alone = shared(lines, machines), count_lines(BASELINE, lines, labels=LATE)
    assert found.to_json() == alone.to_json()
    assert found.lines == len(lines)


# What ends a line of SageMaker's, and what only looks as if it did
HIDDEN = captured(CSV, callers="hidden").decode().rstrip()
TEXTS = st.one_of(
    st.text(max_size=4),
    st.sampled_from(
        [
            "",
            "id-1",
            "\ud800",
            ',"eventMetadata":{"eventId":"x"',
            '"},"eventVersion":"0"}',
            "\\",
            HIDDEN,
        ]
    ),
)
VALUES = st.one_of(TEXTS, st.none(), st.integers(), st.lists(TEXTS, max_size=2))
MEMBERS = st.tuples(
    st.sampled_from(["eventId", "inferenceId", "customAttributes", "other"]), VALUES
)
AS_SAGEMAKER_DOES = st.tuples(
    TEXTS.map(lambda text: [("eventId", text)]),
    st.one_of(st.just([]), TEXTS.map(lambda text: [("inferenceId", text)])),
    st.one_of(st.just([]), TEXTS.map(lambda text: [("customAttributes", [text])])),
).map(lambda parts: [member for part in parts for member in part])


@st.composite
def hostile_lines(draw: st.DrawFn) -> bytes:
    """Return a line of any form: names twice and in any order, torn, spaced, in another code."""
    is_ascii, spaced = draw(st.booleans()), draw(st.booleans())

    def written(value: object) -> str:
        return json.dumps(value, ensure_ascii=is_ascii)

    def object_of(members: list[tuple[str, str]]) -> str:
        comma, colon = (", ", ": ") if spaced else (",", ":")
        return "{" + comma.join(f"{written(name)}{colon}{text}" for name, text in members) + "}"

    def metadata() -> str:
        members = draw(st.one_of(AS_SAGEMAKER_DOES, st.lists(MEMBERS, max_size=4)))
        members = [*members, ("inferenceTime", "2026-03-01T12:00:00Z")]
        return object_of([(name, written(value)) for name, value in members])

    data = (
        "captureData",
        draw(st.sampled_from([object_of([("more", written(draw(TEXTS)))]), HIDDEN])),
    )
    usual = [data, ("eventMetadata", metadata()), ("eventVersion", '"0"')]
    others = draw(st.lists(st.sampled_from(["captureData", "eventMetadata", "other"]), max_size=2))
    members = [*((name, metadata()) for name in others), *usual]
    text = object_of(members if draw(st.booleans()) else draw(st.permutations(members)))
    begin = draw(st.sampled_from([0, 0, 0, 1, 5]))
    end = draw(st.sampled_from(["\n", "\n", "", "\r\n", " \n", "}\n"]))
    code = draw(st.sampled_from(["utf-8", "utf-8", "utf-8-sig", "utf-16", "utf-16-be", "utf-32"]))
    return (text[begin:] + end).encode(code, "surrogatepass")


@settings(deadline=None, max_examples=400)
@given(hostile_lines())
def test_the_name_of_a_line_is_that_of_its_event_whatever_its_form(line: bytes) -> None:
    try:
        event = event_of(line)
    except NotCounted:
        return
    assert name_in(line) == event.id.encode("utf-8", "surrogatepass")


@settings(deadline=None, max_examples=50)
@given(st.lists(st.one_of(hostile_lines(), st.sampled_from(LINES)), max_size=20), MACHINES)
def test_hostile_lines_are_shared_without_a_trace(lines: list[bytes], machines: int) -> None:
    alone = count_lines(BASELINE, lines, labels=LATE)
    assert shared(lines, machines).to_json() == alone.to_json()


@pytest.mark.parametrize(("callers", "name"), [("mine", b"mine"), ("", b"event"), (None, b"event")])
def test_a_line_of_sagemaker_s_own_form_is_named_without_parsing(
    callers: str | None, name: bytes
) -> None:
    """What is torn in its middle cannot have been parsed, and is named as the whole would be."""
    whole = captured(CSV, ANSWER, callers=callers)
    assert event_of(whole).id.encode() == name
    torn = whole.replace(b"endpointInput", b'"')
    with pytest.raises(NotCounted):
        event_of(torn)
    assert name_in(whole) == name_in(torn) == name


def test_each_machine_has_a_part_of_the_ids() -> None:
    shares = [Share(place=number, machines=7) for number in range(7)]
    counted = [count_lines(BASELINE, LINES, share=share).lines for share in shares]
    assert min(counted) > 20


def test_a_window_without_a_file_is_all_zeros() -> None:
    assert known(BASELINE).empty_window("0").to_json() == (
        count_lines(BASELINE, []).to_json().replace(ZEROS, '"not_counted":{}')
    )


ZEROS = (
    '"not_counted":{"foreign":0,"outside":0,"refused":0,"tests":0,"torn":0,"twice":0,'
    '"unreadable":0}'
)


def test_an_exact_sum_is_the_sum() -> None:
    rows = [f"{value!r},a" for value in (1e16, 1.0, -1e16)]
    found = count_lines(BASELINE, [captured("\n".join(rows))]).inputs["size"]
    assert found.sum == (1, 0)


@pytest.mark.parametrize(
    ("labels", "expected"),
    [
        ([], (2, 0, 0)),
        ([a_label("mine", 1, 1)], (2, 2, 1)),
        ([a_label("mine", 0, 1), a_label("mine", "1", "0.0")], (2, 2, 2)),
        ([a_label("mine", 1)], (2, 0, 0)),
        ([a_label("yours", 1, 0)], (2, 0, 0)),
        ([b"{\n", a_label("mine", 1, 0)], (2, 2, 2)),
        ([DEEP.encode() + b"\n", a_label("mine", 1, 0)], (2, 2, 2)),
    ],
    ids=["none", "half right", "the newest", "too few", "unknown", "torn", "deep"],
)
def test_labels_find_their_request(labels: list[bytes], expected: tuple[int, int, int]) -> None:
    [quality] = count_lines(BASELINE, [WHOLE], labels=labels).quality
    assert (quality.rows, quality.labelled, quality.correct) == expected


def test_labels_count_for_their_cohort_alone() -> None:
    cohorts = [Span(start=NOON - hours * HOUR, end=NOON - (hours - 1) * HOUR) for hours in (2, 1)]
    spans = Spans(window=Span(start=NOON, end=NOON + HOUR), cohorts=cohorts)
    lines = [
        WHOLE,
        captured(CSV, ANSWER, callers="before", at=NOON - HOUR),
        captured(CSV, ANSWER, callers="long before", at=NOON - 2 * HOUR),
        captured(CSV, ANSWER, callers="unlabelled", at=NOON - 2 * HOUR),
    ]
    labels = [a_label("mine", 1, 0), a_label("before", 0, 0), a_label("long before", 1, 0)]
    window = count_lines(BASELINE, lines, labels=labels, spans=spans)
    assert window.rows == 2
    found = [(each.rows, each.labelled, each.correct) for each in window.quality]
    assert found == [(4, 2, 2), (2, 2, 1)]
    assert {(each.known, each.labels) for each in window.quality} == {(3, 3)}
