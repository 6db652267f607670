"""The fleets behind the endpoints: which of them get traffic now, and which one takes a request."""

import logging
import random
import threading
from collections.abc import Callable, Iterable, Mapping
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, replace

from emulator.cloud import Cloud
from emulator.containers.fleet import Fleet, LaunchFailed, Variant
from emulator.faults import HostingFault

log = logging.getLogger(__name__)

Launch = Callable[[Variant, Cloud], Fleet]

_FAULT_REASONS: Mapping[HostingFault, str] = {
    "ping_fail": (
        "The primary container for production variant {variant} did not pass the ping health "
        "check. Please check CloudWatch logs for this endpoint."
    ),
    "launch_fail": (
        "Unable to provision requested ML compute capacity due to InsufficientInstanceCapacity "
        "error. Please retry using a different ML instance type or after some time."
    ),
}


@dataclass(frozen=True, kw_only=True)
class FleetSet:
    """All fleets of one endpoint config, by variant name, with the variants' weights."""

    endpoint_config_name: str
    fleets: Mapping[str, Fleet]
    weights: Mapping[str, float]

    def stop(self) -> None:
        stop_fleets(self.fleets.values())


@dataclass(frozen=True, kw_only=True)
class Traffic:
    """`green` gets `green_share` (0..1) of the requests, `blue` the rest."""

    blue: FleetSet
    green: FleetSet | None = None
    green_share: float = 0.0


class Hosting:
    """Thread-safe. Endpoints are named by (region, endpoint name)."""

    def __init__(self, launch: Launch, *, choose: random.Random | None = None) -> None:
        self._launch = launch
        self._choose = choose or random.Random()
        self._lock = threading.Lock()
        self._traffic: dict[tuple[str, str], Traffic] = {}
        self._launched: dict[int, Fleet] = {}
        self._expected: set[tuple[str, str]] = set()

    def launch(
        self, variants: Iterable[Variant], weights: Mapping[str, float], *, cloud: Cloud
    ) -> FleetSet:
        """Start a fleet per variant; raise LaunchFailed, leaving none behind, if one fails."""
        fleets: dict[str, Fleet] = {}
        config_name = ""
        try:
            for variant in variants:
                config_name = variant.endpoint_config_name
                fleets[variant.variant_name] = self._launch_one(variant, cloud)
        except BaseException:
            stop_fleets(fleets.values())
            raise
        return FleetSet(endpoint_config_name=config_name, fleets=fleets, weights=dict(weights))

    def _launch_one(self, variant: Variant, cloud: Cloud) -> Fleet:
        fault = cloud.faults.hosting_fault(variant.endpoint_config_name)
        if fault is not None:
            raise LaunchFailed(_FAULT_REASONS[fault].format(variant=variant.variant_name))
        fleet = self._launch(variant, cloud)
        with self._lock:
            self._launched[id(fleet)] = fleet
        return fleet

    def traffic(self, region: str, endpoint_name: str) -> Traffic | None:
        with self._lock:
            return self._traffic.get((region, endpoint_name))

    def serve(self, region: str, endpoint_name: str, *, traffic: Traffic) -> None:
        with self._lock:
            self._traffic[(region, endpoint_name)] = traffic

    def expect(self, region: str, endpoint_name: str, *, expected: bool = True) -> None:
        """Say that an endpoint which served before a restart is about to serve again."""
        with self._lock:
            change = self._expected.add if expected else self._expected.discard
            change((region, endpoint_name))

    def is_expected(self, region: str, endpoint_name: str) -> bool:
        with self._lock:
            return (region, endpoint_name) in self._expected

    def set_weights(self, region: str, endpoint_name: str, *, weights: Mapping[str, float]) -> None:
        with self._lock:
            now = self._traffic[(region, endpoint_name)]
            self._traffic[(region, endpoint_name)] = replace(
                now, blue=replace(now.blue, weights={**now.blue.weights, **weights})
            )

    def discard(self, fleet_set: FleetSet) -> None:
        """Stop fleets that no longer get traffic."""
        fleet_set.stop()
        with self._lock:
            for fleet in fleet_set.fleets.values():
                self._launched.pop(id(fleet), None)

    def withdraw(self, region: str, endpoint_name: str) -> None:
        """Take an endpoint off the air and stop its fleets."""
        with self._lock:
            traffic = self._traffic.pop((region, endpoint_name), None)
        if traffic is None:
            return
        for fleet_set in (traffic.blue, traffic.green):
            if fleet_set is not None:
                self.discard(fleet_set)

    def fleet_for(
        self, region: str, endpoint_name: str, *, target_variant: str | None
    ) -> Fleet | None:
        """Choose who takes one request: by share, then by weight unless a variant is named.

        None when nothing serves, or the endpoint has no variant of that name.
        """
        traffic = self.traffic(region, endpoint_name)
        if traffic is None:
            return None
        serving = traffic.blue
        if traffic.green is not None and self._choose.random() < traffic.green_share:
            serving = traffic.green
        if target_variant is not None:
            return serving.fleets.get(target_variant)
        return self._by_weight(serving)

    def _by_weight(self, serving: FleetSet) -> Fleet | None:
        names = [name for name in serving.fleets if serving.weights.get(name, 0) > 0]
        if not names:
            return None
        chosen = self._choose.choices(names, weights=[serving.weights[name] for name in names])
        return serving.fleets[chosen[0]]

    def fleets(self) -> list[Fleet]:
        """Every fleet that is up, whether it gets traffic or not."""
        with self._lock:
            return list(self._launched.values())

    def stop_all(self) -> None:
        with self._lock:
            fleets = list(self._launched.values())
            self._launched.clear()
            self._traffic.clear()
        stop_fleets(fleets)


def stop_fleets(fleets: Iterable[Fleet]) -> None:
    """Stop all at once: each may take its workers' whole grace period."""
    all_fleets = list(fleets)
    if not all_fleets:
        return
    with ThreadPoolExecutor(max_workers=len(all_fleets)) as pool:
        for result in [pool.submit(fleet.stop) for fleet in all_fleets]:
            if result.exception() is not None:
                log.error("a fleet could not be stopped", exc_info=result.exception())
