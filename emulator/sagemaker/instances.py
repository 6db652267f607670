"""What may be asked of instances: how many, each a process here, and a key for their volumes."""

import re
from collections.abc import Iterable

from emulator.api.errors import NotImplementedByEmulator, ValidationError
from emulator.containers.cluster import MAX_HOSTS

_LOCAL_STORAGE = re.compile(r"ml\.([^.]*d|g5|g6|g7e|p5|p6|trn1|trn2)[^.]*\.")


def check_instance_count(count: int, *, what: str) -> None:
    """Refuse what the embedded AWS would only pretend to run."""
    if count < 1:
        text = f"InstanceCount of {what} is {count}; it must be at least 1."
        raise ValidationError(text)
    if count > MAX_HOSTS:
        text = (
            f"{what} with {count} instances: each is a process of this machine, at most "
            f"{MAX_HOSTS} per job. Ask for {MAX_HOSTS} or fewer"
        )
        raise NotImplementedByEmulator(text)


def check_volume_key(key: str | None, instance_types: Iterable[str], *, name: str) -> None:
    """Refuse a key for the volume of instances with local storage, as AWS does; the words are ours.

    Source: API reference, CreateEndpointConfig (KmsKeyId), ResourceConfig (VolumeKmsKeyId); the
    types are those of sagemaker-core, instance_supports_kms, and P6.
    """
    local = [each for each in instance_types if _LOCAL_STORAGE.match(each)]
    if key and local:
        text = (
            f"{name} cannot be requested for instance type {local[0]}: its local storage is "
            "encrypted by a hardware module of the instance."
        )
        raise ValidationError(text)
