"""The modes that are built, and what is true of each whatever it does in detail.

Imports nothing heavy: --help is made of it.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from enum import StrEnum


class Mode(StrEnum):
    FULL = "full"
    TRAINING = "training"
    EVALUATION = "evaluation"
    REGISTRATION = "registration"
    APPROVE = "approve"
    PLAN = "plan"
    APPLY = "apply"
    DEPLOYMENT = "deployment"
    TESTING = "testing"
    ROLLBACK = "rollback"
    STATUS = "status"
    HISTORY = "history"
    LOGS = "logs"
    PROMOTE = "promote"
    LIST = "list"
    CLEANUP = "cleanup"
    PRUNE = "prune"
    SETTLE = "settle"
    MONITOR = "monitor"
    LABELS = "labels"
    RETRAIN = "retrain"
    BOOTSTRAP = "bootstrap"
    VALIDATE = "validate"
    DOCTOR = "doctor"
    NOTIFY_TEST = "notify-test"


class StopAfter(StrEnum):
    """Where mode training stops early, for pipelines with a job per stage."""

    TRAIN = "train"
    EVALUATION = "evaluation"


ALIASES = {"complete": Mode.FULL}


@dataclass(frozen=True, kw_only=True)
class Facts:
    """What is true of a mode. `help` is the line that --help shows.

    `takes` are flags that only some modes take: one that does nothing is a mistake, refused before
    anything. `needs` are those of them without which it can do nothing, each with the reason that
    is given. A mode that takes `dry_run` can be foretold.
    `only_looks`: it changes and judges nothing; out/latest stays with the run before.
    `asks_nobody`: it asks no account, or makes connections of its own, as mode doctor does, which
    reports what fails. `is_plain`: it does the same whatever limits, data and
    machines were chosen, so printed commands of it carry no settings.
    """

    help: str
    takes: frozenset[str] = frozenset()
    needs: Mapping[str, str]
    needs_terraform: bool = False
    takes_requests: bool = False
    only_looks: bool = False
    asks_nobody: bool = False
    is_plain: bool = False


_A_JOB = "Name a job that mode training printed."


def _facts(text: str, *flags: str, needs: Mapping[str, str] | None = None, **facts: bool) -> Facts:
    needed = needs or {}
    return Facts(help=text, takes=frozenset({*flags, *needed}), needs=needed, **facts)


FACTS: Mapping[Mode, Facts] = {
    Mode.FULL: _facts(
        "train, evaluate, gate, register, deploy and test, as one run",
        *("break_lease", "dry_run", "explain", "force", "yes"),
        takes_requests=True,
    ),
    Mode.TRAINING: _facts(
        "train, evaluate, gate and register", "explain", "stop_after", takes_requests=True
    ),
    Mode.EVALUATION: _facts(
        "evaluate --training-job again", "explain", needs={"training_job": _A_JOB}
    ),
    Mode.REGISTRATION: _facts(
        "register the evaluated --training-job", "explain", needs={"training_job": _A_JOB}
    ),
    Mode.APPROVE: _facts(
        "let the held --training-job pass, with --reason",
        "explain",
        needs={
            "training_job": "Name a held job.",
            "reason": "Say why it may pass: it is recorded with who and when.",
        },
    ),
    Mode.PLAN: _facts(
        "what an apply would do, for review; changes nothing",
        *("force", "training_job"),
        needs_terraform=True,
    ),
    Mode.APPLY: _facts(
        "apply the reviewed plan of --plan-dir, once",
        *("approved", "break_lease", "force", "yes"),
        needs={"plan_dir": "It is the folder plan/ of a reviewed plan. To make one: --mode plan"},
        needs_terraform=True,
    ),
    Mode.DEPLOYMENT: _facts(
        "deploy --training-job; without it the newest approved one",
        *("break_lease", "dry_run", "explain", "force", "training_job", "yes"),
        needs_terraform=True,
        takes_requests=True,
    ),
    Mode.TESTING: _facts("test the endpoint: health, predictions, latency"),
    Mode.ROLLBACK: _facts(
        "go back to the previous release, or --to RELEASE",
        *("break_lease", "dry_run", "force", "reason", "to", "yes"),
        needs_terraform=True,
        takes_requests=True,
    ),
    Mode.STATUS: _facts(
        "what is live, retained and quarantined; --watch until it has settled",
        "watch",
        only_looks=True,
        is_plain=True,
    ),
    Mode.HISTORY: _facts(
        "who did what to the endpoint, when and why; --verify compares all that it vouches for",
        *("verify", "verify_folder"),
        only_looks=True,
        is_plain=True,
    ),
    Mode.LOGS: _facts(
        "log of the endpoint, or of --training-job; --follow, --since",
        *("follow", "since", "training_job"),
        only_looks=True,
        is_plain=True,
    ),
    Mode.PROMOTE: _facts(
        "take what is live in --from ENV to --environment, without training",
        *("break_lease", "dry_run", "explain", "force", "yes"),
        needs={
            "from_environment": "It is the environment whose live release is to be taken, "
            "for instance: --mode promote --from staging"
        },
        needs_terraform=True,
    ),
    Mode.CLEANUP: _facts(
        "destroy this environment; lists first; --with-data for its buckets too",
        *("break_lease", "confirm", "dry_run", "with_data", "yes"),
        needs_terraform=True,
        is_plain=True,
    ),
    Mode.LIST: _facts(
        "every endpoint of this project: release, instances, cost, alarms",
        only_looks=True,
        is_plain=True,
    ),
    Mode.PRUNE: _facts(
        "remove releases that no rollback would reach, quarantined ones too",
        *("break_lease", "dry_run", "yes"),
        needs_terraform=True,
        is_plain=True,
    ),
    Mode.SETTLE: _facts(
        "bring ledger, state and endpoint into agreement; --yes where it asks",
        *("break_lease", "yes"),
        needs_terraform=True,
    ),
    Mode.MONITOR: _facts(
        "compare captured traffic and labels with the baseline; may ask to retrain", "window"
    ),
    Mode.LABELS: _facts(
        "put the labels of --file to the captured requests they belong to",
        "force",
        needs={"labels_file": "It is a CSV file with the columns id and label."},
    ),
    Mode.RETRAIN: _facts(
        "ask this environment's pipeline for a retraining, with --reason",
        "reason",
        is_plain=True,
    ),
    Mode.BOOTSTRAP: _facts("create or update state bucket, account and foundation"),
    Mode.VALIDATE: _facts(
        "check configuration, templates and Terraform, offline", only_looks=True, asks_nobody=True
    ),
    Mode.DOCTOR: _facts(
        "what works here and what does not, each with its fix",
        only_looks=True,
        asks_nobody=True,
        is_plain=True,
    ),
    Mode.NOTIFY_TEST: _facts(
        "send one test message to each channel, and say what each answered",
        only_looks=True,
        is_plain=True,
    ),
}

# They change nothing and judge nothing.
ONLY_LOOKS = frozenset(mode for mode, facts in FACTS.items() if facts.only_looks)
# Flags that only some modes take, each with these modes.
TAKEN_BY: Mapping[str, tuple[Mode, ...]] = {
    flag: tuple(mode for mode, facts in FACTS.items() if flag in facts.takes)
    for flag in sorted(frozenset().union(*(facts.takes for facts in FACTS.values())))
}
