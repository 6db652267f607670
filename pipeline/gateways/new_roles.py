"""Asks again while AWS cannot assume a role: one that was just made is not known everywhere yet."""

import logging
import time
from collections.abc import Callable
from typing import TypeVar

from botocore.exceptions import ClientError

from pipeline.gateways.aws import error_code

logger = logging.getLogger(__name__)

# IAM is eventually consistent (user guide, "Troubleshoot IAM", "Changes that I make are not always
# immediately visible").
TIMEOUT_S = 60.0
_PAUSE_S = 5.0
# "Could not assume role arn:... Please ensure that the role exists and allows principal
# 'sagemaker.amazonaws.com' to assume the role." with the code ValidationException: seen of
# CreateTransformJob in awslabs/predictive-maintenance-using-machine-learning, issue 3.
_REFUSED = ("ValidationException", "Could not assume role")

T = TypeVar("T")


def once_assumable(
    call: Callable[[], T],
    *,
    clock: Callable[[], float] = time.monotonic,
    sleep: Callable[[float], None] = time.sleep,
) -> T:
    """Return what the call answers. Raises its ClientError: that of the role after 60 s."""
    deadline = clock() + TIMEOUT_S
    while True:
        try:
            return call()
        except ClientError as error:
            if not _is_of_its_role(error) or clock() + _PAUSE_S > deadline:
                raise
            logger.warning("asked again in %.0f s: %s", _PAUSE_S, error)
        sleep(_PAUSE_S)


def _is_of_its_role(error: ClientError) -> bool:
    code, words = _REFUSED
    return error_code(error) == code and words in str(error)
