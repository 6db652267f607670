"""What GitLab reads of a run is valid by its own rules, whatever stands in it."""

import json
import re
from contextlib import suppress
from dataclasses import replace
from xml.etree import ElementTree

import pytest
from hypothesis import given
from hypothesis import strategies as st

from pipeline.core.console_pages import console_pages
from pipeline.core.gitlab_issue import issue_of
from pipeline.core.gitlab_reports import annotations, junit, metrics, results_env
from pipeline.core.outcomes import FailureReport, RunReport
from pipeline.core.records import Comparison, Decision, GateOutcome, Outcome, Verdict
from pipeline.gateways.console import Progress
from tests.support.gitlab_rules import Refused, gitlab_reads_dotenv, gitlab_reads_metrics
from tests.unit.test_results import a_full_report, a_report

HOSTILE = st.text(max_size=200) | st.sampled_from(
    [
        "$(touch /tmp/x)",
        "`id`",
        "a\nb=c\n",
        "'\"\\",
        "]]>",
        "\x00\x1b[31m",
        "x" * 10_000,
        "=",
        "# a",
    ]
)


@pytest.mark.parametrize(
    "text",
    [
        pytest.param('{\n  "pipeline_status": "success"\n}', id="document 002: JSON, indented"),
        pytest.param('{"a":"x=1"}', id="JSON in one line"),
        pytest.param("A=1\n\nB=2", id="an empty line"),
        pytest.param("# a comment\nA=1", id="a comment"),
        pytest.param("A-B=1", id="a name with a dash"),
        pytest.param("A=" + "x" * 5120, id="too long"),
    ],
)
def test_gitlab_refuses_what_is_no_dotenv(text: str) -> None:
    with pytest.raises(Refused):
        gitlab_reads_dotenv(text.encode())


@given(HOSTILE, HOSTILE)
def test_whatever_a_run_says_its_dotenv_passes(run_id: str, release: str) -> None:
    report = replace(a_full_report(), run_id=run_id, release_id=release)
    variables = gitlab_reads_dotenv(results_env(report).encode(), most=15)
    assert all(key.startswith("MLOPS_") for key in variables)
    assert not any(set(value) & set("$`\n") for value in variables.values())


@given(HOSTILE, HOSTILE)
def test_whatever_a_run_says_its_tests_are_xml_with_the_text_in_the_element(
    message: str, reason: str
) -> None:
    failure = FailureReport(code="Bug", message=message, remedy="remedy", exit_code=1)
    gate = GateOutcome(name=reason, outcome=Outcome.FAILED, reason=reason)
    decision = Decision(verdict=Verdict.REJECT, reasons=(reason,), gates=(gate,))
    root = ElementTree.fromstring(
        junit(replace(a_full_report(), failure=failure, decision=decision))
    )
    cases = {each.get("classname"): each for each in root.iter("testcase")}
    run = cases["run"].find("failure")
    assert run is not None
    assert run.text
    assert run.get("message") is None
    assert cases["gate"].find("failure") is not None


def test_there_is_a_case_for_each_limit_and_each_test_with_its_figures() -> None:
    report = a_full_report()
    assert report.decision
    assert report.probe
    root = ElementTree.fromstring(junit(report))
    texts = {
        (each.get("classname"), each.get("name")): "".join(each.itertext()).strip()
        for each in root.iter("testcase")
    }
    for case in report.probe.cases:
        assert texts["endpoint", case.name] == case.detail
    assert report.decision.gates
    for gate in report.decision.gates:
        assert texts["gate", gate.name] == gate.reason


@pytest.mark.parametrize(
    ("outcome", "verdict", "passed"),
    [
        (Outcome.PASSED, Verdict.HOLD, True),
        (Outcome.SKIPPED, Verdict.HOLD, True),
        (Outcome.HELD, Verdict.HOLD, False),
        (Outcome.FAILED, Verdict.REJECT, False),
        pytest.param(Outcome.FAILED, Verdict.DEPLOY, True, id="a dry run blocks nothing"),
    ],
)
def test_a_limit_that_is_not_reached_fails(
    outcome: Outcome, verdict: Verdict, *, passed: bool
) -> None:
    gate = GateOutcome(name="accuracy", outcome=outcome, reason="so.")
    decision = Decision(verdict=verdict, reasons=("so.",), gates=(gate,))
    root = ElementTree.fromstring(junit(replace(a_report(), decision=decision)))
    (case,) = (each for each in root.iter("testcase") if each.get("classname") == "gate")
    assert (case.find("failure") is None) == passed


def test_metrics_have_fixed_decimals_and_no_run_in_their_names() -> None:
    report = a_full_report()
    text = metrics(report)
    assert text.endswith("# EOF\n")
    figures = dict(gitlab_reads_metrics(text))
    assert float(figures["mlops_accuracy"]) == pytest.approx(0.9733, abs=0.001)
    assert all(re.fullmatch(r"-?\d+\.\d{4}", each) for each in figures.values())
    assert report.run_id not in text


def test_metrics_tell_how_far_the_model_is_from_what_serves_and_how_sure_that_is() -> None:
    report = a_full_report()
    assert report.evaluation is not None
    compared = Comparison(
        release_id="r",
        artifact_sha256="a",
        rows=100,
        both_right=90,
        both_wrong=2,
        only_challenger_right=6,
        only_champion_right=2,
    )
    evaluation = replace(report.evaluation, comparison=compared)
    figures = dict(gitlab_reads_metrics(metrics(replace(report, evaluation=evaluation))))
    assert float(figures["mlops_champion_difference"]) == pytest.approx(0.04)
    low, high = (float(figures[f"mlops_champion_difference_{end}"]) for end in ("low", "high"))
    assert low < 0.04 < high
    failed = replace(evaluation, comparison=replace(compared, failure="no artifact"))
    text = metrics(replace(report, evaluation=failed))
    assert "champion" not in text


def test_links_are_what_gitlab_takes_and_nothing_else() -> None:
    found = json.loads(annotations({"Report": "https://a.example/x", "Bad": "javascript:alert(1)"}))
    assert found == {
        "Links": [{"external_link": {"label": "Report", "url": "https://a.example/x"}}]
    }


def on_aws() -> RunReport:
    return replace(a_full_report(), backend="aws", region="eu-central-1")


def test_the_console_is_linked_on_aws_only() -> None:
    pages = console_pages(on_aws())
    assert set(pages) == {"Endpoint", "Training job"}
    assert "Dashboard" in console_pages(replace(on_aws(), has_dashboard=True))
    assert pages["Endpoint"].startswith("https://eu-central-1.console.aws.amazon.com/sagemaker/")
    assert console_pages(replace(on_aws(), backend="local")) == {}


@given(HOSTILE)
def test_an_issue_tells_in_code_that_nothing_in_it_is_obeyed(message: str) -> None:
    report = a_full_report()
    assert report.deployment
    failure = FailureReport(code="RolledBack", message=message, remedy="/close @all", exit_code=5)
    back = replace(report.deployment, rolled_back_to="r-20260101-120000-aaaaaa")
    issue = issue_of(replace(report, deployment=back, failure=failure), {})
    assert issue
    told = issue.description.rpartition("\n\nWhat was left")[0]
    assert all(line.startswith("    ") for line in told.split("\n"))
    assert issue_of(report, {}) is None


def test_a_phase_is_a_section_of_the_job_log_that_is_closed_also_when_it_fails() -> None:
    written: list[str] = []
    progress = Progress(section=written.append)
    with suppress(RuntimeError), progress.phase("reaching AWS"):
        raise RuntimeError
    start, end = written
    assert re.fullmatch("\x1b\\[0Ksection_start:\\d+:reaching_AWS\r\x1b\\[0Kreaching AWS\n", start)
    assert re.fullmatch("\x1b\\[0Ksection_end:\\d+:reaching_AWS\r\x1b\\[0K", end)
