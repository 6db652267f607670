"""What SageMaker and its scaling keep: plain dicts per region, kind and name, and tags per ARN.

Documents have the wire form of the Describe response (times are epoch seconds). Reading gives
copies, so nothing changes outside the lock; `lock` may be held around several steps.
"""

import copy
import json
import threading
from collections.abc import Callable, Mapping
from typing import Any, NamedTuple

Document = dict[str, Any]


class Key(NamedTuple):
    region: str
    kind: str
    name: str


Watcher = Callable[[Key, Document | None, Document], None]


class Store:
    def __init__(self) -> None:
        self.lock = threading.RLock()
        self._documents: dict[Key, Document] = {}
        self._tags: dict[str, dict[str, str]] = {}
        self._changes = 0
        self._sealed: bytes | None = None
        self._watchers: list[Watcher] = []

    def watch(self, watcher: Watcher) -> None:
        """Call `watcher` with copies before and after each change, under the lock: be quick."""
        self._watchers.append(watcher)

    @property
    def changes(self) -> int:
        """How often something was changed since the start."""
        return self._changes

    def dump(self) -> bytes:
        """Return everything as JSON, for `load`."""
        with self.lock:
            if self._sealed is not None:
                return self._sealed
            documents = [[*key, document] for key, document in self._documents.items()]
            return json.dumps({"documents": documents, "tags": self._tags}).encode()

    def seal(self) -> None:
        """Let `dump` give for good what is here now: what the stop itself ends is no news."""
        self._sealed = self.dump()

    def load(self, dumped: bytes) -> None:
        """Replace everything; ValueError, KeyError or TypeError when that is no dump."""
        state = json.loads(dumped)
        documents = {Key(*key): dict(document) for *key, document in state["documents"]}
        tags = {arn: dict(items) for arn, items in state["tags"].items()}
        with self.lock:
            self._documents, self._tags = documents, tags

    def all_keys(self) -> list[Key]:
        with self.lock:
            return list(self._documents)

    def put(self, key: Key, document: Document) -> None:
        with self.lock:
            self._changes += 1
            before = self._documents.get(key)
            self._documents[key] = copy.deepcopy(document)
            self._tell(key, before)

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

    def arns(self, region: str) -> set[str]:
        """Return every ARN that a document of the region names at its top, its own among them."""
        with self.lock:
            return {
                value
                for key, document in self._documents.items()
                if key.region == region
                for member, value in document.items()
                if member.endswith("Arn") and isinstance(value, str)
            }

    def merge(self, key: Key, patch: Mapping[str, Any]) -> bool:
        """Set top-level members; None removes one. False when the document is gone."""
        with self.lock:
            document = self._documents.get(key)
            if document is None:
                return False
            self._changes += 1
            before = dict(document)
            document.update(copy.deepcopy(dict(patch)))
            for member in [member for member, value in patch.items() if value is None]:
                del document[member]
            self._tell(key, before)
            return True

    def _tell(self, key: Key, before: Document | None) -> None:
        for watcher in self._watchers:
            watcher(key, before, copy.deepcopy(self._documents[key]))

    def remove(self, key: Key) -> None:
        with self.lock:
            self._changes += 1
            self._documents.pop(key, None)

    def tags(self, arn: str) -> dict[str, str]:
        with self.lock:
            return dict(self._tags.get(arn, {}))

    def add_tags(self, arn: str, tags: Mapping[str, str]) -> None:
        with self.lock:
            self._changes += 1
            self._tags.setdefault(arn, {}).update(tags)

    def remove_tags(self, arn: str, keys: list[str] | None = None) -> None:
        """Remove the named tags, or all of them."""
        with self.lock:
            self._changes += 1
            if keys is None:
                self._tags.pop(arn, None)
                return
            for key in keys:
                self._tags.get(arn, {}).pop(key, None)
