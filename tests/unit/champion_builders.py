"""As much of a workspace as a comparison with what is live asks for."""

from dataclasses import dataclass, field, replace
from typing import TYPE_CHECKING, Any, cast

from pipeline.configuration.sections import ChampionSettings
from pipeline.configuration.settings import Settings
from pipeline.core import ledger, naming
from pipeline.core.champion import Rule
from pipeline.core.gate import GatePolicy
from pipeline.gateways.ledger import Ledger
from tests.fakes.boundary import NoFaults
from tests.fakes.store import Bucket, FakeStore
from tests.unit.core_builders import (
    NOON,
    a_move,
    a_release,
    a_training_run,
    an_empty_head,
    finished,
)

if TYPE_CHECKING:
    from pipeline.context import Workspace

RELEASE = a_release()
OF_CHAMPION = a_training_run(job_name="champion", train_uri="s3://here/data/1/train/")


@dataclass(kw_only=True)
class Notes:
    """What a run noted for its summary."""

    said: list[str] = field(default_factory=list)

    def note(self, text: str) -> None:
        self.said.append(text)


@dataclass(frozen=True, kw_only=True)
class _Context:
    gate_policy: GatePolicy
    recorder: Notes = field(default_factory=Notes)


@dataclass(frozen=True, kw_only=True)
class _Here:
    store: FakeStore
    ledger: Ledger
    context: _Context


def here(
    *, live: bool = True, barred: bool = False, run: Any = OF_CHAMPION, rule: Rule = Rule.NOT_WORSE
) -> "Workspace":
    """Return a workspace in which the release of `a_release` is live, or was, or never."""
    store = FakeStore(Bucket(name="here"), NoFaults())
    book = Ledger(store, RELEASE.endpoint_name)
    release = replace(RELEASE, training_job="champion")
    book.store_release(release)
    _, head = ledger.config_for(
        ledger.add_release(an_empty_head(), release),
        release.release_id,
        **{"live_count": 1, "minimum": 1, "maximum": 1},
    )
    if live:
        head = finished(ledger.arrive(ledger.begin(head, a_move()), when=NOON))
    if barred:
        head = ledger.quarantine(head, release.release_id, reason="slow", when=NOON)
    book.write(book.read(), head)
    if run is not None:
        store.put(naming.training_run_object("champion"), run.to_json().encode())
    settings = Settings(champion=ChampionSettings(rule=rule))
    context = _Context(gate_policy=settings.gate_policy)
    return cast("Workspace", _Here(store=store, ledger=book, context=context))
