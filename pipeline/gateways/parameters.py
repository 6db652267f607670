"""The SSM parameter by which the foundation says what it offers."""

from pipeline.core.foundation import Foundation
from pipeline.gateways.aws import Cloud, error_code, unusable


def published_foundation(cloud: Cloud, name: str) -> Foundation | None:
    """Return what the foundation published under this name; None where there is no foundation."""
    try:
        value = cloud.client("ssm").get_parameter(Name=name)["Parameter"]["Value"]
    except Exception as error:
        if error_code(error) == "ParameterNotFound":
            return None
        what = f"read the parameter {name}"
        raise unusable(what, error) from error
    return Foundation.from_json(value)
