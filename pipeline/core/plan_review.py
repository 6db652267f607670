"""The guard: a plan for terraform/serving passes only if it does what was meant and nothing else.

Endpoints are never deleted or replaced, models and endpoint configs are never edited, a move
deletes nothing, a pruning deletes what it names and nothing live, a convergence touches only what
surrounds the endpoint. Anything it does not know is refused. An empty answer means that the plan
may be applied.
"""

from pipeline.core import naming
from pipeline.core.intents import (
    ALARM,
    CONFIG,
    CPU_ALARM,
    DASHBOARD,
    ENDPOINT,
    MODEL,
    SURROUNDINGS,
    IntentKind,
    MoveIntent,
    addresses_of_all,
)
from pipeline.core.outcomes import Action, PlanSummary, ResourceChange
from pipeline.core.plan import is_within

_CHANGES_WITH_A_MOVE = ("endpoint_config_name", "deployment_config")
_CONVERGES = (Action.CREATE, Action.UPDATE, Action.REPLACE, Action.DELETE)
_TAKES_AWAY = {
    Action.DELETE: "deleted",
    Action.REPLACE: "replaced",
    Action.FORGET: "forgotten",
}
# Of these the endpoint is no part.
_STAYS = {IntentKind.PRUNE: "pruning", IntentKind.CONVERGE: "convergence"}


def review(summary: PlanSummary, intent: MoveIntent) -> tuple[str, ...]:
    """Return one sentence for each thing that must not happen, naming its address."""
    others = (each for each in summary.changes if not _may_change(each, summary, intent))
    refusals = (_refusal(change, intent) for change in others)
    return tuple(refusal for refusal in refusals if refusal is not None)


def touches_surroundings(summary: PlanSummary, intent: MoveIntent) -> bool:
    """Tell whether a plan would change around the endpoint what is not the intent's business."""
    around = (change for change in summary.changes if _is_around(change))
    return any(not _may_change(change, summary, intent) for change in around)


def _is_around(change: ResourceChange) -> bool:
    """Tell whether something surrounds the endpoint, rather than being part of a release."""
    return change.address.startswith(SURROUNDINGS)


def _may_change(change: ResourceChange, summary: PlanSummary, intent: MoveIntent) -> bool:
    """Tell whether a change around the endpoint belongs to the intent."""
    if not _is_around(change):
        return False
    if intent.kind is IntentKind.CONVERGE:
        return change.action in _CONVERGES
    if change.action is not Action.UPDATE or change.deposed:
        return False
    if change.address == CPU_ALARM:  # SageMaker counts the CPU per core
        return intent.changes_type and _changes_only(change, "threshold")
    # It has a line for each release, and counts the CPU too.
    drawn = intent.changes_type or _changes_releases(summary, intent)
    return change.address == DASHBOARD and drawn and _changes_only(change, "dashboard_body")


def _changes_only(change: ResourceChange, place: str) -> bool:
    return all(is_within(each.path, place) for each in change.attributes)


def _changes_releases(summary: PlanSummary, intent: MoveIntent) -> bool:
    wanted = Action.DELETE if intent.kind is IntentKind.PRUNE else Action.CREATE
    return any(
        change.resource_type == MODEL and change.action is wanted for change in summary.changes
    )


def replaces_because_tainted(summary: PlanSummary) -> bool:
    """Tell whether the endpoint would be replaced only because Terraform distrusts its creation."""
    return any(
        change.address == ENDPOINT
        and change.action is Action.REPLACE
        and change.reason == "replace_because_tainted"
        for change in summary.changes
    )


def _refusal(change: ResourceChange, intent: MoveIntent) -> str | None:
    if change.deposed:
        return (
            f"{change.address} has a deposed object that would be deleted: an earlier apply "
            "stopped half-way. Find out whether it still serves before removing it by hand."
        )
    if change.action in _TAKES_AWAY:
        return _refusal_of_removal(change, intent)
    if change.action is Action.CREATE:
        return _refusal_of_creation(change, intent)
    return _refusal_of_update(change, intent)


def _refusal_of_removal(change: ResourceChange, intent: MoveIntent) -> str | None:
    verb = _TAKES_AWAY[change.action]
    if change.address == ENDPOINT:
        return _refusal_of_endpoint_removal(change, intent)
    if change.address in _protected(intent):
        return (
            f"{change.address} would be {verb}{_cause(change)}, but the endpoint serves it. "
            "Make the change a new release instead."
        )
    if (
        intent.nothing_ever_lived
        and change.action is Action.DELETE
        and change.resource_type in (MODEL, CONFIG, ALARM)
    ):
        return None  # what is left of a release that could not be created, and that nobody asks
    if intent.kind is IntentKind.PRUNE and change.action is Action.DELETE:
        if change.address in intent.removable:
            return None
        return (
            f"{change.address} would be deleted, but this pruning does not name it. "
            "Compare --mode status with the state before pruning again."
        )
    return (
        f"{change.address} would be {verb}{_cause(change)}; a {intent.kind.value} removes nothing. "
        "Compare --mode status with the Terraform code, and make any change a new release."
    )


def _refusal_of_endpoint_removal(change: ResourceChange, intent: MoveIntent) -> str | None:
    if change.action is Action.REPLACE and intent.allow_failed_create_replacement:
        return _refusal_of_pointer(change, intent)
    return (
        f"{ENDPOINT} would be {_TAKES_AWAY[change.action]}{_cause(change)}: every caller would "
        "fail meanwhile. Undo what causes it; an endpoint only ever changes in place."
    )


def _refusal_of_creation(change: ResourceChange, intent: MoveIntent) -> str | None:
    if change.address not in intent.creatable:
        return (
            f"{change.address} would be created, but it belongs to no retained release. "
            "Compare release.tfvars.json and the Terraform code with the ledger."
        )
    if change.address == ENDPOINT and intent.endpoint_exists:
        return (
            f"{ENDPOINT} would be created, but {intent.endpoint_name} exists: Terraform's state "
            "does not know it. Restore an earlier version of the state (the bucket keeps them), or "
            f"type: terraform import {ENDPOINT} {intent.endpoint_name}"
        )
    if change.address == ENDPOINT:
        return _refusal_of_pointer(change, intent)
    if change.resource_type == CONFIG:
        return _refusal_of_variant(change)
    return None


def _refusal_of_update(change: ResourceChange, intent: MoveIntent) -> str | None:
    if change.address == ENDPOINT:
        return _refusal_of_endpoint_update(change, intent)
    if change.resource_type in (MODEL, CONFIG):
        return (
            f"{change.address} would be edited ({_changed(change)}), but what an endpoint may "
            "return to is never edited. Make the change a new release instead."
        )
    return (
        f"{change.address} would be changed ({_changed(change)}), which is no part of a "
        f"{intent.kind.value}. Plan and apply that change by itself first."
    )


def _refusal_of_endpoint_update(change: ResourceChange, intent: MoveIntent) -> str | None:
    if intent.kind in _STAYS:
        return (
            f"{ENDPOINT} would be changed ({_changed(change)}) by a {_STAYS[intent.kind]}, which "
            "would relaunch its fleet. Deploy first: that settles the endpoint."
        )
    foreign = [
        each.path
        for each in change.attributes
        if not any(is_within(each.path, place) for place in _CHANGES_WITH_A_MOVE)
    ]
    if foreign:
        return (
            f"{ENDPOINT} would be changed in {', '.join(foreign)}, which is no part of a "
            f"{intent.kind.value}. Plan and apply that change by itself first."
        )
    return _refusal_of_pointer(change, intent)


def _refusal_of_pointer(change: ResourceChange, intent: MoveIntent) -> str | None:
    wanted = naming.endpoint_config_name(intent.endpoint_name, intent.target)
    served = [each.after for each in change.attributes if each.path == "endpoint_config_name"]
    if change.action is Action.UPDATE and not served:
        return None
    if served == [wanted]:
        return None
    return (
        f"{ENDPOINT} would serve {', '.join(served) or 'an unknown config'}, not {wanted}. "
        "Render the variables again from the ledger."
    )


def _refusal_of_variant(change: ResourceChange) -> str | None:
    names = {each.after for each in change.attributes if each.path.endswith(".variant_name")}
    if names == {naming.VARIANT_NAME}:
        return None
    return (
        f"{change.address} would name its variants {', '.join(sorted(names)) or 'nothing'}, "
        f"not {naming.VARIANT_NAME}: autoscaling and alarms would lose their target. "
        "Restore the name in terraform/serving."
    )


def _protected(intent: MoveIntent) -> frozenset[str]:
    if intent.live is None:
        return frozenset()
    release = naming.parse_config_key(intent.live).release
    return addresses_of_all([release], [intent.live])


def _cause(change: ResourceChange) -> str:
    forcing = [each.path for each in change.attributes if each.forces_replacement]
    if forcing:
        return f" ({', '.join(forcing)} cannot change in place)"
    return f" ({change.reason})" if change.reason else ""


def _changed(change: ResourceChange) -> str:
    return ", ".join(each.path for each in change.attributes) or "no visible attribute"
