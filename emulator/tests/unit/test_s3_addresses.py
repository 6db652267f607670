"""Every form in which AWS documents an address in S3, and what only looks like one."""

import pytest

from emulator.s3_addresses import NoAddress, parse_address

HOST = "amazonaws.com"


@pytest.mark.parametrize(
    "address",
    [
        "s3://my-bucket/a/b.csv",
        f"https://my-bucket.s3.us-east-1.{HOST}/a/b.csv",
        f"https://s3.us-east-1.{HOST}/my-bucket/a/b.csv",
        f"https://my-bucket.s3.{HOST}/a/b.csv",
        f"https://s3.{HOST}/my-bucket/a/b.csv",
        f"https://my-bucket.s3-us-west-2.{HOST}/a/b.csv",
        f"https://s3-us-west-2.{HOST}/my-bucket/a/b.csv",
        f"https://my-bucket.s3.dualstack.eu-central-1.{HOST}/a/b.csv",
        f"https://s3.dualstack.eu-central-1.{HOST}/my-bucket/a/b.csv",
        f"https://my-bucket.s3-fips.us-gov-west-1.{HOST}/a/b.csv",
        f"https://s3-fips.dualstack.us-east-2.{HOST}/my-bucket/a/b.csv",
        f"https://my-bucket.s3.cn-north-1.{HOST}.cn/a/b.csv",
        f"https://s3.cn-north-1.{HOST}.cn/my-bucket/a/b.csv",
        f"https://my-bucket.s3.us-east-1.{HOST}/a/b%2Ecsv",
    ],
)
def test_a_documented_form_has_bucket_and_key(address: str) -> None:
    assert parse_address(address) == ("my-bucket", "a/b.csv")


@pytest.mark.parametrize(
    ("address", "found"),
    [
        ("s3://my-bucket", ("my-bucket", "")),
        ("s3://my-bucket/", ("my-bucket", "")),
        ("s3://my-bucket//a", ("my-bucket", "/a")),
        ("s3://my-bucket/a%20b?c#d", ("my-bucket", "a%20b?c#d")),
        (f"https://my-bucket.s3.{HOST}", ("my-bucket", "")),
        (f"https://my.dotted.bucket.s3.eu-west-1.{HOST}/a", ("my.dotted.bucket", "a")),
        (f"https://my-bucket.s3.eu-west-1.{HOST}/a%20b%C3%BC", ("my-bucket", "a bü")),
    ],
)
def test_the_edges_of_the_forms(address: str, found: tuple[str, str]) -> None:
    assert parse_address(address) == found


@pytest.mark.parametrize(
    "address",
    [
        "",
        "my-bucket/a",
        "s3:/my-bucket/a",
        "s3:///a",
        "s3://ab/a",
        "S3://my-bucket/a",
        f"http://my-bucket.s3.us-east-1.{HOST}/a",
        "https://example.com/my-bucket/a",
        f"https://my-bucket.s3.us-east-1.{HOST}.example.com/a",
        f"https://my-bucket.s3-website-us-east-1.{HOST}/a",
        f"https://name-111122223333.s3-accesspoint.us-east-1.{HOST}/a",
        f"https://my-bucket.s3.us-east-1.{HOST}/a?versionId=1",
        f"https://s3.us-east-1.{HOST}/",
        f"https://ec2.us-east-1.{HOST}/my-bucket/a",
    ],
)
def test_what_is_no_address_in_s3_is_refused(address: str) -> None:
    with pytest.raises(NoAddress, match="is no S3 address"):
        parse_address(address)
