"""SageMaker's documents: plain dicts per region, kind and name, and tags per ARN.

Documents have the wire form of the Describe response (times are epoch seconds). Reading gives
copies, so nothing changes outside the lock; `lock` may be held around several steps.
"""

import copy
import threading
from collections.abc import Mapping
from typing import Any

Document = dict[str, Any]


class Store:
    def __init__(self) -> None:
        self.lock = threading.RLock()
        self._documents: dict[tuple[str, str], dict[str, Document]] = {}
        self._tags: dict[str, dict[str, str]] = {}

    def put(self, region: str, kind: str, name: str, document: Document) -> None:
        with self.lock:
            self._documents.setdefault((region, kind), {})[name] = copy.deepcopy(document)

    def find(self, region: str, kind: str, name: str) -> Document | None:
        with self.lock:
            return copy.deepcopy(self._documents.get((region, kind), {}).get(name))

    def all(self, region: str, kind: str) -> list[Document]:
        with self.lock:
            return copy.deepcopy(list(self._documents.get((region, kind), {}).values()))

    def merge(self, region: str, kind: str, name: str, patch: Mapping[str, Any]) -> bool:
        """Set top-level members; None removes one. False when the document is gone."""
        with self.lock:
            document = self._documents.get((region, kind), {}).get(name)
            if document is None:
                return False
            document.update(copy.deepcopy(dict(patch)))
            for member in [member for member, value in patch.items() if value is None]:
                del document[member]
            return True

    def remove(self, region: str, kind: str, name: str) -> None:
        with self.lock:
            self._documents.get((region, kind), {}).pop(name, None)

    def tags(self, arn: str) -> dict[str, str]:
        with self.lock:
            return dict(self._tags.get(arn, {}))

    def add_tags(self, arn: str, tags: Mapping[str, str]) -> None:
        with self.lock:
            self._tags.setdefault(arn, {}).update(tags)

    def remove_tags(self, arn: str, keys: list[str] | None = None) -> None:
        """Remove the named tags, or all of them."""
        with self.lock:
            if keys is None:
                self._tags.pop(arn, None)
                return
            for key in keys:
                self._tags.get(arn, {}).pop(key, None)
