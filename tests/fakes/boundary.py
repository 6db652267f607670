"""Where a fake does what a gateway does: the one place at which a test may let it go wrong."""

from collections.abc import Callable
from enum import StrEnum
from typing import Protocol, TypeVar

T = TypeVar("T")


class Kind(StrEnum):
    """What passes a boundary, by what may go wrong there."""

    READ = "read"
    WRITE = "write"
    ASK = "ask"  # InvokeEndpoint
    TERRAFORM = "terraform"  # a command of Terraform, before it has its lock
    LOCKED = "locked"  # the same command, with the lock
    CALL = "call"  # a call of Terraform's to AWS, inside an apply
    MOVE = "move"  # that by which SageMaker moves or makes an endpoint
    WAIT = "wait"  # Terraform waits for SageMaker


class Boundary(Protocol):
    """Does what is given to it, or not, or not only that."""

    def through(self, what: str, kind: Kind, do: Callable[[], T]) -> T: ...
    def unseen(self, do: Callable[[], T]) -> T:
        """Do what happens beside: nothing goes wrong there."""
        ...


class NoFaults:
    """Everything goes well."""

    def through(self, what: str, kind: Kind, do: Callable[[], T]) -> T:
        del what, kind
        return do()

    def unseen(self, do: Callable[[], T]) -> T:
        return do()


class TerraformEnds(Exception):
    """Terraform alone is killed; `persisted`: its state was written as far as it had come."""

    def __init__(self, *, persisted: bool) -> None:
        super().__init__("terraform is killed")
        self.persisted = persisted


class AllEnds(BaseException):
    """The runner is killed, and Terraform with it, if it runs. Nothing may catch this."""

    def __init__(self, *, persisted: bool = False) -> None:
        super().__init__("the runner is killed")
        self.persisted = persisted


class CallFailed(Exception):
    """A call of Terraform's ends in this error. Its effect may have come about."""
