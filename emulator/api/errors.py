"""Errors in AWS's own words; the control plane turns them into responses."""


class AwsError(Exception):
    def __init__(self, code: str, message: str, *, status: int = 400) -> None:
        super().__init__(message)
        self.code = code
        self.message = message
        self.status = status


class ValidationError(AwsError):
    def __init__(self, message: str) -> None:
        super().__init__("ValidationException", message)


class ResourceInUse(AwsError):
    def __init__(self, message: str) -> None:
        super().__init__("ResourceInUse", message)


class ResourceNotFound(AwsError):
    def __init__(self, message: str) -> None:
        super().__init__("ResourceNotFound", message)


class ConflictError(AwsError):
    def __init__(self, message: str) -> None:
        super().__init__("ConflictException", message)


class NotImplementedByEmulator(AwsError):
    """Answered at once with 400: an SDK would retry a 500 for minutes."""

    def __init__(self, what: str) -> None:
        text = f"The embedded AWS does not implement {what}."
        super().__init__("NotImplementedByEmulator", text)
