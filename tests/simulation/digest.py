"""Two worlds that can only go on alike have one digest: times, numbers and run ids are left out."""

import json
import re

from pipeline.core import naming
from pipeline.core.intents import ENDPOINT as ENDPOINT_ADDRESS
from tests.fakes.store import Bucket
from tests.fakes.terraform import State
from tests.simulation.world import ENDPOINT, World

_RELEASE = re.compile(r"r-\d{8}-\d{6}-([0-9a-f]{6})")
_TIME = re.compile(r"\d{4}-\d\d-\d\dT[\d:.]+Z")
_RUN = re.compile(r"run-\d+")
# What grows with each run and decides nothing.
_COUNTED = ("fencing", "last_event")
_LEASE = naming.lease_object(ENDPOINT)
_LEDGER = naming.ledger_object(ENDPOINT)
_SAID_TWICE = ("history/", "ledger/", "leases/")


def digest(world: World) -> int:
    """Return what tells this world from others that go on otherwise."""
    parts = (
        _head(world.bucket),
        _lease(world),
        sorted(key for key in world.bucket.objects if not key.startswith(_SAID_TWICE)),
        _cloud(world),
        _state(world.serving),
        _state(world.surroundings),
        sorted(world.facts.at_fault),
        sorted(world.facts.by_hand),
        world.facts.overtaken,
    )
    return hash(_RUN.sub("run", _TIME.sub("T", _with_numbered_releases(repr(parts)))))


def _with_numbered_releases(text: str) -> str:
    """Name each release by its content and by which of that content it is."""
    known: dict[str, str] = {}

    def numbered(found: re.Match[str]) -> str:
        return known.setdefault(found[0], f"{found[1]}/{len(known)}")

    return _RELEASE.sub(numbered, text)


def _head(bucket: Bucket) -> object:
    found = bucket.objects.get(_LEDGER)
    if found is None:
        return None
    head = json.loads(found.body)
    last = head["last_event"] or {"what": "", "details": {}}
    said = (last["what"], last["details"].get("run"))
    return said, {name: value for name, value in head.items() if name not in _COUNTED}


def _lease(world: World) -> object:
    found = world.bucket.objects.get(_LEASE)
    if found is None:
        return None
    lease = json.loads(found.body)
    head = json.loads(world.bucket.objects[_LEDGER].body) if _LEDGER in world.bucket.objects else {}
    last = ((head.get("last_event") or {}).get("details") or {}).get("run")
    holders = [(each["owner"]["run_id"], each["told"]) for each in lease["former"]]
    holders.append((lease["owner"]["run_id"], lease["told"]))
    of_whom = [
        (told, run_id in world.ended, run_id == last, run_id == head.get("unheard"))
        for run_id, told in holders
    ]
    told_before = max((n for n, each in enumerate(of_whom) if each[0]), default=0)
    return lease["released"], of_whom[told_before:]


def _cloud(world: World) -> object:
    cloud, now = world.cloud, world.clock.now()
    endpoints = [
        (
            each.name,
            each.status.value,
            each.config,
            each.pending,
            each.desired_count,
            each.deployment,
            each.pending_deployment,
            each.failure_reason,
            each.outcome,
            each.ready_at is not None and each.ready_at > now,
        )
        for each in cloud.endpoints.values()
    ]
    names = (sorted(cloud.models), sorted(cloud.configs), sorted(cloud.alarms))
    return endpoints, names, sorted(cloud.ringing), sorted(cloud.behaviours.items())


def _state(state: State) -> object:
    """Only the endpoint's attributes tell more than its address: all else is never edited."""
    objects = [
        (
            address,
            each.tainted,
            sorted(each.attributes.items()) if address == ENDPOINT_ADDRESS else 0,
        )
        for address, each in sorted(state.objects.items())
    ]
    return objects, state.lock is not None
