"""The addresses that S3 objects have in requests: `s3://` and the `https://` forms. Pure.

Source: "Methods for accessing a general purpose bucket" in the S3 user guide (virtual-hosted and
path style, legacy global and regional endpoints), "Amazon S3 endpoints" in the AWS General
Reference (dual-stack, FIPS), and the pattern of S3Uri in the SageMaker API reference.
"""

from __future__ import annotations

import re
from urllib.parse import unquote

_REGION = r"[a-z]{2}(?:-[a-z]+)+-\d"
# s3, s3.region, s3-region (legacy), s3.dualstack.region, s3-fips.region, s3-fips.dualstack.region
_SERVICE = rf"s3(?:-fips)?(?:\.dualstack)?(?:[.-]{_REGION})?\.amazonaws\.com(?:\.cn)?"
_BUCKET = r"[A-Za-z0-9][A-Za-z0-9._-]{1,253}[A-Za-z0-9]"
_FORMS = (
    re.compile(rf"s3://(?P<bucket>{_BUCKET})(?:/(?P<key>.*))?", re.DOTALL),
    re.compile(rf"https://(?P<bucket>{_BUCKET})\.{_SERVICE}(?:/(?P<key>[^?#]*))?"),
    re.compile(rf"https://{_SERVICE}/(?P<bucket>{_BUCKET})(?:/(?P<key>[^?#]*))?"),
)


class NoAddress(ValueError):
    """It is no address of an object or a prefix in S3."""


def parse_address(address: str) -> tuple[str, str]:
    """Split an address into bucket and key (which may be empty); NoAddress when it is none.

    What is percent-encoded in an https address is decoded; in an `s3://` one nothing is encoded.
    """
    for form in _FORMS:
        match = form.fullmatch(address)
        if match is not None:
            key = match["key"] or ""
            return match["bucket"], unquote(key) if address.startswith("https:") else key
    text = (
        f"{address!r} is no S3 address. Use s3://bucket/key, or "
        "https://bucket.s3.region.amazonaws.com/key."
    )
    raise NoAddress(text)


def is_address(address: str) -> bool:
    try:
        parse_address(address)
    except NoAddress:
        return False
    return True
