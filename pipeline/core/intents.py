"""What a plan for terraform/serving is for, and the addresses of what Terraform keeps there."""

from collections.abc import Iterable
from dataclasses import dataclass
from enum import StrEnum

from pipeline.core import ledger
from pipeline.core.head import LedgerHead
from pipeline.core.outcomes import EndpointObservation, EndpointStatus

ENDPOINT_MODULE = "module.endpoint"
ENDPOINT = f"{ENDPOINT_MODULE}.aws_sagemaker_endpoint.this"
QUIET_ALARM = f"{ENDPOINT_MODULE}.aws_cloudwatch_metric_alarm.quiet"

MODEL = "aws_sagemaker_model"
CONFIG = "aws_sagemaker_endpoint_configuration"
ALARM = "aws_cloudwatch_metric_alarm"


class IntentKind(StrEnum):
    DEPLOY = "deploy"
    ROLLBACK = "rollback"
    PRUNE = "prune"
    SETTLE = "settle"
    INFRASTRUCTURE = "plan without a release"


@dataclass(frozen=True, kw_only=True)
class MoveIntent:
    """What a plan is for.

    `target` is the config key the endpoint shall serve afterwards (the live one, unless it moves);
    `live` the one it serves now. `creatable` and `removable` are addresses.
    `is_failed`: SageMaker calls the endpoint Failed and takes nothing but its deletion (API
    reference, DescribeEndpoint, EndpointStatus), so it may be replaced.
    `nothing_ever_lived`: what is left of a release that could not be created may go.
    `endpoint_exists`: SageMaker knows the endpoint, whatever Terraform's state says.
    """

    kind: IntentKind
    endpoint_name: str
    live: str | None
    target: str
    creatable: frozenset[str]
    removable: frozenset[str] = frozenset()
    is_failed: bool = False
    nothing_ever_lived: bool = False
    endpoint_exists: bool = False

    @property
    def moves(self) -> bool:
        """Tell whether the endpoint is a part of it; what only prunes or keeps leaves it alone."""
        return self.kind not in (IntentKind.PRUNE, IntentKind.INFRASTRUCTURE)


def intent_of(
    head: LedgerHead,
    kind: IntentKind,
    seen: EndpointObservation,
    *,
    removable: frozenset[str] = frozenset(),
) -> MoveIntent:
    """Derive what a plan of this head may do from the head and from what SageMaker says."""
    return MoveIntent(
        kind=kind,
        endpoint_name=head.endpoint,
        live=head.live,
        target=(head.move.target if head.move else head.live) or "",
        creatable=addresses_of_all(head.release_ids, head.endpoint_configs)
        | {ENDPOINT, QUIET_ALARM},
        removable=removable,
        is_failed=seen.status is EndpointStatus.FAILED,
        nothing_ever_lived=not head.was_ever_live
        and seen.status in (EndpointStatus.ABSENT, EndpointStatus.FAILED),
        endpoint_exists=seen.status is not EndpointStatus.ABSENT,
    )


def model_address(release: str) -> str:
    return f'{ENDPOINT_MODULE}.{MODEL}.release["{release}"]'


def config_address(config_key: str) -> str:
    return f'{ENDPOINT_MODULE}.{CONFIG}.release["{config_key}"]'


def alarm_addresses(config_key: str) -> tuple[str, str, str]:
    """Return the addresses of a config's alarms, in the order of `naming.rollback_alarm_names`."""
    place = f'{ENDPOINT_MODULE}.{ALARM}.rollback["{config_key}'
    return (
        f'{place}/errors"]',
        f'{place}/latency"]',
        f'{ENDPOINT_MODULE}.{ALARM}.tests["{config_key}"]',
    )


def addresses_of(head: LedgerHead, release: str) -> frozenset[str]:
    """Return every address that Terraform keeps for one release of the head."""
    keys = [key for key, each in head.endpoint_configs.items() if each.release == release]
    return addresses_of_all([release], keys)


def addresses_of_all(releases: Iterable[str], config_keys: Iterable[str]) -> frozenset[str]:
    found = {model_address(release) for release in releases}
    for key in config_keys:
        found |= {config_address(key), *alarm_addresses(key)}
    return frozenset(found)


def never_served(head: LedgerHead) -> tuple[str, ...]:
    """Return the retained releases that were never live and that no move is about."""
    lived = {each.release_id for each in head.lived}
    keys = [key for key in (head.live, head.move.target if head.move else None) if key]
    needed = lived | {head.endpoint_configs[key].release for key in keys}
    return tuple(each for each in head.release_ids if each not in needed)


def without_unmade(head: LedgerHead, held: frozenset[str]) -> LedgerHead:
    """Leave out what never served and is not whole in Terraform's state, which holds `held`.

    AWS may refuse to make it for ever, and what depends on one endpoint config waits for all.
    """
    unmade = [each for each in never_served(head) if not addresses_of(head, each) <= held]
    for release in unmade:
        _, head = ledger.abandon(head, release)
    return head
