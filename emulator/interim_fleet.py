"""Fleets without workers, only until emulator/containers/fleet.py launches real ones."""

from collections.abc import Mapping

from emulator.cloud import Cloud
from emulator.containers.fleet import ContainerResponse, Fleet, Variant


class InterimFleet(Fleet):
    def __init__(self, variant: Variant) -> None:
        self.variant = variant

    def invoke(
        self, *, body: bytes, headers: Mapping[str, str], timeout_s: float
    ) -> ContainerResponse:
        raise NotImplementedError

    def stop(self) -> None:
        return None


def launch(variant: Variant, cloud: Cloud) -> Fleet:
    del cloud
    return InterimFleet(variant)
