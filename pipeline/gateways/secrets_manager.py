"""Secrets that are kept in Secrets Manager: a text, or JSON with the key `url` or `value`."""

import json
from typing import Any

from pipeline.core.errors import UsageError
from pipeline.gateways.aws import Cloud, attempting

_KEYS = ("url", "value")


def looked_up(cloud: Cloud, given: str) -> str:
    """Return a secret that was given itself, or the one that its ARN names.

    Raises UsageError for one that holds no text, CloudUnusable for one that cannot be read.
    """
    if not given.startswith("arn:"):
        return given
    with attempting(f"read the secret {given}"):
        answer = cloud.client("secretsmanager").get_secret_value(SecretId=given)
    text = _text(answer.get("SecretString"))
    if not text:
        message = f"The secret {given} holds no text, and no JSON with the key url or value."
        raise UsageError(message, remedy="Put the address or the token itself into it.")
    return text


def _text(kept: Any) -> str:
    if not isinstance(kept, str):
        return ""
    try:
        document = json.loads(kept)
    except ValueError:
        return kept.strip()
    if not isinstance(document, dict):
        return kept.strip()
    found = (document[key] for key in _KEYS if isinstance(document.get(key), str))
    return str(next(found, "")).strip()
