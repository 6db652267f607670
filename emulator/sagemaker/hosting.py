"""The fleets behind the endpoints: which of them get traffic now, and which one takes a request."""

import logging
import random
import threading
from collections.abc import Callable, Iterable, Mapping
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, field, replace

from emulator.cloud import Cloud
from emulator.containers.fleet import Fleet, LaunchFailed, Variant
from emulator.fault_rules import HostingFault

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
    shadows: Mapping[str, Fleet] = field(default_factory=dict)

    @property
    def all_fleets(self) -> tuple[Fleet, ...]:
        return (*self.fleets.values(), *self.shadows.values())

    def stop(self) -> None:
        _stop_fleets(self.all_fleets)

    def copy_share(self, shadow: str) -> float:
        """The share of the requests that this shadow variant gets: its weight over production's."""
        production = sum(self.weights[name] for name in self.fleets)
        return self.weights[shadow] / production if production else 0.0


@dataclass(frozen=True, kw_only=True)
class Traffic:
    """`green` gets `green_share` (0..1) of the requests, `blue` the rest."""

    blue: FleetSet
    green: FleetSet | None = None
    green_share: float = 0.0


@dataclass(frozen=True, kw_only=True)
class Route:
    """Who answers one request, and who gets a copy of it."""

    fleet: Fleet
    shadows: tuple[Fleet, ...] = ()


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
        launched: list[Fleet] = []
        try:
            launched.extend(self._launch_one(variant, cloud) for variant in variants)
        except BaseException:
            _stop_fleets(launched)
            raise
        return _fleet_set(launched, weights)

    def _launch_one(self, variant: Variant, cloud: Cloud) -> Fleet:
        fault = cloud.faults.hosting_fault(variant.endpoint_config_name)
        if fault is not None:
            raise LaunchFailed(_FAULT_REASONS[fault].format(variant=variant.variant_name))
        fleet = self._launch(variant, cloud)
        fleet.rules = cloud.faults.serving
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
            for fleet in fleet_set.all_fleets:
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

    def route(self, region: str, endpoint_name: str, *, target_variant: str | None) -> Route | None:
        """Choose who takes one request: by share, then by weight unless a variant is named.

        None when nothing serves, or the endpoint has no production variant of that name.
        """
        traffic = self.traffic(region, endpoint_name)
        if traffic is None:
            return None
        serving = traffic.blue
        if traffic.green is not None and self._choose.random() < traffic.green_share:
            serving = traffic.green
        fleet = serving.fleets.get(target_variant) if target_variant else self._by_weight(serving)
        return None if fleet is None else Route(fleet=fleet, shadows=self._sampled(serving))

    def _sampled(self, serving: FleetSet) -> tuple[Fleet, ...]:
        return tuple(
            fleet
            for name, fleet in serving.shadows.items()
            if self._choose.random() < serving.copy_share(name)
        )

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
        _stop_fleets(fleets)


def _fleet_set(launched: Iterable[Fleet], weights: Mapping[str, float]) -> FleetSet:
    fleets = {fleet.variant.variant_name: fleet for fleet in launched}
    variants = [fleet.variant for fleet in fleets.values()]
    return FleetSet(
        endpoint_config_name=variants[0].endpoint_config_name if variants else "",
        fleets={name: fleet for name, fleet in fleets.items() if not fleet.variant.shadow},
        weights={
            variant.variant_name: weights.get(variant.variant_name, variant.initial_weight)
            for variant in variants
        },
        shadows={name: fleet for name, fleet in fleets.items() if fleet.variant.shadow},
    )


def _stop_fleets(fleets: Iterable[Fleet]) -> None:
    """Stop all at once: each may take its workers' whole grace period."""
    all_fleets = list(fleets)
    if not all_fleets:
        return
    with ThreadPoolExecutor(max_workers=len(all_fleets)) as pool:
        for result in [pool.submit(fleet.stop) for fleet in all_fleets]:
            if result.exception() is not None:
                log.error("a fleet could not be stopped", exc_info=result.exception())
