"""Copies within S3 that create and never overwrite.

The artifact bucket refuses every write below artifacts/ that does not ask for nothing being there.
CopyObject came to take If-None-Match late, and stops at 5 GB; a multipart upload takes it when it
is completed ("Enforce conditional writes", S3 user guide; CompleteMultipartUpload, API reference).
"""

from collections.abc import Iterator, Mapping
from contextlib import suppress
from typing import Any

from botocore.exceptions import ClientError

# A second or so each; 10000 of them are more than the largest object.
_PART_BYTES = 128 << 20


def copy_once(
    s3: Any,
    source: Mapping[str, str],
    target: Mapping[str, str],
    *,
    settings: Mapping[str, str],
    part_bytes: int = _PART_BYTES,
) -> tuple[dict[str, Any], dict[str, Any]]:
    """Copy an object as it is now to where none is; settings are those of a new upload.

    Returns S3's words on the version that was copied, and on the copy. Raises ClientError as S3
    answers: 412 where there is an object, 409 where two writers met.
    """
    found = s3.head_object(**source)
    upload = s3.create_multipart_upload(**target, **settings)
    address = {**target, "UploadId": upload["UploadId"]}
    copied = {**address, "CopySource": dict(source), "CopySourceIfMatch": found["ETag"]}
    try:
        parts = [
            _copied_part(s3, {**copied, **span, "PartNumber": number})
            for number, span in enumerate(_spans(found["ContentLength"], part_bytes), start=1)
        ]
        made = s3.complete_multipart_upload(
            **address, MultipartUpload={"Parts": parts}, IfNoneMatch="*"
        )
    except BaseException:
        # What cannot be given back now, the bucket's lifecycle ends after a week.
        with suppress(ClientError):
            s3.abort_multipart_upload(**address)
        raise
    return found, made


def _copied_part(s3: Any, request: dict[str, Any]) -> dict[str, Any]:
    answer = s3.upload_part_copy(**request)
    return {"ETag": answer["CopyPartResult"]["ETag"], "PartNumber": request["PartNumber"]}


def _spans(size_bytes: int, part_bytes: int) -> Iterator[dict[str, str]]:
    """Yield the range of each part; an object that is one part needs none."""
    if size_bytes <= part_bytes:
        yield {}
        return
    for start in range(0, size_bytes, part_bytes):
        end = min(start + part_bytes, size_bytes) - 1
        yield {"CopySourceRange": f"bytes={start}-{end}"}
