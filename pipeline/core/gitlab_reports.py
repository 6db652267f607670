"""What GitLab reads of a run beside its log: variables, tests, figures that it compares, links.

Formats as GitLab's parsers read them (docs "Unit test reports", "Metrics reports",
"artifacts:reports:annotations", "artifacts:reports:dotenv"): of a test only the text of elements
is shown, never the attribute `message`; a metrics line ends at the first #; annotations have no
other members; dotenv knows no quoting, so what cannot be written plainly is left out of the value.
"""

import json
import math
import re
from collections.abc import Iterator, Mapping
from xml.etree import ElementTree

from pipeline.core.champion import is_comparable, paired
from pipeline.core.console_pages import console_pages
from pipeline.core.outcomes import ProbeCase, RunReport
from pipeline.core.records import Outcome, Verdict
from pipeline.core.results import (
    accuracy_of,
    endpoint_of,
    has_deployed,
    overall_status,
    training_job_of,
)

_DOTENV_LIMIT_BYTES = 5 * 1024 - 1
_DOTENV_VALUE_LENGTH = 255
# GitLab expands $ in values, has no escapes, and takes one variable per line; ` is for no shell
_NOT_IN_DOTENV = re.compile(r"[^\x20-\x23\x25-\x5f\x61-\x7e]")
# XML 1.0 has no way to write these.
_NOT_IN_XML = re.compile(r"[^\t\n\r\x20-\ud7ff\ue000-\ufffd\U00010000-\U0010ffff]")
_NOT_IN_A_LABEL = re.compile(r"[^A-Za-z0-9_]")
_LONGEST_TEXT = 10_000


def results_env(report: RunReport) -> str:
    """Return the lines of results.env; keys without a value are left out."""
    accuracy = accuracy_of(report)
    values = {
        "MLOPS_RUN_ID": report.run_id,
        "MLOPS_STATUS": report.status.value,
        "MLOPS_TRAINING_JOB": training_job_of(report),
        "MLOPS_ACCURACY": None if accuracy is None else repr(accuracy),
        "MLOPS_VERDICT": report.decision.verdict.value if report.decision else None,
        "MLOPS_MODEL_PACKAGE_ARN": report.package.arn if report.package else None,
        "MLOPS_RELEASE_ID": report.release_id,
        "MLOPS_ENDPOINT": endpoint_of(report),
        "MLOPS_CONSOLE_URL": console_pages(report).get("Endpoint"),
        "MLOPS_DEPLOYED": "true" if has_deployed(report) else "false",
        "MLOPS_PLAN_DIGEST": report.plan_digest,
        "MLOPS_TESTS": overall_status(report.probe) if report.probe else None,
    }
    plain = {key: _dotenv_value(value) for key, value in values.items() if value}
    text = "".join(f"{key}={value}\n" for key, value in plain.items() if value)
    if len(text) > _DOTENV_LIMIT_BYTES:
        message = f"results.env has {len(text)} bytes, GitLab takes {_DOTENV_LIMIT_BYTES}"
        raise ValueError(message)
    return text


def junit(report: RunReport) -> str:
    """Return a suite `gate` with a case per limit and a suite `endpoint` with one per test."""
    root = ElementTree.Element("testsuites")
    suite = ElementTree.SubElement(root, "testsuite", name="mlops")
    for case in (*_gate_cases(report), *_endpoint_cases(report), *_failures(report)):
        suite.append(case)
    ElementTree.indent(root)
    return ElementTree.tostring(root, encoding="unicode", xml_declaration=True) + "\n"


def _gate_cases(report: RunReport) -> Iterator[ElementTree.Element]:
    decision = report.decision
    for gate in decision.gates if decision else ():
        passes = gate.outcome in (Outcome.PASSED, Outcome.SKIPPED)
        passed = passes or (decision is not None and decision.verdict is Verdict.DEPLOY)
        yield _case("gate", gate.name, text=gate.reason, passed=passed, duration_s=0.0)


def _endpoint_cases(report: RunReport) -> Iterator[ElementTree.Element]:
    for case in report.probe.cases if report.probe else ():
        yield _endpoint_case(case)


def _endpoint_case(case: ProbeCase) -> ElementTree.Element:
    return _case(
        "endpoint",
        case.name,
        text=case.detail,
        passed=case.passed,
        duration_s=case.duration_s,
        kind="error" if case.is_inconclusive else "failure",
    )


def _failures(report: RunReport) -> Iterator[ElementTree.Element]:
    """The run itself is a case, so that what ended it stands where people look for failures."""
    failure = report.failure
    text = f"{failure.message}\n{failure.remedy}" if failure else f"mode {report.mode}: done"
    passed = failure is None
    yield _case("run", report.mode, text=text, passed=passed, duration_s=report.duration_s)


def _case(
    suite: str, name: str, *, text: str, passed: bool, duration_s: float, kind: str = "failure"
) -> ElementTree.Element:
    time = f"{duration_s:.3f}" if math.isfinite(duration_s) else "0"
    case = ElementTree.Element("testcase", classname=suite, name=_plain(name), time=time)
    element = ElementTree.SubElement(case, "system-out" if passed else kind)
    element.text = _plain(text)
    return case


def _plain(text: str) -> str:
    return _NOT_IN_XML.sub("?", text)[:_LONGEST_TEXT]


def metrics(report: RunReport) -> str:
    """Return figures under names that stay, with fixed decimals: what differs has changed."""
    lines = [f"{name} {value:.4f}" for name, value in _figures(report) if math.isfinite(value)]
    return "\n".join((*lines, "# EOF")) + "\n"


def _figures(report: RunReport) -> Iterator[tuple[str, float]]:
    accuracy = accuracy_of(report)
    if accuracy is not None:
        yield "mlops_accuracy", accuracy
    for name, value in sorted(report.evaluation.metrics.items()) if report.evaluation else ():
        yield f'mlops_metric{{name="{_NOT_IN_A_LABEL.sub("_", name)}"}}', value
    comparison = report.evaluation.comparison if report.evaluation else None
    if comparison is not None and is_comparable(comparison):
        found = paired(comparison)
        yield "mlops_champion_difference", found.difference
        yield "mlops_champion_difference_low", found.interval.low
        yield "mlops_champion_difference_high", found.interval.high
    probe = report.probe
    if probe is None:
        return
    if probe.prediction_rmse is not None:
        yield "mlops_endpoint_prediction_rmse", probe.prediction_rmse
    if probe.prediction_accuracy is not None:
        yield "mlops_endpoint_prediction_accuracy", probe.prediction_accuracy
    if probe.latency is not None:
        yield "mlops_endpoint_success_rate", probe.latency.success_rate
        yield "mlops_endpoint_latency_p95_ms", probe.latency.p95_ms


def annotations(links: Mapping[str, str]) -> str:
    """Return the links that the job's page shows; only http and https are links there."""
    shown = [
        {"external_link": {"label": label, "url": url}}
        for label, url in links.items()
        if url.startswith(("https://", "http://"))
    ]
    return json.dumps({"Links": shown}, indent=2) + "\n"


def terraform(report: RunReport) -> str | None:
    """Return what the plan of a move changed, as GitLab's widget counts; None without a plan."""
    plan = report.deployment.plan if report.deployment else None
    if plan is None:
        return None
    counts = {"create": plan.create, "update": plan.update, "delete": plan.delete}
    return json.dumps(counts) + "\n"


def _dotenv_value(value: str) -> str:
    return _NOT_IN_DOTENV.sub("", value).strip()[:_DOTENV_VALUE_LENGTH]
