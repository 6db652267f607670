"""Whether anything lies where a job will read, asked before the job is made.

Source: CreateTrainingJob and CreateTransformJob as quoted in bug reports
(aws/amazon-sagemaker-examples issues 2267 and 2414). CreateProcessingJob does not look: there the
download fails, and the job with it.
"""

from collections.abc import Iterable, Mapping
from typing import Any

from botocore.exceptions import ClientError

from emulator.api.errors import ValidationError
from emulator.containers.storage import parse_uri
from emulator.sagemaker.registry import Context


def require_objects(
    context: Context, sources: Iterable[Mapping[str, Any]], *, role: str | None
) -> None:
    """Raise ValidationError when under one S3Uri there is nothing, or no bucket."""
    client = context.cloud.client("s3", context.region)
    for source in sources:
        bucket, prefix = parse_uri(source["S3Uri"])
        said = ""
        try:
            found = client.list_objects_v2(Bucket=bucket, Prefix=prefix, MaxKeys=1)
        except ClientError as error:
            found, said = {}, f" Error message from S3: {error.response['Error']['Message']}"
        if not found.get("KeyCount"):
            text = (
                f'No S3 objects found under S3 URL "{source["S3Uri"]}" given in input data '
                "source. Please ensure that the bucket exists in the selected region "
                f"({context.region}), that objects exist under that S3 prefix, and that the role "
                f'"{role}" has "s3:ListBucket" permissions on bucket "{bucket}".{said}'
            )
            raise ValidationError(text)
