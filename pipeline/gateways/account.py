"""What an account holds of a foundation: the parameter that says what it offers, its buckets."""

from pipeline.core.errors import CorruptRecord
from pipeline.core.foundation import Foundation
from pipeline.gateways.aws import FAILURES, Cloud, if_there


def published_foundation(cloud: Cloud, name: str) -> Foundation | None:
    """Return what the foundation published under this name; None where there is no foundation.

    Raises CorruptRecord for a parameter that somebody else wrote over.
    """
    parameter = if_there(
        f"read the parameter {name}",
        lambda: cloud.client("ssm").get_parameter(Name=name)["Parameter"],
        missing={"ParameterNotFound"},
    )
    if parameter is None:
        return None
    try:
        return Foundation.from_json(parameter["Value"])
    except CorruptRecord as error:
        message = f"The parameter {name} is not what the foundation published: {error.message}"
        raise CorruptRecord(message, remedy="Run --mode bootstrap: it writes it anew.") from error


def buckets_like(cloud: Cloud, prefix: str) -> tuple[str, ...]:
    """Return the account's buckets in any region whose names begin so; none where it is denied."""
    try:
        listed = cloud.client("s3").list_buckets()
    except FAILURES:
        return ()
    names = (str(each["Name"]) for each in listed.get("Buckets", ()))
    return tuple(sorted(name for name in names if name.startswith(prefix)))
