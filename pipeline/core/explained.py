"""Each gate of a decision in a line: value, interval, limits, outcome. What `--explain` prints."""

from collections.abc import Iterator

from pipeline.core.records import Decision, GateOutcome, Outcome

_WORDS = {
    Outcome.PASSED: "passed",
    Outcome.HELD: "held",
    Outcome.KEPT: "kept the live one",
    Outcome.FAILED: "FAILED",
    Outcome.SKIPPED: "not judged",
}


def gate_lines(decision: Decision) -> Iterator[str]:
    """Yield a line for each gate, then what the gate says altogether."""
    for each in decision.gates:
        yield f"Gate {each.name}: {_WORDS[each.outcome]}; {'; '.join(_facts(each))}"
    yield f"Gates: {decision.verdict.value}"


def _facts(gate: GateOutcome) -> Iterator[str]:
    yield "no value" if gate.value is None else f"value {gate.value:.6g}"
    if gate.interval is not None:
        low, high = gate.interval.low, gate.interval.high
        yield f"95 % interval {low:.4f} to {high:.4f} of {gate.rows} rows"
    elif gate.rows is not None:
        yield f"{gate.rows} rows"
    limits = {"minimum": gate.minimum, "maximum": gate.maximum, "threshold": gate.threshold}
    for name, limit in limits.items():
        if limit is not None:
            compared = "" if gate.bound == "value" else f" of the {gate.bound} bound"
            yield f"{name} {limit:.6g}{compared}"
    if gate.value is None or gate.outcome is not Outcome.PASSED:
        yield gate.reason.rstrip(".")
