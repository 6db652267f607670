"""Whether a retraining is asked for after a window, and why not.

Pure. The checks come in one order, and the first that fails is the reason: sound data, a cause (for
drift enough rows), something to learn, nothing open, not too often. Alarms ask nobody: they ring on
transitions, two of them at once are two events, and after a failed retraining none rings again.
"""

from collections.abc import Collection, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from enum import StrEnum

from pipeline.core.cron import is_due
from pipeline.core.document import Instant, Stored

# Two of the last five windows, and the newest of them (databricks/mlops-stacks asks as much)
_LOOKS_BACK = 5
_DRIFTED_WINDOWS = 2


class Cause(StrEnum):
    """Why a model is to be trained again."""

    DRIFT = "drift"
    DEGRADATION = "degradation"
    SCHEDULE = "schedule"


class Check(StrEnum):
    """What was looked at last: the check that failed, or `asked`."""

    OFF = "off"
    ROWS = "rows"
    DATA_QUALITY = "data_quality"
    CAUSE = "cause"
    NOTHING_TO_LEARN = "nothing_to_learn"
    OPEN = "open"
    COOL_DOWN = "cool_down"
    BUDGET = "budget"
    CLAIMED = "claimed"
    UNHEARD = "unheard"
    ASKED = "asked"


@dataclass(frozen=True, kw_only=True)
class Asked(Stored):
    """A retraining that a window asks for: claimed before the pipeline is asked.

    `event_id` is the bus's word that it was, None until then. Who finds a claim without one asks
    again by the same `request_id`, which a pipeline takes once: a run that died before it asked,
    and an answer that was lost, are neither no request nor two.
    """

    endpoint: str
    release_id: str
    window: str
    cause: Cause
    reason: str
    request_id: str
    event_id: str | None
    run_id: str
    who: str
    when: Instant


def heard(claims: Sequence[Asked], *, taken: Collection[str]) -> tuple[Asked, ...]:
    """Return the requests that the bus or a pipeline has taken, each once, by its last claim.

    `taken` are ids that a pipeline has claimed.
    """
    known = {each.request_id for each in claims if each.event_id is not None} | {*taken}
    newest = {each.request_id: each for each in sorted(claims, key=lambda each: each.when)}
    return tuple(each for each in newest.values() if each.request_id in known)


def unheard(claims: Sequence[Asked], *, taken: Collection[str]) -> tuple[Asked, ...]:
    """Return the claims of requests of which nobody knows that they were heard, newest last."""
    known = {each.request_id for each in heard(claims, taken=taken)}
    rest = [each for each in claims if each.request_id not in known]
    return tuple(sorted(rest, key=lambda each: each.when))


@dataclass(frozen=True, kw_only=True)
class WindowFacts:
    """What a window showed. `enough_rows` is of its traffic, `degraded` of an earlier cohort."""

    name: str
    start: datetime
    enough_rows: bool
    faults: tuple[str, ...] = ()
    drifted: tuple[str, ...] = ()
    degraded: tuple[str, ...] = ()


@dataclass(frozen=True, kw_only=True)
class Learnable:
    """What a training would find that the live release has not been trained on.

    `new_rows` are labelled rows that were not among the `known_rows` of the live release.
    """

    new_rows: int
    known_rows: int
    same_source: bool


@dataclass(frozen=True, kw_only=True)
class Rules:
    """The section `retraining` of the configuration."""

    enabled: bool
    on_drift: bool
    on_degradation: bool
    schedule: str | None
    minimum_new_rows: int
    minimum_new_share: float
    cool_down: timedelta
    most_per_month: int


@dataclass(frozen=True, kw_only=True)
class Situation:
    """What is known when a window has been judged; `windows` are of the live release, newest last.

    `asked` are all retrainings that monitoring asked for and that were heard. `at_work` says who is
    changing the endpoint now, empty for nobody. `people_asked` is when a person last asked for a
    retraining.
    """

    release_id: str
    live_since: datetime
    now: datetime
    windows: Sequence[WindowFacts]
    asked: Sequence[Asked] = ()
    at_work: str = ""
    people_asked: datetime | None = None


@dataclass(frozen=True, kw_only=True)
class Choice:
    """Whether to ask, with the sentence that people read. `cause` is None where there is none."""

    check: Check
    reason: str
    cause: Cause | None = None

    @property
    def is_asked(self) -> bool:
        return self.check is Check.ASKED


def first_choice(situation: Situation, rules: Rules) -> Choice:
    """Decide by what costs nothing to know. Where it says `asked`, `choose` has the last word."""
    newest = situation.windows[-1]
    if not rules.enabled:
        return Choice(check=Check.OFF, reason="retraining.enabled is off.")
    if newest.faults:
        reason = (
            f"The data is at fault, which no training mends: {newest.faults[0]}"
            f"{_more(newest.faults)}."
        )
        return Choice(check=Check.DATA_QUALITY, reason=reason)
    cause, why = _cause(situation, rules)
    if cause is None and not (newest.enough_rows or newest.degraded):
        return Choice(check=Check.ROWS, reason="There are not enough rows to judge.")
    if cause is None:
        return Choice(check=Check.CAUSE, reason=why)
    return _not_too_often(situation, rules, cause) or Choice(
        check=Check.ASKED, reason=why, cause=cause
    )


def choose(situation: Situation, rules: Rules, learnable: Learnable) -> Choice:
    """Decide, in the order of the checks: what there is to learn comes before what is too often."""
    first = first_choice(situation, rules)
    if first.cause is None:
        return first
    least = max(rules.minimum_new_rows, round(rules.minimum_new_share * learnable.known_rows))
    if learnable.same_source or learnable.new_rows < least:
        what = (
            "the data source is the one that the live release was trained on"
            if learnable.same_source
            else f"there are {learnable.new_rows} new labelled rows, {least} are needed"
        )
        reason = f"Nothing to learn: {what}."
        return Choice(check=Check.NOTHING_TO_LEARN, reason=reason, cause=first.cause)
    return first


def _cause(situation: Situation, rules: Rules) -> tuple[Cause | None, str]:
    """Return the gravest cause that the rules listen to, with its sentence; else why there is none.

    What rules do not listen to is told, so that nobody waits for it.
    """
    newest = situation.windows[-1]
    if newest.degraded and rules.on_degradation:
        return Cause.DEGRADATION, f"Degraded: {newest.degraded[0]}."
    recent = situation.windows[-_LOOKS_BACK:]
    drifted = [each for each in recent if each.drifted]
    drifts = newest.enough_rows and newest.drifted and rules.on_drift
    if drifts and len(drifted) >= _DRIFTED_WINDOWS:
        columns = ", ".join(newest.drifted[:5]) + _more(newest.drifted[4:])
        return Cause.DRIFT, (
            f"Drifted in {len(drifted)} of the last {len(recent)} windows, the newest among them: "
            f"{columns}."
        )
    scheduled = _schedule_cause(situation, rules)
    if scheduled is not None:
        return Cause.SCHEDULE, scheduled
    return None, _why_no_cause(newest, rules)


def _why_no_cause(newest: WindowFacts, rules: Rules) -> str:
    if newest.degraded:
        return "Degraded, but retraining.on_degradation is off."
    if newest.drifted and not rules.on_drift:
        return "Drifted, but retraining.on_drift is off."
    if newest.drifted:
        return f"Drifted in one window only; {_DRIFTED_WINDOWS} of {_LOOKS_BACK} are needed."
    return "Nothing drifted, nothing degraded, no schedule is due."


def _schedule_cause(situation: Situation, rules: Rules) -> str | None:
    if rules.schedule is None:
        return None
    since = max([situation.live_since, *(each.when for each in situation.asked)])
    if not is_due(rules.schedule, since=since, now=situation.now):
        return None
    return f"The schedule {rules.schedule} is due since the last training."


def _not_too_often(situation: Situation, rules: Rules, cause: Cause) -> Choice | None:
    newest, now = situation.windows[-1], situation.now
    if situation.at_work:
        reason = f"Not now: {situation.at_work}"
        return Choice(check=Check.OPEN, reason=reason, cause=cause)
    if cause is not Cause.SCHEDULE and newest.start < situation.live_since:
        reason = (
            f"Release {situation.release_id} is live since {_text(situation.live_since)}: its "
            "first whole window has not ended yet."
        )
        return Choice(check=Check.COOL_DOWN, reason=reason, cause=cause)
    times = [each.when for each in situation.asked]
    last = max([*times, *filter(None, [situation.people_asked])], default=None)
    if last is not None and now - last < rules.cool_down:
        hours = rules.cool_down.total_seconds() / 3600
        reason = f"A retraining was asked for at {_text(last)}, less than {hours:g} hours ago."
        return Choice(check=Check.COOL_DOWN, reason=reason, cause=cause)
    month = [each for each in times if _month(each) == _month(now)]
    if len(month) >= rules.most_per_month:
        reason = (
            f"{len(month)} retrainings were asked for this month, "
            f"retraining.maximum_per_month is {rules.most_per_month}."
        )
        return Choice(check=Check.BUDGET, reason=reason, cause=cause)
    return None


def _month(moment: datetime) -> tuple[int, int]:
    at = moment.astimezone(UTC)
    return at.year, at.month


def _more(things: Sequence[str]) -> str:
    return f" and {len(things) - 1} more" if len(things) > 1 else ""


def _text(moment: datetime) -> str:
    return f"{moment.astimezone(UTC):%Y-%m-%d %H:%M:%S} UTC"
