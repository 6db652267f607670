"""Refuses an `https` address that is not S3's, where AWS's model wants an address in S3.

The model's pattern takes any host; what AWS says to another one is not documented, so the refusal
is ours.
"""

from collections.abc import Iterator, Mapping
from typing import Any

from emulator.api.errors import ValidationError
from emulator.s3_addresses import NoAddress, parse_address

_PATTERN = "(https|s3)://"


def check_addresses(params: Mapping[str, Any], shape: Any) -> None:
    """Raise ValidationError for the first string of such a pattern that is no S3 address."""
    for address in _addresses(params, shape):
        try:
            parse_address(address)
        except NoAddress as error:
            raise ValidationError(str(error)) from error


def _addresses(value: Any, shape: Any) -> Iterator[str]:
    if shape.type_name == "structure":
        for name, member in shape.members.items():
            if name in value:
                yield from _addresses(value[name], member)
    elif shape.type_name == "list":
        for item in value:
            yield from _addresses(item, shape.member)
    elif shape.type_name == "string" and _PATTERN in shape.metadata.get("pattern", ""):
        yield value
