"""Many clients at once: every call is answered, and nobody's write is lost."""

import itertools
import random
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Any

import boto3
import pytest
from botocore.config import Config

from emulator.tests.support.embedded import REGION, Embedded, unique
from emulator.tests.support.embedded_aws import hasty_aws
from emulator.tests.support.lives import LIVES, Life
from emulator.tests.support.sagemaker_lives import SAGEMAKER_LIVES

pytestmark = pytest.mark.emulated

_THREADS = 8


class Counted:
    """The cloud as `Embedded` shows it, by clients of its own that count their calls."""

    def __init__(self, url: str) -> None:
        self._session = boto3.session.Session("test", "test", region_name=REGION)
        self._url = url
        self._numbers = itertools.count(1)
        self._clients: dict[str, Any] = {}
        self.calls = 0
        for service in _services():
            self._clients[service] = self._made(service)

    def client(self, service: str) -> Any:
        return self._clients[service]

    def _made(self, service: str) -> Any:
        once = Config(
            s3={"addressing_style": "path"}, retries={"total_max_attempts": 1}, proxies={}
        )
        client = self._session.client(service, endpoint_url=self._url, config=once)
        client.meta.events.register("before-call", self._count)
        return client

    def _count(self, **_: Any) -> None:
        self.calls = max(self.calls, next(self._numbers))


def _services() -> tuple[str, ...]:
    messages = ("events", "sns", "sqs")
    kept = ("kms", "s3", "secretsmanager", "ssm")
    watching = ("application-autoscaling", "cloudwatch", "logs")
    return ("iam", "sagemaker", "sts", *messages, *kept, *watching)


def live(url: str, *, rounds: int) -> int:
    """Let every life be lived `rounds` times by eight threads; return how many calls it took."""
    cloud, order = Counted(url), random.Random(0)
    lives: list[Life] = [*LIVES, *SAGEMAKER_LIVES] * rounds
    order.shuffle(lives)
    with ThreadPoolExecutor(_THREADS) as pool:
        for lived in [pool.submit(life, cloud, unique("life")) for life in lives]:
            lived.result()
    return cloud.calls


def test_400_calls_of_eight_threads_lose_nothing(embedded: Embedded) -> None:
    assert live(embedded.url, rounds=3) >= 400


@pytest.mark.soak
def test_calls_that_interrupt_each_other_lose_nothing(tmp_path: Path) -> None:
    with hasty_aws(tmp_path) as url:
        assert live(url, rounds=10) >= 1000


@pytest.mark.soak
def test_10000_calls_of_eight_threads_lose_nothing(embedded: Embedded) -> None:
    assert live(embedded.url, rounds=80) >= 10_000
