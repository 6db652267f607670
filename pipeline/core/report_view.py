"""What the report of a run shows, section by section. It tells people; machines read results.json.

Everything in it was chosen by others at some point: names of columns and classes, reasons, what a
container said. It stays text.
"""

from collections.abc import Iterator, Sequence
from dataclasses import replace

from pipeline.core import report_compared, report_watch
from pipeline.core import report_figures as figures
from pipeline.core.console_pages import console_pages
from pipeline.core.intervals import wilson
from pipeline.core.outcomes import LatencyReport, ProbeCase, RunReport, RunStatus
from pipeline.core.records import Decision, Evaluation, GateOutcome, ServingCheck
from pipeline.core.report_parts import Figure, Page, Section, Table, legible, number, share
from pipeline.core.results import (
    accuracy_of,
    endpoint_of,
    has_deployed,
    majority_class_accuracy,
    training_job_of,
)
from pipeline.core.version import VERSION

_MOST_LINES = 50
_LONGEST_LINE = 2_000
_STATES = {
    RunStatus.SUCCESS: "well",
    RunStatus.STOPPED: "stopped",
    RunStatus.FAILED: "failed",
    RunStatus.INTERRUPTED: "failed",
}


def page_of(report: RunReport) -> Page:
    """Return the page of a run."""
    sections = (
        _ending(report),
        *(report_watch.sections(report.monitored) if report.monitored else ()),
        _decision(report),
        _champion(report),
        _quality(report),
        *_model(report),
        _serving(report),
        _endpoint(report),
        report_compared.data_checks(report.data_checks),
        _data(report),
        _lineage(report),
        _commands(report),
        _notes(report),
    )
    monitored = report.monitored.record.endpoint if report.monitored else None
    what = monitored or endpoint_of(report) or training_job_of(report) or report.environment
    return Page(
        title=f"{report.mode.capitalize()} of {legible(what)}",
        state=_STATES[report.status],
        summary=tuple(_summary(report)),
        sections=tuple(each for each in sections if not each.is_empty),
    )


def _summary(report: RunReport) -> Iterator[tuple[str, str]]:
    yield "Status", report.status.value
    if report.decision is not None:
        yield "Decision", report.decision.verdict.value
    accuracy = accuracy_of(report)
    if accuracy is not None:
        yield "Accuracy", share(accuracy)
    if report.deployment is not None:
        yield "Deployed", "yes" if has_deployed(report) else "no"
    if report.probe is not None:
        yield "Endpoint tests", "passed" if report.probe.passed else "failed"
    yield "Environment", f"{report.environment} ({report.backend}, {report.region})"
    yield "Began", f"{report.started_at:%Y-%m-%d %H:%M:%S} UTC"
    yield "Took", f"{report.duration_s:.1f} s"


def _evaluation_of(report: RunReport) -> Evaluation | None:
    """Return that of the run, else of the release that it was about."""
    release = report.shown.release
    return report.evaluation or (release.evaluation if release else None)


def _decision_of(report: RunReport) -> Decision | None:
    release = report.shown.release
    return report.decision or (release.decision if release else None)


def _titled(report: RunReport, title: str, *, is_own: bool) -> str:
    """Return the title; of what was judged before this run, when that was, too."""
    release = report.shown.release
    return title if is_own or release is None else f"{title} when {release.release_id} was made"


def _champion(report: RunReport) -> Section:
    found = report_compared.side_by_side(_evaluation_of(report), _decision_of(report))
    return replace(found, title=_titled(report, found.title, is_own=report.evaluation is not None))


def _lines(text: str) -> tuple[str, ...]:
    """Return what may be several lines, each as it can be shown."""
    return tuple(legible(line, _LONGEST_LINE) for line in text.splitlines()[:_MOST_LINES])


def _ending(report: RunReport) -> Section:
    failure = report.failure
    if failure is None:
        return Section(title="What went wrong")
    return Section(
        title="What went wrong" if report.status is not RunStatus.STOPPED else "Why it stopped",
        lines=_lines(failure.message),
        notes=_lines(failure.remedy),
    )


def _decision(report: RunReport) -> Section:
    release, decision = report.shown.release, _decision_of(report)
    if decision is None:
        return Section(title="Decision")
    approval = release.approval if release else None
    approved = (
        (f"Approved by {approval.who} at {approval.when:%Y-%m-%d %H:%M} UTC: {approval.reason}",)
        if approval
        else ()
    )
    told = {gate.reason for gate in decision.gates}
    others = (reason for reason in decision.reasons if reason not in told)
    return Section(
        title=_titled(report, "Decision", is_own=report.decision is not None),
        facts=(("Verdict", decision.verdict.value),),
        table=Table(
            header=("Gate", "Outcome", "Value", "Asked for", "95 % interval", "Why"),
            rows=tuple(map(_gate, decision.gates)),
            marks=tuple(gate.outcome.value for gate in decision.gates),
        ),
        lines=tuple(legible(line, _LONGEST_LINE) for line in (*approved, *others)),
    )


def _gate(gate: GateOutcome) -> tuple[str, ...]:
    asked = [
        f"at least {number(gate.minimum)}" if gate.minimum is not None else "",
        f"at most {number(gate.maximum)}" if gate.maximum is not None else "",
        f"deploys from {number(gate.threshold)}" if gate.threshold is not None else "",
        f"by its {gate.bound} bound" if gate.bound != "value" else "",
    ]
    interval = gate.interval
    of = f" of {gate.rows} rows" if gate.rows else ""
    return (
        legible(gate.name),
        gate.outcome.value,
        f"{number(gate.value)}{of}",
        ", ".join(filter(None, asked)),
        f"{number(interval.low)} to {number(interval.high)}" if interval else "",
        legible(gate.reason, _LONGEST_LINE),
    )


def _quality(report: RunReport) -> Section:
    evaluation = _evaluation_of(report)
    if evaluation is None:
        return Section(title="Quality")
    return Section(
        title=_titled(report, "Quality on held-out rows", is_own=report.evaluation is not None),
        facts=tuple(_quality_facts(evaluation)),
        table=_metrics(evaluation),
    )


def _quality_facts(evaluation: Evaluation) -> Iterator[tuple[str, str]]:
    rows = evaluation.row_count
    yield "Held-out rows", str(rows)
    accuracy = evaluation.metrics.get("accuracy")
    if accuracy is not None and rows and 0 <= accuracy <= 1:
        interval = wilson(accuracy * rows, rows)
        yield (
            "Accuracy",
            f"{share(accuracy)} (95 % interval {share(interval.low)} to {share(interval.high)})",
        )
    if evaluation.confusion_matrix:
        yield "By always naming the most common class", share(majority_class_accuracy(evaluation))
    for name, value in sorted(evaluation.baseline.items()):
        yield f"{name} of a constant answer", number(value)
    if evaluation.choice is not None:
        yield "Model", legible(evaluation.choice.model)


def _metrics(evaluation: Evaluation) -> Table:
    rows = [(legible(name), number(value)) for name, value in sorted(evaluation.metrics.items())]
    return Table(header=("Metric", "Value"), rows=tuple(rows[:_MOST_LINES]))


def _model(report: RunReport) -> Iterator[Section]:
    evaluation, plots = _evaluation_of(report), report.shown.plots
    if evaluation is None:
        return
    yield Section(title="Classes and parts", figures=tuple(_part_figures(evaluation)))
    if len(evaluation.labels) > figures.MOST_CLASSES:
        yield Section(
            title="What is taken for what",
            lines=(
                f"A matrix of {len(evaluation.labels)} classes could not be read: these are the "
                "most frequent mistakes.",
            ),
            table=figures.confusions(evaluation),
        )
    if plots is not None:
        yield Section(
            title="The model",
            figures=tuple(figures.drawn_by_the_job(plots)),
            notes=tuple(
                f"No {name}: {legible(why, 500)}" for name, why in sorted(plots.notes.items())
            ),
        )


def _part_figures(evaluation: Evaluation) -> Iterator[Figure]:
    drawn = (figures.confusion, figures.classes, figures.slices)
    for figure in (draw(evaluation) for draw in drawn):
        if figure is not None:
            yield figure


def _serving(report: RunReport) -> Section:
    evaluation = _evaluation_of(report)
    check = evaluation.serving if evaluation else None
    plots = report.shown.plots
    if check is None:
        return Section(title="In its container")
    measured = plots.latencies_ms if plots else ()
    return Section(
        title="In its container, before any traffic",
        facts=tuple(_serving_facts(check)),
        figures=(
            figures.latencies("latency-job", "Latency in the job", measured, count=len(measured)),
        )
        if measured
        else (),
    )


def _serving_facts(check: ServingCheck) -> Iterator[tuple[str, str]]:
    if check.failure is not None:
        yield "It cannot serve", legible(check.failure, _LONGEST_LINE)
        return
    if check.accuracy is not None:
        yield "Accuracy as served", f"{share(check.accuracy)} of {check.rows} rows"
    if check.rmse is not None:
        yield "RMSE as served", f"{number(check.rmse)} on {check.rows} rows"
    if check.differing is not None:
        yield "Answers that differ from the model's own", f"{check.differing} of {check.rows}"
    yield "Ready after", f"{number(check.start_s)} s"
    yield (
        "One row",
        (f"p50 {number(check.latency_p50_ms)} ms, p95 {number(check.latency_p95_ms)} ms"),
    )


def _endpoint(report: RunReport) -> Section:
    facts, probe = tuple(_deployment_facts(report)), report.probe
    if probe is None:
        return Section(title="Endpoint", facts=facts)
    latency = probe.latency
    drawn = latency if latency and latency.shown_ms else None
    return Section(
        title="Endpoint",
        facts=(*facts, *(_load_facts(latency) if latency else ())),
        table=_tests(probe.cases),
        figures=(
            figures.latencies(
                "latency-endpoint",
                "Latency of the endpoint",
                drawn.shown_ms,
                count=drawn.request_count,
            ),
        )
        if drawn
        else (),
    )


def _deployment_facts(report: RunReport) -> Iterator[tuple[str, str]]:
    deployment = report.deployment
    if deployment is None:
        return
    yield "Endpoint", legible(deployment.endpoint_name)
    yield "Release", deployment.release_id
    yield "Outcome", deployment.status.value.replace("_", " ")
    if deployment.rolled_back_to:
        yield "Serving again", deployment.rolled_back_to
    plan = deployment.plan
    if plan is not None:
        changes = f"{plan.create} to add, {plan.update} to change, {plan.delete} to destroy"
        yield "Plan", changes


def _tests(cases: Sequence[ProbeCase]) -> Table:
    marks = tuple(
        _outcome(passed=case.passed, is_inconclusive=case.is_inconclusive) for case in cases
    )
    return Table(
        header=("Test", "Outcome", "What was found"),
        rows=tuple(
            (case.name.replace("_", " "), mark, legible(case.detail, _LONGEST_LINE))
            for case, mark in zip(cases, marks, strict=True)
        ),
        marks=marks,
    )


def _outcome(*, passed: bool, is_inconclusive: bool) -> str:
    return "passed" if passed else "held" if is_inconclusive else "failed"


def _load_facts(latency: LatencyReport) -> Iterator[tuple[str, str]]:
    yield "Requests", f"{latency.request_count}, {share(latency.success_rate)} succeeded"
    yield "Throughput", f"{number(latency.throughput_rps)} per second"


def _data(report: RunReport) -> Section:
    warnings = report.data_warnings
    more = len(warnings) - _MOST_LINES
    return Section(
        title="Data",
        lines=tuple(legible(line, 500) for line in warnings[:_MOST_LINES]),
        notes=(f"{more} more are in results.json.",) if more > 0 else (),
    )


def _lineage(report: RunReport) -> Section:
    release, run = report.shown.release, report.training or report.shown.run
    facts: list[tuple[str, str]] = [("Run", report.run_id), ("Version", VERSION)]
    facts.append(("Git commit", release.git_sha if release else report.git_sha))
    facts.append(("Configuration sha256", report.config_digest))
    if run is not None:
        facts += [
            ("Training job", f"{run.job_name} ({run.instance_type})"),
            ("Data sha256", run.data_sha256),
            ("Code sha256", run.code_sha256),
            ("Artifact sha256", run.artifact_sha256),
            ("Artifact", run.artifact_uri),
            ("Training rows", run.train_uri),
            ("Held-out rows", run.test_uri),
            ("Image", run.image_uri),
        ]
    evaluation = _evaluation_of(report)
    if evaluation is not None:
        facts.append(("Processing job", evaluation.processing_job))
    if report.package is not None:
        facts.append(("Model package", report.package.arn))
    if release is not None:
        facts += [
            ("Release", release.release_id),
            ("Made by", f"{release.created_by}, {release.created_at:%Y-%m-%d %H:%M} UTC"),
        ]
        if release.promoted_from:
            facts.append(("Promoted from", release.promoted_from))
    if report.plan_digest is not None:
        facts.append(("Plan digest", report.plan_digest))
    facts += console_pages(report).items()
    return Section(
        title="Where it comes from",
        facts=tuple((name, legible(value, 500)) for name, value in facts if value),
    )


def _commands(report: RunReport) -> Section:
    return Section(title="What to type next", commands=report.shown.commands)


def _notes(report: RunReport) -> Section:
    return Section(
        title="Notes",
        lines=tuple(line for note in report.notes for line in _lines(note))[:_MOST_LINES],
    )
