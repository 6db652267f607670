"""An endpoint under a constant load: what its callers saw of each command, as rows of a table."""

import threading
import time
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field
from typing import Any

from tests.e2e.command_line import Outcome
from tests.e2e.three import Three
from tests.support.constant_rate import ConstantRate, Traffic

RATE_PER_S = 20.0
ROW, LABEL = "5.1,3.5,1.4,0.2", "setosa"
_QUIET_S = 5.0
_POLL_S = 0.2
_HEADING = ("what", "times", "requests", "failed", "share", "p99 before", "p99 during")


@dataclass(frozen=True, kw_only=True)
class Stretch:
    """One command under load: the traffic right before it and during it."""

    what: str
    outcome: Outcome
    before: Traffic
    during: Traffic


@dataclass(kw_only=True)
class UnderLoad:
    """Runs commands one after the other while the client goes on."""

    three: Three
    client: ConstantRate
    stretches: list[Stretch] = field(default_factory=list)

    def run(self, what: str, *flags: str, exit_code: int = 0, **variables: Any) -> Stretch:
        """Run a command to its end; what was asked meanwhile belongs to it."""
        quiet = time.monotonic()
        time.sleep(_QUIET_S)
        began = time.monotonic()
        outcome = self.three.run(*flags, **variables)
        during = self.client.since(began)
        before = self.client.since(quiet, began)
        stretch = Stretch(what=what, outcome=outcome, before=before, during=during)
        self.stretches.append(stretch)
        assert outcome.exit_code == exit_code, outcome.stderr + outcome.stdout
        return stretch

    def deploy(self, what: str, variables: Mapping[str, str], *, exit_code: int = 0) -> Stretch:
        flags = ("--mode", "deployment", "--training-job", self.three.job)
        return self.run(what, *flags, exit_code=exit_code, **variables)

    def table(self) -> str:
        """Return the rows as a table of Markdown: one for each kind of command."""
        rows = [_HEADING, *(self._row(what) for what in dict.fromkeys(self._kinds()))]
        lines = [f"| {' | '.join(row)} |" for row in rows]
        return "\n".join([lines[0], f"|{'---|' * len(_HEADING)}", *lines[1:]])

    def _kinds(self) -> Iterator[str]:
        yield from (each.what for each in self.stretches)

    def _row(self, what: str) -> Sequence[str]:
        found = [each for each in self.stretches if each.what == what]
        before = Traffic(asked=[one for each in found for one in each.before.asked])
        during = Traffic(asked=[one for each in found for one in each.during.asked])
        failed, count = len(during.failures), len(during.asked)
        return (
            what,
            str(len(found)),
            str(count),
            str(failed),
            f"{failed / count:.1%}" if count else "-",
            f"{before.p99_ms:.0f} ms",
            f"{during.p99_ms:.0f} ms",
        )


@contextmanager
def under_load(three: Three) -> Iterator[UnderLoad]:
    client = ConstantRate(
        endpoint_url=three.aws.url,
        endpoint=three.endpoint,
        row=ROW,
        label=LABEL,
        rate_per_s=RATE_PER_S,
    )
    with client:
        yield UnderLoad(three=three, client=client)


@contextmanager
def spoiling_the_next(three: Three, **rule: Any) -> Iterator[None]:
    """Let the fleet of the next endpoint config do wrong from its first request on."""
    with _on_the_next(three, lambda name: three.aws.add_fault({"hosting": _rule(name, rule)})):
        yield
    three.aws.clear_faults()


@contextmanager
def ringing_for_the_next(three: Three) -> Iterator[None]:
    """Let the error alarm of the next endpoint config ring, again and again."""
    cloudwatch, over = three.aws.client("cloudwatch"), threading.Event()

    def ring(name: str) -> None:
        while not over.wait(0.5):
            cloudwatch.set_alarm_state(
                AlarmName=f"{name}-errors", StateValue="ALARM", StateReason="a story"
            )

    with _on_the_next(three, ring):
        try:
            yield
        finally:
            over.set()


def _rule(name: str, rule: dict[str, Any]) -> dict[str, Any]:
    return {"endpoint_config": name, **rule}


@contextmanager
def _on_the_next(three: Three, do: Any) -> Iterator[None]:
    known, over = _updating(three), threading.Event()

    def watch() -> None:
        while not over.wait(_POLL_S):
            name = _updating(three)
            if name and name != known:
                do(name)
                return

    thread = threading.Thread(target=watch)
    thread.start()
    try:
        yield
    finally:
        over.set()
        thread.join()


def _updating(three: Three) -> str:
    """Return the config to which the endpoint is on its way; nothing where it is settled."""
    summary = three.described().get("PendingDeploymentSummary") or {}
    return str(summary.get("EndpointConfigName", ""))
