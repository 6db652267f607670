"""CloudWatch's errors, by the code that a client sees."""


class CloudWatchError(Exception):
    """The request cannot be answered; `code` is AWS's error code."""

    def __init__(self, code: str, message: str) -> None:
        super().__init__(message)
        self.code = code
        self.message = message


def validation_error(message: str) -> CloudWatchError:
    return CloudWatchError("ValidationError", message)


def invalid_value(message: str) -> CloudWatchError:
    return CloudWatchError("InvalidParameterValue", message)


def invalid_combination(message: str) -> CloudWatchError:
    return CloudWatchError("InvalidParameterCombination", message)
