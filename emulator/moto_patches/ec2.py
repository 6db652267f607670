"""EC2: deleted VPC endpoints, flow logs in folders, descriptions of all security group rules.

Sources: "DeleteVpcEndpoints", "CreateFlowLogs", "SecurityGroupRule" and
"ModifySecurityGroupRules" pages of the API reference. On AWS a deleted
endpoint is seen as `deleted` for a while; moto lists it so for ever.
"""

from collections.abc import Callable
from typing import Any

from moto.ec2.models import EC2Backend
from moto.ec2.models.security_groups import SecurityGroupRule

from emulator.moto_patches.patching import existing, wrap

_ALL_PROTOCOLS = "-1"


def apply() -> None:
    wrap(EC2Backend, "delete_vpc_endpoints", by=_forgetting)
    wrap(EC2Backend, "create_flow_logs", by=_into_a_folder)
    wrap(EC2Backend, "modify_security_group_rules", by=_of_all_protocols)
    wrap(SecurityGroupRule, "__init__", by=_described)
    existing(SecurityGroupRule, "description")
    SecurityGroupRule.description = property(_description)


def _forgetting(original: Callable[..., Any]) -> Callable[..., Any]:
    def delete_vpc_endpoints(self: Any, vpce_ids: list[str] | None = None) -> None:
        original(self, vpce_ids)
        for vpce_id in vpce_ids or []:
            self.vpc_end_points.pop(vpce_id, None)

    return delete_vpc_endpoints


def _into_a_folder(original: Callable[..., Any]) -> Callable[..., Any]:
    """moto takes bucket and folder together for the name of the bucket."""

    def create_flow_logs(self: Any, *, log_destination: str | None, **arguments: Any) -> Any:
        bucket_arn = log_destination.split("/")[0] if log_destination else None
        created, refused = original(self, log_destination=bucket_arn, **arguments)
        for flow_log in created:
            flow_log.log_destination = log_destination
        return created, refused

    return create_flow_logs


def _described(original: Callable[..., Any]) -> Callable[..., Any]:
    """moto keeps the description of a range of addresses, not of a group or a prefix list."""

    def init(self: Any, *arguments: Any, **named: Any) -> None:
        original(self, *arguments, **named)
        sources = [value for name, value in named.items() if name != "tags"]
        places = [each for each in (*arguments, *sources) if isinstance(each, dict)]
        self.own_description = next(filter(None, (p.get("Description") for p in places)), None)

    return init


def _description(rule: Any) -> str | None:
    """A changed description is in ip_range, whatever the rule names."""
    described: str | None = rule.ip_range.get("Description", getattr(rule, "own_description", None))
    return described


def _of_all_protocols(original: Callable[..., Any]) -> Callable[..., Any]:
    """moto demands ports of rules for all protocols, which have none."""

    def modify_security_group_rules(self: Any, group_id: str, rules: dict[str, Any]) -> None:
        portless = [
            name for name, rule in rules.items() if rule.get("IpProtocol") == _ALL_PROTOCOLS
        ]
        ports = {"FromPort": _ALL_PROTOCOLS, "ToPort": _ALL_PROTOCOLS}
        filled = {
            name: {**rule, **(ports if name in portless else {})} for name, rule in rules.items()
        }
        original(self, group_id, filled)
        group = self.get_security_group_by_name_or_id(group_id)
        for name in portless:
            rule = group.get_rule(name)
            rule.from_port = rule.to_port = None

    return modify_security_group_rules
