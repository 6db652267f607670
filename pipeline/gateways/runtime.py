"""Asks an endpoint, many times and at once.

boto3's invoke_endpoint doubles the 95th percentile under concurrency by its own work, so requests
are signed by botocore and sent through its HTTP session, which knows the user's proxy and
certificates. One attempt each: a retry would hide a failure.
"""

import json
import socket
from dataclasses import dataclass
from functools import cached_property
from time import monotonic
from urllib.parse import quote
from uuid import uuid4

from botocore.auth import SigV4Auth
from botocore.awsrequest import AWSPreparedRequest, AWSRequest
from botocore.exceptions import BotoCoreError
from botocore.httpsession import URLLib3Session
from botocore.utils import get_environ_proxies

from pipeline.gateways.aws import Cloud

# What reading an answer ends with that has another form, which is the model's own affair
_UNREADABLE = (KeyError, RecursionError, TypeError, ValueError)
# What botocore's own clients set and its bare session does not: without it a body waits until the
# head was acknowledged, which Linux puts off by 40 ms and no caller would see.
_AT_ONCE = [(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)]
# How the ids of these requests begin; 32 hexadecimal digits follow. Data capture keeps an
# InferenceId (API reference, InvokeEndpoint), so that model/monitoring/capture.py, which asks for
# this very form, leaves our own requests out.
TEST_ID = "mlops-test-"
_TIMEOUT_S = 70.0  # SageMaker itself gives a model 60 s


@dataclass(frozen=True, kw_only=True)
class Answer:
    """One answer: HTTP status (0 for none at all), body, and the time it took in milliseconds."""

    status: int
    body: bytes
    latency_ms: float

    @property
    def ok(self) -> bool:
        return self.status == 200

    @property
    def is_of_the_model(self) -> bool:
        """Tell whether the model answered, or failed to; throttling, rights and network are not it.

        424 is ModelError (API reference, InvokeEndpoint, Errors).
        """
        return self.status in (200, 424)

    @property
    def labels(self) -> tuple[str, ...]:
        """The labels of a JSON answer `{"predictions": [...]}`; none for any other answer."""
        try:
            found = json.loads(self.body)["predictions"] if self.ok else None
        except _UNREADABLE:
            return ()
        return tuple(str(label) for label in found) if isinstance(found, list) else ()

    def explanation(self) -> str:
        """Return the model's own message out of SageMaker's error document.

        The scikit-learn image answers what a model raises with a page that says nothing: the place
        of its log stands for it.
        """
        text = self.body.decode(errors="replace")
        try:
            document = json.loads(text)
        except _UNREADABLE:
            return text[:300]
        if not isinstance(document, dict):
            return text[:300]
        said = str(document.get("OriginalMessage") or document.get("Message") or document)
        if said.startswith("<"):
            status, log = document.get("OriginalStatusCode"), document.get("LogStreamArn")
            return f"The model failed with HTTP {status}; the reason is in its log, {log}."
        return said[:600]


class EndpointClient:
    """InvokeEndpoint for one endpoint; safe to use from several threads."""

    def __init__(self, cloud: Cloud, endpoint: str, *, connections: int) -> None:
        self._cloud = cloud
        self._endpoint = endpoint
        self._connections = connections

    @cached_property
    def _service_url(self) -> str:
        return str(self._cloud.client("sagemaker-runtime").meta.endpoint_url)

    @cached_property
    def _session(self) -> URLLib3Session:
        return URLLib3Session(
            verify=self._cloud.ca_bundle,
            proxies={} if self._cloud.is_local else get_environ_proxies(self._service_url),
            timeout=_TIMEOUT_S,
            max_pool_connections=self._connections,
            socket_options=_AT_ONCE,
        )

    def ask(self, body: bytes) -> Answer:
        """Send rows as CSV. A connection that fails is an answer with status 0, no exception."""
        request = self._signed(body)
        started = monotonic()
        try:
            answer = self._session.send(request)
            status, content = answer.status_code, answer.content
        except BotoCoreError as error:
            status, content = 0, str(error).encode()
        return Answer(status=status, body=content, latency_ms=(monotonic() - started) * 1000)

    def _signed(self, body: bytes) -> AWSPreparedRequest:
        url = f"{self._service_url}/endpoints/{quote(self._endpoint, safe='')}/invocations"
        headers = {
            "Content-Type": "text/csv",
            "Accept": "application/json",
            "X-Amzn-SageMaker-Inference-Id": f"{TEST_ID}{uuid4().hex}",
        }
        request = AWSRequest(method="POST", url=url, data=body, headers=headers)
        credentials = self._cloud.credentials().get_frozen_credentials()
        SigV4Auth(credentials, "sagemaker", self._cloud.region).add_auth(request)
        return request.prepare()
