"""Writes zeros for scaled variants that nobody invokes: else nothing would ever scale in.

Source: "Edit a scaling policy" in the SageMaker developer guide: without traffic SageMaker emits
metrics with a value of zero, and scales in to the minimum.
"""

import logging
import threading
import time
from collections.abc import Callable, Iterator

from emulator.autoscaling.resources import TARGET, Variant, resource_of
from emulator.autoscaling.variants import variant_state
from emulator.metrics.store import MetricKey, MetricStore, metric_key
from emulator.store import Store

log = logging.getLogger(__name__)

_PERIOD_S = 60
# What came in a minute's last moment is there by then.
_LATE_S = 5


class IdleVariants:
    def __init__(
        self, store: Store, metrics: MetricStore, *, clock: Callable[[], float] = time.time
    ) -> None:
        self._store = store
        self._metrics = metrics
        self._clock = clock

    def start(self) -> None:
        threading.Thread(target=self._run, name="idle-variants", daemon=True).start()

    def _run(self) -> None:
        while True:
            now = self._clock()
            time.sleep(_PERIOD_S - now % _PERIOD_S + _LATE_S)
            try:
                self.tick()
            except Exception:
                log.exception("the metrics of idle variants could not be written")

    def tick(self) -> None:
        """Write a zero into the last full minute of every scaled variant that has none."""
        end = int(self._clock() // _PERIOD_S) * _PERIOD_S
        for region, variant in self._serving():
            key = _key(variant)
            found = self._metrics.periods(
                region, key, start=end - _PERIOD_S, end=end, period_s=_PERIOD_S
            )
            if not found:
                self._metrics.put_values(region, [(key, "None", 0.0)], at=end - _PERIOD_S)

    def _serving(self) -> Iterator[tuple[str, Variant]]:
        for region in {key.region for key in self._store.all_keys() if key.kind == TARGET}:
            for target in self._store.all(region, TARGET):
                variant = resource_of(target).variant
                state = variant_state(self._store, region, variant) if variant else None
                if variant is not None and state is not None and state.count:
                    yield region, variant


def _key(variant: Variant) -> MetricKey:
    dimensions = {"EndpointName": variant.endpoint_name, "VariantName": variant.name}
    return metric_key("AWS/SageMaker", "InvocationsPerInstance", dimensions)
