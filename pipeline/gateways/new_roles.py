"""Asks again while AWS cannot assume a role: one that was just made is not known everywhere yet."""

from collections.abc import Callable
from typing import TypeVar

from botocore.exceptions import ClientError

from pipeline.gateways.aws import error_code
from pipeline.gateways.waiting import Patience

# IAM is eventually consistent (user guide, "Troubleshoot IAM", "Changes that I make are not always
# immediately visible").
PATIENCE = Patience(timeout_s=60.0, pause_s=5.0)
# "Could not assume role arn:... Please ensure that the role exists and allows principal
# 'sagemaker.amazonaws.com' to assume the role." with the code ValidationException: seen of
# CreateTransformJob in awslabs/predictive-maintenance-using-machine-learning, issue 3.
_REFUSED = ("ValidationException", "Could not assume role")

T = TypeVar("T")


def once_assumable(call: Callable[[], T], *, patience: Patience = PATIENCE) -> T:
    """Return what the call answers. Raises its ClientError: that of the role after 60 s."""
    return patience.ask(call, refused=_is_of_its_role)


def _is_of_its_role(error: ClientError) -> bool:
    code, words = _REFUSED
    return error_code(error) == code and words in str(error)
