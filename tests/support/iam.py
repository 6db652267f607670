"""Who may do what by IAM policies: an evaluator over their JSON, for tests.

Source: "Policy evaluation logic" and "IAM JSON policy elements: Condition operators" in the IAM
user guide, for one account: an explicit deny wins; an identity needs an allow in its own policies
and, where it has one, in its boundary. An element or operator that it does not know is an error.
"""

import json
import re
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass, field, replace
from typing import Any

Statement = Mapping[str, Any]
Context = Mapping[str, str | tuple[str, ...]]
_KNOWN = {"Action", "Condition", "Effect", "Principal", "Resource", "Sid"}


EVERYTHING = json.dumps(
    {"Version": "2012-10-17", "Statement": {"Effect": "Allow", "Action": "*", "Resource": "*"}}
)


@dataclass(frozen=True, kw_only=True)
class Call:
    """One API call; context holds the condition keys that are present."""

    action: str
    resource: str = "*"
    context: Context = field(default_factory=dict)


@dataclass(frozen=True, kw_only=True)
class Identity:
    """What an identity's own policies, its boundary and the resource's policy say."""

    policies: tuple[str, ...]
    arn: str | None = None
    boundary: str | None = None
    resource_policy: str | None = None

    def may(self, action: str, resource: str = "*", **context: str | tuple[str, ...]) -> bool:
        """Context keys are written with __ for a colon: `iam__PassedToService`."""
        named = {key.replace("__", ":"): value for key, value in context.items()}
        return self.may_call(Call(action=action, resource=resource, context=named))

    def may_call(self, call: Call) -> bool:
        own = _statements(self.policies)
        bounds = _statements([self.boundary] if self.boundary else [])
        shared = _statements([self.resource_policy] if self.resource_policy else [])
        if any(_applies(each, call, effect="Deny") for each in (*own, *bounds, *shared)):
            return False
        bounded = not bounds or any(_applies(each, call, effect="Allow") for each in bounds)
        return bounded and any(_applies(each, call, effect="Allow") for each in own)


def may_use_key(identity: Identity, key_policy: str, call: Call) -> bool:
    """Tell whether KMS lets a role in: its key's policy must leave the call to the account's IAM.

    Source: "Key policies in AWS KMS" in its developer guide; none of our keys names roles as
    principals.
    """
    assert identity.arn
    account = ":".join(identity.arn.split(":")[:5]) + ":root"
    seen = replace(call, context={"aws:PrincipalArn": identity.arn, **call.context})
    own = [each for each in _statements([key_policy]) if _names(each, account)]
    denied = any(_applies(each, seen, effect="Deny") for each in own)
    left_to_iam = any(_applies(each, seen, effect="Allow") for each in own)
    return not denied and left_to_iam and identity.may_call(seen)


def service_may(service: str, policy: str, call: Call) -> bool:
    """Tell whether a resource's policy lets a service of AWS in, which has no policies itself."""
    own = [each for each in _statements([policy]) if _names(each, service)]
    denied = any(_applies(each, call, effect="Deny") for each in own)
    return not denied and any(_applies(each, call, effect="Allow") for each in own)


def _names(statement: Statement, principal: str) -> bool:
    named = statement["Principal"]
    if named == "*":
        return True
    kind = "AWS" if principal.startswith("arn:") else "Service"
    listed = _listed(named.get(kind, []))
    return principal in listed or (kind == "AWS" and "*" in listed)


def may_assume(trust: str, claims: Mapping[str, str]) -> bool:
    """Tell whether a trust policy lets a web identity with these claims in."""
    call = Call(action="sts:AssumeRoleWithWebIdentity", context=claims)
    return any(
        _applies({**each, "Resource": "*"}, call, effect="Allow") for each in _statements([trust])
    )


def service_may_assume(service: str, trust: str, context: Context) -> bool:
    """Tell whether a trust policy lets a service of AWS in, which says for what it comes."""
    call = Call(action="sts:AssumeRole", context=context)
    own = [each for each in _statements([trust]) if _names(each, service)]
    return any(_applies({**each, "Resource": "*"}, call, effect="Allow") for each in own)


def _statements(documents: Iterable[str]) -> list[Statement]:
    found: list[Statement] = []
    for document in documents:
        statements = json.loads(document)["Statement"]
        found += [statements] if isinstance(statements, dict) else statements
    for statement in found:
        unknown = set(statement) - _KNOWN
        if unknown:
            message = f"this evaluator does not know {sorted(unknown)}"
            raise NotImplementedError(message)
    return found


def _applies(statement: Statement, call: Call, *, effect: str) -> bool:
    return (
        statement["Effect"] == effect
        and any(_like(each.lower(), call.action.lower()) for each in _listed(statement["Action"]))
        and any(_like(each, call.resource) for each in _listed(statement["Resource"]))
        and all(
            _holds(operator, key, expected=_listed(values), context=call.context)
            for operator, keys in statement.get("Condition", {}).items()
            for key, values in keys.items()
        )
    )


def _holds(operator: str, key: str, *, expected: list[str], context: Context) -> bool:
    present = key in context
    actual = _listed(context[key]) if present else []
    if operator == "Null":
        return present != (expected == ["true"])
    quantifier, _, name = operator.rpartition(":")
    test = _OPERATORS[name.removesuffix("IfExists")]
    if not present:
        # "ForAllValues" is true of no value at all, "ForAnyValue" false; negated operators match a
        # missing key ("Multivalued context keys" in the user guide).
        negated = "Not" in name and quantifier != "ForAnyValue"
        return quantifier == "ForAllValues" or name.endswith("IfExists") or negated
    each = [test(value, expected) for value in actual]
    return all(each) if quantifier == "ForAllValues" else any(each)


def _like(pattern: str, text: str) -> bool:
    parts = re.split(r"([*?])", pattern)
    expression = "".join({"*": ".*", "?": "."}.get(part, re.escape(part)) for part in parts)
    return re.fullmatch(expression, text, re.DOTALL) is not None


def _listed(value: Any) -> list[str]:
    return [value] if isinstance(value, str) else [str(each) for each in value]


def _any_like(value: str, expected: list[str]) -> bool:
    return any(_like(each, value) for each in expected)


_OPERATORS: Mapping[str, Callable[[str, list[str]], bool]] = {
    "ArnEquals": _any_like,
    "ArnLike": _any_like,
    "ArnNotEquals": lambda value, expected: not _any_like(value, expected),
    "Bool": lambda value, expected: value.lower() in expected,
    "StringEquals": lambda value, expected: value in expected,
    "StringLike": _any_like,
    "StringNotEquals": lambda value, expected: value not in expected,
    "StringNotLike": lambda value, expected: not _any_like(value, expected),
}
