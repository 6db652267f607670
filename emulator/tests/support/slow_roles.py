"""A program: two calls of CreateRole meet in moto while it reads its roles; prints how they end."""

import io
import json
import threading
import time
from collections.abc import Iterator
from typing import Any
from urllib.parse import urlencode

from emulator.calls import read_call
from emulator.cloud import ACCOUNT_ID
from emulator.moto_app import MotoApp


class SlowRoles(dict[str, Any]):
    """Roles that take their time to be read, as many would on a busy machine."""

    def values(self) -> Iterator[Any]:  # type: ignore[override]
        for role in super().values():
            yield role
            time.sleep(0.1)


def create_role(app: MotoApp, name: str, *, statuses: list[str]) -> None:
    form = {"Action": "CreateRole", "Version": "2010-05-08", "RoleName": name}
    body = urlencode({**form, "AssumeRolePolicyDocument": '{"Version": "2012-10-17"}'}).encode()
    scope = "test/20260101/us-east-1/iam/aws4_request"
    environ = {
        "REQUEST_METHOD": "POST",
        "PATH_INFO": "/",
        "SERVER_NAME": "iam.amazonaws.com",
        "SERVER_PORT": "80",
        "HTTP_HOST": "iam.amazonaws.com",
        "HTTP_AUTHORIZATION": f"AWS4-HMAC-SHA256 Credential={scope}",
        "CONTENT_TYPE": "application/x-www-form-urlencoded",
        "CONTENT_LENGTH": str(len(body)),
        "wsgi.input": io.BytesIO(body),
        "wsgi.url_scheme": "http",
    }
    call = read_call(dict(environ), body)
    app.answer(call, environ, start_response=lambda status, *_: statuses.append(status))


def main() -> None:
    app, statuses = MotoApp(), list[str]()
    from moto.iam.models import iam_backends

    create_role(app, "first", statuses=statuses)
    create_role(app, "second", statuses=statuses)
    backend: Any = iam_backends[ACCOUNT_ID]["aws"]
    backend.roles = SlowRoles(backend.roles)
    calls = [
        threading.Thread(target=create_role, args=(app, name), kwargs={"statuses": statuses})
        for name in ("third", "fourth")
    ]
    for call in calls:
        call.start()
        time.sleep(0.05)
    for call in calls:
        call.join()
    print(json.dumps({"statuses": statuses, "roles": len(backend.roles)}))  # noqa: T201


if __name__ == "__main__":
    main()
