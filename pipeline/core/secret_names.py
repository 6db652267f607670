"""Which values are secret by the name that they go by."""

import re
from collections.abc import Mapping

_SHORTEST = 8  # what is shorter would be found in half of all texts
_NAMED = re.compile(
    r"(?:^|_)(?:API_?KEY|CREDENTIALS?|PASSPHRASE|PASSWD|PASSWORD|PRIVATE_?KEY|SECRET|TOKEN"
    r"|SECRET_ACCESS_KEY|SESSION_TOKEN|WEBHOOK_?URL)$",
    re.IGNORECASE,
)


def secrets_among(variables: Mapping[str, str]) -> tuple[str, ...]:
    """Return the values of variables whose names say that they are secret."""
    return tuple(
        value
        for name, value in variables.items()
        if len(value) >= _SHORTEST and _NAMED.search(name)
    )
