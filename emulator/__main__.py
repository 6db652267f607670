"""python -m emulator start|stop|status|reset|logs: one server per state directory."""

import argparse
import json
import os
import sys
from pathlib import Path

from emulator.commands import ERROR, CommandFailed, follow_logs, reset, start, status, stop
from emulator.settings import BadSetting
from emulator.state_directory import UNWRITABLE, StateDirectory, StateDirectoryError

_PROJECT_ROOT = Path(__file__).resolve().parent.parent


def main(arguments: list[str]) -> int:
    options = _parser().parse_args(arguments)
    directory = StateDirectory(path=options.state_dir.resolve())
    try:
        return _run(options, directory)
    except (BadSetting, StateDirectoryError, CommandFailed) as error:
        print(f"{ERROR}{error}", file=sys.stderr)
        return 1
    except OSError as error:
        if error.errno not in UNWRITABLE:
            raise
        print(f"{ERROR}{directory.unwritable(error)}", file=sys.stderr)
        return 1
    except KeyboardInterrupt:
        return 130


def _run(options: argparse.Namespace, directory: StateDirectory) -> int:
    match options.command:
        case "start":
            print(json.dumps(start(directory)), flush=True)
        case "stop":
            print(json.dumps(stop(directory)))
        case "reset":
            print(json.dumps(reset(directory)))
        case "logs":
            follow_logs(directory, follow=options.follow, out=sys.stdout)
        case "serve":
            _serve(directory)
        case _:
            found = status(directory)
            print(json.dumps(found))
            return 0 if found["running"] else 1
    return 0


def _serve(directory: StateDirectory) -> None:
    _forget_profiles()
    # Imported here: moto takes seconds that the other commands need not wait for.
    from emulator.regions import ask_one_session

    ask_one_session()
    from emulator.server import configure_logging, serve

    configure_logging()
    serve(directory, os.environ)


def _forget_profiles() -> None:
    """The user's profiles are for the real AWS; one that does not exist would fail every client."""
    for name in ("AWS_PROFILE", "AWS_DEFAULT_PROFILE"):
        os.environ.pop(name, None)
    for name in ("AWS_CONFIG_FILE", "AWS_SHARED_CREDENTIALS_FILE"):
        os.environ[name] = os.devnull


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(prog="python -m emulator", description=__doc__)
    commands = parser.add_subparsers(dest="command", required=True)
    for name, text in (
        ("start", "start a server, or find the one that runs; prints one JSON line"),
        ("stop", "keep the state, stop the server and all its workers"),
        ("status", "say whether a server runs (exit 0) or not (exit 1), as JSON"),
        ("reset", "stop the server and delete its state"),
        ("logs", "print the server's log"),
        ("serve", "serve in the foreground (what `start` starts)"),
    ):
        command = commands.add_parser(name, help=text, description=text)
        command.add_argument("--state-dir", type=Path, default=_default_state_dir())
        if name == "logs":
            command.add_argument("--follow", action="store_true", help="go on printing new lines")
    return parser


def _default_state_dir() -> Path:
    return Path(os.environ.get("EMULATOR_STATE_DIR") or _PROJECT_ROOT / ".emulator")


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
