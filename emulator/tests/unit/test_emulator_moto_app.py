"""What callers see when moto itself breaks: never a 500, which they would send again."""

import json
from collections.abc import Iterable

import pytest

from emulator.answers import Environ, StartResponse
from emulator.calls import read_call
from emulator.moto_app import MotoApp

HEADERS: Environ = {
    "REQUEST_METHOD": "POST",
    "PATH_INFO": "/",
    "HTTP_X_AMZ_TARGET": "AmazonSSM.GetParameter",
    "HTTP_AUTHORIZATION": "AWS4-HMAC-SHA256 Credential=test/20260101/us-east-1/ssm/aws4_request",
}


@pytest.mark.parametrize(
    ("error", "code"),
    [
        (NotImplementedError("later"), "NotImplementedByEmulator"),
        (KeyError("x"), "InternalFailure"),
    ],
)
def test_a_bug_is_told_from_what_was_never_built(error: Exception, code: str) -> None:
    def breaks(_environ: Environ, _start: StartResponse) -> Iterable[bytes]:
        raise error

    seen: list[str] = []
    answered = MotoApp(breaks).answer(
        read_call(HEADERS, b"{}"), HEADERS, start_response=lambda status, *_: seen.append(status)
    )
    document = json.loads(b"".join(answered))
    assert seen[0].startswith("400")
    assert document["__type"] == code
    assert "GetParameter" in document["message"]
