"""S3's conditional writes: of many racers one wins, the others hear it as S3 says it."""

import itertools
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from typing import Any

import pytest
from botocore.exceptions import ClientError

from emulator.tests.support.embedded import Embedded

pytestmark = pytest.mark.emulated

_RACERS = 12
_LOST = ("PreconditionFailed", 412)
_WON = ("won", 200)

# Prepares a write of these bytes to this place; what it returns writes them under a condition.
Conditional = Callable[[dict[str, str]], Any]
Maker = Callable[[Any, dict[str, str], bytes], Conditional]


class Races:
    """Rounds of racers in one bucket; a round is a key of its own."""

    def __init__(self, cloud: Embedded) -> None:
        self.s3 = cloud.client("s3")
        self.bucket = cloud.a_bucket()
        self._keys = itertools.count()

    def race(self, make: Maker, *, existing: bool, pool: ThreadPoolExecutor) -> None:
        """Let twelve write at once: exactly one wins, and what it wrote is there."""
        place = {"Bucket": self.bucket, "Key": str(next(self._keys))}
        condition = {"IfNoneMatch": "*"}
        if existing:
            condition = {"IfMatch": self.s3.put_object(**place, Body=b"before")["ETag"]}
        bodies = [f"racer {number}".encode() for number in range(_RACERS)]
        writes = [make(self.s3, place, body) for body in bodies]
        ends = list(pool.map(lambda write: ending(write, condition), writes))
        assert sorted(ends) == [_LOST] * (_RACERS - 1) + [_WON]
        winner = bodies[ends.index(_WON)]
        assert self.s3.get_object(**place)["Body"].read() == winner


def ending(write: Conditional, condition: dict[str, str]) -> tuple[str, int]:
    try:
        write(condition)
    except ClientError as error:
        status = error.response["ResponseMetadata"]["HTTPStatusCode"]
        return str(error.response["Error"]["Code"]), int(status)
    return _WON


def put(s3: Any, place: dict[str, str], body: bytes) -> Conditional:
    return lambda condition: s3.put_object(**place, Body=body, **condition)


def completed_upload(s3: Any, place: dict[str, str], body: bytes) -> Conditional:
    upload = {**place, "UploadId": s3.create_multipart_upload(**place)["UploadId"]}
    part = s3.upload_part(**upload, PartNumber=1, Body=body)
    parts = {"Parts": [{"PartNumber": 1, "ETag": part["ETag"]}]}
    return lambda condition: s3.complete_multipart_upload(
        **upload, MultipartUpload=parts, **condition
    )


def copy(s3: Any, place: dict[str, str], body: bytes) -> Conditional:
    source = {"Bucket": place["Bucket"], "Key": f"source of {place['Key']} {body.decode()}"}
    s3.put_object(**source, Body=body)
    return lambda condition: s3.copy_object(**place, CopySource=source, **condition)


@pytest.mark.parametrize("existing", [False, True], ids=["if-none-match", "if-match"])
@pytest.mark.parametrize(("make", "rounds"), [(put, 6), (completed_upload, 2), (copy, 2)])
def test_exactly_one_of_twelve_writers_wins(
    embedded: Embedded, make: Maker, rounds: int, existing: bool
) -> None:
    run_races(embedded, make, rounds=rounds, existing=existing)


@pytest.mark.soak
@pytest.mark.timeout(3600)
@pytest.mark.parametrize("existing", [False, True], ids=["if-none-match", "if-match"])
@pytest.mark.parametrize(("make", "rounds"), [(put, 1000), (completed_upload, 200), (copy, 200)])
def test_exactly_one_of_twelve_writers_wins_time_after_time(
    embedded: Embedded, make: Maker, rounds: int, existing: bool
) -> None:
    run_races(embedded, make, rounds=rounds, existing=existing)


def run_races(embedded: Embedded, make: Maker, *, rounds: int, existing: bool) -> None:
    races = Races(embedded)
    with ThreadPoolExecutor(_RACERS) as pool:
        for _ in range(rounds):
            races.race(make, existing=existing, pool=pool)


@pytest.mark.parametrize("make", [put, completed_upload, copy])
def test_if_match_of_an_object_that_is_not_there_is_a_404(embedded: Embedded, make: Maker) -> None:
    s3, bucket = embedded.client("s3"), embedded.a_bucket()
    write = make(s3, {"Bucket": bucket, "Key": "absent"}, b"x")
    assert ending(write, {"IfMatch": '"d41d8cd98f00b204e9800998ecf8427e"'}) == ("NoSuchKey", 404)


def test_a_lost_upload_can_still_be_completed_without_the_condition(embedded: Embedded) -> None:
    s3, place = embedded.client("s3"), {"Bucket": embedded.a_bucket(), "Key": "k"}
    s3.put_object(**place, Body=b"there")
    write = completed_upload(s3, place, b"late")
    assert ending(write, {"IfNoneMatch": "*"}) == _LOST
    write({})
    assert s3.get_object(**place)["Body"].read() == b"late"


def test_a_deleted_object_of_a_versioned_bucket_counts_as_absent(embedded: Embedded) -> None:
    s3, place = embedded.client("s3"), {"Bucket": embedded.a_bucket(), "Key": "k"}
    enabled = {"Status": "Enabled"}
    s3.put_bucket_versioning(Bucket=place["Bucket"], VersioningConfiguration=enabled)
    s3.put_object(**place, Body=b"first")
    s3.delete_object(**place)
    assert ending(put(s3, place, b"second"), {"IfNoneMatch": "*"}) == _WON
