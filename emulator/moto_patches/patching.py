"""Replaces methods of moto; one that moto no longer has is an error, not a silent addition."""

from collections.abc import Callable
from typing import Any

Method = Callable[..., Any]


def wrap(owner: type, name: str, *, by: Callable[[Method], Method]) -> None:
    """Replace `owner.name` by `by(original)`."""
    setattr(owner, name, by(existing(owner, name)))


def add(owner: type, name: str, *, function: Method) -> None:
    """Add what moto lacks; moto having it by now is an error too: then the patch must go."""
    if hasattr(owner, name):
        text = f"moto now has {owner.__name__}.{name}: remove our patch"
        raise AssertionError(text)
    setattr(owner, name, function)


def existing(owner: type, name: str) -> Callable[..., Any]:
    original = getattr(owner, name, None)
    if original is None:
        text = f"moto has no {owner.__name__}.{name} any more: adapt the patch"
        raise AssertionError(text)
    return original  # type: ignore[no-any-return]
