"""What a restart makes of SageMaker documents: nothing that was under way goes on.

Interrupted jobs and first deployments failed, interrupted updates kept what served. Endpoints that
served get new workers.
"""

import logging
import threading
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

from emulator.cloud import Cloud
from emulator.sagemaker.deployment import ROLLBACK_FAILED, ROLLING_BACK_SEEN
from emulator.sagemaker.endpoint_configs import ENDPOINT_KIND
from emulator.sagemaker.hosting import FleetSet, Hosting, Traffic
from emulator.sagemaker.registry import Context
from emulator.sagemaker.variants import all_variants, hosted_config, variants_to_launch
from emulator.store import Document, Key, Store

log = logging.getLogger(__name__)

REASON = "InternalServerError: the embedded AWS was stopped"
_JOBS = {"training-job": "TrainingJob", "processing-job": "ProcessingJob"}
_JOBS |= {"transform-job": "TransformJob"}
_SERVING = "InService"


def settle(store: Store, *, now: float) -> None:
    """Bring every document into a state that lasts."""
    with store.lock:
        for key in store.all_keys():
            document = store.find(key) or {}
            if key.kind == ENDPOINT_KIND:
                _settle_endpoint(store, key, endpoint=document, now=now)
            elif key.kind in _JOBS:
                _settle_job(store, key, job=document, now=now)


def _settle_endpoint(store: Store, key: Key, *, endpoint: Document, now: float) -> None:
    patch: dict[str, Any] = {"LastModifiedTime": now, ROLLING_BACK_SEEN: None}
    match endpoint["EndpointStatus"]:
        case "Creating":
            store.merge(key, {**patch, "EndpointStatus": "Failed", "FailureReason": REASON})
        case "Updating" | "SystemUpdating" | "RollingBack":
            patch |= {"EndpointStatus": _SERVING, "PendingDeploymentSummary": None}
            store.merge(key, {**patch, "FailureReason": REASON})
        case "Deleting":
            store.remove(key)
            store.remove_tags(endpoint["EndpointArn"])


def _settle_job(store: Store, key: Key, *, job: Document, now: float) -> None:
    noun = _JOBS[key.kind]
    if job[f"{noun}Status"] not in ("InProgress", "Stopping"):
        return
    status = "Failed" if job[f"{noun}Status"] == "InProgress" else "Stopped"
    patch = {f"{noun}Status": status, "LastModifiedTime": now}
    patch["TransformEndTime" if noun == "TransformJob" else f"{noun[:-3]}EndTime"] = now
    if "SecondaryStatus" in job:
        patch["SecondaryStatus"] = status
    if status == "Failed":
        patch["FailureReason"] = REASON
    store.merge(key, patch)


@dataclass(frozen=True, kw_only=True)
class Relaunch:
    """Gives the endpoints that served their workers again, each in a thread of its own."""

    cloud: Cloud
    store: Store
    hosting: Hosting

    def begin(self) -> Callable[[float], bool]:
        """Start; return what waits up to so many seconds, and says whether all have ended."""
        ended = [self._begin_one(key) for key in self._serving()]
        return lambda timeout_s: all(each.wait(timeout_s) for each in ended)

    def _serving(self) -> list[Key]:
        return [
            key
            for key in self.store.all_keys()
            if key.kind == ENDPOINT_KIND
            and (self.store.find(key) or {}).get("EndpointStatus") in (_SERVING, ROLLBACK_FAILED)
        ]

    def _begin_one(self, key: Key) -> threading.Event:
        ended = threading.Event()
        self.hosting.expect(key.region, key.name)

        def run() -> None:
            try:
                self._launch(key)
            finally:
                self.hosting.expect(key.region, key.name, expected=False)
                ended.set()

        threading.Thread(target=run, name=f"relaunch-{key.name}", daemon=True).start()
        return ended

    def _launch(self, key: Key) -> None:
        endpoint = self.store.find(key)
        if endpoint is None:
            return
        try:
            fleets = self._fleets(key, endpoint)
        except Exception as error:
            self._failed(key, endpoint, error=error)
            return
        with self.store.lock:
            if self._is_as_before(key, endpoint):
                self.hosting.serve(key.region, key.name, traffic=Traffic(blue=fleets))
                return
        self.hosting.discard(fleets)

    def _fleets(self, key: Key, endpoint: Document) -> FleetSet:
        context = Context(
            region=key.region, cloud=self.cloud, store=self.store, hosting=self.hosting
        )
        config = hosted_config(context, endpoint["EndpointConfigName"])
        served = {item["VariantName"]: item for item in all_variants(endpoint)}
        counts = {name: int(item["DesiredInstanceCount"]) for name, item in served.items()}
        weights = {name: float(item["DesiredWeight"]) for name, item in served.items()}
        variants = variants_to_launch(context, key.name, config=config, counts=counts)
        return self.hosting.launch(variants, weights, cloud=self.cloud)

    def _is_as_before(self, key: Key, endpoint: Document) -> bool:
        """Whether nobody has updated or deleted the endpoint meanwhile."""
        now = self.store.find(key) or {}
        return all(
            now.get(member) == endpoint[member] for member in ("EndpointStatus", "CreationTime")
        ) and not self.hosting.traffic(key.region, key.name)

    def _failed(self, key: Key, endpoint: Document, *, error: Exception) -> None:
        reason = getattr(error, "reason", None) or f"{type(error).__name__}: {error}"
        log.error("endpoint=%s could not be launched again: %s", key.name, reason)
        with self.store.lock:
            if self._is_as_before(key, endpoint):
                text = f"After a restart of the embedded AWS: {reason}"
                self.store.merge(key, {"EndpointStatus": "Failed", "FailureReason": text})
