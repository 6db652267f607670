"""What an account holds of a foundation, and how it answers who may not ask."""

import socket
from dataclasses import replace

import pytest

from emulator.tests.support.embedded import Embedded
from pipeline.core.errors import CloudUnusable
from pipeline.gateways import account, registry
from tests.gateways.gateways import cloud_of

pytestmark = pytest.mark.emulated


def test_credentials_that_are_refused_are_unusable(embedded: Embedded) -> None:
    denied = {"code": "InvalidClientTokenId", "message": "no", "status": 403}
    embedded.add_fault({"service": "sts", "action": "GetCallerIdentity", "error": denied})
    with pytest.raises(CloudUnusable, match="Could not read the AWS account"):
        cloud_of(embedded).account_id()


def test_buckets_are_found_by_how_they_begin(embedded: Embedded) -> None:
    bucket = embedded.a_bucket()
    assert account.buckets_like(cloud_of(embedded), bucket[:-1]) == (bucket,)


def test_where_listing_is_denied_no_bucket_is_found(embedded: Embedded) -> None:
    bucket = embedded.a_bucket()
    denied = {"code": "AccessDenied", "message": "no", "status": 403}
    embedded.add_fault({"service": "s3", "action": "ListBuckets", "error": denied})
    assert account.buckets_like(cloud_of(embedded), bucket) == ()


def test_a_page_that_nobody_serves_is_refused_with_the_reason(embedded: Embedded) -> None:
    with socket.create_server(("127.0.0.1", 0)) as server:
        port = server.getsockname()[1]
    assert "refused" in str(registry.refusal(f"http://127.0.0.1:{port}/", timeout_s=5))
    assert registry.refusal(f"{embedded.url}/_emu/nothing", timeout_s=5) is None


@pytest.mark.parametrize("words", ["Signature expired: 1 is earlier", "Signature not yet current"])
def test_a_clock_that_is_minutes_off_is_named_as_the_cause(embedded: Embedded, words: str) -> None:
    late = {"code": "SignatureDoesNotMatch", "message": words, "status": 403}
    embedded.add_fault({"service": "sts", "action": "GetCallerIdentity", "error": late})
    with pytest.raises(CloudUnusable) as refused:
        cloud_of(embedded).account_id()
    assert "clock" in refused.value.remedy


def test_who_only_wants_to_look_waits_for_nobody_long(embedded: Embedded) -> None:
    hurried = replace(cloud_of(embedded), is_hurried=True).client("sts").meta.config
    patient = cloud_of(embedded).client("sts").meta.config
    assert hurried.retries["total_max_attempts"] * hurried.connect_timeout <= 10
    assert patient.retries["total_max_attempts"] > hurried.retries["total_max_attempts"]
