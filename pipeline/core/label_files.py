"""What is kept of a file of labels: where its labels lie, and since when. Each content once."""

from dataclasses import dataclass
from datetime import UTC, datetime

from pipeline.core.document import Instant, Stored


@dataclass(frozen=True, kw_only=True)
class LabelFile(Stored):
    """A file that was put there: `requests` with `rows` labels, at the moment `since`."""

    content_sha256: str
    requests: int
    rows: int
    who: str
    since: Instant


def labels_prefix(endpoint: str) -> str:
    """Where the labels of an endpoint's requests lie, by the hour in which they came."""
    return f"labels/{endpoint}/"


def since_hour(endpoint: str, moment: datetime) -> str:
    """Return what sorts before all labels that came in the hour of a moment or later."""
    return f"{labels_prefix(endpoint)}{moment.astimezone(UTC):%Y/%m/%d/%H}/"


def labels_object(endpoint: str, file: LabelFile) -> str:
    """Return the place of a file's labels: of two for one request the one that sorts last counts.

    The moment is that of the first time, so that the same file has one place whenever it comes.
    """
    at = file.since.astimezone(UTC)
    hour = f"{at:%Y/%m/%d/%H}"
    return f"{labels_prefix(endpoint)}{hour}/{_stamp(at)}-{file.content_sha256[:12]}.jsonl"


def label_file_object(endpoint: str, sha256: str) -> str:
    return f"{labels_prefix(endpoint)}files/{sha256}.json"


def _stamp(at: datetime) -> str:
    return at.strftime("%Y%m%d-%H%M%S-%f")
