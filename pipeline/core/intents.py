"""What a plan for terraform/serving is for, and the addresses of what Terraform keeps there."""

from collections.abc import Iterable
from dataclasses import dataclass
from enum import StrEnum

from pipeline.core.head import LedgerHead
from pipeline.core.ledger import Pruned

# What a plan is limited to that must not depend on anything around the endpoint.
ENDPOINT_MODULE = "module.endpoint"
ENDPOINT = f"{ENDPOINT_MODULE}.aws_sagemaker_endpoint.this"
DASHBOARD = "module.dashboard[0].aws_cloudwatch_dashboard.this"
CPU_ALARM = 'module.alarms[0].aws_cloudwatch_metric_alarm.metric["cpu_percent"]'
SURROUNDINGS = ("module.alarms[0].", "module.autoscaling[0].", "module.dashboard[0].")

MODEL = "aws_sagemaker_model"
CONFIG = "aws_sagemaker_endpoint_configuration"
ALARM = "aws_cloudwatch_metric_alarm"


class IntentKind(StrEnum):
    DEPLOY = "deploy"
    ROLLBACK = "rollback"
    PRUNE = "prune"
    CONVERGE = "converge"


@dataclass(frozen=True, kw_only=True)
class MoveIntent:
    """What a plan is for.

    `target` is the config key the endpoint shall serve afterwards (the live one, unless it moves);
    `live` the one it serves now. `creatable` and `removable` are addresses. `changes_type`: the
    target serves on another type of instance.
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
    changes_type: bool = False


def intent_of(
    head: LedgerHead,
    kind: IntentKind,
    *,
    allow_failed_create_replacement: bool = False,
    nothing_serves: bool = False,
    endpoint_exists: bool = False,
    changes_type: bool = False,
) -> MoveIntent:
    """Derive the intent of a deployment or rollback from the head to be rendered.

    `nothing_serves` and `endpoint_exists` are SageMaker's word: a head that was lost knows no
    release either, and a state that was lost no endpoint.
    """
    return MoveIntent(
        kind=kind,
        endpoint_name=head.endpoint,
        live=head.live,
        target=head.target or head.live or "",
        creatable=addresses_of_all(head.release_ids, head.endpoint_configs) | {ENDPOINT},
        allow_failed_create_replacement=allow_failed_create_replacement,
        nothing_ever_lived=nothing_serves and not head.was_ever_live,
        endpoint_exists=endpoint_exists,
        changes_type=changes_type,
    )


def converge_intent(head: LedgerHead) -> MoveIntent:
    """Derive the intent of a plan that changes what surrounds the endpoint, and nothing else."""
    return _staying(head, IntentKind.CONVERGE)


def prune_intent(head: LedgerHead, pruned: Pruned) -> MoveIntent:
    """Derive the intent of a pruning from the remaining head and what it names."""
    removable = addresses_of_all(pruned.releases, pruned.configs)
    return _staying(head, IntentKind.PRUNE, removable=removable)


def _staying(
    head: LedgerHead, kind: IntentKind, *, removable: frozenset[str] = frozenset()
) -> MoveIntent:
    """Return the intent of a plan that leaves the endpoint where it is and creates no release."""
    return MoveIntent(
        kind=kind,
        endpoint_name=head.endpoint,
        live=head.live,
        target=head.live or "",
        creatable=frozenset(),
        removable=removable,
    )


def model_address(release: str) -> str:
    return f'{ENDPOINT_MODULE}.{MODEL}.release["{release}"]'


def config_address(config_key: str) -> str:
    return f'{ENDPOINT_MODULE}.{CONFIG}.release["{config_key}"]'


def alarm_addresses(config_key: str) -> tuple[str, str]:
    place = f'{ENDPOINT_MODULE}.{ALARM}.rollback["{config_key}'
    return f'{place}/errors"]', f'{place}/latency"]'


def addresses_of(head: LedgerHead, release: str) -> frozenset[str]:
    """Return every address that Terraform keeps for one release of the head."""
    keys = [key for key, each in head.endpoint_configs.items() if each.release == release]
    return addresses_of_all([release], keys)


def addresses_of_all(releases: Iterable[str], config_keys: Iterable[str]) -> frozenset[str]:
    found = {model_address(release) for release in releases}
    for key in config_keys:
        found |= {config_address(key), *alarm_addresses(key)}
    return frozenset(found)
