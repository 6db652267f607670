"""Rules of security groups that name a group or a prefix list, or all protocols."""

from typing import Any

import pytest

from emulator.tests.support.embedded import Embedded, unique

pytestmark = pytest.mark.emulated

WIDE: dict[str, Any] = {"IpProtocol": "-1"}
HTTPS: dict[str, Any] = {"IpProtocol": "tcp", "FromPort": 443, "ToPort": 443}


def a_group(embedded: Embedded) -> str:
    ec2 = embedded.client("ec2")
    vpc = ec2.create_vpc(CidrBlock="10.0.0.0/24")["Vpc"]["VpcId"]
    made = ec2.create_security_group(GroupName=unique("group"), Description="Test", VpcId=vpc)
    return str(made["GroupId"])


def let_out(embedded: Embedded, group: str, permission: dict[str, Any]) -> str:
    made = embedded.client("ec2").authorize_security_group_egress(
        GroupId=group, IpPermissions=[permission]
    )
    return str(made["SecurityGroupRules"][0]["SecurityGroupRuleId"])


def rule(embedded: Embedded, rule_id: str) -> Any:
    described = embedded.client("ec2").describe_security_group_rules(SecurityGroupRuleIds=[rule_id])
    return described["SecurityGroupRules"][0]


def test_description_of_a_rule_for_a_group_is_kept(embedded: Embedded) -> None:
    group = a_group(embedded)
    peers = [{"GroupId": group, "Description": "Peers"}]
    made = let_out(embedded, group, {**HTTPS, "UserIdGroupPairs": peers})
    assert rule(embedded, made)["Description"] == "Peers"
    assert rule(embedded, made)["ReferencedGroupInfo"]["GroupId"] == group


def test_description_of_a_rule_for_a_prefix_list_is_kept(embedded: Embedded) -> None:
    group = a_group(embedded)
    storage = [{"PrefixListId": "pl-12345678", "Description": "Storage"}]
    made = let_out(embedded, group, {**HTTPS, "PrefixListIds": storage})
    assert rule(embedded, made)["Description"] == "Storage"


def test_rule_for_all_protocols_is_changed_without_ports(embedded: Embedded) -> None:
    group = a_group(embedded)
    made = let_out(embedded, group, {**WIDE, "UserIdGroupPairs": [{"GroupId": group}]})
    changed = {"IpProtocol": "-1", "ReferencedGroupId": group, "Description": "New"}
    embedded.client("ec2").modify_security_group_rules(
        GroupId=group,
        SecurityGroupRules=[{"SecurityGroupRuleId": made, "SecurityGroupRule": changed}],
    )
    assert rule(embedded, made)["Description"] == "New"
    assert rule(embedded, made)["IpProtocol"] == "-1"
