"""Who did what to an endpoint, as one list: the lines of its history, and who let a model pass.

An approval is given to a job and not to an endpoint, so it is no line of the chain; here it stands
where its time says.
"""

import json
import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from datetime import datetime

from pipeline.core.outcomes import History

# As people and jobs are recorded (gateways.owners.whoami): a job's page stands behind its user.
_WITH_LINK = re.compile(r"(?P<who>.*?) \((?P<link>https?://\S+)\)", re.DOTALL)
_COLUMNS = (
    *("number", "time_utc", "what", "who", "link", "release", "job", "reason", "run", "details"),
)
_REASONS = ("reason", "cause", "failures")
# What a spreadsheet takes for a formula (OWASP, "CSV Injection"), also in the wide forms of East
# Asian keyboards.
_FORMULA = ("=", "+", "-", "@", "\t", "\r", "\n", "＝", "＋", "－", "＠")  # noqa: RUF001


@dataclass(frozen=True, kw_only=True)
class Deed:
    """One thing that somebody did. `number` is its line of the history, None for an approval."""

    number: int | None
    when: datetime
    what: str
    who: str
    details: Mapping[str, str]

    @property
    def person(self) -> str:
        found = _WITH_LINK.fullmatch(self.who)
        return found["who"] if found else self.who

    @property
    def link(self) -> str:
        """The page of the CI job that did it, empty where a person did."""
        found = _WITH_LINK.fullmatch(self.who)
        return found["link"] if found else ""


def deeds(history: History) -> tuple[Deed, ...]:
    """Return everything that was done, oldest first; lines of the history keep their order."""
    lines = [
        Deed(
            number=event.number,
            when=event.when,
            what=event.what,
            who=event.who,
            details=event.details,
        )
        for event in history.events
    ]
    for given in sorted(history.approvals, key=lambda each: each.when):
        later = (place for place, each in enumerate(lines) if each.when > given.when)
        place = next(later, len(lines))
        details = {"job": given.training_job, "reason": given.reason}
        approved = Deed(
            number=None, when=given.when, what="approved", who=given.who, details=details
        )
        lines.insert(place, approved)
    return tuple(lines)


def history_csv(history: History) -> str:
    """Return it as a table for spreadsheets (RFC 4180); no cell of it is a formula."""
    rows = (_COLUMNS, *(_row(deed) for deed in deeds(history)))
    return "".join(f"{','.join(map(_cell, row))}\r\n" for row in rows)


def _row(deed: Deed) -> Iterator[str]:
    details = deed.details
    yield "" if deed.number is None else str(deed.number)
    yield f"{deed.when:%Y-%m-%dT%H:%M:%SZ}"
    yield deed.what
    yield deed.person
    yield deed.link
    yield details.get("release") or details.get("to", "")
    yield details.get("job", "")
    yield next((details[name] for name in _REASONS if name in details), "")
    yield details.get("run", "")
    yield json.dumps(details, sort_keys=True, ensure_ascii=False)


def _cell(text: str) -> str:
    inert = f"'{text}" if text.lstrip(" ").startswith(_FORMULA) else text
    quoted = inert.replace('"', '""')
    return f'"{quoted}"'
