"""The workers behind one production variant: launched, watched, replaced and stopped together."""

from __future__ import annotations

import itertools
import shutil
import threading
import time
import uuid
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from typing import TYPE_CHECKING

from emulator.containers import storage
from emulator.containers.archives import UnsafeArchive, extract_safely
from emulator.containers.capture import CaptureLog
from emulator.containers.disturbance import Undisturbed, disturbed
from emulator.containers.environment import container_environment
from emulator.containers.images import UnusableImage, resolve
from emulator.containers.instance import Blueprint, Instance
from emulator.containers.layout import ContainerLayout
from emulator.containers.shadowing import Mirror
from emulator.containers.strays import kill_below
from emulator.containers.worker import (
    ContainerCrashed,
    ContainerResponse,
    ContainerUnavailable,
    InvocationTimedOut,
    NotHealthy,
)

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping, Sequence
    from pathlib import Path
    from typing import NoReturn

    from emulator.cloud import Cloud
    from emulator.containers.async_format import AsyncSettings
    from emulator.containers.capture_format import CaptureSettings
    from emulator.containers.worker import Worker
    from emulator.serving_rules import ServingRules

__all__ = [
    "ContainerCrashed",
    "ContainerResponse",
    "ContainerUnavailable",
    "Fleet",
    "InvocationTimedOut",
    "LaunchFailed",
    "NeverAnswered",
    "Serverless",
    "Throttled",
    "Variant",
    "launch",
    "remove_leftovers",
]

# This machine's limit: further instances of a variant exist on paper only.
_MAX_WORKERS = 4
STOP_GRACE_S = 30.0
_QUIET_S = 0.25


@dataclass(frozen=True, kw_only=True)
class Serverless:
    """A ServerlessConfig: here one worker, which takes so many requests at once."""

    memory_mb: int
    max_concurrency: int
    provisioned_concurrency: int | None = None


@dataclass(frozen=True, kw_only=True)
class Variant:
    """One production variant of an endpoint config, as a fleet needs to know it.

    Without `log_group` and `log_prefix` its logs are where those of endpoints are.
    """

    endpoint_name: str
    endpoint_config_name: str
    variant_name: str
    region: str
    image: str
    model_data_url: str | None
    environment: Mapping[str, str]
    instance_count: int
    startup_timeout_s: int
    network_isolation: bool = False
    log_group: str = ""
    log_prefix: str = ""
    initial_weight: float = 1.0
    shadow: bool = False
    serverless: Serverless | None = None
    asynchronous: AsyncSettings | None = None
    capture: CaptureSettings | None = None

    @property
    def worker_count(self) -> int:
        return 1 if self.serverless else min(self.instance_count, _MAX_WORKERS)


class Throttled(Exception):
    """As many requests as a serverless variant takes are under way."""


class LaunchFailed(Exception):
    """The fleet never became healthy; `reason` is AWS's FailureReason text."""

    def __init__(self, reason: str) -> None:
        super().__init__(reason)
        self.reason = reason


class NeverAnswered(LaunchFailed):
    """The containers ran, and never answered `GET /ping` with 200."""


class Fleet:
    """Live workers of one variant, which the fault rules in `rules` disturb. Thread-safe."""

    def __init__(
        self,
        variant: Variant,
        instances: Sequence[Instance],
        *,
        home: Path,
        grace_s: float,
        capture: CaptureLog | None = None,
    ) -> None:
        self.variant = variant
        self.capture = capture
        self.rules: ServingRules | None = None
        self.mirror = Mirror(variant.variant_name) if variant.shadow else None
        self._instances = tuple(instances)
        self._home = home
        self._grace_s = grace_s
        self._turn = itertools.count()
        self._in_flight = 0
        self._last_call = time.monotonic()
        self._lock = threading.Lock()
        self._stopped = threading.Event()

    def invoke(
        self, *, body: bytes, headers: Mapping[str, str], timeout_s: float
    ) -> ContainerResponse:
        """Send one request to the next worker in turn.

        Raise InvocationTimedOut, ContainerCrashed, ContainerUnavailable if none could take it, or
        Throttled.
        """
        serverless = self.variant.serverless
        with self._lock:
            if serverless is not None and self._in_flight >= serverless.max_concurrency:
                raise Throttled(self.variant.variant_name)
            self._in_flight += 1
        try:
            return self._disturbed(body=body, headers=headers, timeout_s=timeout_s)
        finally:
            with self._lock:
                self._in_flight -= 1
                self._last_call = time.monotonic()

    def _disturbed(
        self, *, body: bytes, headers: Mapping[str, str], timeout_s: float
    ) -> ContainerResponse:
        names = self.variant.endpoint_config_name, self.variant.variant_name
        request = Undisturbed(
            ask=lambda limit_s: self._invoke_next(body=body, headers=headers, timeout_s=limit_s),
            crash=self._crash_next,
            timeout_s=timeout_s,
            stopped=self._stopped,
        )
        return disturbed(request, self.rules.hit(*names) if self.rules is not None else None)

    def _invoke_next(
        self, *, body: bytes, headers: Mapping[str, str], timeout_s: float
    ) -> ContainerResponse:
        for worker in self._workers_in_turn():
            try:
                return worker.invoke(body=body, headers=headers, timeout_s=timeout_s)
            except ContainerUnavailable:
                continue
        raise ContainerUnavailable(self.variant.variant_name)

    def _crash_next(self) -> NoReturn:
        """Let the worker die that would get the next request, as if it had it."""
        for worker in self._workers_in_turn():
            worker.process.kill()
            worker.process.wait(self._grace_s)
            raise ContainerCrashed(self.variant.variant_name)
        raise ContainerUnavailable(self.variant.variant_name)

    def _workers_in_turn(self) -> Iterator[Worker]:
        """Yield each healthy worker once, beginning with the one whose turn it is."""
        for _ in self._instances:
            worker = self._instances[next(self._turn) % len(self._instances)].worker
            if worker is not None:
                yield worker

    def process_ids(self) -> list[int]:
        """The workers' main processes that are healthy now."""
        workers = [instance.worker for instance in self._instances]
        return [worker.process.pid for worker in workers if worker is not None]

    def stop(self) -> None:
        """Let requests in flight finish, then end every worker: SIGTERM, grace time, SIGKILL.

        The grace time is 30 s divided by the time scale, for each of the two waits.
        """
        if self.mirror is not None:
            self.mirror.close()
        deadline = time.monotonic() + self._grace_s
        while time.monotonic() < deadline and not self._quiet():
            time.sleep(_QUIET_S / 10)
        self._stopped.set()
        _stop_all(self._instances, self._grace_s)
        if self.capture is not None:
            self.capture.close()
        shutil.rmtree(self._home, ignore_errors=True)

    def _quiet(self) -> bool:
        """No request now or just before: one that chose this fleet may not have arrived yet."""
        with self._lock:
            return not self._in_flight and time.monotonic() - self._last_call > _QUIET_S


def launch(variant: Variant, cloud: Cloud) -> Fleet:
    """Start a variant's workers and block until every `GET /ping` is 200, else LaunchFailed."""
    home = cloud.state_dir / "fleets" / f"{variant.endpoint_config_name}-{uuid.uuid4().hex[:8]}"
    layout = ContainerLayout(base=home / "ml")
    try:
        blueprint = _blueprint(variant, cloud, layout)
        _fetch_model(variant, cloud, layout)
        instances = _start_instances(blueprint, variant.worker_count)
    except BaseException:
        shutil.rmtree(home, ignore_errors=True)
        raise
    return Fleet(
        variant,
        instances,
        home=home,
        grace_s=STOP_GRACE_S / cloud.time_scale,
        capture=_capture_log(variant, cloud),
    )


def _capture_log(variant: Variant, cloud: Cloud) -> CaptureLog | None:
    if variant.capture is None:
        return None
    folder = f"{variant.endpoint_name}/{variant.variant_name}"
    return CaptureLog(variant.capture, cloud, region=variant.region, folder=folder)


def _blueprint(variant: Variant, cloud: Cloud, layout: ContainerLayout) -> Blueprint:
    try:
        image = resolve(variant.image)
    except UnusableImage as error:
        raise LaunchFailed(str(error)) from error
    return Blueprint(
        cloud=cloud,
        region=variant.region,
        endpoint_name=variant.endpoint_name,
        variant_name=variant.variant_name,
        log_group=variant.log_group or f"/aws/sagemaker/Endpoints/{variant.endpoint_name}",
        log_prefix=variant.log_prefix or variant.variant_name,
        interpreter=image.interpreter,
        layout=layout,
        environment=container_environment(
            variant.environment,
            layout=layout,
            region=variant.region,
            endpoint_url=None if variant.network_isolation else cloud.endpoint_url,
        ),
        startup_timeout_s=variant.startup_timeout_s,
    )


def _fetch_model(variant: Variant, cloud: Cloud, layout: ContainerLayout) -> None:
    layout.model.mkdir(parents=True)
    layout.scratch.mkdir()
    url = variant.model_data_url
    if url is None:
        return
    archive = layout.scratch / "model.tar.gz"
    try:
        storage.download_object(cloud.client("s3", variant.region), url, archive)
        extract_safely(archive, layout.model)
    except storage.StorageError as error:
        text = (
            f'Failed to download model data for container "container_1" from URL: "{url}". '
            "Please ensure that there is an object located at the URL and that the role passed "
            f"to CreateModel has permissions to download the object. ({error})"
        )
        raise LaunchFailed(text) from error
    except UnsafeArchive as error:
        text = f'Failed to extract model data archive from URL: "{url}". ({error})'
        raise LaunchFailed(text) from error
    archive.unlink()


def _start_instances(blueprint: Blueprint, count: int) -> tuple[Instance, ...]:
    instances = tuple(Instance(blueprint) for _ in range(count))
    with ThreadPoolExecutor(max_workers=count) as pool:
        starts = [pool.submit(instance.start) for instance in instances]
        failed = next((start for start in starts if start.exception() is not None), None)
        if failed is None:
            return instances
        _stop_all(instances, 0)
    cause = failed.exception()
    if not isinstance(cause, NotHealthy):
        text = f"InternalServerError: {type(cause).__name__}: {cause}"
        raise LaunchFailed(text) from cause
    text = (
        f"The primary container for production variant {blueprint.variant_name} did not pass the "
        "ping health check. Please check CloudWatch logs for this endpoint."
    )
    raise NeverAnswered(text) from cause


def _stop_all(instances: Sequence[Instance], grace_s: float) -> None:
    with ThreadPoolExecutor(max_workers=len(instances)) as pool:
        list(pool.map(lambda instance: instance.stop(grace_s), instances))


def remove_leftovers(state_dir: Path) -> None:
    """Clean up what a killed server could not: stray processes, directories of fleets."""
    kill_below(state_dir)
    shutil.rmtree(state_dir / "fleets", ignore_errors=True)
