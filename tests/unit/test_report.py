"""The report of a run: one page that needs nothing else, and shows what others chose as text."""

import re
from collections.abc import Callable
from dataclasses import replace
from html.parser import HTMLParser
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from pipeline.core.champion import ChampionLimits, judged_against
from pipeline.core.data_checks import CheckName, CheckOutcome, DataCheck
from pipeline.core.gate import decided
from pipeline.core.outcomes import FailureReport, RunReport, RunStatus, Shown
from pipeline.core.plots import Plots
from pipeline.core.records import Comparison, Decision, Evaluation, PairedErrors, Verdict
from pipeline.core.report_compared import CHAMPION
from pipeline.core.report_page import TEMPLATE_NAMES, report_html
from pipeline.core.report_parts import legible, luminance
from pipeline.core.report_summary import summary_markdown
from pipeline.core.report_view import page_of
from tests.support import judged
from tests.unit.core_builders import an_evaluation
from tests.unit.test_champion import LIVE, a_comparison

_TEMPLATES = Path(__file__).parents[2] / "templates" / "report"
TEMPLATES = {name: (_TEMPLATES / f"{name}.j2").read_text() for name in TEMPLATE_NAMES}
MOST_BYTES = 300_000
HOSTILE = "<script>alert(1)</script>"
_VOID = {"meta", "link", "br"}
_MODELS: dict[str, Callable[[], tuple[Evaluation, Plots]]] = {
    "iris": judged.iris,
    "breast cancer": judged.breast_cancer,
    "64 columns": judged.digits,
    "hostile names": judged.hostile,
}


class Seen(HTMLParser):
    """What a browser would see: texts, elements with their attributes, ids; all closed in order."""

    def __init__(self, page: str) -> None:
        super().__init__(convert_charrefs=True)
        self.elements: list[tuple[str, dict[str, str | None]]] = []
        self.text = ""
        self._open: list[str] = []
        self.feed(page)
        self.close()
        assert self._open == []

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.elements.append((tag, dict(attrs)))
        if tag not in _VOID:
            self._open.append(tag)

    def handle_startendtag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.elements.append((tag, dict(attrs)))

    def handle_endtag(self, tag: str) -> None:
        assert self._open.pop() == tag

    def handle_data(self, data: str) -> None:
        self.text += data

    def named(self, tag: str) -> list[dict[str, str | None]]:
        return [attributes for name, attributes in self.elements if name == tag]


def rendered(report: RunReport) -> str:
    return report_html(report, TEMPLATES)


@pytest.fixture(scope="module", params=sorted(_MODELS))
def page(request: pytest.FixtureRequest) -> str:
    return rendered(judged.a_full_run(*_MODELS[request.param]()))


@pytest.fixture(scope="module")
def seen(page: str) -> Seen:
    return Seen(page)


def test_the_page_is_whole_and_small(page: str, seen: Seen) -> None:
    assert len(page.encode()) < MOST_BYTES
    assert page.startswith("<!doctype html>")
    assert [len(seen.named(tag)) for tag in ("main", "h1", "title")][:2] == [1, 1]
    assert seen.named("html") == [{"lang": "en"}]


def test_the_page_allows_itself_no_script_and_asks_nobody(page: str, seen: Seen) -> None:
    policy = next(each["content"] for each in seen.named("meta") if "http-equiv" in each)
    assert policy == "default-src 'none'; style-src 'unsafe-inline'; img-src data:"
    tags = {tag for tag, _ in seen.elements}
    assert not tags & {"script", "img", "iframe", "object", "embed", "form", "base", "image", "use"}
    attributes = {name for _, each in seen.elements for name in each}
    assert not {name for name in attributes if name.startswith("on")}
    assert [each["href"] for each in seen.named("link")] == ["data:,"]
    assert not re.search(r"url\(|@import", page)


def test_each_drawing_has_a_title_a_description_and_its_numbers(seen: Seen) -> None:
    drawings, ids = seen.named("svg"), [each["id"] for _, each in seen.elements if "id" in each]
    assert len(drawings) >= 7
    assert len(ids) == len(set(ids))
    for drawing in drawings:
        assert drawing["role"] == "img"
        assert all(each in ids for each in (drawing["aria-labelledby"] or "").split())
    assert len(seen.named("details")) == len(drawings) == len(seen.named("figure"))


def test_lines_differ_by_more_than_their_colour(page: str) -> None:
    for drawing in re.findall(r"<svg.*?</svg>", page, re.DOTALL):
        dashes = re.findall(r'<g class="line.*?stroke-dasharray="([^"]*)"', drawing, re.DOTALL)
        assert len(dashes) == len(set(dashes))


def test_a_count_stands_out_from_its_cell(seen: Seen) -> None:
    cells = [each for each in seen.named("rect") if "fill" in each]
    inks = [each for each in seen.named("text") if "fill" in each]
    assert len(cells) == len(inks) >= 4
    for cell, ink in zip(cells, inks, strict=True):
        light, dark = sorted(map(_light, (cell["fill"], ink["fill"])), reverse=True)
        assert (light + 0.05) / (dark + 0.05) >= 4.5


def _light(colour: str | None) -> float:
    assert colour is not None
    return luminance([int(colour[place : place + 2], 16) for place in (1, 3, 5)])


def test_hostile_names_are_shown_as_text() -> None:
    seen = Seen(rendered(judged.a_full_run(*judged.hostile())))
    for name in judged.HOSTILE:
        assert legible(name) in seen.text
    assert not re.search("[\u202a-\u202e\u0000]", seen.text)
    opened, closed = seen.text.count("\u2068"), seen.text.count("\u2069")
    assert opened == closed > 0


@settings(max_examples=30, deadline=None)
@given(name=st.text(max_size=300), words=st.text(max_size=300))
def test_no_text_makes_an_element_of_the_page(name: str, words: str) -> None:
    def tags(name: str, words: str) -> list[str]:
        evaluation = an_evaluation(labels=(name, "b"), metrics={"accuracy": 0.5, name: 1.0})
        decision = Decision(verdict=Verdict.HOLD, reasons=(words,))
        report = judged.a_full_run(evaluation, decision=decision, data_warnings=(words,))
        return [tag for tag, _ in Seen(rendered(report)).elements]

    assert tags(name, words) == tags("a", words.replace(words, "x"))


@pytest.mark.parametrize(
    ("changes", "wanted"),
    [
        ({"probe": None}, "Decision"),
        ({"deployment": None, "probe": None, "shown": Shown()}, "Quality on held-out rows"),
        ({"evaluation": None, "decision": None, "training": None}, "Confusion matrix"),
        ({"evaluation": None, "decision": None, "shown": Shown()}, "Endpoint"),
    ],
    ids=["training alone", "evaluation alone", "a rollback", "a foreign endpoint"],
)
def test_a_run_shows_what_it_has(changes: dict[str, object], wanted: str) -> None:
    report = replace(judged.a_full_run(an_evaluation()), **changes)  # type: ignore[arg-type]
    assert wanted in Seen(rendered(report)).text


@pytest.mark.parametrize("mode", ["monitor", "rollback", "testing"])
def test_what_was_judged_before_the_run_does_not_look_like_its_own(mode: str) -> None:
    """The release that a run is about brings the decision and the metrics of its training."""
    ran = judged.a_full_run(an_evaluation())
    release = ran.shown.release
    assert release is not None
    assert {"Decision", "Quality on held-out rows"} <= titles_of(ran)
    assert "## Decision\n" in summary_markdown(ran)

    looked = replace(ran, mode=mode, decision=None, evaluation=None, training=None)
    assert not {"Decision", "Quality on held-out rows", CHAMPION} & titles_of(looked)
    assert f"Decision when {release.release_id} was made" in titles_of(looked)
    assert f"Quality on held-out rows when {release.release_id} was made" in titles_of(looked)
    assert "Verdict" not in summary_markdown(looked)
    assert "Metric" not in summary_markdown(looked)


def titles_of(report: RunReport) -> set[str]:
    return {each.title for each in page_of(report).sections}


def test_every_gate_has_its_row() -> None:
    text = Seen(rendered(judged.a_full_run(an_evaluation()))).text
    for gate in judged.a_decision().gates:
        assert gate.name in text
        assert gate.reason in text


def test_a_run_that_only_looked_has_no_report() -> None:
    report = replace(judged.a_full_run(an_evaluation()), training=None, evaluation=None)
    assert not replace(report, deployment=None, probe=None).has_page
    assert report.has_page


def test_why_a_run_stopped_and_what_to_do_come_first() -> None:
    failure = FailureReport(
        code="GATE_NOT_PASSED", message="The gate says hold.", remedy="Look.\nTrain.", exit_code=3
    )
    report = judged.a_full_run(an_evaluation(), status=RunStatus.STOPPED, failure=failure)
    text = Seen(rendered(report)).text
    assert text.index("The gate says hold.") < text.index("Train.") < text.index("Quality")


def test_of_many_classes_the_most_frequent_mistakes_are_shown() -> None:
    labels = tuple(f"class {number}" for number in range(400))
    matrix = tuple(
        tuple(9 if row == column else int(row == 7 and column == 3) for column in range(400))
        for row in range(400)
    )
    report = judged.a_full_run(an_evaluation(labels=labels, confusion_matrix=matrix))
    page = rendered(report)
    assert "A matrix of 400 classes could not be read" in page
    assert "class 7" in page
    assert len(page.encode()) < MOST_BYTES


def test_the_command_is_shown_as_it_is_typed() -> None:
    command = "A='a b' ./run_mlops_pipeline.sh --mode rollback --to r-1 --reason 'x<y & z'"
    shown = Shown(commands=(("To go back:", command),))
    report = judged.a_full_run(an_evaluation(), shown=shown)
    assert command in Seen(rendered(report)).text
    assert f"sh\n{command}\n" in summary_markdown(report)


def test_a_regression_shows_predicted_and_actual_values() -> None:
    report = judged.a_full_run(an_evaluation(), judged.diabetes())
    text = Seen(rendered(report)).text
    assert all(title in text for title in ("Predicted and actual", "Residuals", "R2 falls by"))


def test_a_model_stands_beside_the_live_one_on_the_same_rows() -> None:
    text, summary = compared(a_comparison(both=60, lost=6, won=1, wrong=0, seen_rows=8))
    for wanted in (
        "This model is right in 61 of 67 rows, r-20260101-120000-aaaaaa in 66 of the same",
        "only this model in 1, only r-20260101-120000-aaaaaa in 6.",
        "-7.46 points (95 % interval -",
        "8 rows that the champion was trained on",
        "not_worse: at most 0.01 below the champion",
        "Accuracy of both, and of a constant answer",
        "The most common class",
        "Champion wrong",
    ):
        assert wanted in text
    assert "right in 61 of 67 rows" in summary


def test_of_numbers_both_stand_by_r2() -> None:
    errors = PairedErrors(
        champion_mean=1.0, challenger_mean=2.0, difference_deviation=1.0, target_variance=4.0
    )
    text, summary = compared(
        a_comparison(wrong=400, both=0, errors=errors),
        baseline={"r2": -0.01},
        confusion_matrix=(),
        labels=(),
    )
    said = (
        "This model reaches R2 0.5 on 400 rows, r-20260101-120000-aaaaaa reaches 0.75 on the same"
    )
    assert said in text
    assert "R2 of both, and of a constant answer" in text
    assert "The mean-0.01" in text
    assert "Mean squared error" in text
    assert "This model reaches R2 0.5 on 400 rows" in summary


@pytest.mark.parametrize(
    ("comparison", "wanted"),
    [
        (a_comparison(both=0, wrong=0, failure=HOSTILE), legible(HOSTILE)),
        (a_comparison(both=0, wrong=0), "were not compared: no rows tell them apart."),
        (None, "went live without a comparison with it"),
    ],
    ids=["the champion does not load", "no row is left", "it was not asked for"],
)
def test_why_nothing_was_compared_is_said(comparison: Comparison | None, wanted: str) -> None:
    text, _ = compared(comparison)
    assert wanted in text
    assert "Outcomeheld" in text
    assert "Accuracy of both" not in text


def compared(comparison: Comparison | None, **changes: Any) -> tuple[str, str]:
    """Return the page's text and the summary of a candidate that was judged by rule not_worse."""
    evaluation = replace(an_evaluation(), comparison=comparison, **changes)
    decision = decided(list(judged_against(evaluation, LIVE, ChampionLimits())))
    report = judged.a_full_run(evaluation, decision=decision)
    return re.sub(r"\s*\n\s*", "", Seen(rendered(report)).text), summary_markdown(report)


def test_each_check_of_the_data_has_its_row_whatever_columns_are_called() -> None:
    checks = tuple(
        DataCheck(name=name, outcome=outcome, columns=columns, sentence=f"{name}: {columns}")
        for name, outcome, columns in (
            (CheckName.COLUMNS, CheckOutcome.WARNED, judged.HOSTILE),
            (CheckName.CLASSES, CheckOutcome.PASSED, ()),
            (CheckName.LEAK, CheckOutcome.REFUSED, tuple(f"c{n}" for n in range(30))),
        )
    )
    report = judged.a_full_run(an_evaluation(), data_checks=checks)
    seen = Seen(rendered(report))
    assert "3 checks before training: 1 warned, 1 passed, 1 refused." in seen.text
    assert all(legible(name, 60) in seen.text for name in judged.HOSTILE)
    assert "c19, 10 more" in seen.text
    assert {"warned", "passed", "refused"} <= {each.get("class") for each in seen.named("tr")}
    assert not {tag for tag, _ in seen.elements} & {"script", "img"}
    assert "1 warned, 1 passed, 1 refused." in summary_markdown(report)
