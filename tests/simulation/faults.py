"""What may go wrong at a boundary, by name, and the boundary at which it does."""

from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, replace
from typing import Any, TypeVar

from pipeline.core import intents, naming
from pipeline.core.errors import CloudUnusable
from pipeline.core.head import DeploymentConfig
from pipeline.core.outcomes import EndpointStatus
from pipeline.core.reconcile import quiet_shift
from pipeline.core.requests import Request
from pipeline.session import Terminated
from tests.fakes.boundary import AllEnds, CallFailed, Kind, NoFaults, TerraformEnds
from tests.fakes.cloud import UNHEALTHY, Ending, Outcome
from tests.fakes.serving_root import AUTO_ROLLBACK, Wanted
from tests.simulation.commands import Command, Ended, Mode, run_command
from tests.simulation.world import ENDPOINT, FOREIGN_CONFIG, World

T = TypeVar("T")
Do = Callable[[], T]
Effect = Callable[["Injector", str, Kind, Do[Any]], Any]

_TAKES_S = 0.001
_PAST_THE_LEASE_S = 20 * 60.0
_ANYWHERE = frozenset(Kind)
_IN_TERRAFORM = frozenset({Kind.LOCKED, Kind.CALL, Kind.MOVE, Kind.WAIT})
_CALLS = frozenset({Kind.CALL, Kind.MOVE})
_STEPS = frozenset({Kind.READ, Kind.WRITE, Kind.ASK, Kind.TERRAFORM})


@dataclass(frozen=True, kw_only=True)
class Fault:
    """`kinds`: where it may happen. `on_aws`: it is an accident, and nobody's decision."""

    name: str
    kinds: frozenset[Kind]
    effect: Effect


@dataclass(frozen=True, order=True)
class Planned:
    """A fault at a boundary of one command of a schedule, both counted from 0."""

    command: int
    boundary: int
    fault: str


@dataclass(frozen=True, kw_only=True)
class Passed:
    """A boundary that a command passed."""

    what: str
    kind: Kind


class Injector:
    """Lets the planned faults of one command happen, and notes what it passes."""

    def __init__(self, world: World, planned: Mapping[int, str]) -> None:
        self.world = world
        self.passed: list[Passed] = []
        self.others: list[Ended] = []
        self.happened: list[str] = []
        self.hit: list[str] = []
        self._planned = planned
        self._looks = True

    def through(self, what: str, kind: Kind, do: Do[T]) -> T:
        if not self._looks:
            return do()
        self.world.clock.jump(_TAKES_S)
        number = len(self.passed)
        self.passed.append(Passed(what=what, kind=kind))
        name = self._fault_at(number)
        if name is None:
            return do()
        self.happened.append(name)
        self.hit.append(what)
        serves, ledger = self.world.serves, self.said_by_ledger()
        self.world.story.append(
            f"boundary {number} ({what}): {name}; serves {_short(serves)}, ledger {ledger}"
        )
        done: T = FAULTS[name].effect(self, what, kind, do)
        return done

    def _fault_at(self, number: int) -> str | None:
        """Return the fault planned for this boundary; a number is one of those possible here."""
        name = self._planned.get(number)
        if name is None or not name.isdigit():
            return name
        possible = list(possible_at(self.passed[number]))
        return possible[int(name) % len(possible)]

    def unseen(self, do: Do[T]) -> T:
        looks, self._looks = self._looks, False
        try:
            return do()
        finally:
            self._looks = looks

    def said_by_ledger(self) -> str:
        if naming.ledger_object(ENDPOINT) not in self.world.bucket.objects:
            return "nothing"
        head = self.world.head()
        moving = f", {head.move.kind.value} to {_short(head.move.target)}" if head.move else ""
        arrived = " (arrived)" if head.move and head.move.has_arrived else ""
        return f"{_short(head.live)}{moving}{arrived}"

    def suspend(self) -> None:
        """Let the process sleep past its lease's end."""
        self.world.clock.jump(_PAST_THE_LEASE_S)
        self.world.facts.overtaken = True

    def other_run(self, command: Command) -> None:
        """Let a whole other command run to its end meanwhile."""
        self.world.facts.meddled = True
        ended = run_command(self.world, command, NoFaults())
        self.others.append(ended)
        self.world.story.append(f"  meanwhile {command}: exit {ended.code}")


def _short(name: str | None) -> str:
    return (name or "nothing").removeprefix(f"{ENDPOINT}-")


# Accidents


def _refused(on: Injector, what: str, kind: Kind, do: Do[Any]) -> Any:
    del on, do
    raise _error(kind, f"api error ThrottlingException: Rate exceeded ({what})")


def _lost(on: Injector, what: str, kind: Kind, do: Do[Any]) -> Any:
    del on
    do()
    text = f"the answer got lost ({what})"
    if kind is Kind.MOVE:  # the provider asks again, and finds its own first call at work
        text = f"api error ValidationException: Cannot update in-progress endpoint ({what})"
    raise _error(kind, text)


def _error(kind: Kind, text: str) -> Exception:
    if kind is Kind.WAIT:
        return CallFailed(f"waiting for SageMaker AI Endpoint: {text}")
    if kind in _IN_TERRAFORM:
        return CallFailed(text)
    return CloudUnusable(f"Could not {text}", remedy="Wait a minute, then run the command again.")


def _killed(on: Injector, what: str, kind: Kind, do: Do[Any]) -> Any:
    del on, what, kind, do
    raise AllEnds


def _killed_persisted(on: Injector, what: str, kind: Kind, do: Do[Any]) -> Any:
    del on, what, kind, do
    raise AllEnds(persisted=True)


def _terraform_killed(on: Injector, what: str, kind: Kind, do: Do[Any]) -> Any:
    del on, what, kind, do
    raise TerraformEnds(persisted=False)


def _terraform_killed_persisted(on: Injector, what: str, kind: Kind, do: Do[Any]) -> Any:
    del on, what, kind, do
    raise TerraformEnds(persisted=True)


def _terminated(on: Injector, what: str, kind: Kind, do: Do[Any]) -> Any:
    del what, kind
    if on.world.facts.deaf:
        return do()
    raise Terminated


def _unanswered(*statuses: int) -> Effect:
    def effect(on: Injector, what: str, kind: Kind, do: Do[Any]) -> Any:
        del what, kind
        on.world.cloud.unanswered = statuses
        return do()

    return effect


# Decisions of SageMaker's


def _decided(outcome: Outcome) -> Effect:
    def effect(on: Injector, what: str, kind: Kind, do: Do[Any]) -> Any:
        del what, kind
        on.world.cloud.forced = outcome
        return do()

    return effect


def _goes_back(reason: str | None, **how: bool) -> Outcome:
    return Outcome(ending=Ending.GOES_BACK, reason=reason, **how)


_CAPACITY = "Unable to provision requested ML compute capacity. Insufficient capacity."
_DECISIONS = {
    "goes back": _goes_back(None),
    "goes back, seen": _goes_back(None, is_seen=True),
    "goes back, its config stays": _goes_back(None, deployment_is_new=True),
    "goes back for the container": _goes_back(UNHEALTHY, is_seen=True),
    "goes back for capacity": _goes_back(_CAPACITY),
    "goes back for throttling": _goes_back("Throttling: Rate exceeded", is_seen=True),
    "fails": Outcome(ending=Ending.FAILS, reason=UNHEALTHY),
    "fails for capacity": Outcome(ending=Ending.FAILS, reason=_CAPACITY),
    "its way back fails": Outcome(ending=Ending.GOES_BACK_AND_FAILS, reason=UNHEALTHY),
    "never ends": Outcome(ending=Ending.NEVER),
}

# Other runs


def _meanwhile(command: Command, *, suspended: bool) -> Effect:
    def effect(on: Injector, what: str, kind: Kind, do: Do[Any]) -> Any:
        del what, kind
        if suspended:
            on.suspend()
        on.other_run(command)
        return do()

    return effect


def _asked_by_alarm(on: Injector, what: str, kind: Kind, do: Do[Any]) -> Any:
    del what, kind
    on.suspend()
    on.other_run(Command(mode=Mode.REQUESTED, request=a_request(on.world)))
    return do()


def a_request(world: World) -> Request:
    """Return the request of an alarm that rings now."""
    return Request(
        request_id=f"request-{world.runs}", cause=f"{ENDPOINT}/rollback", time=world.clock.now()
    )


# A person's hand


def _by_hand(do_it: Callable[[World], None]) -> Effect:
    def effect(on: Injector, what: str, kind: Kind, do: Do[Any]) -> Any:
        del what, kind
        on.world.facts.meddled = True
        on.world.facts.hand_is_at_work = True
        do_it(on.world)
        on.world.facts.hand_is_at_work = False
        return do()

    return effect


def _updated(world: World, config: str | None, deployment: DeploymentConfig | None) -> None:
    found = world.cloud.endpoint(ENDPOINT)
    usable = found is not None and found.status is EndpointStatus.IN_SERVICE
    if found is None or not usable or found.ready_at is not None or found.pending:
        return
    if (
        config is None
        or config not in world.cloud.configs
        or found.config not in world.cloud.configs
    ):
        return
    world.cloud.update_endpoint(ENDPOINT, config, deployment)


def _oldest(world: World) -> str | None:
    """Return a config of the oldest release that ever lived and is there."""
    if naming.ledger_object(ENDPOINT) not in world.bucket.objects:
        return None
    head = world.head()
    keys = (
        key
        for each in head.lived
        for key, entry in head.endpoint_configs.items()
        if entry.release == each.release_id
    )
    key = next(keys, None)
    return naming.endpoint_config_name(ENDPOINT, key) if key else None


def _to_the_oldest(world: World) -> None:
    _updated(world, _oldest(world), quiet_shift(ENDPOINT))


def _to_the_oldest_bare(world: World) -> None:
    _updated(world, _oldest(world), None)


def _to_a_foreign_one(world: World) -> None:
    _updated(world, FOREIGN_CONFIG, None)


def _to_what_nobody_retains(world: World) -> None:
    """Go to a config of ours that a prune, or a run that died, has left behind."""
    if naming.ledger_object(ENDPOINT) in world.bucket.objects:
        retained = world.head().endpoint_configs
        keys = ((naming.config_key_of(ENDPOINT, each), each) for each in world.cloud.configs)
        left = (name for key, name in keys if key is not None and key not in retained)
        _updated(world, next(left, None), quiet_shift(ENDPOINT))


def _endpoint_deleted(world: World) -> None:
    found = world.cloud.endpoint(ENDPOINT)
    if found is not None and found.ready_at is None:
        world.cloud.delete_endpoint(ENDPOINT)


def _unused_config_deleted(world: World) -> None:
    found, config = world.cloud.endpoint(ENDPOINT), _oldest(world)
    used = {found.config, found.pending} if found else set()
    if config in world.cloud.configs and config not in used:
        world.cloud.delete_config(config)


def _unlocked(world: World) -> None:
    world.facts.unlocked_by_hand = True
    world.serving.lock = None


def _edited(world: World) -> None:
    """Somebody takes the rollback alarms out of the code: every plan replaces the endpoint."""
    world.serving.edit = _without_auto_rollback


def _without_auto_rollback(wanted: Mapping[str, Wanted]) -> Mapping[str, Wanted]:
    endpoint = wanted[intents.ENDPOINT]
    kept = {
        path: value
        for path, value in endpoint.attributes.items()
        if not path.startswith(AUTO_ROLLBACK)
    }
    return {**wanted, intents.ENDPOINT: replace(endpoint, attributes=kept)}


def _all() -> Iterator[Fault]:
    yield Fault(name="refused", kinds=_ANYWHERE - {Kind.ASK}, effect=_refused)
    yield Fault(name="lost", kinds=frozenset({Kind.WRITE, Kind.CALL, Kind.MOVE}), effect=_lost)
    yield Fault(name="killed", kinds=_ANYWHERE, effect=_killed)
    yield Fault(
        name="killed, state written",
        kinds=_IN_TERRAFORM - {Kind.LOCKED},
        effect=_killed_persisted,
    )
    yield Fault(name="terraform killed", kinds=_IN_TERRAFORM, effect=_terraform_killed)
    yield Fault(
        name="terraform killed, state written",
        kinds=_IN_TERRAFORM - {Kind.LOCKED},
        effect=_terraform_killed_persisted,
    )
    yield Fault(name="terminated", kinds=_ANYWHERE, effect=_terminated)
    ask = frozenset({Kind.ASK})
    yield Fault(name="HTTP 429 once", kinds=ask, effect=_unanswered(429))
    yield Fault(name="HTTP 503 for long", kinds=ask, effect=_unanswered(*[503] * 40))
    yield Fault(name="connection lost for long", kinds=ask, effect=_unanswered(*[0] * 40))
    for name, outcome in _DECISIONS.items():
        yield Fault(name=name, kinds=frozenset({Kind.MOVE}), effect=_decided(outcome))
    others = {
        "a rollback": Command(mode=Mode.ROLLBACK),
        "a deployment": Command(mode=Mode.DEPLOYMENT, name="E"),
        "a settle": Command(mode=Mode.SETTLE),
        "a prune": Command(mode=Mode.PRUNE),
    }
    for name, command in others.items():
        yield Fault(
            name=f"{name} meanwhile",
            kinds=_STEPS,
            effect=_meanwhile(command, suspended=False),
        )
        yield Fault(
            name=f"suspended, {name} meanwhile",
            kinds=_STEPS | _IN_TERRAFORM,
            effect=_meanwhile(command, suspended=True),
        )
    yield Fault(name="suspended, an alarm asks", kinds=_STEPS, effect=_asked_by_alarm)
    hands = {
        "hand: to the oldest": _to_the_oldest,
        "hand: to the oldest, bare": _to_the_oldest_bare,
        "hand: to a foreign one": _to_a_foreign_one,
        "hand: to what nobody retains": _to_what_nobody_retains,
        "hand: endpoint deleted": _endpoint_deleted,
        "hand: unused config deleted": _unused_config_deleted,
        "hand: unlocked": _unlocked,
        "hand: code edited": _edited,
    }
    for name, hand in hands.items():
        yield Fault(name=name, kinds=_STEPS | {Kind.CALL, Kind.MOVE}, effect=_by_hand(hand))


FAULTS: Mapping[str, Fault] = {each.name: each for each in _all()}
ACCIDENTS = (
    "refused",
    "lost",
    "killed",
    "killed, state written",
    "terraform killed",
    "terraform killed, state written",
    "terminated",
    "HTTP 429 once",
    "HTTP 503 for long",
    "connection lost for long",
)
DECISIONS = tuple(_DECISIONS)


def possible_at(passed: Passed) -> Iterator[str]:
    """Yield the names of what may go wrong at a boundary."""
    return (name for name, fault in FAULTS.items() if passed.kind in fault.kinds)
