"""EC2: a deleted VPC endpoint is gone; flow logs go into a folder of a bucket.

Sources: "DeleteVpcEndpoints" and "CreateFlowLogs" pages of the API reference. On AWS a deleted
endpoint is seen as `deleted` for a while; moto lists it so for ever.
"""

from collections.abc import Callable
from typing import Any

from moto.ec2.models import EC2Backend

from emulator.moto_patches.patching import wrap


def apply() -> None:
    wrap(EC2Backend, "delete_vpc_endpoints", by=_forgetting)
    wrap(EC2Backend, "create_flow_logs", by=_into_a_folder)


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
