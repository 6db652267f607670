"""The outbox in S3: one document per endpoint, replaced only by who read its last version."""

from collections.abc import Callable

from pipeline.core import naming
from pipeline.core.errors import LeaseHeld
from pipeline.core.outbox import Outbox
from pipeline.gateways.ports import Objects
from pipeline.gateways.store import AlreadyExists, Changed

_MOST_MEETINGS = 8


class OutboxStore:
    """Changes the document as it is now, however many runs do so at once."""

    def __init__(self, store: Objects, endpoint: str) -> None:
        self._store = store
        self._key = naming.outbox_object(endpoint)

    def change(self, changed: Callable[[Outbox], Outbox]) -> Outbox:
        """Read, change and replace the box; return it as it is then."""
        for _ in range(_MOST_MEETINGS):
            found = self._store.find(self._key)
            box = Outbox.from_json(found.body, place=self._key) if found else Outbox()
            new = changed(box)
            if new == box:
                return box
            body = new.to_json().encode()
            try:
                if found is None:
                    self._store.create(self._key, body)
                else:
                    self._store.replace(self._key, body, etag=found.etag)
            except (AlreadyExists, Changed):
                continue
            return new
        message = f"Other runs keep changing {self._store.uri(self._key)}."
        raise LeaseHeld(message, remedy="The next run sends what is left.")
