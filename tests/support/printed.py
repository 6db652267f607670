"""The commands that a text of ours tells a person to type."""

from pipeline.core.printed_commands import COMMAND


def commands(text: str) -> tuple[str, ...]:
    """Return the commands that a text names, in short or whole."""
    return tuple(found[0] for found in COMMAND.finditer(text))
