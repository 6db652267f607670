"""Checks what can be checked offline: templates, and the Terraform of all roots."""

from collections.abc import Iterator

from jinja2 import Environment, TemplateSyntaxError

from pipeline.configuration.loading import PROJECT_ROOT
from pipeline.context import Context
from pipeline.core.errors import UsageError

ROOTS = ("account", "foundation", "serving", "surroundings")


def validate(context: Context) -> Iterator[str]:
    """Yield a line for each part that is sound. Raises for the first that is not."""
    yield "Configuration: valid"
    templates = sorted((PROJECT_ROOT / "templates").glob("*.j2"))
    for path in templates:
        try:
            Environment(autoescape=False).parse(path.read_text(encoding="utf-8"))
        except TemplateSyntaxError as error:
            message = f"The template {path.name} is broken in line {error.lineno}: {error.message}."
            raise UsageError(message, remedy="Restore it from the repository.") from error
    yield f"Templates: {len(templates)} valid"
    for root in ROOTS:
        context.terraform(root, state_key=None).validate()
        yield f"Terraform {root}: valid"
