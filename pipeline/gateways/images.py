"""Image URIs of SageMaker's own framework images, for all regions, from AWS's table in sagemaker-core."""

FRAMEWORK = "sklearn"
# The image's scikit-learn is the one that requirements.txt pins, so that artifacts load on both sides.
VERSION = "1.9-0"


def image_uri(*, region: str, instance_type: str, scope: str) -> str:
    """Return the scikit-learn image of a region; `scope` is "training" or "inference".

    sagemaker-core takes a second to import, so it is imported here and not at the start.
    """
    import logging

    logging.getLogger("sagemaker").setLevel(logging.WARNING)
    from sagemaker.core import image_uris

    return str(
        image_uris.retrieve(
            FRAMEWORK,
            region=region,
            version=VERSION,
            instance_type=instance_type,
            image_scope=scope,
            py_version="py3",
        )
    )
