"""What a run leaves behind: a folder with its results, and the summary for stdout."""

from collections.abc import Mapping
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path

from pipeline.core.outcomes import RunReport
from pipeline.core.results import results_env, results_json
from pipeline.core.summary import summary_lines
from pipeline.gateways.files import point, write_whole

_FILES = ("results.json", "results.env", "run.log")
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
        """Write results.json (and its copy) and results.env, each whole or not at all.

        Raises OSError naming the file that cannot be written.
        """
        text = results_json(report)
        _write(self.folder / "results.json", text)
        _write(self.folder / "results.env", results_env(report))
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

    @property
    def links(self) -> Mapping[str, str]:
        """Where each file is, by its name."""
        return {name: str(self.folder / name) for name in _FILES}


def place_of(run_id: str, *, folder: Path | None, copy: Path | None, only_looks: bool) -> Place:
    """Return the named folder, else one of this run alone with `latest` beside it.

    What only looks leaves `latest` to the runs that change or judge something.
    """
    if folder is not None:
        return Place(folder=folder, copy=copy)
    latest = None if only_looks else _ALL_RUNS / "latest"
    return Place(folder=_ALL_RUNS / run_id, copy=copy, latest=latest)


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
