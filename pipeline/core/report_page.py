"""The report of a run as one HTML file that needs nothing else, by templates/report.

Whatever is in it is escaped, and the page forbids itself scripts and every request.
"""

import functools
from collections.abc import Mapping

from jinja2 import DictLoader, Environment, StrictUndefined

from pipeline.core.outcomes import RunReport
from pipeline.core.report_view import page_of
from pipeline.core.version import VERSION

TEMPLATE_NAMES = ("page.html", "figures.svg")


def report_html(report: RunReport, templates: Mapping[str, str]) -> str:
    """Return the page. `templates` are the texts of TEMPLATE_NAMES."""
    page = _environment(tuple(templates.items())).get_template("page.html")
    return page.render(page=page_of(report), run_id=report.run_id, version=VERSION).lstrip()


@functools.cache
def _environment(templates: tuple[tuple[str, str], ...]) -> Environment:
    return Environment(
        autoescape=True,
        keep_trailing_newline=True,
        loader=DictLoader(dict(templates)),
        lstrip_blocks=True,
        trim_blocks=True,
        undefined=StrictUndefined,
    )
