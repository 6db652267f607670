"""Checks what can be checked offline: data and code of one's own, templates, all of Terraform."""

from collections.abc import Iterator
from pathlib import Path

from jinja2 import Environment, TemplateSyntaxError

from pipeline.configuration.loading import PROJECT_ROOT
from pipeline.context import Context
from pipeline.core.data_checks import not_compared
from pipeline.core.errors import UsageError
from pipeline.steps.check_data import conclude
from pipeline.steps.learn import from_source
from pipeline.steps.train import gather_from

ROOTS = ("account", "foundation", "serving", "surroundings")


def validate(context: Context) -> Iterator[str]:
    """Yield a line for each part that is sound. Raises for the first that is not."""
    yield "Configuration: valid"
    yield _data(context)
    templates = sorted((PROJECT_ROOT / "templates").rglob("*.j2"))
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


def _data(context: Context) -> str:
    """Read and check the data where it is at hand; what is found is in the context's recorder."""
    address = context.settings.training.data
    if not Path(address).exists():
        return f"Data: not looked at, {address} is not on this machine"
    material = gather_from(context, from_source(context))  # what came since lies in AWS
    against = not_compared("Nothing is asked of AWS, so there is no release to compare with.")
    conclude(context, (*material.found, *against))
    rows, columns = material.profile.rows, len(material.profile.columns)
    return f"Data: {rows} rows, {columns} columns to learn from, target {material.profile.target!r}"
