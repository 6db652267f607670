"""Run a Lambda function's handler once: event from a file, result or error into another.

Arguments: the folder of the code, the handler as `module.function`, the event's file, the result's
file. Exit code 0 with a result, 1 with an error document in the same file.
"""

from __future__ import annotations

import importlib
import json
import os
import sys
import time
import traceback
import uuid
from pathlib import Path
from typing import Any

from emulator.containers.shims import guard


class Context:
    """What a handler is given besides the event, as far as it can be true here."""

    def __init__(self, timeout_s: float) -> None:
        self.aws_request_id = str(uuid.uuid4())
        self.function_name = os.environ["AWS_LAMBDA_FUNCTION_NAME"]
        self.function_version = os.environ["AWS_LAMBDA_FUNCTION_VERSION"]
        self.invoked_function_arn = os.environ["EMULATOR_FUNCTION_ARN"]
        self.memory_limit_in_mb = os.environ["AWS_LAMBDA_FUNCTION_MEMORY_SIZE"]
        self.log_group_name = os.environ["AWS_LAMBDA_LOG_GROUP_NAME"]
        self.log_stream_name = os.environ["AWS_LAMBDA_LOG_STREAM_NAME"]
        self._ends = time.monotonic() + timeout_s

    def get_remaining_time_in_millis(self) -> int:
        return max(0, int((self._ends - time.monotonic()) * 1000))


def main(arguments: list[str]) -> int:
    guard.die_with_parent()
    guard.end_with_stdin()
    guard.forget_import_path()
    code, handler, event_path, result_path = arguments
    sys.path.insert(0, code)
    context = Context(float(os.environ.pop("EMULATOR_FUNCTION_TIMEOUT_S")))
    event = json.loads(Path(event_path).read_text(encoding="utf-8"))
    try:
        result = json.dumps(_call(handler, event, context))
    except Exception as error:
        traceback.print_exc()
        Path(result_path).write_text(json.dumps(_error(error)), encoding="utf-8")
        return 1
    Path(result_path).write_text(result, encoding="utf-8")
    return 0


def _call(handler: str, event: Any, context: Context) -> Any:
    module, _, function = handler.rpartition(".")
    return getattr(importlib.import_module(module.replace("/", ".")), function)(event, context)


def _error(error: Exception) -> dict[str, Any]:
    return {
        "errorMessage": str(error),
        "errorType": type(error).__name__,
        "stackTrace": traceback.format_tb(error.__traceback__),
    }


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
