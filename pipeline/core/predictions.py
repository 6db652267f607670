"""An endpoint's answers as labels: what they say, and how many are right."""

import json
from collections.abc import Sequence


def labels_of(body: bytes) -> tuple[str, ...]:
    """Return the labels of a JSON answer `{"predictions": [...]}`; none for any other answer."""
    try:
        document = json.loads(body)
        found = document["predictions"]
    except (ValueError, KeyError, TypeError):
        return ()
    return tuple(str(label) for label in found) if isinstance(found, list) else ()


def share_of_matches(predicted: Sequence[str], labels: Sequence[str]) -> float:
    """Return the share (0..1) of right answers; a missing answer is wrong, none at all is 0."""
    if len(predicted) != len(labels) or not labels:
        return 0.0
    return sum(p == label for p, label in zip(predicted, labels, strict=True)) / len(labels)
