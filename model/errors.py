"""What a request can do wrong, in the form SageMaker's inference toolkit answers with 4xx.

The toolkit exists in SageMaker's own images only; elsewhere the same attributes are there.
"""

from http import HTTPStatus
from typing import TYPE_CHECKING

if TYPE_CHECKING:

    class InferenceError(Exception):
        status_code: int
        message: str
        phrase: str

        def __init__(self, status_code: int, message: str, phrase: str) -> None: ...

else:
    try:
        from sagemaker_inference.errors import BaseInferenceToolkitError as InferenceError
    except ImportError:

        class InferenceError(Exception):
            """The toolkit's attributes without the toolkit."""

            def __init__(self, status_code: int, message: str, phrase: str) -> None:
                super().__init__(status_code, message, phrase)
                self.status_code = status_code
                self.message = message
                self.phrase = phrase


class RequestError(InferenceError):
    """A request that cannot be answered: `status_code`, `message`, `phrase`."""

    status = HTTPStatus.BAD_REQUEST

    def __init__(self, message: str) -> None:
        super().__init__(int(self.status), message, self.status.phrase)
        self.text = message

    def __str__(self) -> str:
        return self.text


class UnsupportedContentTypeError(RequestError):
    """The body's content type is neither JSON nor CSV."""

    status = HTTPStatus.UNSUPPORTED_MEDIA_TYPE


class NotAcceptableError(RequestError):
    """The answer can be neither JSON nor CSV for this `Accept` header."""

    status = HTTPStatus.NOT_ACCEPTABLE
