"""STS: who calls with credentials that IAM did not make is the account's root.

Source: "GetCallerIdentity" page of the API reference and "IAM identifiers" in the IAM user guide:
the ARN of a user is IAM's, and moto makes one up that is STS's. Root is the one principal that
every account has.
"""

from collections.abc import Callable
from typing import Any

from moto.sts.models import STSBackend

from emulator.moto_patches.patching import wrap

_NOBODY = ":user/moto"


def apply() -> None:
    wrap(STSBackend, "get_caller_identity", by=_or_root)


def _or_root(original: Callable[..., Any]) -> Callable[..., Any]:
    def get_caller_identity(self: Any, access_key_id: str, region: str) -> tuple[str, str, str]:
        user_id, arn, account_id = original(self, access_key_id, region)
        if not arn.endswith(_NOBODY):
            return user_id, arn, account_id
        return account_id, f"arn:{arn.split(':')[1]}:iam::{account_id}:root", account_id

    return get_caller_identity
