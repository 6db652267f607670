"""HTTP as such: connections that stay open, bodies, heads, chunks and clients that go away."""

import http.client
import json
import socket
from collections.abc import Iterator
from urllib.parse import urlsplit

import pytest

from emulator.tests.support.embedded import Embedded, unique

pytestmark = pytest.mark.emulated


@pytest.fixture
def connection(embedded_url: str) -> Iterator[http.client.HTTPConnection]:
    address = urlsplit(embedded_url)
    opened = http.client.HTTPConnection(str(address.hostname), address.port, timeout=30)
    opened.connect()
    opened.auto_open = 0  # a connection that was closed is not opened again unseen
    yield opened
    opened.close()


def health(connection: http.client.HTTPConnection, **headers: str) -> http.client.HTTPResponse:
    connection.request("GET", "/_emu/health", headers=headers)
    return connection.getresponse()


def test_a_connection_serves_many_requests(connection: http.client.HTTPConnection) -> None:
    for _ in range(20):
        answer = health(connection)
        assert json.loads(answer.read())["pid"] > 0
        assert answer.getheader("Connection") is None


def test_a_client_may_ask_for_the_connections_end(connection: http.client.HTTPConnection) -> None:
    answer = health(connection, Connection="close")
    answer.read()
    assert answer.getheader("Connection") == "close"
    with pytest.raises(http.client.NotConnected):
        health(connection)


def test_a_head_has_the_length_of_the_body_it_does_not_send(
    embedded: Embedded, connection: http.client.HTTPConnection
) -> None:
    bucket = embedded.a_bucket()
    embedded.client("s3").put_object(Bucket=bucket, Key="k", Body=b"x" * 1000)
    for _ in range(2):
        connection.request("HEAD", f"/{bucket}/k", headers=signed("s3"))
        answer = connection.getresponse()
        assert (answer.status, answer.getheader("Content-Length")) == (200, "1000")
        assert answer.read() == b""
    assert json.loads(health(connection).read())["pid"] > 0


def signed(service: str) -> dict[str, str]:
    credential = f"test/20260101/us-east-1/{service}/aws4_request"
    return {"Authorization": f"AWS4-HMAC-SHA256 Credential={credential}, Signature=0"}


def test_an_answer_without_a_body_does_not_hold_up_the_next(
    embedded: Embedded, connection: http.client.HTTPConnection
) -> None:
    bucket = embedded.a_bucket()
    embedded.client("s3").put_object(Bucket=bucket, Key="k", Body=b"x")
    connection.request("DELETE", f"/{bucket}/k", headers=signed("s3"))
    answer = connection.getresponse()
    assert (answer.status, answer.read()) == (204, b"")
    assert json.loads(health(connection).read())["pid"] > 0


def test_a_refused_request_with_a_body_leaves_nothing_on_the_connection(
    connection: http.client.HTTPConnection,
) -> None:
    path = f"/endpoints/{unique('endpoint')}/invocations"
    connection.request("POST", path, body=b"GET /x HTTP/1.1\r\n\r\n" * 1000)
    answer = connection.getresponse()
    answer.read()
    assert answer.status == 400
    assert json.loads(health(connection).read())["pid"] > 0


def test_a_body_in_chunks_is_read_whole(
    embedded: Embedded, connection: http.client.HTTPConnection
) -> None:
    bucket = embedded.a_bucket()
    connection.request(
        "PUT", f"/{bucket}/k", body=iter([b"ab", b"cd"]), headers=signed("s3"), encode_chunked=True
    )
    assert connection.getresponse().status == 200
    stored = embedded.client("s3").get_object(Bucket=bucket, Key="k")["Body"].read()
    assert stored == b"abcd"


def test_clients_that_go_away_harm_nobody(embedded_url: str, embedded: Embedded) -> None:
    address = urlsplit(embedded_url)
    for sent in (b"", b"POST / HT", b"POST / HTTP/1.1\r\nContent-Length: 100\r\n\r\nhalf"):
        with socket.create_connection((str(address.hostname), address.port or 0), 10) as client:
            client.sendall(sent)
    assert "Buckets" in embedded.client("s3").list_buckets()


def raw_answer(embedded: Embedded, request: bytes) -> bytes:
    address = urlsplit(embedded.url)
    with socket.create_connection((str(address.hostname), address.port or 0), timeout=10) as client:
        client.sendall(request)
        client.shutdown(socket.SHUT_WR)
        with client.makefile("rb") as answer:
            return answer.read()


def put_request(bucket: str, *, framing: str, body: bytes) -> bytes:
    fields = {**signed("s3"), "Host": "localhost"}
    lines = [f"PUT /{bucket}/k HTTP/1.1", *(f"{name}: {value}" for name, value in fields.items())]
    return "\r\n".join([*lines, framing, "", ""]).encode() + body


@pytest.mark.parametrize(
    ("framing", "body"),
    [
        ("Content-Length: 1000", b"half"),
        ("Content-Length: abc", b"half"),
        ("Content-Length: -1", b"half"),
        ("Transfer-Encoding: chunked", b"4\r\nhalf\r\n"),
        ("Transfer-Encoding: chunked", b"zz\r\nhalf\r\n"),
    ],
)
def test_half_an_upload_is_no_object(embedded: Embedded, framing: str, body: bytes) -> None:
    bucket = embedded.a_bucket()
    answer = raw_answer(embedded, put_request(bucket, framing=framing, body=body))
    assert answer.startswith(b"HTTP/1.1 400 ")
    assert b"<Code>IncompleteBody</Code>" in answer
    assert "Contents" not in embedded.client("s3").list_objects_v2(Bucket=bucket)


def test_a_request_of_the_first_http_gets_a_body_only(embedded: Embedded) -> None:
    assert raw_answer(embedded, b"GET /_emu/health\r\n").startswith(b"{")
