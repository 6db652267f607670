"""Conditional writes in S3: who comes second hears of it, and a lost answer is found again."""

import hashlib
import tempfile
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace
from io import BytesIO

import pytest
from botocore.awsrequest import AWSPreparedRequest, AWSResponse
from botocore.exceptions import ClientError

from emulator.tests.support.embedded import Embedded
from pipeline.core.errors import CloudUnusable, UsageError
from pipeline.gateways.aws import Cloud
from pipeline.gateways.copies import copy_once
from pipeline.gateways.store import AlreadyExists, Changed, Store
from pipeline.material.stored import Written
from tests.gateways.gateways import a_store, cloud_of
from tests.gateways.losing_proxy import losing_the_first

pytestmark = pytest.mark.emulated


@pytest.fixture
def store(embedded: Embedded) -> Store:
    return a_store(embedded)


def test_what_was_put_is_found(store: Store) -> None:
    store.put("a/b.json", b"{}")
    found = store.find("a/b.json")
    assert found is not None
    assert found.body == b"{}"


def test_what_was_never_put_is_not_found(store: Store) -> None:
    assert store.find("absent") is None


def test_the_type_of_an_object_follows_its_name(store: Store, embedded: Embedded) -> None:
    store.put("table.csv", b"a,b")
    seen = embedded.client("s3").head_object(Bucket=store.bucket, Key="table.csv")
    assert seen["ContentType"] == "text/csv"


def test_the_foundations_key_encrypts_every_object(embedded: Embedded) -> None:
    key = embedded.client("kms").create_key()["KeyMetadata"]["Arn"]
    store = Store(cloud_of(embedded), embedded.a_bucket(), kms_key_arn=key)
    store.put("secret", b"")
    store.copy_to(store.uri("secret"), "copy")
    for name in ("secret", "copy"):
        seen = embedded.client("s3").head_object(Bucket=store.bucket, Key=name)
        assert seen["SSEKMSKeyId"] == key


def test_an_object_is_created_only_once(store: Store) -> None:
    store.create("one", b"first")
    with pytest.raises(AlreadyExists, match="/one"):
        store.create("one", b"second")
    assert store.read_uri(store.uri("one")) == b"first"


def test_a_file_goes_up_from_its_beginning_and_comes_down_in_parts(store: Store) -> None:
    half = Written()
    half.write("a,b\n" * 5_000_000)  # on disk, and read to its end by now
    for _ in range(2):
        store.create_same("data/abc.csv", half.file)
    with tempfile.TemporaryFile() as file:
        store.download(store.uri("data/abc.csv"), file)
        file.seek(0)
        assert file.read() == half.read()
    assert store.sha256(store.uri("data/abc.csv")) == half.sha256


def test_the_same_content_may_be_created_again(store: Store) -> None:
    for _ in range(2):
        store.create_same("data/abc", b"same")
    assert store.read_uri(store.uri("data/abc")) == b"same"


def test_only_the_version_that_was_read_is_replaced(store: Store) -> None:
    first = store.create("head", b"1")
    second = store.replace("head", b"2", etag=first)
    with pytest.raises(Changed, match="/head"):
        store.replace("head", b"3", etag=first)
    assert store.replace("head", b"3", etag=second)


def test_what_is_gone_cannot_be_replaced(store: Store, embedded: Embedded) -> None:
    etag = store.create("head", b"1")
    embedded.client("s3").delete_object(Bucket=store.bucket, Key="head")
    with pytest.raises(Changed):
        store.replace("head", b"2", etag=etag)


def test_of_many_who_create_at_once_one_succeeds(store: Store) -> None:
    assert winners(lambda n: store.create("race", f"{n}".encode())) == 1


def test_of_many_who_replace_at_once_one_succeeds(store: Store) -> None:
    etag = store.create("race", b"start")
    assert winners(lambda n: store.replace("race", f"{n}".encode(), etag=etag)) == 1


def winners(write: Callable[[int], object]) -> int:
    def wins(number: int) -> bool:
        try:
            write(number)
        except (AlreadyExists, Changed):
            return False
        return True

    with ThreadPoolExecutor(8) as pool:
        return sum(pool.map(wins, range(8)))


def test_a_create_whose_answer_was_lost_is_known_as_its_own(
    store: Store, embedded: Embedded
) -> None:
    with losing_the_first("PUT", embedded.url) as url:
        behind = Store(cloud_of(replace(embedded, url=url)), store.bucket)
        etag = behind.create("event", b"mine")
    assert store.replace("event", b"next", etag=etag)


def test_a_replacement_whose_answer_was_lost_is_known_as_its_own(
    store: Store, embedded: Embedded
) -> None:
    before = store.create("head", b"1")
    with losing_the_first("PUT", embedded.url) as url:
        behind = Store(cloud_of(replace(embedded, url=url)), store.bucket)
        etag = behind.replace("head", b"2", etag=before)
    assert store.replace("head", b"3", etag=etag)


@pytest.mark.parametrize("status", [404, 409], ids=["not there yet", "two writers met"])
@pytest.mark.parametrize("replaces", [False, True])
def test_an_own_write_is_known_where_its_repetition_is_answered_with_ask_again(
    store: Store, embedded: Embedded, status: int, replaces: bool
) -> None:
    """The first call is done and its answer lost; only botocore's repetition of it counts retries.

    The runner asks anew after such an answer, and then meets what it has written itself.
    """
    before = store.create("head", b"1")
    with losing_the_first("PUT", embedded.url) as url:
        cloud = cloud_of(replace(embedded, url=url))
        behind, passed = Store(cloud, store.bucket), answering_the_second_put(cloud, status)
        if replaces:
            etag = behind.replace("head", b"2", etag=before)
        else:
            etag = behind.create("event", b"mine")
    assert len(passed) >= 2
    assert store.replace("head" if replaces else "event", b"next", etag=etag)


def answering_the_second_put(cloud: Cloud, status: int) -> list[str]:
    """Let the second PUT never leave this process; return where those that were sent are noted."""
    codes = {404: "NoSuchKey", 409: "ConditionalRequestConflict"}
    passed: list[str] = []

    def answered(request: AWSPreparedRequest, **_: object) -> AWSResponse | None:
        passed.append(request.url)
        if len(passed) != 2:
            return None
        body = f"<Error><Code>{codes[status]}</Code><Message>again</Message></Error>".encode()
        return AWSResponse(request.url, status, {}, Raw(body))

    cloud.client("s3").meta.events.register("before-send.s3.PutObject", answered)
    return passed


class Raw(BytesIO):
    """What botocore reads of a body."""

    def stream(self) -> Iterator[bytes]:
        yield self.read()


def test_another_ones_object_is_not_taken_for_an_own_write(
    store: Store, embedded: Embedded
) -> None:
    store.create("event", b"theirs")
    with losing_the_first("PUT", embedded.url) as url:
        behind = Store(cloud_of(replace(embedded, url=url)), store.bucket)
        with pytest.raises(AlreadyExists):
            behind.create("event", b"mine")


def test_writers_that_meet_try_again(store: Store, embedded: Embedded) -> None:
    conflict = {"code": "ConditionalRequestConflict", "message": "met", "status": 409}
    embedded.add_fault({"service": "s3", "action": "PutObject", "times": 2, "error": conflict})
    store.create("one", b"1")
    assert store.read_uri(store.uri("one")) == b"1"


@pytest.fixture
def refused(embedded: Embedded) -> Iterator[Callable[[str, int], None]]:
    """Yield what lets S3 answer every write in this way, until the test is over."""

    def refuse(code: str, status: int) -> None:
        error = {"code": code, "message": "ask again", "status": status}
        embedded.add_fault({"service": "s3", "action": "PutObject", "error": error})

    yield refuse
    embedded.clear_faults()


@pytest.mark.parametrize(
    ("code", "status"), [("ConditionalRequestConflict", 409), ("NoSuchKey", 404)]
)
def test_what_was_never_written_is_told_neither_as_there_nor_as_another_ones(
    store: Store, refused: Callable[[str, int], None], code: str, status: int
) -> None:
    before = store.create("old", b"0")
    refused(code, status)
    with pytest.raises(CloudUnusable, match=code):
        store.create("new", b"1")
    with pytest.raises(CloudUnusable, match=code):
        store.create_same("new", b"1")
    with pytest.raises(CloudUnusable if status == 409 else Changed):
        store.replace("old", b"1", etag=before)
    assert not store.exists("new")
    assert store.read_uri(store.uri("old")) == b"0"


def test_an_own_write_is_known_where_its_object_is_not_seen_at_once(
    store: Store, embedded: Embedded
) -> None:
    """Who refuses because an object is there has said that it is there."""
    unseen = {"code": "NoSuchKey", "message": "not yet", "status": 404}
    rule = {"service": "s3", "action": "GetObject", "times": 1, "error": unseen}
    with losing_the_first("PUT", embedded.url) as url:
        behind = Store(cloud_of(replace(embedded, url=url)), store.bucket)
        embedded.add_fault(rule)
        etag = behind.create("event", b"mine")
    assert store.replace("event", b"next", etag=etag)


def test_only_the_keys_below_a_prefix_are_listed_in_order(store: Store) -> None:
    for key in ("jobs/b", "jobs/a/x", "job", "other"):
        store.put(key, b"")
    assert list(store.keys("jobs/")) == ["jobs/a/x", "jobs/b"]


def test_the_sha256_of_an_object_is_that_of_all_its_parts(store: Store) -> None:
    body = bytes(range(256)) * 10_000
    store.put("large", body)
    assert store.sha256(store.uri("large")) == hashlib.sha256(body).hexdigest()


def test_an_artifact_is_read_once_on_its_way_to_its_address(
    store: Store, embedded: Embedded
) -> None:
    cloud = cloud_of(embedded)
    read: list[str] = []
    cloud.client("s3").meta.events.register(
        "before-call.s3.GetObject", lambda params, **_: read.append(params["url_path"])
    )
    store = Store(cloud, store.bucket)
    store.put("from", b"trained")
    digest = hashlib.sha256(b"trained").hexdigest()
    assert [store.sha256(store.uri("from")) for _ in range(3)] == [digest] * 3
    store.copy_to(store.uri("from"), "artifacts/abc")
    assert store.sha256(store.uri("artifacts/abc")) == digest
    assert len(read) == 1


def test_what_was_replaced_since_it_was_read_is_read_again(store: Store) -> None:
    uri = store.uri("artifact")
    for body in (b"one", b"other"):
        store.put("artifact", body)
        assert store.sha256(uri) == hashlib.sha256(body).hexdigest()
    store.copy_to(uri, "artifacts/abc")
    assert store.sha256(store.uri("artifacts/abc")) == hashlib.sha256(b"other").hexdigest()


def test_a_copy_of_what_was_replaced_since_is_not_taken_for_what_was_read(store: Store) -> None:
    store.put("from", b"trained")
    store.sha256(store.uri("from"))
    store.put("from", b"another")
    store.copy_to(store.uri("from"), "artifacts/abc")
    found = store.sha256(store.uri("artifacts/abc"))
    assert found == hashlib.sha256(b"another").hexdigest()


def test_a_copy_does_not_replace_what_is_at_its_address(store: Store) -> None:
    store.put("from", b"new")
    store.put("artifacts/abc", b"old")
    store.copy_to(store.uri("from"), "artifacts/abc")
    assert store.read_uri(store.uri("artifacts/abc")) == b"old"


def copied(store: Store, embedded: Embedded, key: str, **options: int) -> None:
    source = {"Bucket": store.bucket, "Key": "from"}
    copy_once(
        embedded.client("s3"), source, {"Bucket": store.bucket, "Key": key}, settings={}, **options
    )


def test_an_artifact_too_large_for_one_part_is_copied_whole(
    store: Store, embedded: Embedded
) -> None:
    body = b"first".ljust(5 << 20, b"1") + b"second".ljust(5 << 20, b"2") + b"last"
    store.put("from", body)
    copied(store, embedded, "artifacts/abc", part_bytes=5 << 20)
    assert store.read_uri(store.uri("artifacts/abc")) == body


def test_a_copy_that_comes_second_changes_nothing_and_leaves_no_parts(
    store: Store, embedded: Embedded
) -> None:
    store.put("from", b"second")
    store.put("artifacts/abc", b"first")
    with pytest.raises(ClientError, match="PreconditionFailed"):
        copied(store, embedded, "artifacts/abc")
    assert store.read_uri(store.uri("artifacts/abc")) == b"first"
    assert not embedded.client("s3").list_multipart_uploads(Bucket=store.bucket).get("Uploads")


def test_copies_that_meet_try_again(store: Store, embedded: Embedded) -> None:
    conflict = {"code": "ConditionalRequestConflict", "message": "met", "status": 409}
    fault = {"service": "s3", "action": "CompleteMultipartUpload", "times": 2, "error": conflict}
    store.put("from", b"content")
    embedded.add_fault(fault)
    store.copy_to(store.uri("from"), "artifacts/abc")
    assert store.read_uri(store.uri("artifacts/abc")) == b"content"


def test_of_many_who_copy_at_once_everyone_finds_the_copy(store: Store) -> None:
    store.put("from", b"content")
    assert winners(lambda _: store.copy_to(store.uri("from"), "artifacts/abc")) == 8
    assert store.read_uri(store.uri("artifacts/abc")) == b"content"


@pytest.mark.parametrize("method", ["GET", "HEAD"])
def test_what_was_written_is_asked_for_again_where_s3_says_it_is_not_there(
    store: Store, embedded: Embedded, method: str
) -> None:
    etag = store.create("head", b"1")
    denied_twice(embedded, "GetObject" if method == "GET" else "HeadObject")
    found = store.find("head") if method == "GET" else store.exists("head")
    assert found
    denied_twice(embedded, "PutObject")
    assert store.replace("head", b"2", etag=etag)


def test_what_somebody_else_wrote_is_asked_for_again(store: Store, embedded: Embedded) -> None:
    embedded.client("s3").put_object(Bucket=store.bucket, Key="model", Body=b"model")
    denied_twice(embedded, "GetObject")
    assert store.sha256(store.uri("model")) == hashlib.sha256(b"model").hexdigest()


def test_what_nobody_knows_to_be_there_is_asked_for_once(store: Store, embedded: Embedded) -> None:
    embedded.clear_requests()
    assert store.find("absent") is None
    assert not store.exists("absent")
    assert [each["action"] for each in embedded.requests()] == ["GetObject", "HeadObject"]


def denied_twice(embedded: Embedded, action: str) -> None:
    """Let S3 say that there is no such object, as it does while versioning is new to a bucket."""
    missing = {"code": "NoSuchKey", "message": "The key does not exist.", "status": 404}
    embedded.add_fault({"service": "s3", "action": action, "times": 2, "error": missing})


def test_a_missing_object_is_the_callers_mistake(store: Store) -> None:
    uri = store.uri("no/such/thing")
    for read in (store.read_uri, store.sha256, lambda uri: store.copy_to(uri, "x")):
        with pytest.raises(UsageError, match=f"There is no object {uri}"):
            read(uri)


def test_a_missing_bucket_is_the_callers_mistake(store: Store) -> None:
    with pytest.raises(UsageError, match="There is no object s3://absent-bucket/x"):
        store.read_uri("s3://absent-bucket/x")


@pytest.mark.parametrize("uri", ["", "s3://", "s3://bucket", "s3://bucket/", "/etc/passwd"])
def test_what_is_no_address_is_refused(store: Store, uri: str) -> None:
    with pytest.raises(UsageError, match="is not the address of an object"):
        store.read_uri(uri)


def test_a_refusal_says_what_was_tried_and_what_to_do(store: Store, embedded: Embedded) -> None:
    denied = {"code": "AccessDenied", "message": "no s3:PutObject", "status": 403}
    embedded.add_fault({"service": "s3", "action": "PutObject", "error": denied})
    with pytest.raises(CloudUnusable, match=r"Could not write s3://.*no s3:PutObject.*permission"):
        store.put("x", b"")
