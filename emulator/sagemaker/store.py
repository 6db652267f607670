"""SageMaker's documents: plain dicts per region, kind and name, and tags per ARN.

Documents have the wire form of the Describe response (times are epoch seconds). Reading gives
copies, so nothing changes outside the lock; `lock` may be held around several steps.
"""

import copy
import threading
from collections.abc import Mapping
from typing import Any, NamedTuple

Document = dict[str, Any]


class Key(NamedTuple):
    region: str
    kind: str
    name: str


class Store:
    def __init__(self) -> None:
        self.lock = threading.RLock()
        self._documents: dict[Key, Document] = {}
        self._tags: dict[str, dict[str, str]] = {}

    def put(self, key: Key, document: Document) -> None:
        with self.lock:
            self._documents[key] = copy.deepcopy(document)

    def find(self, key: Key) -> Document | None:
        with self.lock:
            return copy.deepcopy(self._documents.get(key))

    def all(self, region: str, kind: str) -> list[Document]:
        with self.lock:
            found = [
                document
                for key, document in self._documents.items()
                if (key.region, key.kind) == (region, kind)
            ]
            return copy.deepcopy(found)

    def merge(self, key: Key, patch: Mapping[str, Any]) -> bool:
        """Set top-level members; None removes one. False when the document is gone."""
        with self.lock:
            document = self._documents.get(key)
            if document is None:
                return False
            document.update(copy.deepcopy(dict(patch)))
            for member in [member for member, value in patch.items() if value is None]:
                del document[member]
            return True

    def remove(self, key: Key) -> None:
        with self.lock:
            self._documents.pop(key, None)

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
