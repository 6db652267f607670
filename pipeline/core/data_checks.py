"""What is looked at in the data before training, against itself and against the last release's.

Pure: what a file holds, in numbers, and findings in; one record for each check out. What becomes of
a finding, a warning or a refusal, the configuration says.
"""

import math
from collections.abc import Collection, Iterable, Mapping
from dataclasses import dataclass, field
from enum import StrEnum
from typing import Literal

from pipeline.core.document import Stored

Policy = Literal["warn", "refuse", "off"]
_MOST_NAMED = 5
# A share of missing cells has changed from so many standard errors and so much on
_LEAST_ERRORS, _LEAST_CHANGE = 4.0, 0.05


class CheckName(StrEnum):
    """Each is a key of `data_checks` of the configuration."""

    COLUMNS = "columns"
    CLASSES = "classes"
    MISSING = "missing"
    CONSTANT = "constant"
    DUPLICATES = "duplicates"
    LEAK = "leak"


class CheckOutcome(StrEnum):
    """`skipped`: the check is off, or there was nothing to compare with."""

    PASSED = "passed"
    WARNED = "warned"
    REFUSED = "refused"
    SKIPPED = "skipped"


@dataclass(frozen=True, kw_only=True)
class DataCheck:
    """What came of one check; `columns` are those that the sentence is about."""

    name: CheckName
    outcome: CheckOutcome
    columns: tuple[str, ...]
    sentence: str


@dataclass(frozen=True, kw_only=True)
class Found:
    """What a check found. `is_well`: nothing that needs a person; None where it could not look."""

    name: CheckName
    is_well: bool | None
    sentence: str
    columns: tuple[str, ...] = ()


@dataclass(frozen=True, kw_only=True)
class ColumnProfile:
    """What a column was decided to be, and the share (0..1) of its cells that are missing.

    The share is None where nobody counted.
    """

    kind: str
    missing: float | None


@dataclass(frozen=True, kw_only=True)
class DataProfile(Stored):
    """A data file in numbers: its used columns by name, and how many rows each class has.

    `classes` are empty where the target is a number; a count is None where nobody counted.
    """

    rows: int
    target: str
    label_kind: str
    columns: Mapping[str, ColumnProfile] = field(default_factory=dict)
    classes: Mapping[str, int | None] = field(default_factory=dict)


def compared(then: DataProfile, now: DataProfile, *, release: str) -> tuple[Found, ...]:
    """Compare a file with that of an earlier release. The same file is never found to differ."""
    return (
        _columns(then, now, release),
        _classes(then, now, release),
        _missing(then, now, release),
    )


def not_compared(why: str) -> tuple[Found, ...]:
    """Return the checks against an earlier release where there is none to look at."""
    against = (CheckName.COLUMNS, CheckName.CLASSES, CheckName.MISSING)
    return tuple(Found(name=name, is_well=None, sentence=why) for name in against)


def _columns(then: DataProfile, now: DataProfile, release: str) -> Found:
    new = [name for name in now.columns if name not in then.columns]
    lost = [name for name in then.columns if name not in now.columns]
    retyped = [
        name
        for name, column in now.columns.items()
        if name in then.columns and then.columns[name].kind != column.kind
    ]
    turns = [
        f"{name!r} was {then.columns[name].kind}, is {now.columns[name].kind}"
        for name in sorted(retyped)
    ]
    parts = [*_named("new", new), *_named("not used any more", lost), *_listed(turns)]
    if then.target == now.target and then.label_kind != now.label_kind:
        parts.append(f"the target {now.target!r} was {then.label_kind}, is {now.label_kind}")
        retyped.append(now.target)
    return Found(
        name=CheckName.COLUMNS,
        is_well=not parts,
        columns=tuple(sorted({*new, *lost, *retyped})),
        sentence=f"Columns differ from those of {release}: {'; '.join(parts)}."
        if parts
        else f"The {len(now.columns)} columns are those of {release}.",
    )


def _classes(then: DataProfile, now: DataProfile, release: str) -> Found:
    new, lost = now.classes.keys() - then.classes, then.classes.keys() - now.classes
    parts = [*_named("never seen there", new), *_named("gone", lost)]
    return Found(
        name=CheckName.CLASSES,
        is_well=not parts,
        columns=(now.target,) if parts else (),
        sentence=f"Classes of {now.target!r} differ from those of {release}: {'; '.join(parts)}."
        if parts
        else f"The {len(now.classes)} classes are those of {release}.",
    )


def _missing(then: DataProfile, now: DataProfile, release: str) -> Found:
    changed, looked = [], 0
    for name, column in now.columns.items():
        before = then.columns.get(name)
        if before is None or before.missing is None or column.missing is None:
            continue
        looked += 1
        if _has_changed(before.missing, then.rows, column.missing, now.rows):
            changed.append((name, before.missing, column.missing))
    if not looked:
        why = f"{release} has no counts of missing cells to compare with."
        return Found(name=CheckName.MISSING, is_well=None, sentence=why)
    changed.sort(key=lambda each: (-abs(each[1] - each[2]), each[0]))
    turns = [f"{name!r} from {_percent(a)} to {_percent(b)}" for name, a, b in changed]
    return Found(
        name=CheckName.MISSING,
        is_well=not changed,
        columns=tuple(name for name, _, _ in changed),
        sentence=f"Shares of missing cells differ from {release}: {', '.join(_listed(turns))}."
        if changed
        else f"As many cells are missing as in {release}, in {looked} columns.",
    )


def _has_changed(before: float, rows_before: int, now: float, rows_now: int) -> bool:
    """Tell whether two shares differ by more than sampling explains, and by enough to matter."""
    rows = rows_before + rows_now
    if not rows_before or not rows_now:
        return False
    pooled = (before * rows_before + now * rows_now) / rows
    error = math.sqrt(pooled * (1 - pooled) * (1 / rows_before + 1 / rows_now))
    return abs(before - now) >= max(_LEAST_CHANGE, _LEAST_ERRORS * error)


def judged(found: Iterable[Found], policies: Mapping[CheckName, Policy]) -> tuple[DataCheck, ...]:
    """Return one record for each check, in the order of `CheckName`."""
    by_name = {each.name: each for each in found}
    return tuple(_judged(name, by_name.get(name), policies[name]) for name in CheckName)


def _judged(name: CheckName, found: Found | None, policy: Policy) -> DataCheck:
    if policy == "off" or found is None:
        sentence = f"`data_checks.{name}` is off." if policy == "off" else "It was not looked at."
        return DataCheck(name=name, outcome=CheckOutcome.SKIPPED, columns=(), sentence=sentence)
    bad = CheckOutcome.REFUSED if policy == "refuse" else CheckOutcome.WARNED
    outcomes = {None: CheckOutcome.SKIPPED, True: CheckOutcome.PASSED, False: bad}
    return DataCheck(
        name=name,
        outcome=outcomes[found.is_well],
        columns=found.columns,
        sentence=found.sentence,
    )


def in_words(names: Collection[str]) -> str:
    """Name the first few, and count the others."""
    return ", ".join(_listed([repr(name) for name in sorted(names)]))


def _named(what: str, names: Collection[str]) -> list[str]:
    return [f"{what}: {in_words(names)}"] if names else []


def _listed(parts: list[str]) -> list[str]:
    more = len(parts) - _MOST_NAMED
    return [*parts[:_MOST_NAMED], f"{more} more"] if more > 0 else parts


def _percent(share: float) -> str:
    return f"{share:.1%}"
