"""The report in short, as Markdown: what a person reads in a merge request or a job's page."""

from pipeline.core.outcomes import RunReport
from pipeline.core.plan_document import Document, Section, Table
from pipeline.core.plan_pages import markdown
from pipeline.core.report_compared import CHAMPION, DATA_CHECKS
from pipeline.core.report_view import page_of
from pipeline.core.summary import summary_lines

# Of these the sentences are enough: the numbers are in the report.
_TOLD = (CHAMPION, DATA_CHECKS)
# What was judged before this run has a longer title, and is in the report alone.
_SHOWN = ("Decision", "Quality on held-out rows", "Where it comes from")


def summary_markdown(report: RunReport) -> str:
    """Return the summary of stdout, and of the report what decided and where it comes from."""
    page = page_of(report)
    sections = [Section(title="Summary", lines=summary_lines(report))]
    for each in page.sections:
        if each.title in _SHOWN:
            table = Table(header=each.table.header, rows=each.table.rows) if each.table else None
            facts = tuple(f"{name}: {value}" for name, value in each.facts)
            sections.append(Section(title=each.title, lines=facts, table=table))
        elif each.title in _TOLD and each.lines:
            sections.append(Section(title=each.title, lines=each.lines))
        for what, command in each.commands:
            sections.append(Section(title=what, command=command))
    return markdown(
        Document(title=page.title, marker=f"run {report.run_id}", sections=tuple(sections))
    )
