"""Moments of a run, told by what the cloud has seen of it and never by a clock."""

import signal
from collections.abc import Callable
from contextlib import suppress
from typing import Any

import psutil

from emulator.tests.support.embedded import eventually
from pipeline.core.head import MoveKind
from tests.e2e.command_line import Running
from tests.e2e.three import Three

Moment = Callable[[Three], bool]

_LIMIT_S = 240.0


def updating(three: Three) -> bool:
    return three.status() == "Updating"


def serving(release: str) -> Moment:
    """SageMaker serves this release, whatever the ledger says."""
    return lambda three: three.serves(release)


def updated_to(letter: str) -> Moment:
    """SageMaker serves B, or D, which is none of the three that were there."""

    def seen(three: Three) -> bool:
        if letter == "b":
            return three.serves(three.b)
        known = {three.config_of(each) for each in (three.a, three.b, three.c)}
        return (
            three.status() == "InService" and three.described()["EndpointConfigName"] not in known
        )

    return seen


def told(what: str) -> Moment:
    """This is the last line of the history."""
    return lambda three: three.last_event() == what


def announced(three: Three) -> bool:
    move = three.ledger().move
    return move is not None and not move.has_arrived


def arrived(three: Three) -> bool:
    move = three.ledger().move
    return move is not None and move.has_arrived


def going_back(three: Three) -> bool:
    """A deployment that failed has announced its way back."""
    move = three.ledger().move
    return move is not None and move.kind is MoveKind.RETURN


def called(action: str, place: str = "", *, count: int = 1) -> Moment:
    """AWS has answered that many such calls well, since its journal was cleared."""

    def seen(three: Three) -> bool:
        calls = [each for each in three.aws.requests() if _is(each, action, place)]
        return len(calls) >= count

    return seen


def _is(entry: dict[str, Any], action: str, place: str) -> bool:
    was_done = 200 <= int(entry["status"]) < 300
    return was_done and entry["action"] == action and str(entry["path"]).endswith(place)


def wait_for(three: Three, running: Running, moment: Moment) -> None:
    """Wait until the moment has come; a run that ends before it fails the story."""

    def come() -> bool:
        if moment(three):
            return True
        if running.process.poll() is not None:
            ended = running.ended()
            text = f"the run ended first, with {ended.exit_code}: {ended.stdout}{ended.stderr}"
            raise AssertionError(text)
        return False

    eventually(come, bool, limit_s=_LIMIT_S)


def killed_at(three: Three, moment: Moment, *command: str, **variables: Any) -> None:
    """Start a command and kill it (SIGKILL) when the moment has come."""
    running = three.begin(*command, **variables)
    wait_for(three, running, moment)
    running.process.kill()
    assert running.ended().exit_code == -signal.SIGKILL


def terraform_of(running: Running) -> psutil.Process:
    """Return the process of the Terraform that the run is waiting for."""
    return _below(running, lambda name: name == "terraform")


def provider_of(running: Running) -> psutil.Process:
    return _below(running, lambda name: name.startswith("terraform-provi"))


def kill_process(process: psutil.Process) -> None:
    process.kill()
    with suppress(psutil.TimeoutExpired):  # its parent may not have looked yet
        process.wait(timeout=5)


def _below(running: Running, is_meant: Callable[[str], bool]) -> psutil.Process:
    started = psutil.Process(running.process.pid).children(recursive=True)
    return next(each for each in started if is_meant(each.name()))
