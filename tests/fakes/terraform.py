"""Terraform with terraform/serving and terraform/surroundings, as far as the runner meets it.

What is modelled, with its source: the lock object without an expiry, the check of a saved plan's
serial, what is written of a state by an apply that fails, is stopped or is killed (seen
with Terraform 1.11.4); an update that fails leaves its new values in the state
(terraform-plugin-sdk v2, Resource.Apply, without Partial); the order of the calls
(tests/terraform/recorded_calls.py).
"""

import json
from collections.abc import Callable, Collection, Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import datetime
from pathlib import Path
from typing import TypeVar

from pipeline.core import intents
from pipeline.core.errors import CloudUnusable, LeaseHeld
from pipeline.core.intents import ALARM, CONFIG, MODEL
from pipeline.core.outcomes import (
    Action,
    AttributeChange,
    EndpointStatus,
    PlanSummary,
    ResourceChange,
)
from pipeline.core.plan import ABSENT
from pipeline.core.plan_record import PLAN_STALE
from pipeline.core.state_lock import StateLock
from pipeline.gateways.ports import Applied, Meanwhile, SavedPlan
from pipeline.gateways.terraform_words import STATE_LOCKED
from pipeline.session import Terminated
from tests.fakes.boundary import AllEnds, Boundary, CallFailed, Kind, TerraformEnds
from tests.fakes.cloud import Attributes, Ending, FakeCloud, HostedEndpoint, Refused
from tests.fakes.hosting import wait_for
from tests.fakes.serving_root import (
    AUTO_ROLLBACK,
    ENDPOINT,
    POINTER,
    Wanted,
    attributes_of,
    deployment_of,
    imported_by,
    wanted_by,
)

T = TypeVar("T")

_VERSION = "1.11.4"
_DESTROY = "destroy-"
_PROVIDER_WAITS_S = 3600.0
_MADE = (Action.CREATE, Action.UPDATE, Action.REPLACE)
_EDITABLE = (ALARM, ENDPOINT)
_ORDER_OF_CREATION = (MODEL, CONFIG, ALARM, ENDPOINT)
_ORDER_OF_DELETION = (ENDPOINT, ALARM, CONFIG, MODEL)


@dataclass(frozen=True, kw_only=True)
class Known:
    """One object of a state."""

    resource_type: str
    object_id: str
    attributes: Attributes
    tainted: bool = False


@dataclass(kw_only=True)
class State:
    """A root's state in its bucket, with its lock. Its objects are never changed in place."""

    objects: Mapping[str, Known] = field(default_factory=dict)
    serial: int = 0
    lock: StateLock | None = None
    edit: Callable[[Mapping[str, Wanted]], Mapping[str, Wanted]] | None = None  # another code
    applied: tuple[Path, ...] = ()  # the plan files with which an apply has begun
    on_overrun: Callable[[], None] = field(default=lambda: None)  # somebody took the lock away

    def copy(self) -> "State":
        return replace(self)


@dataclass(frozen=True, kw_only=True)
class _Plan:
    serial: int
    prior: Mapping[str, Known]
    wanted: Mapping[str, Wanted]
    summary: PlanSummary


class _Locked:
    """The lock of a state and what everybody does who wants it."""

    def __init__(
        self, name: str, state: State, boundary: Boundary, *, who: str, now: Callable[[], datetime]
    ) -> None:
        self.name = name
        self.state = state
        self.boundary = boundary
        self._who = who
        self._now = now
        self._own = ""

    def acquire(self, operation: str) -> None:
        lock = self.state.lock
        if lock is not None:
            message = f"The Terraform state of {self.name} is locked by another run."
            raise LeaseHeld(message, remedy="Wait for that run.", code=STATE_LOCKED)
        self.state.lock = StateLock(
            lock_id=f"lock-{self.state.serial}-{self._now():%H%M%S%f}",
            who=self._who,
            operation=operation,
            created_at=self._now(),
            path=self.name,
        )
        self._own = self.state.lock.lock_id

    def during(self, operation: str, do: Callable[[], T]) -> T:
        """Do a whole command under the lock; whoever is killed within leaves it."""
        self.boundary.through(
            f"terraform {operation}", Kind.TERRAFORM, lambda: self.acquire(operation)
        )
        try:
            done = self.boundary.through(f"{operation}, locked", Kind.LOCKED, do)
        except TerraformEnds as killed:
            raise self.failed(operation, "Terraform was ended by signal 9.") from killed
        except (CallFailed, Refused) as failed:
            self.state.lock = None
            raise self.failed(operation, str(failed)) from failed
        except Terminated:
            self.state.lock = None
            raise
        self.state.lock = None
        return done

    def failed(self, operation: str, said: str) -> CloudUnusable:
        message = f"terraform {operation} of {self.name} failed.\n{said}"
        return CloudUnusable(message, remedy="Mend what Terraform names.")

    def save(self, objects: Mapping[str, Known]) -> None:
        if self.state.lock is None or self.state.lock.lock_id != self._own:
            self.state.on_overrun()
        if objects != self.state.objects:
            self.state.objects = dict(objects)
            self.state.serial += 1

    def free(self, lock_id: str) -> None:
        lock = self.state.lock
        if lock is None or lock.lock_id != lock_id:
            message = f"terraform force-unlock of {self.name} failed: another lock is there."
            raise CloudUnusable(message, remedy="Look at the lock.")
        self.state.lock = None

    def find(self) -> StateLock | None:
        return self.boundary.through("read the state's lock", Kind.READ, lambda: self.state.lock)

    def force_unlock(self, lock_id: str) -> None:
        self.boundary.through("terraform force-unlock", Kind.WRITE, lambda: self.free(lock_id))

    def addresses(self) -> frozenset[str]:
        return self.boundary.through(
            "terraform state list", Kind.READ, lambda: frozenset(self.state.objects)
        )


class FakeServing:
    """terraform/serving with the state of one endpoint (gateways.roots.TerraformRoot)."""

    def __init__(
        self,
        cloud: FakeCloud,
        state: State,
        boundary: Boundary,
        *,
        who: str,
        now: Callable[[], datetime],
    ) -> None:
        self.name = "serving"
        self._cloud = cloud
        self._lock = _Locked(self.name, state, boundary, who=who, now=now)
        self._boundary = boundary
        self._plans: dict[Path, _Plan] = {}

    def plan(self, variables: str, *, refresh: bool = True, lock: bool = True) -> SavedPlan:
        if not lock:
            return self._planned(variables, refresh=refresh)
        return self._lock.during("plan", lambda: self._planned(variables, refresh=refresh))

    def saved(self, file: Path, variables: str) -> SavedPlan:
        return SavedPlan(file=file, summary=self._plans[file].summary, variables=variables)

    def carried(self, file: Path) -> "_Plan":
        """Return what a plan file holds, for another process."""
        return self._plans[file]

    def bring(self, file: Path, plan: "_Plan") -> None:
        """Let a plan file of another process lie here."""
        self._plans[file] = plan

    def _planned(self, variables: str, *, refresh: bool) -> SavedPlan:
        state, wanted = self._lock.state, wanted_by(variables)
        if state.edit is not None:
            wanted = state.edit(wanted)
        prior = self._refreshed(state.objects) if refresh else state.objects
        imported = self._imported(imported_by(variables) - prior.keys(), wanted)
        prior = {**prior, **imported}
        summary = _summary(tuple(_changes(prior, wanted, imported.keys())))
        file = Path(f"plan-{len(self._plans)}")
        self._plans[file] = _Plan(serial=state.serial, prior=prior, wanted=wanted, summary=summary)
        return SavedPlan(file=file, summary=summary, variables=variables)

    def plan_destroy(self, variables: str, *, targets: Sequence[str] = ()) -> SavedPlan:
        """Plan to destroy all that the state holds, as it is written there."""
        assert not targets
        return self._lock.during("plan -destroy", lambda: self._to_destroy(variables))

    def _to_destroy(self, variables: str) -> SavedPlan:
        state = self._lock.state
        summary = _summary(tuple(_changes(state.objects, {}, ())))
        file = Path(f"plan-{len(self._plans)}")
        self._plans[file] = _Plan(
            serial=state.serial, prior=state.objects, wanted={}, summary=summary
        )
        return SavedPlan(file=file, summary=summary, variables=variables)

    def _imported(
        self, addresses: Collection[str], wanted: Mapping[str, Wanted]
    ) -> Mapping[str, Known]:
        return {address: self._import(wanted[address]) for address in addresses}

    def _import(self, asked: Wanted) -> Known:
        found = self._attributes(asked.resource_type, asked.object_id)
        if found is None:
            message = f"Error: Cannot import non-existent remote object {asked.object_id}"
            raise CallFailed(message)
        return Known(resource_type=asked.resource_type, object_id=asked.object_id, attributes=found)

    def _refreshed(self, objects: Mapping[str, Known]) -> Mapping[str, Known]:
        read = {address: self._read(each) for address, each in objects.items()}
        return {address: each for address, each in read.items() if each is not None}

    def _read(self, known: Known) -> Known | None:
        """Return the object as AWS has it; None where it is gone."""
        found = self._attributes(known.resource_type, known.object_id)
        if found is None:
            return None
        return known if found == known.attributes else replace(known, attributes=found)

    def _attributes(self, resource_type: str, object_id: str) -> Attributes | None:
        cloud = self._cloud
        match resource_type:
            case "aws_sagemaker_model":
                return cloud.models.get(object_id)
            case "aws_sagemaker_endpoint_configuration":
                return cloud.configs.get(object_id)
            case "aws_cloudwatch_metric_alarm":
                return cloud.alarms.get(object_id)
        endpoint = cloud.endpoint(object_id)
        return _attributes_of_endpoint(endpoint, cloud) if endpoint else None

    def apply(self, plan: SavedPlan, *, meanwhile: Meanwhile | None = None) -> Applied:
        planned = self._plans[plan.file]
        self._boundary.through(
            "terraform apply", Kind.TERRAFORM, lambda: self._begin(planned, plan.file)
        )
        work = _Apply(self._cloud, self._boundary, planned, meanwhile)
        try:
            said = work.do()
        except TerraformEnds as killed:
            if killed.persisted:
                self._lock.save(work.objects)
            return _applied(-9, "Terraform was ended by signal 9.")
        except AllEnds as killed:
            if killed.persisted:
                self._lock.save(work.objects)
            raise
        except Terminated:
            self._end(work)
            raise
        self._end(work)
        return _applied(1 if said else 0, said)

    def _begin(self, planned: _Plan, file: Path) -> None:
        self._lock.acquire("apply")
        if planned.serial != self._lock.state.serial:
            self._lock.state.lock = None
            message = "The Terraform state of serving has changed since the plan was made."
            remedy = "Another run was faster: run the same command again."
            raise LeaseHeld(message, remedy=remedy, code=PLAN_STALE)
        self._lock.state.applied += (file,)

    def _end(self, work: "_Apply") -> None:
        self._lock.save(work.objects)
        self._lock.state.lock = None

    def addresses(self) -> frozenset[str]:
        return self._lock.addresses()

    def taint(self, address: str) -> None:
        self._lock.during("taint", lambda: self._mark(address, tainted=True))

    def untaint(self, address: str) -> None:
        self._lock.during("untaint", lambda: self._mark(address, tainted=False))

    def _mark(self, address: str, *, tainted: bool) -> None:
        objects = self._lock.state.objects
        self._lock.save({**objects, address: replace(objects[address], tainted=tainted)})

    def state_lock(self) -> StateLock | None:
        return self._lock.find()

    def force_unlock(self, lock_id: str) -> None:
        self._lock.force_unlock(lock_id)


def _applied(exit_code: int, said: str) -> Applied:
    return Applied(exit_code=exit_code, said=said, was_killed=exit_code < 0)


def _attributes_of_endpoint(endpoint: HostedEndpoint, cloud: FakeCloud) -> Attributes:
    return {
        "name": endpoint.name,
        POINTER: endpoint.config,
        **attributes_of(endpoint.deployment),
        **cloud.tags_of_endpoints.get(endpoint.name, {}),
    }


# What a plan says


def _changes(
    prior: Mapping[str, Known], wanted: Mapping[str, Wanted], imported: Collection[str]
) -> Iterator[ResourceChange]:
    for address in sorted(prior.keys() | wanted.keys()):
        known, asked = prior.get(address), wanted.get(address)
        if known is None:
            assert asked is not None
            attributes = _differences({}, asked.attributes, forcing=())
            yield _change(address, asked.resource_type, Action.CREATE, attributes)
        elif asked is None:
            attributes = _differences(known.attributes, {}, forcing=())
            yield _change(address, known.resource_type, Action.DELETE, attributes)
        elif known.tainted or known.attributes != asked.attributes:
            yield _change_of(address, known, asked)
        elif address in imported:
            yield _change(address, asked.resource_type, Action.IMPORT, ())


def _change_of(address: str, known: Known, asked: Wanted) -> ResourceChange:
    before, after = known.attributes, asked.attributes
    if known.tainted:
        attributes = _differences({}, after, forcing=())
        reason = "replace_because_tainted"
        return _change(address, asked.resource_type, Action.REPLACE, attributes, reason=reason)
    forcing = _forcing(asked.resource_type, before, after)
    attributes = _differences(before, after, forcing=forcing)
    if forcing:
        reason = "replace_because_cannot_update"
        return _change(address, asked.resource_type, Action.REPLACE, attributes, reason=reason)
    return _change(address, asked.resource_type, Action.UPDATE, attributes)


def _forcing(resource_type: str, before: Attributes, after: Attributes) -> tuple[str, ...]:
    """Return the places that cannot change in place."""
    if resource_type == ENDPOINT:
        had, has = (any(p.startswith(AUTO_ROLLBACK) for p in side) for side in (before, after))
        return () if had == has else (AUTO_ROLLBACK,)
    if resource_type in _EDITABLE:
        return ()
    differing = {p for p in before.keys() | after.keys() if before.get(p) != after.get(p)}
    return tuple(sorted(each for each in differing if not each.startswith("tags")))


def _differences(
    before: Attributes, after: Attributes, *, forcing: tuple[str, ...]
) -> tuple[AttributeChange, ...]:
    return tuple(
        AttributeChange(
            path=path,
            before=before.get(path, ABSENT),
            after=after.get(path, ABSENT),
            forces_replacement=path.startswith(forcing) if forcing else False,
        )
        for path in sorted(before.keys() | after.keys())
        if before.get(path) != after.get(path)
    )


def _change(
    address: str,
    resource_type: str,
    action: Action,
    attributes: tuple[AttributeChange, ...],
    *,
    reason: str = "",
) -> ResourceChange:
    return ResourceChange(
        address=address,
        resource_type=resource_type,
        action=action,
        attributes=attributes,
        reason=reason,
    )


def _summary(changes: tuple[ResourceChange, ...]) -> PlanSummary:
    def count(action: Action) -> int:
        return sum(each.action is action for each in changes)

    replaced = count(Action.REPLACE)
    return PlanSummary(
        create=count(Action.CREATE) + replaced,
        update=count(Action.UPDATE),
        delete=count(Action.DELETE) + replaced,
        replace=replaced,
        changes=changes,
        terraform_version=_VERSION,
    )


# What an apply does


class _Apply:
    """One apply: the calls of a plan in an order that Terraform allows."""

    def __init__(
        self, cloud: FakeCloud, boundary: Boundary, plan: _Plan, meanwhile: Meanwhile | None
    ) -> None:
        self._cloud = cloud
        self._meanwhile = meanwhile
        self._boundary = boundary
        self._plan = plan
        self._failed: list[str] = []
        self.objects: dict[str, Known] = dict(plan.prior)

    def do(self) -> str:
        """Make the calls; return what Terraform says where it fails, else nothing."""
        by_address = {each.address: each for each in self._plan.summary.changes}
        made = [each for each in by_address.values() if each.action in _MADE]
        gone = [each for each in by_address.values() if each.action is Action.DELETE]
        for change in sorted(made, key=lambda c: _ORDER_OF_CREATION.index(c.resource_type)):
            self._attempt(change)
        if not self._failed and intents.ENDPOINT in self._plan.wanted:
            self._check_pointer()
        # create_before_destroy: what served goes after the endpoint has moved, or not at all.
        if not self._failed:
            for change in sorted(gone, key=lambda c: _ORDER_OF_DELETION.index(c.resource_type)):
                self._attempt(change)
        return "\n".join(self._failed)

    def _attempt(self, change: ResourceChange) -> None:
        if self._waits_in_vain(change):
            return
        try:
            if change.action is Action.DELETE:
                self._delete(change)
            elif change.resource_type == ENDPOINT:
                self._endpoint(change)
            else:
                self._make(change)
        except (CallFailed, Refused) as failed:
            kind = {MODEL: "Model", CONFIG: "Endpoint Configuration", ENDPOINT: "Endpoint"}
            what = kind.get(change.resource_type, "CloudWatch Metric Alarm")
            self._failed.append(
                f"Error: {change.action.value} SageMaker AI {what} ({change.address}): {failed}"
            )

    def _waits_in_vain(self, change: ResourceChange) -> bool:
        """Tell whether something failed on which this depends."""
        if not self._failed or change.action is Action.DELETE:
            return False
        if change.resource_type == ENDPOINT:
            return True
        if change.resource_type == CONFIG:
            model = self._plan.wanted[change.address].attributes[
                "production_variants[0].model_name"
            ]
            return model not in self._cloud.models or not any(
                each.object_id == model for each in self.objects.values()
            )
        return False

    def _call(self, what: str, do: Callable[[], None], kind: Kind = Kind.CALL) -> None:
        self._boundary.through(what, kind, do)

    def _make(self, change: ResourceChange) -> None:
        wanted = self._plan.wanted[change.address]
        if change.action is Action.UPDATE and wanted.resource_type != ALARM:
            self._call(f"AddTags {wanted.object_id}", lambda: self._retag(wanted))
        else:
            name = {MODEL: "CreateModel", CONFIG: "CreateEndpointConfig", ALARM: "PutMetricAlarm"}
            what = f"{name[wanted.resource_type]} {wanted.object_id}"
            self._call(what, lambda: self._creation(wanted))
        if change.action is Action.REPLACE:  # of an alarm: all else of that name is refused
            alarm = wanted.object_id
            self._call(f"DeleteAlarms {alarm}", lambda: self._cloud.delete_alarm(alarm))
        self._know(change.address, wanted)

    def _creation(self, wanted: Wanted) -> None:
        create = {
            MODEL: self._cloud.create_model,
            CONFIG: self._cloud.create_config,
            ALARM: self._cloud.put_alarm,
        }[wanted.resource_type]
        create(wanted.object_id, wanted.attributes)

    def _retag(self, wanted: Wanted) -> None:
        there = self._cloud.models if wanted.resource_type == MODEL else self._cloud.configs
        there[wanted.object_id] = wanted.attributes

    def _know(
        self, address: str, wanted: Wanted, *, read: Attributes | None = None, tainted: bool = False
    ) -> None:
        self.objects[address] = Known(
            resource_type=wanted.resource_type,
            object_id=wanted.object_id,
            attributes=wanted.attributes if read is None else read,
            tainted=tainted,
        )

    def _delete(self, change: ResourceChange) -> None:
        known = self.objects[change.address]
        name = known.object_id
        delete, call = {
            MODEL: (self._cloud.delete_model, "DeleteModel"),
            CONFIG: (self._cloud.delete_config, "DeleteEndpointConfig"),
            ALARM: (self._cloud.delete_alarm, "DeleteAlarms"),
            ENDPOINT: (self._cloud.delete_endpoint, "DeleteEndpoint"),
        }[known.resource_type]

        def gone() -> None:
            try:
                delete(name)
            except Refused as refused:
                if "Could not find" not in str(refused):
                    raise

        self._call(f"{call} {name}", gone)
        del self.objects[change.address]

    def _endpoint(self, change: ResourceChange) -> None:
        wanted = self._plan.wanted[change.address]
        pointer = wanted.attributes[POINTER]
        deployment = deployment_of(wanted.attributes)
        if change.action is Action.REPLACE:
            self._delete(change)
        known = self.objects.get(change.address)
        if known is None:
            self._call(
                f"CreateEndpoint {pointer}",
                lambda: self._cloud.create_endpoint(wanted.object_id, pointer, deployment),
                Kind.MOVE,
            )
            self._cloud.tags_of_endpoints[wanted.object_id] = _tags(wanted.attributes)
            self._wait(change, wanted, creates=True)
            return
        moves = _untagged(known.attributes) != _untagged(wanted.attributes)
        # The SDK keeps the new values also where the update fails.
        self._know(change.address, wanted)
        if moves:
            self._call(
                f"UpdateEndpoint {pointer}",
                lambda: self._cloud.update_endpoint(wanted.object_id, pointer, deployment),
                Kind.MOVE,
            )
            self._wait(change, wanted, creates=False)
        self._cloud.tags_of_endpoints[wanted.object_id] = _tags(wanted.attributes)

    def _wait(self, change: ResourceChange, wanted: Wanted, *, creates: bool) -> None:
        """Wait as the provider does: it takes every end but InService for an error."""
        name = wanted.object_id
        if creates:
            self._know(change.address, wanted, tainted=True)
        verb = "create" if creates else "update"
        seen: list[HostedEndpoint | None] = []
        if self._meanwhile is not None and self._cloud.endpoints[name].bakes:
            self._meanwhile(lambda _: True)  # one look, while the new fleet has the traffic
        outcome = self._cloud.endpoints[name].outcome

        def waited() -> None:
            seen.append(wait_for(self._cloud, name, timeout_s=_PROVIDER_WAITS_S))

        self._call("wait for SageMaker", waited, Kind.WAIT)
        if outcome is not None and outcome.ending is Ending.GOES_BACK and outcome.is_seen:
            message = f"waiting for {verb}: unexpected state 'RollingBack', wanted 'InService'"
            raise CallFailed(message)
        found = seen[0]
        if found is None or found.status is not EndpointStatus.IN_SERVICE:
            state = found.status.value if found else "absent"
            message = f"waiting for {verb}: unexpected state '{state}', wanted 'InService'"
            if found is not None and found.ready_at is not None:
                message = f"waiting for {verb}: timeout while waiting for state to become InService"
            raise CallFailed(message)
        self._know(change.address, wanted, read=_attributes_of_endpoint(found, self._cloud))

    def _check_pointer(self) -> None:
        """The root's postcondition; it is looked at also where nothing changes."""
        served = self.objects[intents.ENDPOINT].attributes[POINTER]
        wanted = self._plan.wanted[intents.ENDPOINT].attributes[POINTER]
        if served != wanted:
            said = f"SageMaker rolled the update back: the endpoint serves {served}"
            self._failed.append(f"Error: Resource postcondition failed\n{said}")


def _tags(attributes: Attributes) -> Attributes:
    return {path: value for path, value in attributes.items() if path.startswith("tags")}


def _untagged(attributes: Attributes) -> Attributes:
    return {path: value for path, value in attributes.items() if not path.startswith("tags")}


def _surroundings(variables: str) -> Known:
    tags = json.loads(variables)["tags"]
    return Known(
        resource_type="surroundings",
        object_id=variables,
        attributes={f"tags_all.{name}": value for name, value in tags.items()},
    )


class FakeSurroundings:
    """terraform/surroundings: it holds the variables themselves, and nothing of it serves."""

    def __init__(
        self, state: State, boundary: Boundary, *, who: str, now: Callable[[], datetime]
    ) -> None:
        self.name = "surroundings"
        self._lock = _Locked(self.name, state, boundary, who=who, now=now)
        self._boundary = boundary

    def plan(self, variables: str, *, refresh: bool = True, lock: bool = True) -> SavedPlan:
        del refresh
        if not lock:
            return self._planned(variables)
        return self._lock.during("plan", lambda: self._planned(variables))

    def saved(self, file: Path, variables: str) -> SavedPlan:
        return replace(self._planned(variables), file=file)

    def plan_destroy(self, variables: str, *, targets: Sequence[str] = ()) -> SavedPlan:
        assert not targets
        return self._lock.during("plan -destroy", lambda: self._to_destroy(variables))

    def _to_destroy(self, variables: str) -> SavedPlan:
        state = self._lock.state
        summary = _summary(tuple(_changes(state.objects, {}, ())))
        return SavedPlan(
            file=Path(f"{_DESTROY}{state.serial}"), summary=summary, variables=variables
        )

    def _planned(self, variables: str) -> SavedPlan:
        found = self._lock.state.objects.get("surroundings")
        changes: tuple[ResourceChange, ...] = ()
        if found is None or found.object_id != variables:
            action = Action.UPDATE if found else Action.CREATE
            changes = (_change("surroundings", "surroundings", action, ()),)
        return SavedPlan(
            file=Path(str(self._lock.state.serial)),
            summary=_summary(changes),
            variables=variables,
        )

    def apply(self, plan: SavedPlan, *, meanwhile: Meanwhile | None = None) -> Applied:
        assert meanwhile is None

        def begin() -> None:
            self._lock.acquire("apply")
            if plan.file.name.removeprefix(_DESTROY) != str(self._lock.state.serial):
                self._lock.state.lock = None
                message = "The Terraform state of surroundings has changed since the plan was made."
                raise LeaseHeld(message, remedy="Run the same command again.")

        self._boundary.through("terraform apply", Kind.TERRAFORM, begin)
        destroys = plan.file.name.startswith(_DESTROY)
        known = {} if destroys else {"surroundings": _surroundings(plan.variables)}
        try:
            self._boundary.through("change the surroundings", Kind.CALL, lambda: None)
        except TerraformEnds:
            return _applied(-9, "Terraform was ended by signal 9.")
        except CallFailed as failed:
            self._lock.state.lock = None
            return _applied(1, f"Error: {failed}")
        except Terminated:
            self._lock.state.lock = None
            raise
        self._lock.save(known)
        self._lock.state.lock = None
        return _applied(0, "")

    def addresses(self) -> frozenset[str]:
        return self._lock.addresses()

    def taint(self, address: str) -> None:
        raise NotImplementedError

    def untaint(self, address: str) -> None:
        raise NotImplementedError

    def state_lock(self) -> StateLock | None:
        return self._lock.find()

    def force_unlock(self, lock_id: str) -> None:
        self._lock.force_unlock(lock_id)
