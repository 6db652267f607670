"""Asks botocore for the regions of all services through one session.

moto makes a session for each question, and each reads the endpoints of all of AWS and the whole
model of EC2 again: a fifth of what the start of the server costs.
"""

from collections.abc import Callable
from typing import Any

import boto3

_Regions = Callable[..., list[str]]


def ask_one_session() -> None:
    """Let all sessions of this process answer as one; to be called before moto is imported."""
    boto3.Session.get_available_regions = _answering_for_all(
        boto3.Session(), boto3.Session.get_available_regions
    )


def _answering_for_all(one: boto3.Session, regions: _Regions) -> _Regions:
    def get_available_regions(_session: Any, *arguments: Any, **named: Any) -> list[str]:
        return regions(one, *arguments, **named)

    return get_available_regions
