"""The actions of the SageMaker runtime, by name."""

from collections.abc import Mapping
from typing import Protocol

from emulator.answers import Answer, Environ
from emulator.async_runtime import AsyncRuntime
from emulator.calls import Call
from emulator.cloud import Cloud
from emulator.containers.runtime import TIMEOUT_S
from emulator.runtime import Measured, Runtime
from emulator.sagemaker.hosting import Hosting


class Answers(Protocol):
    def answer(self, call: Call, environ: Environ) -> Answer: ...


def runtimes_of(
    hosting: Hosting, cloud: Cloud, *, measured: Measured, timeout_s: float = TIMEOUT_S
) -> Mapping[str, Answers]:
    """`timeout_s` is InvokeEndpoint's; asynchronous requests bring their own."""
    runtime = Runtime(hosting, cloud.account_id, measured=measured, timeout_s=timeout_s)
    return {
        "InvokeEndpoint": runtime,
        "InvokeEndpointAsync": AsyncRuntime(hosting, cloud, measured=measured),
    }
