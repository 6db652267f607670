"""What a request can do wrong, each with the HTTP status that says so."""

from http import HTTPStatus


class RequestError(Exception):
    """A request that cannot be answered; the text says which column or row."""

    status = HTTPStatus.BAD_REQUEST


class UnsupportedContentTypeError(RequestError):
    """The body's content type is neither JSON nor CSV."""

    status = HTTPStatus.UNSUPPORTED_MEDIA_TYPE


class NotAcceptableError(RequestError):
    """The answer can be neither JSON nor CSV for this `Accept` header."""

    status = HTTPStatus.NOT_ACCEPTABLE
