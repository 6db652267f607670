"""What a run leaves behind: a folder with its results, and the summary for stdout."""

import logging
import os
from collections.abc import Mapping
from contextlib import suppress
from dataclasses import dataclass, replace
from pathlib import Path

from pipeline.core import gitlab_reports
from pipeline.core.console_pages import console_pages
from pipeline.core.gitlab_issue import issue_of
from pipeline.core.modes import Mode
from pipeline.core.outcomes import RunReport
from pipeline.core.results import results_json
from pipeline.core.summary import summary_lines
from pipeline.gateways.files import point, write_whole
from pipeline.gateways.gitlab import NotTold, gitlab_of, job_pages

logger = logging.getLogger(__name__)

_FILES = ("results.json", "results.env", "run.log")
_REVIEW = ("plan.html", "status.html")
_FOR_PEOPLE = ("report.html", "summary.md")
_TEMPLATES = Path(__file__).parent.parent / "templates" / "report"
_ALL_RUNS = Path("out")


@dataclass(frozen=True, kw_only=True)
class Place:
    """Where the files of a run go; `copy` is a second one of results.json.

    `latest` leads to the folder of the last run; None where this one leaves it alone.
    """

    folder: Path
    copy: Path | None
    latest: Path | None = None

    def write(self, report: RunReport) -> None:
        """Write results.json (and its copy), the report, and what GitLab reads.

        Each is whole, or not there at all.

        Raises OSError naming the file that cannot be written.
        """
        text = results_json(report)
        _write(self.folder / "results.json", text)
        pages = _for_people(report)
        for name in _FOR_PEOPLE:
            if name in pages:
                _write(self.folder / name, pages[name])
            else:  # an older one must not speak for this run
                (self.folder / name).unlink(missing_ok=True)
        for name, content in self._for_gitlab(report).items():
            _write(self.folder / name, content)
        if self.copy is not None:
            _write(self.copy, text)

    def call_latest(self) -> None:
        """Let `latest` lead to this folder; where it cannot be a link, latest.txt names the folder.

        What else has that name, a folder perhaps, stays.
        """
        if self.latest is None:
            return
        try:
            point(self.latest, self.folder.name)
        except OSError:
            with suppress(OSError):
                write_whole(self.latest.with_suffix(".txt"), f"{self.folder.name}\n")

    def _for_gitlab(self, report: RunReport) -> Mapping[str, str]:
        texts = {
            "results.env": gitlab_reports.results_env(report),
            "junit.xml": gitlab_reports.junit(report),
            "metrics.txt": gitlab_reports.metrics(report),
            "annotations.json": gitlab_reports.annotations(
                {**console_pages(report), **self._job_pages(os.environ)}
            ),
        }
        counts = gitlab_reports.terraform(report)
        return texts | ({"terraform.json": counts} if counts else {})

    def _job_pages(self, environment: Mapping[str, str]) -> dict[str, str]:
        """Return where GitLab shows the files of this run, if it is a job's."""
        pages = job_pages(self.folder, environment)
        more = (name for name in (*_FOR_PEOPLE, *_REVIEW) if (self.folder / name).exists())
        return {name: f"{pages}/{name}" for name in (*_FILES, *more)} if pages else {}

    @property
    def links(self) -> Mapping[str, str]:
        """Where each file is, by its name."""
        return {name: str(self.folder / name) for name in _FILES}

    def linked(self, report: RunReport) -> RunReport:
        """Return the report with the files that are made of it among its links."""
        if not report.has_page:
            return report
        made = {name: str(self.folder / name) for name in _FOR_PEOPLE}
        return replace(report, links={**report.links, **made})


def place_of(run_id: str, *, folder: Path | None, copy: Path | None, only_looks: bool) -> Place:
    """Return the named folder, else one of this run alone with `latest` beside it.

    What only looks leaves `latest` to the runs that change or judge something.
    """
    if folder is not None:
        return Place(folder=folder, copy=copy)
    latest = None if only_looks else _ALL_RUNS / "latest"
    return Place(folder=_ALL_RUNS / run_id, copy=copy, latest=latest)


def _for_people(report: RunReport) -> Mapping[str, str]:
    """Return the pages of a run that has something to show. A run is what it is without them."""
    if not report.has_page:
        return {}
    try:
        # Loaded by what changes or judges something, when it begins; who only looks has no page.
        from pipeline.core.report_page import TEMPLATE_NAMES, report_html
        from pipeline.core.report_summary import summary_markdown

        templates = {
            name: (_TEMPLATES / f"{name}.j2").read_text(encoding="utf-8") for name in TEMPLATE_NAMES
        }
        return {
            "report.html": report_html(report, templates),
            "summary.md": summary_markdown(report),
        }
    except Exception:
        logger.exception("the report cannot be made")
        return {}


def _write(path: Path, text: str) -> None:
    try:
        write_whole(path, text)
    except OSError as error:
        error.filename = str(path)
        raise


def summary(report: RunReport, *, output_format: str, explain: bool = False) -> str:
    """Return what goes to stdout: lines for people, or the one JSON document."""
    if output_format == "json":
        return results_json(report).rstrip("\n")
    return "\n".join(summary_lines(report, explain=explain))


def tell_gitlab(report: RunReport, folder: Path, environment: Mapping[str, str]) -> None:
    """Put a plan's review on its merge request, and open an issue where an endpoint went back.

    Needs a token; whatever GitLab answers, the run is what it was.
    """
    gitlab = gitlab_of(environment)
    if gitlab is None:
        return
    merge_request, review = environment.get("CI_MERGE_REQUEST_IID"), folder / "plan.md"
    issue = issue_of(report, environment)
    try:
        if report.mode == Mode.PLAN and merge_request and review.exists():
            gitlab.put_note(merge_request, review.read_text(encoding="utf-8"))
        if issue:
            gitlab.open_issue(issue.title, issue.description)
    except (NotTold, OSError) as error:
        logger.warning("GitLab was not told: %s", error)
