"""Claims on requests in S3: of all pipelines that one event starts, one does what it asks for."""

from pipeline.core import naming
from pipeline.core.errors import LeaseHeld
from pipeline.core.requests import Claim
from pipeline.gateways.ports import Objects
from pipeline.gateways.store import AlreadyExists


def claimed(store: Objects, endpoint: str, claim: Claim) -> Claim:
    """Claim a request for `endpoint`; return the claim that stands, ours or an earlier one."""
    key = naming.request_object(endpoint, claim.request_id)
    try:
        store.create(key, claim.to_json().encode())
    except AlreadyExists as error:
        found = store.find(key)
        if found is None:
            message = f"The claim {store.uri(key)} was there, and is gone."
            raise LeaseHeld(message, remedy="Run the same command again.") from error
        return Claim.from_json(found.body, place=store.uri(key))
    return claim
