"""How many instances a job may have on this machine: each of them is a process."""

from emulator.api.errors import NotImplementedByEmulator, ValidationError
from emulator.containers.cluster import MAX_HOSTS


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
