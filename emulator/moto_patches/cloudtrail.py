"""CloudTrail: a trail is deleted by its name or its ARN.

Source: "DeleteTrail" page of the API reference. Terraform gives the ARN, for which moto answered
success and deleted nothing.
"""

from collections.abc import Callable
from typing import Any

from moto.cloudtrail.models import CloudTrailBackend

from emulator.moto_patches.patching import wrap


def apply() -> None:
    wrap(CloudTrailBackend, "delete_trail", by=_by_name_or_arn)


def _by_name_or_arn(original: Callable[..., Any]) -> Callable[..., Any]:
    def delete_trail(self: Any, name: str) -> None:
        original(self, name.rpartition("/")[2])

    return delete_trail
