"""One run from flags to files: settings, cloud, context, workflow, report, exit code."""

import logging
import os
import secrets
import signal
import sys
from collections.abc import Callable, Mapping
from contextlib import suppress
from dataclasses import replace
from datetime import UTC, datetime
from pathlib import Path
from time import monotonic
from typing import TYPE_CHECKING, Any, NoReturn

from pipeline import reports
from pipeline.configuration.loading import PROJECT_ROOT, load_settings
from pipeline.configuration.settings import Settings, secrets_of
from pipeline.configuration.sources import given
from pipeline.context import Context
from pipeline.core import failures, naming, printed_commands
from pipeline.core.errors import ConfigError, PipelineError, UsageError
from pipeline.core.modes import ONLY_LOOKS, Mode
from pipeline.core.outcomes import FailureReport, RunReport, RunStatus
from pipeline.core.printed_commands import WRAPPER, Given
from pipeline.core.redaction import hidden_in
from pipeline.core.secret_names import secrets_among
from pipeline.core.version import VERSION
from pipeline.gateways import console, embedded, git, outputs
from pipeline.gateways.aws import Cloud, local_cloud, real_cloud, request_id, require_region
from pipeline.gateways.files import plain
from pipeline.gateways.work_folders import WorkFolder, work_folder
from pipeline.recorder import Recorder
from pipeline.reports import Place
from pipeline.request import Options, options_of, require_writable
from pipeline.workflow import execute, posted, shown

if TYPE_CHECKING:
    from pipeline.gateways.ports import HeldLease

logger = logging.getLogger(__name__)


class Terminated(BaseException):
    """SIGTERM came in: unwind, so that Terraform is stopped and the lease given back."""


def run_session(
    flags: Mapping[str, Any], configured: Mapping[str, object], *, write: Callable[[str], object]
) -> int:
    """Do what the command line asks for; write the summary with `write`; return the exit code."""
    flags = {key: plain(each) if isinstance(each, Path) else each for key, each in flags.items()}
    again = _given(flags, configured)
    started = datetime.now(UTC)
    run_id = naming.run_id(started, secrets.token_hex(2))
    place = reports.place_of(
        run_id,
        folder=flags["output_dir"],
        copy=flags["output_file"],
        only_looks=flags["mode"] in ONLY_LOOKS or flags["dry_run"],
    )
    try:
        options = options_of(flags, os.environ)
        settings, options = _settings(flags, configured, options)
        require_writable(place.folder, place.copy)
    except PipelineError as error:
        error.remedy = printed_commands.completed(error.remedy, again)
        console.say_error(f"Error: {error}", as_json=flags["log_format"] == "json")
        refused = _refusal(run_id, started, flags["mode"] or Mode.FULL.value, error)
        with suppress(OSError):  # an output folder that cannot be written may be the very error
            place.write(refused)
            place.call_latest()
        return error.exit_code
    session = _Session(
        flags, settings, options, again=again, place=place, run_id=run_id, started=started
    )
    return session.run(write)


def _given(flags: Mapping[str, Any], configured: Mapping[str, object]) -> Given:
    """Return how this run was started, for the commands that its messages tell to type."""
    try:
        here = Path.cwd().resolve() == PROJECT_ROOT
    except FileNotFoundError:  # the folder was deleted under its shell
        here = False
    config_file = flags["config_file"]
    return given(
        program=f"./{WRAPPER}" if here else str(PROJECT_ROOT / WRAPPER),
        flags=configured,
        environment=os.environ,
        config_file=plain(config_file.absolute()) if config_file else None,
        endpoint_name=flags["endpoint_name"],
    )


def _settings(
    flags: Mapping[str, Any], configured: Mapping[str, object], options: Options
) -> tuple[Settings, Options]:
    """Load the configuration. For mode doctor a refused one is a finding, not the end."""
    try:
        settings = load_settings(
            config_file=flags["config_file"], environment=os.environ, flags=configured
        )
    except ConfigError as refused:
        if options.mode is not Mode.DOCTOR:
            raise
        return Settings(), replace(options, refused=refused)
    return settings, options


def _refusal(run_id: str, started: datetime, mode: str, error: PipelineError) -> RunReport:
    """Report also a run that never began: an older file must not speak for this one."""
    return RunReport(
        run_id=run_id,
        mode=mode,
        status=RunStatus.FAILED,
        git_sha=git.head_sha(PROJECT_ROOT),
        started_at=started,
        failure=failures.of_error(error),
    )


def _terminate(number: int, frame: object) -> NoReturn:
    del number, frame
    raise Terminated


class _Session:
    """The state of one run: what was asked for, what came of it."""

    def __init__(
        self,
        flags: Mapping[str, Any],
        settings: Settings,
        options: Options,
        *,
        again: Given,
        place: Place,
        run_id: str,
        started: datetime,
    ) -> None:
        self._flags = flags
        self._settings = settings
        self._options = options
        self._again = again
        self._place = place
        self._run_id = run_id
        self._started = started
        self._clock_started = monotonic()
        self._secrets = (*secrets_of(settings), *secrets_among(os.environ))
        self._endpoint = flags["endpoint_name"] or naming.endpoint_name(
            settings.endpoint_prefix, settings.environment
        )
        self._aws_request = ""
        self._known: Callable[[], dict[str, str]] = dict
        self._progress = self._configured_logging()
        self._recorder = Recorder(
            completed=lambda text: printed_commands.completed(text, again),
            progress=self._progress.phase,
            detail=self._progress.detail,
            beside=self._progress.beside,
        )
        self._known = self._about
        self._account = ""
        self._write_out: Callable[[str], object] = lambda _: None
        self._held: list[HeldLease] = []
        self._context: Context | None = None
        self._git_sha = git.head_sha(PROJECT_ROOT)

    def run(self, write: Callable[[str], object]) -> int:
        self._write_out = write
        self._place.call_latest()
        logger.info(
            "version=%s run=%s mode=%s backend=%s environment=%s",
            VERSION,
            self._run_id,
            self._options.mode.value,
            self._settings.backend,
            self._settings.environment,
        )
        logger.debug("arguments=%s", sys.argv[1:])
        code, failure = self._outcome()
        if failure is not None:
            failure = replace(
                failure,
                message=hidden_in(failure.message, self._secrets),
                remedy=printed_commands.completed(failure.remedy, self._again),
            )
        # What is left takes no time, and results must be whole.
        signal.signal(signal.SIGTERM, signal.SIG_IGN)
        is_told, office = False, None
        try:
            report = self._shown(self._report(code, failure))
            if self._context is not None:
                office = posted(self._context, self._options, report)
            if office is not None:
                report = replace(report, notifications=office.notices)
            ended = self._write(report) or code
            self._say(failure)
            shown = {key: self._flags[key] for key in ("output_format", "explain")}
            if not self._options.speaks_itself:
                write(reports.summary(report, **shown))
            is_told = failures.is_told(code)
        finally:
            for holding in self._held:
                holding.give_back(told=is_told)
        if office is not None and report.status is not RunStatus.INTERRUPTED:
            # The lease is given back: a channel that is down, or GitLab, holds no rollback up.
            self._write(replace(report, notifications=office.delivered()))
        reports.tell_gitlab(report, self._place.folder, os.environ)
        return ended

    def _shown(self, report: RunReport) -> RunReport:
        """Return the report with what only its page shows."""
        if self._context is None or report.status is RunStatus.INTERRUPTED:
            return self._place.linked(report)
        return self._place.linked(replace(report, shown=shown(self._context, report)))

    def _write(self, report: RunReport) -> int:
        """Write the files; return an exit code where they cannot be: an old one must not speak."""
        try:
            self._place.write(report)
        except OSError as error:
            text = f"Error: The results cannot be written to {error.filename}: {error.strerror}."
            console.say_error(
                f"{text} The run itself ended as the summary says.",
                as_json=self._flags["log_format"] == "json",
                run_id=self._run_id,
            )
            return UsageError.exit_code
        return 0

    def _say(self, failure: FailureReport | None) -> None:
        """Tell stderr of a failure that the summary on stdout does not tell people in words."""
        as_json = self._flags["log_format"] == "json"
        has_no_summary = self._options.speaks_itself or self._flags["output_format"] == "json"
        if self._options.speaks_itself and failure and failure.exit_code == failures.INTERRUPTED:
            return  # who looked on has seen enough
        if failure and (as_json or has_no_summary):
            text = f"Error: {failure.message}\n{failure.remedy}"
            about = {**self._about(), "error_code": failure.code}
            about |= {"aws_request_id": self._aws_request} if self._aws_request else {}
            console.say_error(text, as_json=as_json, run_id=self._run_id, about=about)

    def _about(self) -> dict[str, str]:
        """Return the fields of JSON lines that are known by now."""
        request = self._options.request
        known = {
            "environment": self._settings.environment,
            "endpoint": self._endpoint,
            "release_id": self._recorder.part("release_id"),
            "phase": self._progress.phase_name,
            "request_id": request.request_id if request else None,
        }
        return {name: value for name, value in known.items() if value}

    def _outcome(self) -> tuple[int, FailureReport | None]:
        signal.signal(signal.SIGTERM, _terminate)
        try:
            with work_folder() as work:
                self._execute(work)
        except PipelineError as error:
            logger.debug("failed", exc_info=True)
            self._aws_request = request_id(error)
            return error.exit_code, failures.of_error(error)
        except (KeyboardInterrupt, Terminated) as error:
            by_hand = isinstance(error, KeyboardInterrupt)
            code = failures.INTERRUPTED if by_hand else failures.TERMINATED
            return code, failures.of_interruption(code)
        except Exception as error:
            failure = failures.of_exception(error, self._place.links["run.log"])
            if failure.exit_code == failures.BUG:
                logger.exception("a bug")
            return failure.exit_code, failure
        return 0, None

    def _execute(self, work: WorkFolder) -> None:
        cloud = self._cloud()
        context = Context(
            settings=self._settings,
            cloud=cloud,
            run_id=self._run_id,
            git_sha=self._git_sha,
            work_dir=work.path,
            work_fd=work.fd,
            output_dir=self._place.folder.absolute(),
            recorder=self._recorder,
            now=lambda: datetime.now(UTC),
            force=self._flags["force"],
            endpoint_name=self._flags["endpoint_name"],
            request=self._options.request,
            confirm=lambda question: self._flags["yes"] or self._confirmed(question),
            ask=self._answered,
            break_lease=self._flags["break_lease"],
            held=self._held,
            out=self._out,
            wants_json=self._flags["output_format"] == "json",
            verbose=self._flags["verbose"],
            has_screen=console.is_lively(
                os.environ, no_color=self._flags["no_color"], stream=sys.stdout
            ),
        )
        if not self._options.asks_nobody:
            self._account = context.account
        self._context = context
        logger.info("account=%s region=%s", self._account or "-", cloud.region)
        execute(context, self._options)

    def _out(self, line: str) -> bool:
        """Write a line to stdout; tell whether somebody reads it."""
        self._write_out(hidden_in(line, self._secrets))
        return outputs.has_reader()

    def _cloud(self) -> Cloud:
        region = self._settings.aws_region
        if self._options.asks_nobody:
            return Cloud(region=region, endpoint_url=None, inherited=os.environ)
        require_region(region)
        if self._settings.backend == "aws":
            return real_cloud(region=region, environment=os.environ)
        url = os.environ.get("AWS_ENDPOINT_URL")
        if not url:
            with self._progress.phase("reaching the embedded AWS"):
                url = embedded.start(PROJECT_ROOT, os.environ)
        return local_cloud(url, region=region, environment=os.environ)

    def _answered(self, question: str) -> str | None:
        with self._progress.paused():
            return console.answered(question)

    def _confirmed(self, question: str) -> bool:
        with self._progress.paused():
            return console.confirmed(question)

    def _configured_logging(self) -> console.Progress:
        level = getattr(logging, self._settings.log_level)
        if self._flags["verbose"]:
            level = logging.DEBUG
        if self._flags["quiet"]:
            level = logging.WARNING
        lines = console.Lines(
            run_id=self._run_id,
            secrets=self._secrets,
            is_lively=console.is_lively(os.environ, no_color=self._flags["no_color"]),
            as_json=self._flags["log_format"] == "json",
            has_sections=bool(os.environ.get("GITLAB_CI")),
            about=lambda: self._known(),
        )
        return console.configure_logging(
            log_file=self._place.folder / "run.log", level=level, lines=lines
        )

    def _report(self, code: int, failure: FailureReport | None) -> RunReport:
        report = RunReport(
            run_id=self._run_id,
            mode=self._options.mode.value,
            status=failures.status(code),
            backend="unknown" if self._options.refused else self._settings.backend,
            account=self._account,
            region=self._settings.aws_region,
            environment=self._settings.environment,
            git_sha=self._git_sha,
            config_digest=self._settings.digest(),
            started_at=self._started,
            duration_s=round(monotonic() - self._clock_started, 2),
            failure=failure,
            links=self._place.links,
            has_dashboard=self._settings.monitoring.enabled,
        )
        return self._recorder.complete(report)
