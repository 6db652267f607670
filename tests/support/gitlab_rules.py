"""How GitLab reads what a job leaves, written again from its sources.

Dotenv: app/services/ci/parse_dotenv_artifact_service.rb. Metrics:
ee/lib/gitlab/ci/parsers/metrics/generic.rb.
"""

import re
from collections.abc import Iterator


class Refused(Exception):
    """GitLab would answer 400."""


def gitlab_reads_dotenv(text: bytes, *, most: int = 20) -> dict[str, str]:
    """GitLab's lib/gitlab/ci/parsers and parse_dotenv_artifact_service, line by line."""
    if len(text) > 5 * 1024:
        message = "Dotenv Artifact Too Big"
        raise Refused(message)
    try:
        lines = text.decode("utf-8").splitlines()
    except UnicodeDecodeError as error:
        message = "not UTF-8"
        raise Refused(message) from error
    variables = {}
    for line in lines:
        found = re.fullmatch(r"(.*?)=(.*)", line)
        if found is None:
            message = "Invalid Format"
            raise Refused(message)
        key, value = (each.strip() for each in found.groups())
        if not re.fullmatch(r"[A-Za-z0-9_]{1,255}", key):
            message = f"Key can contain only letters, digits and '_': {key}"
            raise Refused(message)
        variables[key] = value
    if len(variables) > most:
        message = "Dotenv files cannot have more than 20 variables"
        raise Refused(message)
    return variables


def gitlab_reads_metrics(text: str) -> Iterator[tuple[str, str]]:
    """As its Metrics::Generic parser: what follows # is cut, then two words."""
    for line in text.splitlines():
        words = line.partition("#")[0].split()
        if words:
            assert line.count('"') % 2 == 0
            yield words[0], words[1]
