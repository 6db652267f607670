"""Writes what a run leaves behind: results.json, results.env, and the summary for stdout."""

from pathlib import Path

from pipeline.core.outcomes import RunReport
from pipeline.core.results import results_env, results_json
from pipeline.core.summary import summary_lines
from pipeline.gateways.files import write_whole


def write_files(report: RunReport, *, folder: Path, copy: Path | None) -> None:
    """Write results.json (and its copy) and results.env, each whole or not at all.

    Raises OSError naming the file that cannot be written.
    """
    text = results_json(report)
    _write(folder / "results.json", text)
    _write(folder / "results.env", results_env(report))
    if copy is not None:
        _write(copy, text)


def _write(path: Path, text: str) -> None:
    try:
        write_whole(path, text)
    except OSError as error:
        error.filename = str(path)
        raise


def summary(report: RunReport, *, output_format: str) -> str:
    """Return what goes to stdout: lines for people, or the one JSON document."""
    if output_format == "json":
        return results_json(report).rstrip("\n")
    return "\n".join(summary_lines(report))
