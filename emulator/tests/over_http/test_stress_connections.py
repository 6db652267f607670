"""No answer is lost while snapshots are taken and all call: each call is made and heard once.

A client of AWS sends a call again whose answer it lost, and the second UpdateEndpoint is then
refused because of the first one.
"""

import http.client
import json
from collections import Counter
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from urllib.parse import urlsplit

import pytest

from emulator.tests.support.embedded import Embedded, unique
from emulator.tests.support.embedded_aws import admin, hasty_aws

pytestmark = [pytest.mark.emulated, pytest.mark.soak]

_CLIENTS, _CALLS = 12, 60
_HEADERS = {
    "Content-Type": "application/x-amz-json-1.1",
    "X-Amz-Target": "SageMaker.CreateModelPackageGroup",
}


@pytest.fixture(scope="module")
def hasty(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Embedded]:
    with hasty_aws(tmp_path_factory.mktemp("hasty")) as url:
        yield Embedded(url=url)


@pytest.mark.parametrize("keeps_open", [True, False])
def test_every_call_is_made_once_and_heard(hasty: Embedded, keeps_open: bool) -> None:
    address, prefix = urlsplit(hasty.url).netloc, unique("group")
    connection_header = {} if keeps_open else {"Connection": "close"}

    def calls(client: int) -> Counter[int]:
        heard: Counter[int] = Counter()
        connection = http.client.HTTPConnection(address, timeout=60)
        for number in range(_CALLS):
            name = f"{prefix}-{client}-{number}"
            body = json.dumps({"ModelPackageGroupName": name})
            connection.request("POST", "/", body=body, headers=_HEADERS | connection_header)
            answer = connection.getresponse()
            answer.read()
            heard[answer.status] += 1
            if number % 20 == 0:
                admin(hasty.url, "snapshot", method="POST")
        connection.close()
        return heard

    hasty.clear_requests()
    with ThreadPoolExecutor(_CLIENTS) as pool:
        heard = sum(pool.map(calls, range(_CLIENTS)), Counter[int]())
    assert heard == {200: _CLIENTS * _CALLS}
    journal = Counter(each["status"] for each in hasty.requests())
    assert journal == heard
