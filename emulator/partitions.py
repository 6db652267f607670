"""The partition of a region, with which its ARNs begin (IAM user guide, "IAM identifiers")."""

_PARTITIONS = {
    "cn-": "aws-cn",
    "eu-isoe-": "aws-iso-e",
    "eusc-": "aws-eusc",
    "us-gov-": "aws-us-gov",
    "us-iso-": "aws-iso",
    "us-isob-": "aws-iso-b",
    "us-isof-": "aws-iso-f",
}


def partition_of(region: str) -> str:
    """Return aws-cn for cn-north-1, and aws for whatever has no partition of its own."""
    named = (each for prefix, each in _PARTITIONS.items() if region.startswith(prefix))
    return next(named, "aws")
