"""What the command line asks for besides the configuration, checked before anything begins."""

import tempfile
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

from pipeline.configuration.loading import is_in_ci
from pipeline.core import naming
from pipeline.core.destruction import NO_WISH, Consent, Wish
from pipeline.core.errors import ConfigError, UsageError
from pipeline.core.modes import ALIASES, FACTS, ONLY_LOOKS, TAKEN_BY, Mode, StopAfter
from pipeline.core.plan_record import ApprovedPlan
from pipeline.core.requests import Request, parse_request
from pipeline.gateways.files import is_special

_SHORT = {"from_environment": "--from", "labels_file": "--file"}
_TEXTS = (
    *("approved", "training_job", "endpoint_name", "to", "reason", "confirm"),
    *("from_environment", "since", "window"),
)
# SageMaker keeps a reason in 1024 characters, and adds who gave it.
_LONGEST_REASON = 500
_WRITTEN = (
    *("results.json", "results.env", "run.log", "report.html", "summary.md"),
    *("junit.xml", "metrics.txt", "annotations.json", "terraform.json"),
    *("status.html", "history.csv"),
)
_LEAST_ROOM_BYTES = 1 << 20


@dataclass(frozen=True, kw_only=True)
class Options:
    """What one command asks for, besides the configuration."""

    mode: Mode
    training_job: str | None = None
    plan_dir: Path | None = None
    approved: ApprovedPlan | None = None
    labels_file: Path | None = None
    window: str | None = None
    to: str = "previous"
    reason: str | None = None
    from_environment: str | None = None
    since: str | None = None
    verify: bool = False
    verify_folder: Path | None = None
    follow: bool = False
    watch: bool = False
    wish: Wish = NO_WISH
    stop_after: StopAfter | None = None
    in_ci: bool = False
    request: Request | None = None
    refused: ConfigError | None = None  # mode doctor tells of it instead of ending

    @property
    def speaks_itself(self) -> bool:
        """Tell whether the mode writes to stdout as it goes, instead of a summary at the end."""
        return self.mode is Mode.LOGS or self.watch

    @property
    def asks_nobody(self) -> bool:
        return FACTS[self.mode].asks_nobody or self.verify_folder is not None

    @property
    def only_looks(self) -> bool:
        return self.mode in ONLY_LOOKS or self.wish.dry_run


def options_of(flags: Mapping[str, Any], environment: Mapping[str, str]) -> Options:
    """Return the options of one command. Raises UsageError for what cannot be meant."""
    mode = _mode(flags)
    for name in _TEXTS:
        _require_plain(_flag(name), flags[name])
    _require_taken(mode, flags)
    _require_needed(mode, flags)
    if flags["endpoint_name"] is not None:
        naming.check_endpoint_name(flags["endpoint_name"])
    return Options(
        mode=mode,
        training_job=flags["training_job"],
        plan_dir=flags["plan_dir"],
        approved=_approved(mode, flags["approved"], environment),
        labels_file=flags["labels_file"],
        window=flags["window"],
        to=flags["to"] or Options.to,
        reason=flags["reason"],
        from_environment=flags["from_environment"],
        since=flags["since"],
        verify=flags["verify"],
        verify_folder=flags["verify_folder"],
        follow=flags["follow"],
        watch=flags["watch"],
        wish=Wish(
            consent=Consent(yes=flags["yes"], typed=flags["confirm"]),
            with_data=flags["with_data"],
            dry_run=flags["dry_run"],
        ),
        stop_after=StopAfter(flags["stop_after"]) if flags["stop_after"] else None,
        in_ci=is_in_ci(environment),
        request=_request(mode, flags, environment),
    )


def _flag(name: str) -> str:
    return _SHORT.get(name) or f"--{name.replace('_', '-')}"


def _require_taken(mode: Mode, flags: Mapping[str, Any]) -> None:
    """Refuse a flag that this mode would ignore: its user means another mode."""
    for name, takers in TAKEN_BY.items():
        if flags[name] and mode not in takers:
            message = f"{_flag(name)} does not belong to --mode {mode.value}."
            modes = ", ".join(each.value for each in takers)
            raise UsageError(message, remedy=f"Leave it out; it belongs to: {modes}.")


def _require_needed(mode: Mode, flags: Mapping[str, Any]) -> None:
    """Refuse a command that lacks what its mode can do nothing without."""
    needs = FACTS[mode].needs
    missing = [name for name in needs if flags[name] is None]
    if missing:
        message = f"--mode {mode.value} needs {' and '.join(map(_flag, missing))}."
        raise UsageError(message, remedy=" ".join(needs[name] for name in missing))


def _approved(mode: Mode, named: str | None, environment: Mapping[str, str]) -> ApprovedPlan | None:
    """Return the plan that people approved: a digest, or a file that says it. A flag wins."""
    given = named or environment.get("MLOPS_APPROVED_PLAN_DIGEST")
    if not given or mode is not Mode.APPLY:
        return None
    path = Path(given)
    try:
        text = path.read_text(encoding="utf-8") if path.is_file() else given
    except (OSError, ValueError) as error:
        message = f"{given} cannot be read: {error}."
        raise UsageError(message, remedy="Name the plan.facts of the approved review.") from error
    return ApprovedPlan.read(text)


def _request(
    mode: Mode, flags: Mapping[str, Any], environment: Mapping[str, str]
) -> Request | None:
    """Return the request that started this run; a flag wins over the trigger's variable.

    All jobs of a pipeline get its variables: modes that take no request leave them alone.
    """
    given = {name: flags[f"request_{name}"] for name in ("id", "cause", "time")}
    if not FACTS[mode].takes_requests or flags["dry_run"]:
        _require_no_request(mode, given, dry_run=flags["dry_run"])
        return None
    for name, value in given.items():
        _require_plain(f"--request-{name}", value)
        if value is None:
            given[name] = environment.get(f"MLOPS_REQUEST_{name.upper()}") or None
    request = _whole_request(given)
    return replace(request, pipeline_id=environment.get("CI_PIPELINE_ID")) if request else None


def _require_no_request(mode: Mode, given: Mapping[str, str | None], *, dry_run: bool) -> None:
    named = [f"--request-{name}" for name, value in given.items() if value is not None]
    if not named:
        return
    if dry_run:
        message = f"{named[0]} does not go with --dry-run, which takes no request up."
        raise UsageError(message, remedy="Leave one of them out.")
    message = f"{named[0]} does not belong to --mode {mode.value}."
    takers = ", ".join(each.value for each, facts in FACTS.items() if facts.takes_requests)
    raise UsageError(message, remedy=f"Leave it out, or use one of the modes {takers}.")


def _whole_request(given: Mapping[str, str | None]) -> Request | None:
    missing = [name for name, value in given.items() if value is None]
    if len(missing) == len(given):
        return None
    if missing:
        present = next(name for name in given if name not in missing)
        message = (
            f"A request has an id, a cause and a time: --request-{present} or "
            f"MLOPS_REQUEST_{present.upper()} is set, but no {' and no '.join(missing)}."
        )
        raise UsageError(message, remedy="Set all three as the trigger sent them, or none.")
    return parse_request(
        request_id=given["id"] or "", cause=given["cause"] or "", time=given["time"] or ""
    )


def _mode(flags: Mapping[str, Any]) -> Mode:
    named = flags["mode"]
    if flags["deployment_only"]:
        if named not in (None, Mode.DEPLOYMENT.value):
            message = f"--deployment-only contradicts --mode {named}."
            raise UsageError(message, remedy="Leave one of them out.")
        named = Mode.DEPLOYMENT.value
    return ALIASES.get(named) or Mode(named or Mode.FULL)


def _require_plain(flag: str, text: str | None) -> None:
    """An empty text is a variable that was not set; it must not choose for the user."""
    if text is None:
        return
    if not text.strip():
        message = f"{flag} is empty."
        raise UsageError(message, remedy="Give it a value, or leave it out.")
    if not text.isprintable():
        message = f"{flag} holds characters that cannot be printed: {text[:60]!a}."
        raise UsageError(message, remedy="Write it in one line of plain text.")
    if flag == "--reason" and not any(map(str.isalnum, text)):
        message = f"--reason {text[:60]} says nothing; it is recorded."
        raise UsageError(message, remedy="Say why.")
    if flag == "--reason" and len(text) > _LONGEST_REASON:
        message = f"--reason has {len(text)} characters, {_LONGEST_REASON} are possible."
        raise UsageError(message, remedy="Shorten it.")


def require_writable(folder: Path, copy: Path | None) -> None:
    """Refuse places for logs and results that cannot be written, while nothing has happened yet."""
    _require_folder(folder, flag="--output-dir")
    if copy is not None and not is_special(copy):
        _require_folder(copy.parent, flag="--output-file")
    for file in _files(folder, copy):
        if file.is_dir():
            message = f"{file} is a folder; a file is to be written there."
            raise UsageError(message, remedy="Name another place, or remove the folder.")


def _files(folder: Path, copy: Path | None) -> Iterator[Path]:
    yield from (folder / name for name in _WRITTEN)
    if copy is not None:
        yield copy


def _require_folder(folder: Path, *, flag: str) -> None:
    try:
        folder.mkdir(parents=True, exist_ok=True)
        with tempfile.NamedTemporaryFile(dir=folder) as probe:
            probe.write(bytes(_LEAST_ROOM_BYTES))  # a full disk still takes an empty file
            probe.flush()
    except OSError as error:
        message = f"The output folder {folder} cannot be written: {error.strerror}."
        raise UsageError(message, remedy=f"Name another one with {flag}.") from error
