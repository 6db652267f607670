"""The metrics of endpoints: one set per invocation, and how busy their instances are.

Names, units and meanings: "Monitor SageMaker AI with Amazon CloudWatch" in the SageMaker developer
guide. Each is put under two sets of dimensions; the one with EndpointConfigName is what lets an
alarm watch one fleet of a deployment.
"""

from __future__ import annotations

import functools
import logging
import threading
import time
from typing import TYPE_CHECKING

import psutil

from emulator.metrics.store import MetricKey, MetricStore, metric_key

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Mapping

    from emulator.containers.fleet import Fleet, Variant
    from emulator.containers.runtime import Invocation

log = logging.getLogger(__name__)

_INVOCATIONS_NAMESPACE = "AWS/SageMaker"
_INSTANCES_NAMESPACE = "/aws/sagemaker/Endpoints"
_BETWEEN_S = 60.0
_MICROSECONDS = ("ModelLatency", "OverheadLatency")


def record_invocation(store: MetricStore, invocation: Invocation, *, now: float) -> None:
    """Put the metrics of one request; errors are 0 or 1, so that their average is a rate."""
    variant = invocation.variant
    values = [
        (key, "Microseconds" if name in _MICROSECONDS else "None", value)
        for name, value in _measured(invocation).items()
        for key in _keys_of(_INVOCATIONS_NAMESPACE, name, variant=variant)
    ]
    store.put_values(variant.region, values, at=now)


def _measured(invocation: Invocation) -> Mapping[str, float]:
    """A container that gave no answer (status 0) counts as a model error and as no 5xx."""
    status = invocation.model_status
    return {
        "Invocations": 1.0,
        "Invocation4XXErrors": float(400 <= status < 500),
        "Invocation5XXErrors": float(status >= 500),
        "InvocationModelErrors": float(not 200 <= status < 300),
        "InvocationsPerInstance": 1.0 / max(1, invocation.variant.instance_count),
        "ModelLatency": float(invocation.model_latency_us),
        "OverheadLatency": float(invocation.overhead_latency_us),
    }


def _keys_of(namespace: str, name: str, *, variant: Variant) -> tuple[MetricKey, MetricKey]:
    return _keys(
        namespace,
        name,
        endpoint=variant.endpoint_name,
        variant=variant.variant_name,
        config=variant.endpoint_config_name,
    )


@functools.lru_cache(maxsize=4096)
def _keys(
    namespace: str, name: str, *, endpoint: str, variant: str, config: str
) -> tuple[MetricKey, MetricKey]:
    served = {"EndpointName": endpoint, "VariantName": variant}
    scoped = {**served, "EndpointConfigName": config}
    return metric_key(namespace, name, served), metric_key(namespace, name, scoped)


class Utilisation:
    """Measures the instances of all fleets once a minute, in a thread of its own.

    CPU is the sum over cores (up to 100 % each), memory and disk are shares of this machine's.
    """

    def __init__(
        self, store: MetricStore, *, fleets: Callable[[], Iterable[Fleet]], time_scale: float
    ) -> None:
        self._store = store
        self._fleets = fleets
        self._between_s = _BETWEEN_S / time_scale
        self._processes: dict[int, psutil.Process] = {}
        self._stopping = threading.Event()
        self._thread = threading.Thread(target=self._run, name="utilisation", daemon=True)

    def start(self) -> None:
        self._thread.start()

    def stop(self) -> None:
        self._stopping.set()

    def _run(self) -> None:
        while not self._stopping.wait(self._between_s):
            try:
                self.measure(now=time.time())
            except Exception:
                log.exception("utilisation could not be measured")

    def measure(self, *, now: float) -> None:
        """CPU is measured between two calls: the first one for a process has none."""
        disk = psutil.disk_usage("/").percent
        seen: set[int] = set()
        for fleet in self._fleets():
            for pid in fleet.process_ids():
                seen.add(pid)
                found = {**self._of_process(pid), "DiskUtilization": disk}
                if fleet.variant.serverless is not None:  # AWS shows nothing else of these
                    found = {"MemoryUtilization": found.get("MemoryUtilization", 0.0)}
                values = [
                    (key, "Percent", value)
                    for name, value in found.items()
                    for key in _keys_of(_INSTANCES_NAMESPACE, name, variant=fleet.variant)
                ]
                self._store.put_values(fleet.variant.region, values, at=now)
        self._processes = {pid: known for pid, known in self._processes.items() if pid in seen}

    def _of_process(self, pid: int) -> dict[str, float]:
        known = self._processes.get(pid)
        try:
            process = known or psutil.Process(pid)
            cpu = process.cpu_percent()
            memory = process.memory_percent()
        except psutil.Error:
            return {}
        self._processes[pid] = process
        measured = {"MemoryUtilization": memory}
        return measured if known is None else {**measured, "CPUUtilization": cpu}
