"""InvokeEndpointAsync: takes a request at once, asks the endpoint later, leaves the answer in S3.

Requests of one endpoint wait for each other here, not in a fleet: an update must not lose them.
"""

import collections
import json
import logging
import threading
import time
import uuid
from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Any

from botocore.exceptions import BotoCoreError, ClientError

from emulator.answers import Answer, Environ
from emulator.calls import Call
from emulator.cloud import Cloud
from emulator.containers.async_format import (
    AsyncSettings,
    Locations,
    Result,
    locations,
    notification,
)
from emulator.containers.runtime import InvocationRequest, invoke_endpoint
from emulator.containers.runtime_errors import Asked, InvocationAnswer, invalid, no_such_endpoint
from emulator.containers.storage import StorageError, parse_uri
from emulator.runtime import Measured, request_headers, started_again
from emulator.runtime_headers import violations
from emulator.s3_addresses import is_address
from emulator.sagemaker.hosting import Hosting

log = logging.getLogger(__name__)

_PREFIX = "x-amzn-sagemaker-"
_BODY_LIMIT_BYTES = 128_000
_DEFAULT_TTL_S = 21_600.0
_DEFAULT_TIMEOUT_S = 900.0
_UNAVAILABLE = 503
_ATTEMPTS, _BETWEEN_S = 120, 0.5


@dataclass(frozen=True, kw_only=True)
class _Job(Asked):
    """One accepted request."""

    settings: AsyncSettings
    headers: dict[str, str]
    inference_id: str
    locations: Locations
    input_location: str | None
    body: bytes
    received: float = field(default_factory=time.time)

    @property
    def parameters(self) -> dict[str, str]:
        """The requestParameters of a notification."""
        given = {
            "accept": self.headers.get("accept"),
            "contentType": self.headers.get("content-type"),
            "customAttributes": self.headers.get(f"{_PREFIX}custom-attributes"),
            "endpointName": self.endpoint_name,
            "inputLocation": self.input_location,
        }
        return {name: value for name, value in given.items() if value is not None}


class _Queue:
    """The requests of one endpoint; threads live only while there is something to do."""

    def __init__(self, work: Callable[[_Job], None]) -> None:
        self._work = work
        self._lock = threading.Lock()
        self._waiting: collections.deque[_Job] = collections.deque()
        self._running = 0

    def put(self, job: _Job, *, most_threads: int) -> None:
        with self._lock:
            self._waiting.append(job)
            if self._running >= most_threads:
                return
            self._running += 1
        threading.Thread(target=self._run, name=f"async-{job.endpoint_name}", daemon=True).start()

    def _run(self) -> None:
        while True:
            with self._lock:
                if not self._waiting:
                    self._running -= 1
                    return
                job = self._waiting.popleft()
            try:
                self._work(job)
            except Exception:
                log.exception("endpoint=%s id=%s lost", job.endpoint_name, job.inference_id)


class AsyncRuntime:
    def __init__(self, hosting: Hosting, cloud: Cloud, *, measured: Measured) -> None:
        self._hosting = hosting
        self._cloud = cloud
        self._measured = measured
        self._lock = threading.Lock()
        self._queues: dict[tuple[str, str], _Queue] = {}

    def answer(self, call: Call, environ: Environ) -> Answer:
        answer = self._accept(call, dict(request_headers(environ)))
        return Answer(status=answer.status, headers=answer.headers, body=answer.body)

    def _accept(self, call: Call, headers: dict[str, str]) -> InvocationAnswer:
        asked = Asked(
            endpoint_name=call.endpoint_name or "",
            account_id=self._cloud.account_id,
            region=call.region,
        )
        broken = violations("InvokeEndpointAsync", headers)
        if broken is not None:
            return invalid(broken)
        route = self._hosting.route(call.region, asked.endpoint_name, target_variant=None)
        if route is None and self._hosting.is_expected(call.region, asked.endpoint_name):
            return started_again(asked.endpoint_name)
        if route is None:
            return no_such_endpoint(asked)
        settings = route.fleet.variant.asynchronous
        if settings is None:
            return invalid(f"Endpoint {asked.endpoint_name} is not an asynchronous endpoint.")
        job = _job(asked, headers, body=call.body, settings=settings)
        if isinstance(job, InvocationAnswer):
            return job
        workers = route.fleet.variant.worker_count
        self._queue(job).put(job, most_threads=workers * settings.concurrency)
        return _accepted(job)

    def _queue(self, job: _Job) -> _Queue:
        with self._lock:
            return self._queues.setdefault((job.region, job.endpoint_name), _Queue(self._work))

    def _work(self, job: _Job) -> None:
        result = self._result(job)
        if result is None:
            log.warning("endpoint=%s id=%s: the endpoint is gone", *_named(job))
            return
        failed = result.failure_reason is not None
        target = job.locations.failure if failed else job.locations.output
        try:
            if target is not None:
                self._store(job, target, result.body)
            self._notify(job, result)
        except (BotoCoreError, ClientError, StorageError) as error:
            log.warning("endpoint=%s id=%s result_lost cause=%s", *_named(job), error)

    def _result(self, job: _Job) -> Result | None:
        """Ask the endpoint; None when it is there no more."""
        ttl_s = float(job.headers.get(f"{_PREFIX}requestttlseconds", _DEFAULT_TTL_S))
        if time.time() - job.received > ttl_s:
            return _failure("ClientError: The request expired in the queue.")
        try:
            body = job.body if job.input_location is None else self._fetch(job, job.input_location)
        except (BotoCoreError, ClientError, StorageError) as error:
            return _failure(f"ClientError: Failed to download {job.input_location}: {error}")
        return self._ask(job, body)

    def _ask(self, job: _Job, body: bytes) -> Result | None:
        """Ask until a container takes the request: that none is there now is no failure."""
        request = InvocationRequest(
            endpoint_name=job.endpoint_name,
            account_id=job.account_id,
            region=job.region,
            headers=job.headers,
            body=body,
        )
        wanted_s = job.headers.get(f"{_PREFIX}invocationtimeoutseconds", _DEFAULT_TIMEOUT_S)
        for _ in range(_ATTEMPTS):
            route = self._hosting.route(job.region, job.endpoint_name, target_variant=None)
            if route is None:
                return None
            answer = invoke_endpoint(
                request, route.fleet, measured=self._measured, timeout_s=float(wanted_s)
            )
            if answer.status != _UNAVAILABLE:
                break
            time.sleep(_BETWEEN_S)
        return _outcome(answer)

    def _fetch(self, job: _Job, uri: str) -> bytes:
        bucket, key = parse_uri(uri)
        stored = self._cloud.client("s3", job.region).get_object(Bucket=bucket, Key=key)
        body: bytes = stored["Body"].read()
        return body

    def _store(self, job: _Job, uri: str, body: bytes) -> None:
        bucket, key = parse_uri(uri)
        key_id = job.settings.kms_key_id
        encryption = {"ServerSideEncryption": "aws:kms", "SSEKMSKeyId": key_id} if key_id else {}
        client = self._cloud.client("s3", job.region)
        client.put_object(Bucket=bucket, Key=key, Body=body, **encryption)

    def _notify(self, job: _Job, result: Result) -> None:
        failed, settings = result.failure_reason is not None, job.settings
        topic = settings.error_topic if failed else settings.success_topic
        if topic is None:
            return
        kind = "ERROR_NOTIFICATION_TOPIC" if failed else "SUCCESS_NOTIFICATION_TOPIC"
        message = notification(
            result,
            region=job.region,
            request=job.parameters,
            inference_id=job.inference_id,
            output_location=job.locations.output,
            received=job.received,
            ended=time.time(),
            include_response=kind in settings.included_in,
        )
        self._cloud.client("sns", topic.split(":")[3]).publish(TopicArn=topic, Message=message)


def _job(
    asked: Asked, headers: dict[str, str], *, body: bytes, settings: AsyncSettings
) -> _Job | InvocationAnswer:
    """Return what was asked for, or why it cannot be done."""
    input_location = headers.get(f"{_PREFIX}inputlocation")
    if (input_location is None) == (not body):
        return invalid("Exactly one of InputLocation and Body is required.")
    if input_location is not None and not is_address(input_location):
        return invalid(f"InputLocation {input_location} is no S3 address.")
    if len(body) > _BODY_LIMIT_BYTES:
        return invalid(f"Body must have length less than or equal to {_BODY_LIMIT_BYTES}.")
    inference_id = headers.get(f"{_PREFIX}inference-id") or str(uuid.uuid4())
    results = locations(
        settings,
        str(uuid.uuid4()),
        extension=headers.get(f"{_PREFIX}s3outputpathextension"),
        file_name=headers.get(f"{_PREFIX}filename"),
    )
    if results is None:
        return invalid(f"Endpoint {asked.endpoint_name} has no S3OutputPath.")
    return _Job(
        **vars(asked),
        settings=settings,
        headers=_for_container(headers, inference_id),
        inference_id=inference_id,
        locations=results,
        input_location=input_location,
        body=body,
    )


def _for_container(headers: dict[str, str], inference_id: str) -> dict[str, str]:
    """The model's own types come in headers of their own; HTTP's are about this call."""
    kept = {name: value for name, value in headers.items() if name.startswith(_PREFIX)}
    kept[f"{_PREFIX}inference-id"] = inference_id
    for name in ("content-type", "accept"):
        if f"{_PREFIX}{name}" in headers:
            kept[name] = headers[f"{_PREFIX}{name}"]
    return kept


def _accepted(job: _Job) -> InvocationAnswer:
    headers = {
        "Content-Type": "application/json",
        "X-Amzn-SageMaker-OutputLocation": job.locations.output,
    }
    if job.locations.failure is not None:
        headers["X-Amzn-SageMaker-FailureLocation"] = job.locations.failure
    body = json.dumps({"InferenceId": job.inference_id}).encode()
    return InvocationAnswer(status=202, headers=headers, body=body)


def _outcome(answer: InvocationAnswer) -> Result:
    content_type = answer.headers.get("Content-Type", "")
    if answer.status == 200:
        return Result(content_type=content_type, body=answer.body)
    content: dict[str, Any] = json.loads(answer.body)
    status = content.get("OriginalStatusCode", answer.status)
    side = "client" if 400 <= status < 500 else "server"
    reason = (
        f"ClientError: Received {side} error ({status}) from model. See the SageMaker Endpoint "
        "logs in your account for more information."
    )
    body = str(content.get("OriginalMessage", content.get("Message", ""))).encode()
    return Result(content_type=content_type, body=body, failure_reason=reason)


def _failure(reason: str) -> Result:
    return Result(content_type="text/plain", body=reason.encode(), failure_reason=reason)


def _named(job: _Job) -> tuple[str, str]:
    return job.endpoint_name, job.inference_id
