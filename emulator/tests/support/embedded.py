"""The embedded AWS as tests see it: clients, fault rules, and builders of what they create."""

import functools
import io
import tarfile
import time
import uuid
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any, TypeVar

import boto3
import pytest
from botocore.config import Config
from botocore.exceptions import ClientError

from emulator.tests.support.embedded_aws import admin

T = TypeVar("T")

REGION = "us-east-1"
IMAGE = "683313688378.dkr.ecr.us-east-1.amazonaws.com/sagemaker-scikit-learn:1.9-0-cpu-py3"
ROLE = "arn:aws:iam::000000000000:role/execution"
_SETTLED = ("InService", "Failed", "UpdateRollbackFailed")
_INFERENCE = """
import pathlib

def model_fn(model_dir):
    return pathlib.Path(model_dir, "answer.txt").read_text()

def transform_fn(model, body, content_type, accept):
    return model, "text/plain"
"""


@functools.cache
def _client(url: str, service: str) -> Any:
    return boto3.client(
        service,
        region_name=REGION,
        endpoint_url=url,
        aws_access_key_id="test",
        aws_secret_access_key="test",
        config=Config(
            s3={"addressing_style": "path"}, retries={"total_max_attempts": 1}, proxies={}
        ),
    )


@dataclass(frozen=True, kw_only=True)
class Embedded:
    url: str

    def client(self, service: str) -> Any:
        return _client(self.url, service)

    @property
    def sagemaker(self) -> Any:
        return self.client("sagemaker")

    def add_fault(self, rule: Mapping[str, Any]) -> None:
        admin(self.url, "faults", method="POST", body=rule)

    def clear_faults(self) -> None:
        admin(self.url, "faults", method="DELETE")

    def requests(self) -> list[dict[str, Any]]:
        entries: list[dict[str, Any]] = admin(self.url, "requests")["requests"]
        return entries

    def clear_requests(self) -> None:
        admin(self.url, "requests", method="DELETE")

    def a_bucket(self) -> str:
        name = unique("bucket")
        self.client("s3").create_bucket(Bucket=name)
        return name

    def a_model(self, *, answer: str = "one", inference: str = _INFERENCE) -> str:
        """Create a model whose container answers every request with `answer`."""
        name, bucket = unique("model"), self.a_bucket()
        archive = packed({"answer.txt": answer, "code/inference.py": inference})
        self.client("s3").put_object(Bucket=bucket, Key="model.tar.gz", Body=archive)
        container = {"Image": IMAGE, "ModelDataUrl": f"s3://{bucket}/model.tar.gz"}
        self.sagemaker.create_model(
            ModelName=name, PrimaryContainer=container, ExecutionRoleArn=ROLE
        )
        return name

    def a_config(self, *, model: str | None = None, count: int = 1, **members: Any) -> str:
        name = unique("config")
        self.sagemaker.create_endpoint_config(
            EndpointConfigName=name,
            ProductionVariants=[a_variant(model or self.a_model(), count=count)],
            **members,
        )
        return name

    def an_endpoint(self, config: str, **members: Any) -> str:
        """Create an endpoint and wait until it is InService."""
        name = unique("endpoint")
        self.sagemaker.create_endpoint(EndpointName=name, EndpointConfigName=config, **members)
        assert self.settled(name)["EndpointStatus"] == "InService"
        return name

    def endpoint(self, name: str) -> dict[str, Any]:
        described: dict[str, Any] = self.sagemaker.describe_endpoint(EndpointName=name)
        return described

    def settled(self, name: str) -> dict[str, Any]:
        """Wait until no deployment of the endpoint is on its way."""
        return eventually(
            lambda: self.endpoint(name),
            lambda found: found["EndpointStatus"] in _SETTLED,
        )

    def answer(self, endpoint: str, **members: Any) -> str:
        response = self.client("sagemaker-runtime").invoke_endpoint(
            EndpointName=endpoint, Body=b"1,2", ContentType="text/csv", **members
        )
        body: bytes = response["Body"].read()
        return body.decode()


def a_variant(model: str, *, name: str = "primary", count: int = 1, **members: Any) -> Any:
    return {
        "VariantName": name,
        "ModelName": model,
        "InstanceType": "ml.m5.large",
        "InitialInstanceCount": count,
        "InitialVariantWeight": 1,
        **members,
    }


def unique(noun: str) -> str:
    return f"{noun}-{uuid.uuid4().hex[:12]}"


def packed(files: Mapping[str, str]) -> bytes:
    """Return a .tar.gz of these files."""
    stored = io.BytesIO()
    with tarfile.open(fileobj=stored, mode="w:gz") as archive:
        for name, text in files.items():
            member = tarfile.TarInfo(name)
            member.size = len(text.encode())
            archive.addfile(member, io.BytesIO(text.encode()))
    return stored.getvalue()


def refusal(call: Callable[..., Any], *arguments: Any, **keywords: Any) -> tuple[str, str]:
    """Return the code and the message with which the call is refused."""
    with pytest.raises(ClientError) as caught:
        call(*arguments, **keywords)
    error = caught.value.response["Error"]
    return error["Code"], error["Message"]


def eventually(read: Callable[[], T], done: Callable[[T], bool], *, limit_s: float = 60) -> T:
    """Read until done, and return what was read; the last reading is in the error."""
    deadline = time.monotonic() + limit_s
    while True:
        found = read()
        if done(found):
            return found
        assert time.monotonic() < deadline, f"not done within {limit_s} s: {found}"
        time.sleep(0.05)
