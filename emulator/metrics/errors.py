"""CloudWatch's errors, by the code that a client sees."""

import math


class CloudWatchError(Exception):
    """The request cannot be answered; `code` is AWS's error code."""

    def __init__(self, code: str, message: str) -> None:
        super().__init__(message)
        self.code = code
        self.message = message


def spelled(value: float) -> str:
    """Return a number as AWS writes it, whose numbers without a value are not Python's."""
    if math.isnan(value):
        return "NaN"
    if math.isinf(value):
        return "Infinity" if value > 0 else "-Infinity"
    return str(value)


def validation_error(message: str) -> CloudWatchError:
    return CloudWatchError("ValidationError", message)


def invalid_value(message: str) -> CloudWatchError:
    return CloudWatchError("InvalidParameterValue", message)


def invalid_combination(message: str) -> CloudWatchError:
    return CloudWatchError("InvalidParameterCombination", message)
