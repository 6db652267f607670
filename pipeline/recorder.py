"""What a run has seen and done so far: the report must be whole also when a later step fails."""

from collections.abc import Callable, Iterator, Mapping
from contextlib import AbstractContextManager, contextmanager, nullcontext
from dataclasses import replace
from time import monotonic
from typing import Any

from pipeline.core.outcomes import Phase, RunReport

# results.json knows three phases; whatever has a time of its own belongs to one of them.
_PHASE_OF: Mapping[str, Phase] = {
    "deployment": "deployment",
    "evaluation": "training",
    "registration": "training",
    "rollback": "deployment",
    "settle": "deployment",
    "testing": "testing",
    "training": "training",
}


# What ends a sentence, or leads to what follows
_ENDS = (".", "!", "?", ":", '."', ".'")
# How far something has come: what changes with its stage only, and what also changes with time.
Look = Callable[[], tuple[str, str]]


class Recorder:
    """Collects the parts of a RunReport as steps finish, and how many seconds each phase took.

    Lines are kept as they are, for they may quote; a `to_do` is ours, and its commands are
    completed to what can be typed. `progress` shows a person what is being done meanwhile, `detail`
    how far that has come, and `beside` asks for that again and again beside what a block does.
    """

    def __init__(
        self,
        *,
        clock: Callable[[], float] = monotonic,
        completed: Callable[[str], str] = lambda text: text,
        progress: Callable[[str], AbstractContextManager[None]] = lambda _: nullcontext(),
        detail: Callable[[str], None] = lambda _: None,
        beside: Callable[[Look, float], AbstractContextManager[None]] = lambda *_: nullcontext(),
    ) -> None:
        self._clock = clock
        self._completed = completed
        self.progress = progress
        self.detail = detail
        self.beside = beside
        self._parts: dict[str, Any] = {}
        self._timings_s: dict[str, float] = {}
        self._notes: list[str] = []
        self._listing: list[str] = []

    def add(self, **parts: Any) -> None:
        """Keep parts by their names in RunReport; a later one replaces an earlier one."""
        self._parts |= parts

    def part(self, name: str) -> Any:
        """Return a part that was added, None where there is none yet."""
        return self._parts.get(name)

    def note(self, line: str, *, to_do: str = "") -> None:
        """Keep a remark that the summary shows."""
        self._notes.append(self._line(line, to_do))

    def show(self, line: str, *, to_do: str = "") -> None:
        """Keep a line of what the mode was asked to show."""
        self._listing.append(self._line(line, to_do))

    def completed(self, to_do: str) -> str:
        """Return words of ours with their commands as they can be typed."""
        return self._completed(to_do)

    def _line(self, line: str, to_do: str) -> str:
        if not to_do:
            return line
        stop = "" if line.rstrip().endswith(_ENDS) else "."  # what is quoted may end in no sentence
        return f"{line}{stop} {self._completed(to_do)}"

    @contextmanager
    def phase(self, name: str) -> Iterator[None]:
        """Time a phase, whether it ends well or not. The innermost one that fails is named."""
        started = self._clock()
        try:
            with self.progress(name):
                yield
        except BaseException:
            self._parts.setdefault("failed_phase", _PHASE_OF.get(name))
            raise
        finally:
            self._timings_s[name] = round(self._clock() - started, 3)

    def complete(self, report: RunReport) -> RunReport:
        """Return the report with everything collected."""
        return replace(
            report,
            **self._parts,
            timings_s=dict(self._timings_s),
            notes=(*report.notes, *self._notes),
            listing=tuple(self._listing),
        )
