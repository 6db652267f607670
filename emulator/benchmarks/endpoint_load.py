"""Prints what one endpoint with two workers bears, over the public HTTP interface.

Usage: python -m emulator.benchmarks.endpoint_load [RATE_PER_S] [SECONDS] [INVOCATIONS]
Works on an embedded AWS of its own. First one request after the other, to the endpoint and to one
of its workers itself; then RATE_PER_S requests a second for SECONDS; then INVOCATIONS as fast as
they are answered, with the server's memory before and after them. The clients are plain keep-alive
connections: an SDK would need more processor time than the server.
"""

import http.client
import io
import itertools
import signal
import sys
import tarfile
import tempfile
import threading
import time
from dataclasses import dataclass, field
from pathlib import Path
from statistics import median, quantiles
from typing import Any
from urllib.parse import urlsplit

import boto3
import psutil

from emulator.tests.support.embedded_aws import admin, embedded_aws

REGION, NAME = "us-east-1", "load"
IMAGE = f"683313688378.dkr.ecr.{REGION}.amazonaws.com/sagemaker-scikit-learn:1.9-0-cpu-py3"
INFERENCE = """
def model_fn(model_dir):
    return None

def transform_fn(model, body, content_type, accept):
    return str(len(body)), "text/csv"
"""
_CREDENTIAL = f"test/20260101/{REGION}/sagemaker/aws4_request"
HEADERS = {
    "Content-Type": "text/csv",
    "Authorization": f"AWS4-HMAC-SHA256 Credential={_CREDENTIAL}, SignedHeaders=host, Signature=0",
}
_TIMEOUT_S = 70


@dataclass(kw_only=True)
class Load:
    """What came of a series of requests; `failures` say what was wrong."""

    seconds: float = 0.0
    latencies_ms: list[float] = field(default_factory=list)
    failures: list[str] = field(default_factory=list)

    @property
    def achieved_per_s(self) -> float:
        return len(self.latencies_ms) / self.seconds

    def percentile_ms(self, percent: int) -> float:
        return quantiles(self.latencies_ms, n=100, method="inclusive")[percent - 1]

    def __str__(self) -> str:
        return (
            f"{len(self.latencies_ms)} answered, {len(self.failures)} failed, "
            f"{self.achieved_per_s:.1f} per second, "
            f"p50 {self.percentile_ms(50):.1f} ms, p99 {self.percentile_ms(99):.1f} ms"
        )


@dataclass(frozen=True, kw_only=True)
class Clients:
    """Sends to one endpoint over a few connections that stay open."""

    endpoint_url: str
    path: str = f"/endpoints/{NAME}/invocations"
    connections: int = 8

    def send(self, count: int, *, rate_per_s: float | None = None, body: bytes = b"1,2,3") -> Load:
        """Send `count` requests, each at its time; without a rate as fast as they are answered."""
        load, numbers, started = Load(), itertools.count(), time.perf_counter()

        def work() -> None:
            connection = self._connection()
            for number in itertools.takewhile(lambda number: number < count, numbers):
                if rate_per_s is not None:
                    wait_s = started + number / rate_per_s - time.perf_counter()
                    time.sleep(max(0.0, wait_s))
                self._send_one(connection, body, load)
            connection.close()

        threads = [threading.Thread(target=work) for _ in range(self.connections)]
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join()
        load.seconds = time.perf_counter() - started
        return load

    def _connection(self) -> http.client.HTTPConnection:
        address = urlsplit(self.endpoint_url)
        return http.client.HTTPConnection(str(address.hostname), address.port, timeout=_TIMEOUT_S)

    def _send_one(self, connection: http.client.HTTPConnection, body: bytes, load: Load) -> None:
        sent = time.perf_counter()
        try:
            connection.request("POST", self.path, body=body, headers=HEADERS)
            response = connection.getresponse()
            answer = response.read()
        except (OSError, http.client.HTTPException) as error:
            connection.close()
            load.failures.append(repr(error))
            return
        if response.status != 200 or answer != str(len(body)).encode():
            load.failures.append(f"{response.status} {answer[:200]!r}")
            return
        load.latencies_ms.append((time.perf_counter() - sent) * 1000)


def create_endpoint(endpoint_url: str, *, workers: int = 2) -> None:
    """Create an endpoint that answers with the length of what it was sent."""
    s3, sagemaker = _client(endpoint_url, "s3"), _client(endpoint_url, "sagemaker")
    s3.create_bucket(Bucket=NAME)
    s3.put_object(Bucket=NAME, Key="model.tar.gz", Body=_artifact())
    sagemaker.create_model(
        ModelName=NAME,
        PrimaryContainer={"Image": IMAGE, "ModelDataUrl": f"s3://{NAME}/model.tar.gz"},
        ExecutionRoleArn="arn:aws:iam::000000000000:role/execution",
    )
    variant = {"VariantName": "primary", "ModelName": NAME, "InstanceType": "ml.m5.large"}
    sagemaker.create_endpoint_config(
        EndpointConfigName=NAME, ProductionVariants=[{**variant, "InitialInstanceCount": workers}]
    )
    sagemaker.create_endpoint(EndpointName=NAME, EndpointConfigName=NAME)
    waiter = sagemaker.get_waiter("endpoint_in_service")
    waiter.wait(EndpointName=NAME, WaiterConfig={"Delay": 1, "MaxAttempts": 60})


def _client(endpoint_url: str, service: str) -> Any:
    keys = {"aws_access_key_id": "test", "aws_secret_access_key": "test"}
    return boto3.client(service, region_name=REGION, endpoint_url=endpoint_url, **keys)


def _artifact() -> bytes:
    packed = io.BytesIO()
    with tarfile.open(fileobj=packed, mode="w:gz") as archive:
        member = tarfile.TarInfo("code/inference.py")
        member.size = len(INFERENCE)
        archive.addfile(member, io.BytesIO(INFERENCE.encode()))
    return packed.getvalue()


def memory_mb(pid: int) -> float:
    return float(psutil.Process(pid).memory_info().rss) / 1e6


def a_workers_url(pid: int) -> str:
    """Return where one of the server's workers listens."""
    workers = psutil.Process(pid).children(recursive=True)
    listening = (each for worker in workers for each in worker.net_connections("tcp"))
    address = next(each.laddr for each in listening if each.status == psutil.CONN_LISTEN)
    return f"http://{address.ip}:{address.port}"


def compare_with_the_worker(endpoint_url: str, pid: int, rounds: int = 5) -> None:
    """Print the medians of alternating rounds: the machine's load changes meanwhile."""
    through = Clients(endpoint_url=endpoint_url, connections=1)
    bare = Clients(endpoint_url=a_workers_url(pid), path="/invocations", connections=1)
    pairs = [
        (through.send(500).percentile_ms(50), bare.send(500).percentile_ms(50))
        for _ in range(rounds)
    ]
    ratio = median(each / worker for each, worker in pairs)
    medians = [median(side) for side in zip(*pairs, strict=True)]
    print(
        f"one at a time: {medians[0]:.2f} ms, the worker itself {medians[1]:.2f} ms, {ratio:.1f}x"
    )


def measure(endpoint_url: str, *, rate: float, seconds: float, invocations: int) -> None:
    create_endpoint(endpoint_url)
    pid = admin(endpoint_url, "health")["pid"]
    clients = Clients(endpoint_url=endpoint_url)
    clients.send(200)
    compare_with_the_worker(endpoint_url, pid)
    print(f"{rate:.0f} a second: {clients.send(int(rate * seconds), rate_per_s=rate)}", flush=True)
    print(f"as fast as can be: {clients.send(invocations // 5)}", flush=True)
    before = memory_mb(pid)
    print(f"and on: {clients.send(invocations)}", flush=True)
    print(f"server's memory: {before:.1f} MB before, {memory_mb(pid):.1f} MB after")
    print(f"6 MiB each: {clients.send(20, body=b'1' * 6_291_456)}")


def main(rate: str = "200", seconds: str = "60", invocations: str = "50000") -> None:
    # So that a benchmark that is stopped also stops its embedded AWS.
    signal.signal(signal.SIGTERM, lambda *_: sys.exit(143))
    with (
        tempfile.TemporaryDirectory(prefix="emulator-benchmark-") as name,
        embedded_aws(Path(name)) as url,
    ):
        measure(url, rate=float(rate), seconds=float(seconds), invocations=int(invocations))


if __name__ == "__main__":
    main(*sys.argv[1:])
