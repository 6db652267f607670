"""The door: flags in, exit code out. Decides nothing; what a command does begins in `session`.

What is heavy (boto3, pydantic) is imported only when a mode runs, so that --help answers at once.
"""

import sys
from collections.abc import Callable
from pathlib import Path
from typing import Any

import click

from pipeline.configuration.flags import CONFIG_FLAGS, ConfigFlag
from pipeline.core.modes import ALIASES, FACTS, Mode, StopAfter

_USAGE = 2
_INTERRUPTED = 130
_WRITTEN_ELSEWHERE = "What a run did is in results.json and run.log of its output folder."

_MODE_HELP = "\b\n" + "\n".join(f"{mode.value:<13} {FACTS[mode].help}" for mode in Mode)

_EPILOG = (
    "Exit codes: 0 done or nothing to do, 1 bug, 2 usage or configuration, 3 the gate did not say "
    "deploy, 4 endpoint tests failed, 5 rolled back, 6 no earlier release serves, 7 plan refused, "
    "8 drift found, 9 another run holds the endpoint, 10 job failed, 11 AWS or Terraform not "
    "usable."
)


def _config_option(flag: ConfigFlag) -> Callable[..., Any]:
    if flag.sets is not None:
        return click.option(*flag.names, _parameter(flag), flag_value=flag.sets, help=flag.help)
    if flag.choices:
        return click.option(
            *flag.names, _parameter(flag), type=click.Choice(flag.choices), help=flag.help
        )
    return click.option(*flag.names, _parameter(flag), metavar=flag.metavar, help=flag.help)


def _parameter(flag: ConfigFlag) -> str:
    return "config_" + flag.names[0].lstrip("-").replace("-", "_")


def _config_options(command: Callable[..., Any]) -> Callable[..., Any]:
    for flag in reversed(CONFIG_FLAGS):
        command = _config_option(flag)(command)
    return command


@click.command(
    context_settings={"help_option_names": ["-h", "--help"], "max_content_width": 100},
    epilog=_EPILOG,
)
@click.option(
    "--mode",
    type=click.Choice([*(mode.value for mode in Mode), *ALIASES]),
    default=None,
    metavar="MODE",
    help=f"What to do (default: full).\n\n{_MODE_HELP}",
)
@click.option("--deployment-only", is_flag=True, help="The same as --mode deployment.")
@click.option("--training-job", metavar="NAME", help="A job that --mode training finished.")
@click.option(
    "--endpoint-name", metavar="NAME", help="Endpoint to test; default: this environment's."
)
@click.option(
    "--to",
    "--version",
    "to",
    metavar="RELEASE",
    help="Release to go back to; default: the one before, previous.",
)
@click.option(
    "--plan-dir",
    type=click.Path(path_type=Path, file_okay=False),
    help="Folder plan/ of a reviewed --mode plan, for --mode apply.",
)
@click.option(
    "--approved",
    metavar="DIGEST",
    help="Digest that was approved, or its plan.facts; --mode apply refuses any other plan.",
)
@click.option("--from", "from_environment", metavar="ENV", help="Environment to promote from.")
@click.option(
    "--file",
    "--labels",
    "labels_file",
    type=click.Path(path_type=Path, dir_okay=False),
    help="CSV file with the columns id and label, for --mode labels.",
)
@click.option("--window", metavar="START/END", help="For monitor; default: the last complete one.")
@click.option("--reason", metavar="TEXT", help="Why, for approve, rollback and retrain; recorded.")
@click.option("--request-id", metavar="ID", help="Event that started this run; done once for each.")
@click.option("--request-cause", metavar="TEXT", help="What rang or was due, of that event.")
@click.option("--request-time", metavar="TIME", help="When, such as 2026-01-31T12:00:00Z.")
@click.option(
    "--stop-after",
    type=click.Choice([stage.value for stage in StopAfter]),
    help="Where --mode training stops early.",
)
@click.option("--verify", is_flag=True, help="Mode history compares every byte it vouches for.")
@click.option(
    "--verify-folder",
    type=click.Path(path_type=Path, file_okay=False, exists=True),
    help="The same of a folder that was downloaded from the bucket; asks no account.",
)
@click.option("--watch", is_flag=True, help="Mode status goes on until the endpoint has settled.")
@click.option("--follow", is_flag=True, help="Mode logs goes on with what is still to come.")
@click.option("--since", metavar="TIME", help="Where logs begin: 15m, 2h, or 2026-01-31T12:00:00Z.")
@click.option("--force", is_flag=True, help="Let pass what is quarantined, or unknown labels.")
@click.option("--yes", is_flag=True, help="Yes to what settle, prune, cleanup, --break-lease ask.")
@click.option("--confirm", metavar="NAME", help="The environment's name, typed for --mode cleanup.")
@click.option("--with-data", is_flag=True, help="Cleanup destroys the buckets and their key, too.")
@click.option("--dry-run", is_flag=True, help="Show what would happen; change nothing.")
@click.option("--explain", is_flag=True, help="Show each gate: value, limits, interval, outcome.")
@click.option(
    "--break-lease", is_flag=True, help="Take the endpoint from a run that holds it; asks first."
)
@_config_options
@click.option(
    "--config-file",
    type=click.Path(path_type=Path),
    help="Configuration; default: pipeline_config.json of the project.",
)
@click.option(
    "--output-dir",
    type=click.Path(path_type=Path, file_okay=False),
    help="Where results and logs go; default: a folder per run under out/.",
)
@click.option(
    "--output-file", type=click.Path(path_type=Path), help="A second copy of results.json."
)
@click.option(
    "--output",
    "output_format",
    type=click.Choice(["text", "json"]),
    default="text",
    show_default=True,
    help="Form of the summary on stdout.",
)
@click.option(
    "--log-format",
    type=click.Choice(["text", "json"]),
    default="text",
    show_default=True,
    help="Form of the lines on stderr.",
)
@click.option("--verbose", "-v", is_flag=True, help="Show every step.")
@click.option("--quiet", "-q", is_flag=True, help="Show warnings and errors only.")
@click.option("--no-color", is_flag=True, help="Plain text, also on a terminal.")
@click.pass_context
def command(click_context: click.Context, /, **flags: Any) -> None:
    """Train, judge, register, deploy, test and roll back a model on SageMaker.

    Without flags it does all of it, on the AWS that is embedded in this project.
    """
    configured = _configured(flags)
    try:
        from pipeline.session import run_session

        code = run_session(flags, configured, write=click.echo)
    except KeyboardInterrupt:  # before click sees it, which would write an empty line
        from pipeline.gateways import console

        console.say_error("Interrupted.", as_json=flags["log_format"] == "json")
        code = _INTERRUPTED
    click_context.exit(code)


def _configured(flags: dict[str, Any]) -> dict[str, object]:
    """Take the flags that set the configuration out of `flags`; return their values by key."""
    values: dict[str, object] = {}
    for flag in CONFIG_FLAGS:
        value = flags.pop(_parameter(flag), None)
        if value is not None and values.setdefault(flag.key, value) != value:
            message = f"{flag.names[0]} contradicts another flag for {flag.key}."
            raise click.UsageError(message)
    return values


def main() -> int:
    """Run the command line of this process and return the exit code."""
    from pipeline.gateways.outputs import guard

    outputs = guard()
    code = _main()
    failures = outputs.failures()
    for name, why in failures.items():
        _say(f"Error: {name} cannot be written: {why}. {_WRITTEN_ELSEWHERE}")
    return code or (_USAGE if failures else 0)


def _main() -> int:
    try:
        code = command.main(prog_name="./run_mlops_pipeline.sh", standalone_mode=False)
    except click.ClickException as error:
        _show(error)
        return error.exit_code
    except ModuleNotFoundError as missing:
        _say(f"Error: {missing}. Remove .venv and start ./run_mlops_pipeline.sh.")
        return _USAGE
    except (KeyboardInterrupt, click.Abort):
        _say("Interrupted.")
        return _INTERRUPTED
    return int(code or 0)


def _show(error: click.ClickException) -> None:
    from pipeline.gateways import console

    if console.asks_for_json(sys.argv[1:]):
        console.say_error(f"Error: {error.format_message()}", as_json=True)
    else:
        error.show()


def _say(text: str) -> None:
    from pipeline.gateways import console

    console.say_error(text, as_json=console.asks_for_json(sys.argv[1:]))
