"""What the report shows of a model beside the one that is live, and of the checks of the data."""

from collections import Counter
from collections.abc import Iterator, Sequence

from pipeline.core import champion
from pipeline.core.champion import Paired
from pipeline.core.data_checks import DataCheck
from pipeline.core.intervals import wilson
from pipeline.core.measures import R2
from pipeline.core.records import Comparison, Decision, Evaluation, GateOutcome
from pipeline.core.report_parts import Figure, Measure, Section, Table, bars, legible, number, share
from pipeline.core.results import majority_class_accuracy

CHAMPION, DATA_CHECKS = "Champion and challenger", "Checks of the data"
_LONGEST_LINE = 2_000
_MOST_COLUMNS = 20

Facts = Iterator[tuple[str, str]]


def side_by_side(evaluation: Evaluation | None, decision: Decision | None) -> Section:
    """Return both models on the same rows, the rule that they were judged by, what came of it."""
    gates = decision.gates if decision else ()
    gate = next((each for each in gates if each.name == champion.NAME), None)
    comparison = evaluation.comparison if evaluation else None
    if evaluation is None or comparison is None:
        lines = (legible(gate.reason, _LONGEST_LINE),) if gate else ()
        return Section(title=CHAMPION, lines=lines, facts=tuple(_outcome(gate)))
    verdict = (*_rule(gate, decision), *_outcome(gate))
    if not champion.is_comparable(comparison):
        why = comparison.failure or "no rows tell them apart"
        line = f"{comparison.release_id} and this model were not compared: {why}."
        return Section(
            title=CHAMPION,
            lines=(legible(line, _LONGEST_LINE),),
            facts=(*_rows(comparison), *verdict),
        )
    found = champion.paired(comparison)
    return Section(
        title=CHAMPION,
        lines=(_finding(comparison, found),),
        facts=(*_difference(comparison, found), *_rows(comparison), *verdict),
        table=_pairs(comparison),
        figures=(_figure(evaluation, comparison, found),),
    )


def _finding(comparison: Comparison, found: Paired) -> str:
    live, rows = legible(comparison.release_id), comparison.rows
    if comparison.errors is not None:
        ours, theirs = number(found.challenger), number(found.champion)
        return f"This model reaches R2 {ours} on {rows} rows, {live} reaches {theirs} on the same."
    right = comparison.both_right + comparison.only_challenger_right
    theirs = str(comparison.both_right + comparison.only_champion_right)
    return (
        f"This model is right in {right} of {rows} rows, {live} in {theirs} of the same: only this "
        f"model in {comparison.only_challenger_right}, only {live} in "
        f"{comparison.only_champion_right}."
    )


def _difference(comparison: Comparison, found: Paired) -> Facts:
    low, high = found.interval.low, found.interval.high
    what, turned = ("R2", _signed) if comparison.errors else ("Accuracy", _points)
    yield (
        f"{what}, less that of the champion",
        f"{turned(found.difference)} (95 % interval {turned(low)} to {turned(high)})",
    )
    yield (
        "By chance alone",
        f"p {number(found.p_better)} to look as much better, {number(found.p_worse)} as much worse",
    )


def _points(difference: float) -> str:
    return f"{100 * difference:+.2f} points"


def _signed(difference: float) -> str:
    return f"{difference:+.4f}"


def _rows(comparison: Comparison) -> Facts:
    yield "Champion", legible(comparison.release_id)
    yield "Compared on", f"{comparison.rows} held-out rows"
    seen = comparison.seen_rows
    yield "Left out", f"{seen} rows that the champion was trained on" if seen else "no row"


def _rule(gate: GateOutcome | None, decision: Decision | None) -> Facts:
    """The gate of rule `not_worse` has a minimum, that of `better` has none."""
    if gate is None and decision is not None:
        yield "Rule", "off: it decides nothing"
    elif gate is not None and gate.minimum is not None:
        yield "Rule", f"not_worse: at most {number(-gate.minimum)} below the champion"
    elif gate is not None and gate.value is not None:
        yield "Rule", f"better: surely better, p below {champion.SIGNIFICANCE}"


def _outcome(gate: GateOutcome | None) -> Facts:
    if gate is not None:
        yield "Outcome", gate.outcome.value


def _pairs(comparison: Comparison) -> Table:
    """Return who is right on which rows; of numbers, by how much each is wrong."""
    errors = comparison.errors
    if errors is not None:
        means = (("Champion", errors.champion_mean), ("This model", errors.challenger_mean))
        return Table(
            header=("Model", "Mean squared error"),
            rows=tuple((name, number(mean)) for name, mean in means),
        )
    won, lost = comparison.only_challenger_right, comparison.only_champion_right
    return Table(
        header=("Of the same rows", "This model right", "This model wrong"),
        rows=(
            ("Champion right", str(comparison.both_right), str(lost)),
            ("Champion wrong", str(won), str(comparison.both_wrong)),
        ),
    )


def _figure(evaluation: Evaluation, comparison: Comparison, found: Paired) -> Figure:
    is_share = comparison.errors is None
    scores = list(_scores(evaluation, comparison, found))
    name, value, _ = max(scores, key=lambda each: each[1])
    measure, text = ("Accuracy", share) if is_share else ("R2", number)
    return Figure(
        id="champion",
        title=f"{measure} of both, and of a constant answer",
        finding=f"The highest is that of {name.lower()}: {text(value)}.",
        drawing=bars(
            [_bar(*each, is_share=is_share) for each in scores], most=1.0 if is_share else None
        ),
        table=Table(
            header=("Model", measure, "Rows", *(("95 % interval",) if is_share else ())),
            rows=tuple(_line(*each, is_share=is_share) for each in scores),
        ),
    )


def _scores(
    evaluation: Evaluation, comparison: Comparison, found: Paired
) -> Iterator[tuple[str, float, int]]:
    """Yield of each model its score and the rows; the constant answer's are all held-out ones."""
    yield "This model", found.challenger, comparison.rows
    yield "The champion", found.champion, comparison.rows
    if comparison.errors is None and evaluation.confusion_matrix and evaluation.row_count:
        constant = majority_class_accuracy(evaluation)
        yield "The most common class", constant, evaluation.row_count
    elif comparison.errors is not None and R2 in evaluation.baseline:
        yield "The mean", evaluation.baseline[R2], evaluation.row_count


def _bar(name: str, value: float, rows: int, *, is_share: bool) -> Measure:
    if not is_share:
        return Measure(label=name, value=value, text=number(value))
    interval = wilson(value * rows, rows)
    text = f"{value:.1%} of {rows}"
    return Measure(label=name, value=value, text=text, low=interval.low, high=interval.high)


def _line(name: str, value: float, rows: int, *, is_share: bool) -> tuple[str, ...]:
    if not is_share:
        return name, number(value), str(rows)
    interval = wilson(value * rows, rows)
    return name, share(value), str(rows), f"{share(interval.low)} to {share(interval.high)}"


def data_checks(checks: Sequence[DataCheck]) -> Section:
    counts = Counter(check.outcome.value for check in checks)
    told = ", ".join(f"{count} {outcome}" for outcome, count in counts.items())
    return Section(
        title=DATA_CHECKS,
        lines=(f"{len(checks)} checks before training: {told}.",) if checks else (),
        table=Table(
            header=("Check", "Outcome", "Columns", "What was found"),
            rows=tuple(map(_check, checks)),
            marks=tuple(check.outcome.value for check in checks),
        )
        if checks
        else None,
    )


def _check(check: DataCheck) -> tuple[str, ...]:
    shown = [legible(name, 60) for name in check.columns[:_MOST_COLUMNS]]
    more = len(check.columns) - len(shown)
    return (
        check.name.value,
        check.outcome.value,
        ", ".join([*shown, f"{more} more"] if more else shown),
        legible(check.sentence, _LONGEST_LINE),
    )
