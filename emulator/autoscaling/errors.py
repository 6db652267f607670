"""Errors of Application Auto Scaling, by their codes in the API reference."""

from emulator.api.errors import AwsError


class ObjectNotFound(AwsError):
    def __init__(self, message: str) -> None:
        super().__init__("ObjectNotFoundException", message)


class ResourceNotFound(AwsError):
    def __init__(self, message: str) -> None:
        super().__init__("ResourceNotFoundException", message)


class InvalidNextToken(AwsError):
    def __init__(self) -> None:
        super().__init__("InvalidNextTokenException", "The next token supplied was invalid.")


class LimitExceeded(AwsError):
    def __init__(self, message: str) -> None:
        super().__init__("LimitExceededException", message)


class TooManyTags(AwsError):
    def __init__(self, message: str) -> None:
        super().__init__("TooManyTagsException", message)
