"""EC2: a deleted VPC endpoint is gone.

Source: "DeleteVpcEndpoints" page of the API reference. On AWS it is seen as `deleted` for a while;
moto lists it so for ever.
"""

from collections.abc import Callable
from typing import Any

from moto.ec2.models import EC2Backend

from emulator.moto_patches.patching import wrap


def apply() -> None:
    wrap(EC2Backend, "delete_vpc_endpoints", by=_forgetting)


def _forgetting(original: Callable[..., Any]) -> Callable[..., Any]:
    def delete_vpc_endpoints(self: Any, vpce_ids: list[str] | None = None) -> None:
        original(self, vpce_ids)
        for vpce_id in vpce_ids or []:
            self.vpc_end_points.pop(vpce_id, None)

    return delete_vpc_endpoints
