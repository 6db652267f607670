"""Asks an endpoint, many times and at once.

boto3's invoke_endpoint doubles the 95th percentile under concurrency by its own work, so requests are
signed by botocore and sent through one urllib3 pool. One attempt each: a retry would hide a failure.
"""

import json
from dataclasses import dataclass
from time import monotonic
from typing import Any
from urllib.parse import quote

from pipeline.gateways.aws import Cloud

CSV = "text/csv"
JSON = "application/json"
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

    def explanation(self) -> str:
        """Return the model's own message out of SageMaker's error document."""
        try:
            document = json.loads(self.body)
        except ValueError:
            return self.body[:300].decode(errors="replace")
        return str(document.get("OriginalMessage") or document.get("Message") or document)[:600]


class EndpointClient:
    """InvokeEndpoint for one endpoint; safe to use from several threads."""

    def __init__(self, cloud: Cloud, endpoint: str, *, connections: int) -> None:
        import urllib3

        client = cloud.client("sagemaker-runtime")
        self._credentials = client._request_signer._credentials
        self._region = cloud.region
        self._url = f"{client.meta.endpoint_url}/endpoints/{quote(endpoint)}/invocations"
        self._pool = urllib3.PoolManager(maxsize=connections, retries=False)

    def ask(self, body: bytes, *, content_type: str = CSV, accept: str = JSON) -> Answer:
        """Send one request. A connection that fails is an answer with status 0, not an exception."""
        import urllib3

        headers = self._signed({"Content-Type": content_type, "Accept": accept}, body)
        started = monotonic()
        try:
            answer = self._pool.request(
                "POST", self._url, body=body, headers=headers, timeout=_TIMEOUT_S
            )
            status, content = answer.status, answer.data
        except urllib3.exceptions.HTTPError as error:
            status, content = 0, str(error).encode()
        return Answer(status=status, body=content, latency_ms=(monotonic() - started) * 1000)

    def _signed(self, headers: dict[str, str], body: bytes) -> dict[str, str]:
        from botocore.auth import SigV4Auth
        from botocore.awsrequest import AWSRequest

        request: Any = AWSRequest(method="POST", url=self._url, data=body, headers=headers)
        SigV4Auth(self._credentials.get_frozen_credentials(), "sagemaker", self._region).add_auth(
            request
        )
        return dict(request.headers)
