"""Terraform's public registry, from which the provider comes where no mirror has it."""

import urllib.error
import urllib.request

_PAGE = "https://registry.terraform.io/.well-known/terraform.json"


def refusal(page: str = _PAGE, *, timeout_s: float = 10.0) -> str | None:
    """Ask for a page and return why it cannot be had; None when somebody answers."""
    try:
        with urllib.request.urlopen(page, timeout=timeout_s):
            return None
    except urllib.error.HTTPError:
        return None  # an answer
    except OSError as error:
        return str(getattr(error, "reason", None) or error)
