"""The SSM parameter by which the foundation says what it offers."""

from botocore.exceptions import ClientError

from pipeline.core.errors import CorruptRecord
from pipeline.core.foundation import Foundation
from pipeline.gateways.aws import Cloud, attempting, error_code


def published_foundation(cloud: Cloud, name: str) -> Foundation | None:
    """Return what the foundation published under this name; None where there is no foundation.

    Raises CorruptRecord for a parameter that somebody else wrote over.
    """
    with attempting(f"read the parameter {name}"):
        try:
            value = cloud.client("ssm").get_parameter(Name=name)["Parameter"]["Value"]
        except ClientError as error:
            if error_code(error) == "ParameterNotFound":
                return None
            raise
    try:
        return Foundation.from_json(value)
    except CorruptRecord as error:
        message = f"The parameter {name} is not what the foundation published: {error.message}"
        raise CorruptRecord(message, remedy="Run --mode bootstrap: it writes it anew.") from error
