"""The gate that compares: what deploys, what is held, what stays, and how often it errs."""

import math
import random
import sys
from dataclasses import replace
from statistics import NormalDist
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from pipeline.core.champion import (
    Champion,
    ChampionLimits,
    Rule,
    apart_from_champion,
    judged_against,
    needs_comparison,
    paired,
)
from pipeline.core.gate import GatePolicy, accuracy_limits
from pipeline.core.records import Comparison, GateOutcome, Outcome, PairedErrors, Verdict
from pipeline.core.serving_gate import judge_candidate
from tests.unit.core_builders import an_evaluation

LIVE = Champion(release_id="r-20260101-120000-aaaaaa", artifact_sha256="c" * 64)
BETTER = ChampionLimits(rule=Rule.BETTER)
# What a request is answered with: nobody waits for it
ASKED = ChampionLimits(rule=Rule.BETTER, doubt_keeps=True)
ASKED_BY_MARGIN = ChampionLimits(doubt_keeps=True)
counts = st.tuples(*[st.integers(0, 400)] * 4)


def a_comparison(
    both: int = 60, lost: int = 0, won: int = 0, wrong: int = 7, **changes: Any
) -> Comparison:
    return replace(
        Comparison(
            release_id=LIVE.release_id,
            artifact_sha256=LIVE.artifact_sha256,
            rows=both + lost + won + wrong,
            both_right=both,
            only_champion_right=lost,
            only_challenger_right=won,
            both_wrong=wrong,
        ),
        **changes,
    )


def judged(
    comparison: Comparison | None,
    limits: ChampionLimits = ChampionLimits(),  # noqa: B008 - it never changes
    champion: Champion | None = LIVE,
) -> GateOutcome | None:
    evaluation = replace(an_evaluation(), comparison=comparison)
    return next(judged_against(evaluation, champion, limits), None)


def outcome(comparison: Comparison, limits: ChampionLimits) -> Outcome:
    found = judged(comparison, limits)
    assert found is not None
    return found.outcome


@pytest.mark.parametrize(
    ("lost", "won", "rows", "by_margin", "by_test"),
    [
        (0, 0, 67, Outcome.PASSED, Outcome.HELD),  # the same model trained twice
        (3, 3, 67, Outcome.PASSED, Outcome.HELD),
        (0, 5, 67, Outcome.PASSED, Outcome.PASSED),
        (0, 4, 67, Outcome.PASSED, Outcome.HELD),
        (1, 0, 100, Outcome.PASSED, Outcome.HELD),  # the margin itself
        (2, 0, 100, Outcome.HELD, Outcome.HELD),
        (5, 0, 67, Outcome.KEPT, Outcome.KEPT),
        (30, 10, 1_000, Outcome.HELD, Outcome.KEPT),
        (60, 20, 1_000, Outcome.KEPT, Outcome.KEPT),
        (10, 30, 1_000, Outcome.PASSED, Outcome.PASSED),
    ],
)
def test_the_rules_decide_by_difference_interval_and_test(
    lost: int, won: int, rows: int, by_margin: Outcome, by_test: Outcome
) -> None:
    comparison = a_comparison(rows - lost - won, lost, won, 0)
    assert outcome(comparison, ChampionLimits()) is by_margin
    assert outcome(comparison, BETTER) is by_test


@pytest.mark.parametrize(
    ("lost", "won", "rows", "by_margin", "by_test"),
    [
        (0, 0, 67, Outcome.PASSED, Outcome.KEPT),  # the same model trained twice
        (0, 4, 67, Outcome.PASSED, Outcome.KEPT),  # better, but not surely
        (0, 5, 67, Outcome.PASSED, Outcome.PASSED),
        (2, 0, 100, Outcome.KEPT, Outcome.KEPT),  # worse, but not surely
        (5, 0, 67, Outcome.KEPT, Outcome.KEPT),
        (10, 30, 1_000, Outcome.PASSED, Outcome.PASSED),
    ],
)
def test_in_doubt_a_retraining_that_was_asked_for_leaves_what_is_live(
    lost: int, won: int, rows: int, by_margin: Outcome, by_test: Outcome
) -> None:
    comparison = a_comparison(rows - lost - won, lost, won, 0)
    assert outcome(comparison, ASKED_BY_MARGIN) is by_margin
    assert outcome(comparison, ASKED) is by_test


def test_what_was_in_doubt_says_so_and_what_is_worse_says_that() -> None:
    unsure, worse = judged(a_comparison(won=4), ASKED), judged(a_comparison(lost=20), ASKED)
    assert unsure is not None
    assert worse is not None
    assert unsure.reason.endswith(
        "is not surely better (p 0.062; `better` asks for less than 0.05). Asked for by a "
        "request, it does not replace what is live."
    )
    assert worse.reason.endswith("is worse (p 9.5e-07): the live release stays.")


def test_the_reason_names_both_the_difference_and_how_sure_it_is() -> None:
    found = judged(a_comparison(60, 5, 0, 2, seen_rows=8))
    assert found is not None
    assert found.reason == (
        "champion r-20260101-120000-aaaaaa: accuracy 0.8955 against its 0.9701 on 67 rows (8 left "
        "out, which it was trained on): -0.0746 (95%: -0.1631 to -0.0164) is wholly below the "
        "margin of -0.01: the live release is better and stays."
    )
    assert (found.name, found.minimum, found.rows) == ("champion", -0.01, 67)
    assert found.value == pytest.approx(-5 / 67)


@pytest.mark.parametrize(
    ("changes", "says"),
    [
        ({"failure": "it refuses column 'hue'"}, "it cannot be compared: it refuses column 'hue'."),
        ({"both": 20, "wrong": 9}, "only 29 rows to compare on; champion.minimum_rows is 30."),
        ({"both": 0, "wrong": 0, "seen_rows": 67}, "only 0 rows (67 left out"),
        ({"errors": PairedErrors(champion_mean=1, challenger_mean=1, difference_deviation=0,
                                 target_variance=0)}, "one and the same number"),
    ],
)  # fmt: skip
def test_what_cannot_be_compared_is_held(changes: dict[str, Any], says: str) -> None:
    for limits in (ChampionLimits(), BETTER, ASKED):
        found = judged(a_comparison(**changes), limits)
        assert found is not None
        assert found.outcome is Outcome.HELD
        assert says in found.reason


def test_nothing_live_and_the_very_same_model_pass() -> None:
    first = judged(None, champion=None)
    assert first == GateOutcome(
        name="champion",
        outcome=Outcome.PASSED,
        reason="champion: nothing is live to be compared with.",
    )
    same = Champion(release_id="r", artifact_sha256=an_evaluation().artifact_sha256)
    again = judged(None, BETTER, same)
    assert again is not None
    assert (again.outcome, again.reason) == (Outcome.PASSED, "champion r is this very model.")


def test_a_comparison_with_something_else_than_what_is_live_counts_for_nothing() -> None:
    for stale in (None, a_comparison(won=30, artifact_sha256="b" * 64)):
        found = judged(stale)
        assert found is not None
        assert found.outcome is Outcome.HELD
        assert "--mode evaluation --training-job" in found.reason
        evaluation = replace(an_evaluation(), comparison=stale)
        assert needs_comparison(evaluation, LIVE, ChampionLimits())
        assert not needs_comparison(evaluation, None, ChampionLimits())
        assert not needs_comparison(evaluation, LIVE, ChampionLimits(rule=Rule.OFF))


def test_without_the_rule_nobody_asks() -> None:
    assert judged(a_comparison(0, 60, 0, 0), ChampionLimits(rule=Rule.OFF)) is None


@pytest.mark.parametrize(
    ("accuracy", "comparison", "expected"),
    [
        (0.97, a_comparison(), Verdict.DEPLOY),
        (0.97, a_comparison(lost=20), Verdict.KEEP),
        (0.93, a_comparison(lost=20), Verdict.KEEP),
        (0.93, a_comparison(won=20), Verdict.HOLD),
        (0.85, a_comparison(won=20), Verdict.REJECT),
        (0.85, a_comparison(lost=20), Verdict.REJECT),
    ],
)
def test_the_champion_is_one_gate_of_several(
    accuracy: float, comparison: Comparison, expected: Verdict
) -> None:
    evaluation = an_evaluation(metrics={"accuracy": accuracy}, comparison=comparison)
    evaluation = replace(evaluation, serving=None)
    policy = GatePolicy(thresholds=accuracy_limits(0.95, 0.9), champion=ChampionLimits())
    decision = judge_candidate(evaluation, policy, LIVE)
    without = judge_candidate(evaluation, policy.without_champion, LIVE)
    verdicts = [
        {Outcome.PASSED: Verdict.DEPLOY, Outcome.HELD: Verdict.HOLD, Outcome.KEPT: Verdict.KEEP,
         Outcome.FAILED: Verdict.REJECT}[each.outcome]
        for each in decision.gates if each.name != "serving"
    ]  # fmt: skip
    assert max(verdicts, key=tuple(Verdict).index) is expected
    assert apart_from_champion(decision) == without.reasons


@given(counts)
def test_who_answers_like_the_champion_is_never_better(found: tuple[int, int, int, int]) -> None:
    both, _, _, wrong = found
    comparison = a_comparison(both, 0, 0, wrong)
    assert outcome(comparison, BETTER) is Outcome.HELD
    if comparison.rows >= 30:
        assert outcome(comparison, ChampionLimits()) is Outcome.PASSED
        assert paired(comparison).difference == 0


@given(counts)
def test_a_row_more_that_only_the_challenger_gets_right_never_makes_it_worse(
    found: tuple[int, int, int, int],
) -> None:
    both, lost, won, wrong = found
    order = [Outcome.KEPT, Outcome.HELD, Outcome.PASSED]
    now, then = a_comparison(both, lost, won, wrong + 1), a_comparison(both, lost, won + 1, wrong)
    for limits in (ChampionLimits(), BETTER):
        assert order.index(outcome(now, limits)) <= order.index(outcome(then, limits))


@given(counts, st.sampled_from([Rule.NOT_WORSE, Rule.BETTER]))
def test_who_answers_a_request_deploys_and_is_kept_out_no_sooner_than_by_the_rule_alone(
    found: tuple[int, int, int, int], rule: Rule
) -> None:
    comparison = a_comparison(*found)
    alone = outcome(comparison, ChampionLimits(rule=rule))
    asked = outcome(comparison, ChampionLimits(rule=rule, doubt_keeps=True))
    assert (asked is Outcome.PASSED) == (alone is Outcome.PASSED)
    if comparison.rows >= ChampionLimits().minimum_rows:
        assert asked in (Outcome.PASSED, Outcome.KEPT)
        assert asked is alone or alone is Outcome.HELD
    else:
        assert asked is alone is Outcome.HELD
    if rule is Rule.BETTER and asked is Outcome.PASSED:
        assert paired(comparison).difference > 0


@given(counts)
def test_both_ways_mirror_each_other(found: tuple[int, int, int, int]) -> None:
    both, lost, won, wrong = found
    if both + lost + won + wrong == 0:
        return
    one, other = (
        paired(a_comparison(both, lost, won, wrong)),
        paired(a_comparison(both, won, lost, wrong)),
    )
    assert one.difference == pytest.approx(-other.difference)
    assert one.interval.low == pytest.approx(-other.interval.high, abs=1e-9)
    assert (one.p_better, one.p_worse) == (other.p_worse, other.p_better)
    assert one.interval.low <= one.difference <= one.interval.high


def a_regression(difference: float, deviation: float, rows: int = 400) -> Comparison:
    """Two models whose R2 differ by so much; a target of variance 4."""
    errors = PairedErrors(
        champion_mean=1.0,
        challenger_mean=1.0 - 4 * difference,
        difference_deviation=4 * deviation,
        target_variance=4.0,
    )
    return a_comparison(0, 0, 0, rows, errors=errors)


@pytest.mark.parametrize(
    ("difference", "deviation", "by_margin", "by_test"),
    [
        (0.0, 0.0, Outcome.PASSED, Outcome.HELD),
        (0.02, 0.1, Outcome.PASSED, Outcome.PASSED),
        (-0.01, 0.1, Outcome.PASSED, Outcome.KEPT),
        (-0.015, 0.1, Outcome.HELD, Outcome.KEPT),
        (-0.05, 0.1, Outcome.KEPT, Outcome.KEPT),
        (-0.05, 1.0, Outcome.HELD, Outcome.HELD),
    ],
)
def test_models_of_numbers_are_compared_by_r2(
    difference: float, deviation: float, by_margin: Outcome, by_test: Outcome
) -> None:
    comparison = a_regression(difference, deviation)
    assert outcome(comparison, ChampionLimits()) is by_margin
    assert outcome(comparison, BETTER) is by_test
    found = paired(comparison)
    assert found.champion == 0.75
    assert found.difference == pytest.approx(difference)
    half = NormalDist().inv_cdf(0.975) * deviation / math.sqrt(400)
    assert found.interval.high == pytest.approx(difference + half)


# How far the true accuracies of a pair are apart, and what share of 300 rows they answer apart
DIFFERENCES = (-0.08, -0.04, -0.01, 0.0, 0.01, 0.04, 0.08)


def simulated(difference: float, *, discordant: float, rows: int, seed: int) -> Comparison:
    """Draw the answers of two models with a known true difference to the same rows."""
    draw = random.Random(seed)
    won_share = (discordant + difference) / 2
    won = lost = 0
    for _ in range(rows):
        at = draw.random()
        won += at < won_share
        lost += won_share <= at < discordant
    return a_comparison(rows - won - lost, lost, won, 0)


def rates(limits: ChampionLimits, difference: float, *, pairs: int, rows: int) -> dict[str, float]:
    found = [
        outcome(simulated(difference, discordant=0.1, rows=rows, seed=seed), limits).value
        for seed in range(pairs)
    ]
    return {each.value: found.count(each.value) / pairs for each in Outcome}


def table(pairs: int, rows: int) -> str:
    """Say how often each rule deploys, holds and keeps, by the true difference."""
    lines = [
        f"{pairs} pairs, {rows} rows, a tenth of them answered apart",
        "rule       true difference  deploy  hold   keep",
    ]
    for limits in (ChampionLimits(), BETTER):
        for difference in DIFFERENCES:
            found = rates(limits, difference, pairs=pairs, rows=rows)
            shares = "  ".join(f"{found[each]:.3f}" for each in ("passed", "held", "kept"))
            lines.append(f"{limits.rule.value:<10} {difference:+15.2f}   {shares}")
    return "\n".join(lines)


def test_the_gate_errs_as_rarely_as_its_configuration_says() -> None:
    """Of 200 pairs at each true difference; 0.05 and 0.025 are what is asked for.

    By chance a share of 200 lies up to 0.046 above 0.05 and 0.035 above 0.025 once in 1,000 times.
    """
    sys.stdout.write(table(200, 300) + "\n")
    for difference in DIFFERENCES:
        by_margin = rates(ChampionLimits(), difference, pairs=200, rows=300)
        by_test = rates(BETTER, difference, pairs=200, rows=300)
        if difference <= 0:
            assert by_test["passed"] <= 0.05 + 0.046, f"false deploy at {difference}"
        if difference >= 0:
            assert by_test["kept"] <= 0.05 + 0.046, f"false keep at {difference}"
        if difference >= -ChampionLimits().margin:
            assert by_margin["kept"] <= 0.025 + 0.035, f"false keep at {difference}"
    assert rates(BETTER, 0.08, pairs=200, rows=300)["passed"] >= 0.9
    assert rates(BETTER, -0.08, pairs=200, rows=300)["kept"] >= 0.9
    far_below = rates(ChampionLimits(), -0.08, pairs=200, rows=300)
    assert far_below["passed"] <= 0.01
    assert far_below["kept"] >= 0.8
