"""A run of fixed words and times, told as the runner tells it: `python -m tests.golden.scene`.

stderr has log and progress, stdout the endpoint that is watched and then the summary.
"""

import logging
import os
import sys
import tempfile
from dataclasses import replace
from datetime import timedelta
from pathlib import Path

from pipeline.core.outcomes import DeploymentReport, DeploymentStatus, FailureReport, RunStatus
from pipeline.core.summary import summary_lines
from pipeline.core.watching import changes, facts, tree
from pipeline.gateways import console
from tests.support.message_builders import a_report
from tests.unit.core_builders import NOON
from tests.unit.test_watching import at_rest, moving

_SECONDS = NOON.timestamp()
_WHERE = "staging, embedded AWS 000000000000, us-east-1"


def _say(level: int, words: str) -> None:
    record = logging.makeLogRecord(
        {"name": "pipeline", "levelno": level, "levelname": logging.getLevelName(level)}
        | {"msg": words, "created": _SECONDS}
    )
    logging.getLogger("pipeline").handle(record)


def _at_noon(record: logging.LogRecord) -> bool:
    record.created, record.msecs = _SECONDS, 0.0
    return True


def _run(progress: console.Progress) -> None:
    _say(logging.INFO, "version=0.1.0 run=20260102-120000-aaaa mode=full backend=local")
    with progress.phase("training"):
        progress.detail("Downloading")
        _say(logging.INFO, "training job=iris-classifier-20260102-120000 is Downloading")
        _say(logging.DEBUG, "what --verbose shows is not here")
    _say(
        logging.WARNING,
        "the tests during the bake go on: Could not describe endpoint x: " + "y" * 60,
    )
    try:
        with progress.phase("deployment"):
            stage = (
                "Baking, 50% of the traffic on the new fleet, 2 instances; none of 3 alarms rings"
            )
            _say(logging.INFO, stage)
            raise RuntimeError
    except RuntimeError:
        _say(logging.ERROR, "endpoint=iris-model-staging went back")


def _watch(*, has_screen: bool) -> None:
    looks = (moving(), at_rest(ringing_alarms=("iris-model-staging-r-1-n1-errors",)))
    before: dict[str, str] = {}
    if not has_screen:
        for look in looks:
            known = dict(facts(look))
            for line in changes(before, known):
                sys.stdout.write(f"{NOON:%H:%M:%S} UTC {line}\n")
            before = known
        return
    with console.screen() as screen:
        for seconds, look in enumerate(looks):
            screen.show(tree(look, now=NOON + timedelta(seconds=5 * seconds), where=_WHERE))


def _summary() -> tuple[str, ...]:
    deployment = DeploymentReport(
        status=DeploymentStatus.ROLLED_BACK,
        endpoint_name="iris-model-staging",
        release_id="r-20260102-120000-bbbbbb",
        duration_s=185.32,
        rolled_back_to="r-20260101-120000-aaaaaa",
    )
    failure = FailureReport(
        code="RolledBack",
        message="The tests of r-20260102-120000-bbbbbb failed; r-20260101-120000-aaaaaa serves.",
        remedy="Mend the cause and deploy again.",
        exit_code=5,
    )
    report = a_report(failure=failure, deployment=deployment, status=RunStatus.FAILED)
    return summary_lines(replace(report, backend="local", account="0" * 12, region="us-east-1"))


def main() -> None:
    no_color = "--no-color" in sys.argv
    with tempfile.TemporaryDirectory() as folder:
        lines = console.Lines(
            run_id="20260102-120000-aaaa",
            is_lively=console.is_lively(os.environ, no_color=no_color),
            has_sections=bool(os.environ.get("GITLAB_CI")),
        )
        progress = console.configure_logging(
            log_file=Path(folder) / "run.log", level=logging.INFO, lines=lines
        )
        for handler in logging.getLogger().handlers:
            handler.addFilter(_at_noon)
        _run(progress)
        sys.stderr.flush()
        lively = console.is_lively(os.environ, no_color=no_color, stream=sys.stdout)
        _watch(has_screen=lively)
        sys.stdout.write("\n".join(_summary()) + "\n")
        sys.stdout.flush()


if __name__ == "__main__":
    main()
