"""What botocore would refuse is refused by the server too, by AWS's error type, and not stored.

The requests are made from AWS's model: for every action of ours, every member and every rule.
"""

import json
from collections import Counter
from pathlib import Path
from typing import Any

import boto3
import botocore.session
import pytest
from botocore import xform_name
from botocore.config import Config
from botocore.exceptions import ClientError

from emulator.api.constraints import check_request
from emulator.cloud import ACCOUNT_ID, Cloud
from emulator.containers.fleet import launch
from emulator.faults import Faults
from emulator.sagemaker.control_plane import ControlPlane
from emulator.sagemaker.hosting import Hosting
from emulator.sagemaker.registry import ACTIONS
from emulator.store import Store
from emulator.tests.support.embedded import REGION
from emulator.tests.support.violations import Violation, minimal, violations

pytestmark = pytest.mark.emulated

_MODEL = botocore.session.Session().get_service_model("sagemaker")


class Desk:
    """A control plane without a server: what it should refuse never gets further."""

    def __init__(self, folder: Path) -> None:
        self.store = Store()
        cloud = Cloud(
            account_id=ACCOUNT_ID,
            endpoint_url="http://127.0.0.1:9",
            state_dir=folder,
            faults=Faults(),
            time_scale=1,
        )
        self._plane = ControlPlane(cloud, Hosting(launch), store=self.store, strict=True)

    def answer(self, action: str, body: bytes) -> tuple[int, dict[str, Any]]:
        answer = self._plane.answer(action=action, region=REGION, body=body)
        return answer.status, json.loads(answer.body)


@pytest.fixture(scope="module")
def desk(tmp_path_factory: pytest.TempPathFactory) -> Desk:
    return Desk(tmp_path_factory.mktemp("desk"))


def wrongly_answered(desk: Desk, violation: Violation) -> str | None:
    """Return what is wrong with the answer to a request that must be refused."""
    status, document = desk.answer(violation.action, json.dumps(violation.request).encode())
    code, message = document.get("__type"), document.get("message", "")
    if (status, code) == (400, violation.code) and violation.says in message:
        return None
    return f"{violation.path} {violation.kind}: {status} {code} {message[:200]}"


@pytest.mark.parametrize("action", sorted(ACTIONS))
def test_every_broken_rule_is_refused_and_nothing_is_stored(desk: Desk, action: str) -> None:
    operation = _MODEL.operation_model(action)
    check_request(minimal(operation.input_shape), operation.input_shape)
    found = [wrongly_answered(desk, violation) for violation in violations(operation)]
    assert [wrong for wrong in found if wrong] == []
    assert desk.store.changes == 0


def test_the_requests_break_every_kind_of_rule() -> None:
    kinds = Counter(
        violation.kind
        for action in ACTIONS
        for violation in violations(_MODEL.operation_model(action))
    )
    assert {kind for kind, count in kinds.items() if count >= 50} >= {
        "boolean for a number",
        "enum",
        "missing",
        "no number",
        "pattern",
        "too great",
        "too long",
        "too many",
        "too short",
        "too small",
        "type",
        "unknown",
    }


@pytest.mark.parametrize(
    "body",
    [
        b"{",
        b"\xff",
        b"[]",
        b"null",
        b'"ModelName"',
        b"[" * 100_000,
        b'{"Tags": ' + b"[" * 600 + b"]" * 600 + b"}",
        b'{"ModelName": ' * 50_000,
        b'{"ModelName": "\\ud800"}',
        b'{"ModelName": NaN}',
        b'{"MaxResults": 1e400}',
        b'{"MaxResults": %s}' % (b"9" * 5000),
    ],
    ids=range(12),
)
def test_what_is_no_json_object_is_refused(desk: Desk, body: bytes) -> None:
    for action in ("ListModels", "DescribeModel"):
        status, document = desk.answer(action, body)
        assert status == 400
        assert document["__type"] in ("SerializationException", "ValidationException")


@pytest.fixture(scope="module")
def unchecked(embedded_url: str) -> Any:
    """A client that sends what its own checks would not let pass."""
    return boto3.client(
        "sagemaker",
        region_name=REGION,
        endpoint_url=embedded_url,
        aws_access_key_id="test",
        aws_secret_access_key="test",
        config=Config(parameter_validation=False, retries={"total_max_attempts": 1}, proxies={}),
    )


@pytest.mark.parametrize("action", sorted(ACTIONS))
def test_a_request_with_only_what_is_required_is_never_a_failure_of_ours(
    unchecked: Any, action: str
) -> None:
    operation = _MODEL.operation_model(action)
    response: Any = {}
    try:
        response = getattr(unchecked, xform_name(action))(**minimal(operation.input_shape))
    except ClientError as error:
        response = error.response
    assert response["ResponseMetadata"]["HTTPStatusCode"] in (200, 400), response


@pytest.mark.parametrize(
    ("call", "request_", "code"),
    [
        ("create_model", {}, "ValidationException"),
        ("create_model", {"ModelName": "a b"}, "ValidationException"),
        ("create_model", {"ModelName": "a" * 64}, "ValidationException"),
        ("create_endpoint_config", {"EndpointConfigName": "c"}, "ValidationException"),
        ("list_models", {"MaxResults": 101}, "ValidationException"),
        ("list_models", {"SortOrder": "Upwards"}, "ValidationException"),
        ("list_models", {"MaxResults": "many"}, "SerializationException"),
        ("describe_model", {"ModelName": 1}, "SerializationException"),
    ],
)
def test_a_client_without_checks_of_its_own_hears_it_as_from_aws(
    unchecked: Any, call: str, request_: dict[str, Any], code: str
) -> None:
    with pytest.raises(ClientError) as caught:
        getattr(unchecked, call)(**request_)
    assert caught.value.response["Error"]["Code"] == code
    assert caught.value.response["ResponseMetadata"]["HTTPStatusCode"] == 400


@pytest.mark.parametrize("containers", [[], [{}]])
def test_a_model_of_no_container_is_refused(desk: Desk, containers: list[Any]) -> None:
    body = json.dumps({"ModelName": "m", "Containers": containers}).encode()
    status, document = desk.answer("CreateModel", body)
    assert (status, document["__type"]) == (400, "ValidationException")
