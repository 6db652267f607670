"""Image URIs of SageMaker's own framework images, for all regions, from sagemaker-core's table."""

import logging

from pipeline.core.errors import UsageError

_FRAMEWORK = "sklearn"
# Its scikit-learn is the one that requirements.txt pins, so that artifacts load on both sides.
VERSION = "1.9-0"


def image_uri(*, region: str, instance_type: str, scope: str) -> str:
    """Return the scikit-learn image of a region; `scope` is "training" or "inference".

    Raises UsageError for a region or an instance type that has none. sagemaker-core takes a second
    to import, so it is imported here and not at the start.
    """
    logging.getLogger("sagemaker").setLevel(logging.WARNING)
    from sagemaker.core import image_uris

    try:
        uri = image_uris.retrieve(
            _FRAMEWORK,
            region=region,
            version=VERSION,
            instance_type=instance_type,
            image_scope=scope,
            py_version="py3",
        )
    except ValueError as error:
        message = f"SageMaker has no {scope} image for {instance_type} in {region}: {error}"
        raise UsageError(message, remedy="Change aws_region or the instance type.") from error
    return str(uri)
