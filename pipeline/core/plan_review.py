"""The guard: a plan for terraform/serving passes only if it does what was meant and nothing else.

Endpoints are never deleted or replaced, models and endpoint configs are never edited, a move
deletes nothing, a pruning deletes what it names and nothing live. Anything it does not know is
refused. An empty answer means that the plan may be applied.
"""

from collections.abc import Iterable
from dataclasses import dataclass
from enum import StrEnum

from pipeline.core import naming
from pipeline.core.head import LedgerHead
from pipeline.core.ledger import Pruned
from pipeline.core.outcomes import Action, PlanSummary, ResourceChange

_MODULE = "module.endpoint"
ENDPOINT = f"{_MODULE}.aws_sagemaker_endpoint.this"

_MODEL = "aws_sagemaker_model"
_CONFIG = "aws_sagemaker_endpoint_configuration"
_ALARM = "aws_cloudwatch_metric_alarm"
_KINDS = (_MODEL, _CONFIG, _ALARM)
_CHANGES_WITH_A_MOVE = ("endpoint_config_name", "deployment_config")
_TAKES_AWAY = {
    Action.DELETE: "deleted",
    Action.REPLACE: "replaced",
    Action.FORGET: "forgotten",
}


class IntentKind(StrEnum):
    DEPLOY = "deploy"
    ROLLBACK = "rollback"
    PRUNE = "prune"
    CONVERGE = "converge"


@dataclass(frozen=True, kw_only=True)
class MoveIntent:
    """What a plan is for.

    `target` is the config key the endpoint shall serve afterwards (the live one, unless it moves);
    `live` the one it serves now. `creatable` and `removable` are addresses.
    """

    kind: IntentKind
    endpoint_name: str
    live: str | None
    target: str
    creatable: frozenset[str]
    removable: frozenset[str] = frozenset()
    allow_failed_create_replacement: bool = False
    nothing_ever_lived: bool = False
    endpoint_exists: bool = False


def intent_of(
    head: LedgerHead,
    kind: IntentKind,
    *,
    allow_failed_create_replacement: bool = False,
    nothing_serves: bool = False,
    endpoint_exists: bool = False,
) -> MoveIntent:
    """Derive the intent of a deployment, rollback or convergence from the head to be rendered.

    `nothing_serves` and `endpoint_exists` are SageMaker's word: a head that was lost knows no
    release either, and a state that was lost no endpoint.
    """
    return MoveIntent(
        kind=kind,
        endpoint_name=head.endpoint,
        live=head.live,
        target=head.target or head.live or "",
        creatable=_addresses(head.release_ids, head.endpoint_configs) | {ENDPOINT},
        allow_failed_create_replacement=allow_failed_create_replacement,
        nothing_ever_lived=nothing_serves and not head.was_ever_live,
        endpoint_exists=endpoint_exists,
    )


def prune_intent(head: LedgerHead, pruned: Pruned) -> MoveIntent:
    """Derive the intent of a pruning from the remaining head and what it names."""
    return MoveIntent(
        kind=IntentKind.PRUNE,
        endpoint_name=head.endpoint,
        live=head.live,
        target=head.live or "",
        creatable=frozenset(),
        removable=_addresses(pruned.releases, pruned.configs),
    )


def review(summary: PlanSummary, intent: MoveIntent) -> tuple[str, ...]:
    """Return one sentence for each thing that must not happen, naming its address."""
    refusals = (_refusal(change, intent) for change in summary.changes)
    return tuple(refusal for refusal in refusals if refusal is not None)


def replaces_because_tainted(summary: PlanSummary) -> bool:
    """Tell whether the endpoint would be replaced only because Terraform distrusts its creation."""
    return any(
        change.address == ENDPOINT
        and change.action is Action.REPLACE
        and change.reason == "replace_because_tainted"
        for change in summary.changes
    )


def model_address(release: str) -> str:
    return f'{_MODULE}.{_MODEL}.release["{release}"]'


def config_address(config_key: str) -> str:
    return f'{_MODULE}.{_CONFIG}.release["{config_key}"]'


def alarm_addresses(config_key: str) -> tuple[str, str]:
    place = f'{_MODULE}.{_ALARM}.rollback["{config_key}'
    return f'{place}/errors"]', f'{place}/latency"]'


def addresses_of(head: LedgerHead, release: str) -> frozenset[str]:
    """Return every address that Terraform keeps for one release of the head."""
    keys = [key for key, each in head.endpoint_configs.items() if each.release == release]
    return _addresses([release], keys)


def _addresses(releases: Iterable[str], config_keys: Iterable[str]) -> frozenset[str]:
    found = {model_address(release) for release in releases}
    for key in config_keys:
        found |= {config_address(key), *alarm_addresses(key)}
    return frozenset(found)


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
        and change.resource_type in _KINDS
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
    if change.resource_type == _CONFIG:
        return _refusal_of_variant(change)
    return None


def _refusal_of_update(change: ResourceChange, intent: MoveIntent) -> str | None:
    if change.address == ENDPOINT:
        return _refusal_of_endpoint_update(change, intent)
    if change.resource_type in (_MODEL, _CONFIG):
        return (
            f"{change.address} would be edited ({_changed(change)}), but what an endpoint may "
            "return to is never edited. Make the change a new release instead."
        )
    if change.resource_type == _ALARM and intent.kind is IntentKind.CONVERGE:
        return None
    return (
        f"{change.address} would be changed ({_changed(change)}), which is no part of a "
        f"{intent.kind.value}. Plan and apply that change by itself first."
    )


def _refusal_of_endpoint_update(change: ResourceChange, intent: MoveIntent) -> str | None:
    if intent.kind is IntentKind.PRUNE:
        return (
            f"{ENDPOINT} would be changed ({_changed(change)}) by a pruning, which would relaunch "
            "its fleet. Converge the endpoint first, then prune."
        )
    foreign = [
        each.path for each in change.attributes if not each.path.startswith(_CHANGES_WITH_A_MOVE)
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
    return _addresses([release], [intent.live])


def _cause(change: ResourceChange) -> str:
    forcing = [each.path for each in change.attributes if each.forces_replacement]
    if forcing:
        return f" ({', '.join(forcing)} cannot change in place)"
    return f" ({change.reason})" if change.reason else ""


def _changed(change: ResourceChange) -> str:
    return ", ".join(each.path for each in change.attributes) or "no visible attribute"
