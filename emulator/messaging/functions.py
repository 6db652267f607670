"""Lambda functions: the handler runs in a process of its own on this machine's Python.

Source: "Lambda function handler in Python" and "Using environment variables" in the Lambda
developer guide. There is no sandbox and no memory limit; the time limit is kept.
"""

import io
import json
import os
import shutil
import sys
import time
import uuid
import zipfile
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from emulator.cloud import Cloud
from emulator.containers.environment import INHERITED
from emulator.containers.logs import LogStream
from emulator.containers.processes import Command, spawn
from emulator.messaging.deliveries import Undelivered

_RESULT = "result.json"


@dataclass(frozen=True, kw_only=True)
class Outcome:
    """`payload` is JSON; `error` is Lambda's FunctionError, None after a success."""

    payload: str
    error: str | None
    log: str


@dataclass(frozen=True, kw_only=True)
class Functions:
    cloud: Cloud

    def invoke(self, function_arn: str, event: Mapping[str, Any]) -> None:
        """Run the function that an event or a message is for; Undelivered when it fails."""
        function = _find_function(function_arn)
        if function is None:
            text = f"There is no function {function_arn}."
            raise Undelivered(text, code="ResourceNotFoundException", permanent=True)
        outcome = self.run(function, event)
        if outcome.error is not None:
            text = f"{function_arn} failed: {outcome.payload}"
            raise Undelivered(text, code="FunctionError", permanent=False)

    def run(self, function: Any, event: Any) -> Outcome:
        """Run the handler of one of moto's functions to its end."""
        _check_runtime(function)
        if not zipfile.is_zipfile(io.BytesIO(function.code_bytes)):
            failure = {
                "errorMessage": "The code is no zip archive.",
                "errorType": "Runtime.BadCode",
            }
            return Outcome(payload=json.dumps(failure), error="Unhandled", log="")
        with self._folder(function) as folder:
            (folder / "event.json").write_text(json.dumps(event), encoding="utf-8")
            stream = LogStream(
                self.cloud,
                region=function.region,
                group=f"/aws/lambda/{function.function_name}",
                stream=f"{time.strftime('%Y/%m/%d')}/[{function.version}]{uuid.uuid4().hex}",
            )
            try:
                return self._run(function, folder, stream=stream)
            finally:
                stream.close()

    def _run(self, function: Any, folder: Path, *, stream: LogStream) -> Outcome:
        timeout_s = float(function.timeout)
        command = Command(
            interpreter=sys.executable,
            shim="function",
            arguments=[
                str(folder / "code"),
                function.handler,
                str(folder / "event.json"),
                str(folder / _RESULT),
            ],
            environment=self._environment(function, stream),
            directory=folder / "code",
        )
        process = spawn(command, sink=stream.write)
        if not process.wait(timeout_s):
            process.kill()
            process.wait()
            text = f"Task timed out after {timeout_s:.2f} seconds"
            return _failed(text, "Sandbox.Timedout", stream)
        result = folder / _RESULT
        if not result.exists():
            text = f"Runtime exited with error: exit status {process.exit_code}"
            return _failed(text, "Runtime.ExitError", stream)
        return Outcome(
            payload=result.read_text(encoding="utf-8"),
            error=None if process.exit_code == 0 else "Unhandled",
            log="\n".join(stream.tail()),
        )

    def _environment(self, function: Any, stream: LogStream) -> dict[str, str]:
        own = {str(name): str(value) for name, value in function.environment_vars.items()}
        return {
            **{name: os.environ[name] for name in INHERITED if name in os.environ},
            "AWS_ACCESS_KEY_ID": "test",
            "AWS_SECRET_ACCESS_KEY": "test",
            "AWS_ENDPOINT_URL": self.cloud.endpoint_url,
            "AWS_REGION": function.region,
            "AWS_DEFAULT_REGION": function.region,
            "AWS_LAMBDA_FUNCTION_NAME": function.function_name,
            "AWS_LAMBDA_FUNCTION_VERSION": str(function.version),
            "AWS_LAMBDA_FUNCTION_MEMORY_SIZE": str(function.memory_size),
            "AWS_LAMBDA_LOG_GROUP_NAME": stream.group,
            "AWS_LAMBDA_LOG_STREAM_NAME": stream.stream,
            "EMULATOR_FUNCTION_ARN": function.function_arn,
            "EMULATOR_FUNCTION_TIMEOUT_S": str(function.timeout),
            **own,
        }

    @contextmanager
    def _folder(self, function: Any) -> Iterator[Path]:
        """Unpack the code; the folder is gone after the run, as an idle sandbox is."""
        folder = self.cloud.state_dir / "functions" / uuid.uuid4().hex
        (folder / "code").mkdir(parents=True)
        try:
            with zipfile.ZipFile(io.BytesIO(function.code_bytes)) as archive:
                archive.extractall(folder / "code")
            yield folder
        finally:
            shutil.rmtree(folder, ignore_errors=True)


def _find_function(function_arn: str) -> Any:
    """Return moto's function for a plain or qualified ARN; None when there is none."""
    from moto.awslambda.models import lambda_backends
    from moto.core.exceptions import ServiceException

    parts = function_arn.split(":")
    region, account_id, name = parts[3], parts[4], parts[6]
    qualifier = parts[7] if len(parts) > 7 else None
    try:
        return lambda_backends[account_id][region].get_function(name, qualifier)
    except ServiceException:
        return None


def _check_runtime(function: Any) -> None:
    if not str(function.run_time).startswith("python"):
        text = f"running {function.function_name} with runtime {function.run_time}"
        raise NotImplementedError(text)


def _failed(text: str, error_type: str, stream: LogStream) -> Outcome:
    payload = json.dumps({"errorMessage": text, "errorType": error_type})
    return Outcome(payload=payload, error="Unhandled", log="\n".join(stream.tail()))
