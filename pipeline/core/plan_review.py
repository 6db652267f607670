"""The guard: a plan for terraform/serving passes only if it does what was meant and nothing else.

Endpoints are never deleted or replaced, models and endpoint configs are never edited, a move
deletes nothing, a pruning deletes what it names and nothing live. Tags may always change, and so
may our own alarms. Anything it does not know is refused. An empty answer means that the plan may be
applied.
"""

from pipeline.core import naming
from pipeline.core.intents import (
    ALARM,
    CONFIG,
    ENDPOINT,
    MODEL,
    IntentKind,
    MoveIntent,
    addresses_of_all,
)
from pipeline.core.outcomes import Action, PlanSummary, ResourceChange
from pipeline.core.plan import is_within

_CHANGES_WITH_A_MOVE = ("endpoint_config_name", "deployment_config")
_TAGS = ("tags", "tags_all")
_TAKES_AWAY = {
    Action.DELETE: "deleted",
    Action.REPLACE: "replaced",
    Action.FORGET: "forgotten",
}


def review(summary: PlanSummary, intent: MoveIntent) -> tuple[str, ...]:
    """Return one sentence for each thing that must not happen, naming its address."""
    refusals = (_refusal(change, intent) for change in summary.changes)
    return tuple(refusal for refusal in refusals if refusal is not None)


def is_of_tags(change: ResourceChange) -> bool:
    """Tell whether nothing but tags changes, in place: no request is served differently."""
    in_tags = (any(is_within(each.path, place) for place in _TAGS) for each in change.attributes)
    # A change of which nothing can be seen is not one of tags.
    return change.action is Action.UPDATE and bool(change.attributes) and all(in_tags)


def tainted(summary: PlanSummary) -> tuple[str, ...]:
    """Return what would be replaced only because Terraform distrusts its creation."""
    return tuple(
        change.address
        for change in summary.changes
        if change.action is Action.REPLACE and change.reason == "replace_because_tainted"
    )


def replaces_for_its_deployment_config(summary: PlanSummary) -> bool:
    """Tell whether the endpoint would be replaced only for the settings of its last update.

    An UpdateEndpoint by hand leaves no DeploymentConfig, and the provider cannot add one in place.
    """
    return any(
        change.address == ENDPOINT
        and change.action is Action.REPLACE
        and all(
            is_within(each.path, "deployment_config")
            for each in change.attributes
            if each.forces_replacement
        )
        and any(each.forces_replacement for each in change.attributes)
        for change in summary.changes
    )


def replaces_endpoint(summary: PlanSummary) -> bool:
    """Tell whether the plan deletes the endpoint and creates it anew."""
    return any(
        each.address == ENDPOINT and each.action is Action.REPLACE for each in summary.changes
    )


def leaves_endpoint_alone(summary: PlanSummary) -> bool:
    """Tell whether nothing of the endpoint itself changes, but perhaps its tags."""
    return all(
        each.address != ENDPOINT or each.action is Action.IMPORT or is_of_tags(each)
        for each in summary.changes
    )


def _refusal(change: ResourceChange, intent: MoveIntent) -> str | None:
    if is_of_tags(change) and not change.deposed:
        return None
    if change.deposed:
        return (
            f"{change.address} has a deposed object that would be deleted: an earlier apply "
            "stopped half-way. Find out whether it still serves before removing it by hand."
        )
    if change.action in _TAKES_AWAY:
        return _refusal_of_removal(change, intent)
    if change.action is Action.IMPORT:
        return _refusal_of_import(change, intent)
    if change.action is Action.CREATE:
        return _refusal_of_creation(change, intent)
    return _refusal_of_update(change, intent)


def _refusal_of_removal(change: ResourceChange, intent: MoveIntent) -> str | None:
    verb = _TAKES_AWAY[change.action]
    if change.address == ENDPOINT:
        return _refusal_of_endpoint_removal(change, intent)
    if change.address in _protected(intent):
        return (
            f"{change.address} would be {verb}{cause(change)}, but the endpoint serves it. "
            "Make the change a new release instead."
        )
    if (
        intent.nothing_ever_lived
        and change.action is Action.DELETE
        and change.resource_type in (MODEL, CONFIG, ALARM)
    ):
        return None  # what is left of a release that could not be created, and that nobody asks
    if change.address in intent.removable and change.action is Action.DELETE:
        return None
    if intent.kind is IntentKind.PRUNE and change.action is Action.DELETE:
        return (
            f"{change.address} would be deleted, but this pruning does not name it. "
            "Compare --mode status with the state before pruning again."
        )
    return (
        f"{change.address} would be {verb}{cause(change)}; a {intent.kind.value} removes nothing. "
        "Compare --mode status with the Terraform code, and make any change a new release."
    )


def _refusal_of_endpoint_removal(change: ResourceChange, intent: MoveIntent) -> str | None:
    if change.action is Action.REPLACE and intent.is_failed and intent.moves:
        return _refusal_of_pointer(change, intent)
    return (
        f"{ENDPOINT} would be {_TAKES_AWAY[change.action]}{cause(change)}: every caller would "
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
            f"{ENDPOINT} would be created, but {intent.endpoint_name} exists and was not "
            "imported. Render the variables again from the ledger."
        )
    if change.address == ENDPOINT and not intent.moves:
        return (
            f"{ENDPOINT} would be created by a {intent.kind.value}: {intent.endpoint_name} is "
            "gone. To make it again: --mode settle --yes"
        )
    if change.address == ENDPOINT:
        return _refusal_of_pointer(change, intent)
    if change.resource_type == CONFIG:
        return _refusal_of_variant(change)
    return None


def _refusal_of_import(change: ResourceChange, intent: MoveIntent) -> str | None:
    if change.address in intent.creatable:
        return None
    return (
        f"{change.address} would be taken into the state, but it belongs to no retained release. "
        "Compare release.tfvars.json with the ledger."
    )


def _refusal_of_update(change: ResourceChange, intent: MoveIntent) -> str | None:
    if change.address == ENDPOINT:
        return _refusal_of_endpoint_update(change, intent)
    if change.resource_type in (MODEL, CONFIG):
        return (
            f"{change.address} would be edited ({_changed(change)}), but what an endpoint may "
            "return to is never edited. Make the change a new release instead."
        )
    if change.resource_type == ALARM and change.address in intent.creatable:
        return None  # somebody edited it: it becomes again what the release says
    return (
        f"{change.address} would be changed ({_changed(change)}), which is no part of a "
        f"{intent.kind.value}. Plan and apply that change by itself first."
    )


def _refusal_of_endpoint_update(change: ResourceChange, intent: MoveIntent) -> str | None:
    if not intent.moves:
        return (
            f"{ENDPOINT} would be changed ({_changed(change)}) by a {intent.kind.value}, which "
            "would relaunch its fleet. --mode settle puts it right."
        )
    foreign = [
        each.path
        for each in change.attributes
        if not any(is_within(each.path, place) for place in (*_CHANGES_WITH_A_MOVE, *_TAGS))
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


def cause(change: ResourceChange) -> str:
    """Return why a resource cannot stay, in parentheses; an empty text where nobody says."""
    forcing = [each.path for each in change.attributes if each.forces_replacement]
    if forcing:
        return f" ({', '.join(forcing)} cannot change in place)"
    return f" ({change.reason})" if change.reason else ""


def _changed(change: ResourceChange) -> str:
    return ", ".join(each.path for each in change.attributes) or "no visible attribute"
