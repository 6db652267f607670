"""What must hold after every effect, and at the end of every command.

The list of docs and reference/simulation.md, section 3.
"""

import json
import re
from collections.abc import Iterator
from typing import Any

from pipeline.core import ledger, naming
from pipeline.core.outcomes import EndpointStatus
from pipeline.core.records import content_digest
from pipeline.steps import planning
from tests.fakes.boundary import NoFaults
from tests.fakes.cloud import MODEL_OF_CONFIG, UNHEALTHY, Asked, Behaviour, Ending, Outcome
from tests.simulation import commands
from tests.simulation.commands import Broken, Command, Ended, Mode
from tests.simulation.world import (
    ENDPOINT,
    FOREIGN_ALARM,
    FOREIGN_CONFIG,
    FOREIGN_MODEL,
    World,
    artifact_uri,
    release_of,
)

_LEDGER = naming.ledger_object(ENDPOINT)
_CLAIM = re.compile(
    r"(r-\d{8}-\d{6}-[0-9a-f]{6}) (?:is serving again|never stopped serving|serves(?!, but))"
)


def watch(world: World) -> None:
    """Look at every effect in this world."""
    world.bucket.watch = lambda key, before, after: _written(world, key, before, after)
    world.cloud.on_asked = lambda asked: _asked(world, asked)
    world.cloud.on_chosen = lambda asked, outcome: _chosen(world, asked, outcome)
    world.serving.on_overrun = lambda: _overrun(world)
    world.cloud.on_vetoed = lambda config: _vetoed(world, config)
    world.cloud.on_deleted = lambda kind, name: _deleted(world, kind, name)


def _require(holds: bool, number: int, what: str) -> None:
    if not holds:
        message = f"invariant {number}: {what}"
        raise Broken(message)


# After an effect


def _asked(world: World, asked: Asked) -> None:
    """1: SageMaker is asked for what the ledger announces. 4: never for what is barred."""
    if world.facts.hand_is_at_work:
        world.facts.by_hand.add(asked.config)
        return
    if not asked.creates and asked.config == world.cloud.endpoints[ENDPOINT].config:
        return  # only the settings of its last update change
    if world.facts.overtaken:
        return  # UpdateEndpoint takes no token: who slept through its lease may still send one
    head = world.head()
    key = naming.config_key_of(ENDPOINT, asked.config)
    moving = head.move is not None and not head.move.has_arrived
    expected = head.move.target if head.move and moving else head.live
    _require(key == expected, 1, f"asked for {asked.config}, the ledger says {expected}")
    release = release_of(asked.config)
    served = release_of(world.cloud.endpoints[ENDPOINT].config)
    if release is None or asked.creates or served == release or world.facts.forces:
        return
    if key == head.live:  # --mode settle undoes what was done by hand
        return
    barred = ledger.quarantine_of(head, ledger.content_of(head, release))
    _require(barred is None, 4, f"{release} is barred and shall serve")


def _vetoed(world: World, config: str) -> None:
    """SageMaker is never told to shift back from a model that answers right."""
    behaviour = world.cloud.behaviour_of(config)
    wrong = behaviour in (Behaviour.FAILS, Behaviour.WRONG)
    _require(wrong, 13, f"a veto against {config}, whose model is {behaviour.value}")
    world.facts.at_fault.add(release_of(config) or "")


def _chosen(world: World, asked: Asked, outcome: Outcome) -> None:
    """Note whose fault it is that SageMaker does not move."""
    release = release_of(asked.config)
    if release is None or outcome.ending in (Ending.MOVES, Ending.NEVER):
        return
    if outcome.reason in (None, UNHEALTHY):  # an alarm leaves no reason
        world.facts.at_fault.add(release)


def _overrun(world: World) -> None:
    """6: two of Terraform never write one state, unless a person unlocked it."""
    _require(world.facts.unlocked_by_hand, 6, "a state is written that another one has locked")


def _deleted(world: World, kind: str, name: str) -> None:
    """2: nothing goes that serves. 10: nothing goes that is somebody else's."""
    if world.facts.hand_is_at_work:
        return
    _require(name not in (FOREIGN_ALARM, FOREIGN_CONFIG, FOREIGN_MODEL), 10, f"{name} deleted")
    found = world.cloud.endpoints.get(ENDPOINT)
    if found is None:
        return
    if kind == "endpoint":
        _require(found.status is EndpointStatus.FAILED, 2, "the endpoint deleted while it serves")
        return
    in_use = [each for each in (found.serves, found.pending) if each]
    models = [world.cloud.configs.get(each, {}).get(MODEL_OF_CONFIG) for each in in_use]
    alarms = [f"{each}-{kind}" for each in in_use for kind in ("errors", "latency", "tests")]
    if world.facts.meddled:
        return  # nothing can hold the endpoint between a look and a deletion
    _require(name not in (*in_use, *models, *alarms), 2, f"{kind} {name} deleted while it serves")


def _written(world: World, key: str, before: bytes | None, after: bytes) -> None:
    if key != _LEDGER or before is None:
        return
    old, new = json.loads(before), json.loads(after)
    _require(new["fencing"] >= old["fencing"], 6, "an older run wrote the ledger")
    _require_told(old, new)
    _note_what_is_left(world, old, new["move"])
    for barred in new["quarantined"]:
        if barred not in old["quarantined"]:
            _require_at_fault(world, barred["release_id"])


def _note_what_is_left(world: World, old: Any, begun: Any) -> None:
    """Who asks for a rollback has a reason to leave what serves."""
    if begun is None or begun["kind"] != "rollback" or not begun["bars"]:
        return
    left = naming.parse_config_key(begun["origin"]).release
    if left == world.release_that_serves or begun["origin"] == old["live"]:
        world.facts.at_fault.add(left)


def _require_told(old: Any, new: Any) -> None:
    """9: each move that was begun ends in exactly one line of the history."""
    begun, now = old["move"], new["move"]
    last = [(each["last_event"] or {"number": 0})["number"] for each in (old, new)]
    over = begun is not None and (
        now is None or {**begun, "has_arrived": True} != {**now, "has_arrived": True}
    )
    if over:
        _require(last[1] == last[0] + 1, 9, "a move ended without a line in the history")
    else:
        _require(last[1] in (last[0], last[0] + 1), 9, "the history jumped")


def _require_at_fault(world: World, release: str) -> None:
    """3: only what is to blame is barred."""
    if release in world.facts.at_fault:
        return
    if world.facts.meddled and world.serves in world.facts.by_hand:
        return  # a hand that moves back what was just moved looks like SageMaker's own way back
    behaves = [
        world.cloud.behaviour_of(config)
        for config in world.cloud.configs
        if release_of(config) == release
    ]
    bad = any(each is not Behaviour.GOOD for each in behaves)
    _require(bad, 3, f"{release} is barred without a cause")


# At the end of a command


def after_command(world: World, command: Command, ended: Ended) -> None:
    """7: the exit code and the sentence tell the truth."""
    if ended.code is None or world.facts.meddled:
        return  # what was true when it was looked at may have changed since
    for claim in _CLAIM.findall(ended.said):
        _require(
            claim == world.release_that_serves,
            7,
            f"exit {ended.code} says that {claim} serves, and {world.release_that_serves} does",
        )
    if ended.code in (0, 5):
        _require_served(world, command, ended)


def _require_served(world: World, command: Command, ended: Ended) -> None:
    found, head = world.cloud.endpoint(ENDPOINT), world.head()
    if command.mode is Mode.PRUNE or (command.mode is not Mode.DEPLOYMENT and head.live is None):
        return
    settled = found is not None and found.status is EndpointStatus.IN_SERVICE and not found.pending
    _require(settled, 7, f"exit {ended.code}, and the endpoint is {found}")
    assert found is not None
    key = naming.config_key_of(ENDPOINT, found.config)
    is_not_done = head.last_event is not None and head.last_event.what == "rollback not done"
    if command.mode is Mode.REQUESTED and is_not_done and key is None:
        return  # somebody's own config is left to somebody
    _require(
        key == head.live,
        7,
        f"exit {ended.code}, serves {found.config}, and the ledger says {head.live}",
    )
    if command.mode is Mode.SETTLE or (command.mode is Mode.REQUESTED and is_not_done):
        return
    _require(ledger.is_healthy(head), 7, f"exit {ended.code}, and {head.live} is not proved")
    behaves = world.cloud.behaviour_of(found.config)
    _require(
        behaves in (Behaviour.GOOD, Behaviour.RINGS),
        7,
        f"exit {ended.code}, and what serves {behaves.value}",
    )
    if command.mode is Mode.DEPLOYMENT:
        asked_for = world.cloud.artifact_of(found.config) == artifact_uri(command.name)
        _require(asked_for == (ended.code == 0), 7, f"exit {ended.code}, serves {found.config}")


# When the faults have stopped


def disagreements(world: World) -> Iterator[str]:
    """Yield what differs between ledger, Terraform's states and the cloud."""
    if _LEDGER not in world.bucket.objects:
        return
    head, found = world.head(), world.cloud.endpoint(ENDPOINT)
    if found and found.config in world.facts.by_hand and found.config not in world.cloud.configs:
        return  # moved by hand to what was just being deleted: only a hand can make it again
    if head.move and head.move.has_arrived and ledger.previous(head) is None:
        return  # what serves is bad, and nothing else may serve: a person has to decide
    if found and found.status is EndpointStatus.FAILED and ledger.previous(head) is None:
        return  # the one release that there is does not start: a person has to deploy another one
    if head.move is not None:
        yield f"the ledger is at a {head.move.kind.value}"
    for name, state in (("serving", world.serving), ("surroundings", world.surroundings)):
        if state.lock is not None and head.live is not None:  # the next deployment frees it
            yield f"the state of {name} is locked"
    if head.live is None:
        return
    live = naming.endpoint_config_name(ENDPOINT, head.live)
    status = found.status.value if found else "absent"
    if found is None or found.serves != live or status != "InService" or found.pending:
        yield f"the ledger says {live}, the endpoint serves {world.serves} ({status})"
    yield from _orphans(world)
    if world.serving.lock is None:
        changes = planned_changes(world)
        if changes:
            yield f"a plan has changes: {changes}"


def _orphans(world: World) -> Iterator[str]:
    head = world.head()
    configs = {naming.endpoint_config_name(ENDPOINT, key) for key in head.endpoint_configs}
    models = {naming.model_name(ENDPOINT, each) for each in head.release_ids}
    alarms = {
        name for key in head.endpoint_configs for name in naming.rollback_alarm_names(ENDPOINT, key)
    } | {naming.quiet_alarm_name(ENDPOINT)}
    there = (
        ("model", world.cloud.models, models | {FOREIGN_MODEL}),
        ("config", world.cloud.configs, configs | {FOREIGN_CONFIG}),
        ("alarm", world.cloud.alarms, alarms | {FOREIGN_ALARM}),
    )
    for kind, names, ours in there:
        for name in sorted(names.keys() - ours):
            yield f"{kind} {name} is an orphan"


def planned_changes(world: World) -> str:
    """Return what a plan of the ledger as it is would change."""
    looked = world.copy()
    workspace = commands.workspace_of(looked, Command(mode=Mode.SETTLE), NoFaults())
    seen = workspace.hosting.observe(ENDPOINT)
    variables = planning.rendered(workspace, looked.head(), seen)
    summary = workspace.serving.plan(variables).summary
    return ", ".join(f"{each.action.value} {each.address}" for each in summary.changes)


__all__ = ["after_command", "content_digest", "disagreements", "watch"]
