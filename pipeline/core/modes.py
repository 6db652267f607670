"""The modes that are built, with the line that --help shows for each, and where one may stop.

Imports nothing heavy.
"""

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
    PROMOTE = "promote"
    LIST = "list"
    CLEANUP = "cleanup"
    PRUNE = "prune"
    SETTLE = "settle"
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


# They change nothing and judge nothing: out/latest stays with the run before.
ONLY_LOOKS = (
    Mode.STATUS,
    Mode.HISTORY,
    Mode.LIST,
    Mode.VALIDATE,
    Mode.DOCTOR,
    Mode.NOTIFY_TEST,
)
_ON_ENDPOINTS = (
    Mode.FULL,
    Mode.APPLY,
    Mode.DEPLOYMENT,
    Mode.PROMOTE,
    Mode.ROLLBACK,
    Mode.PRUNE,
    Mode.SETTLE,
)
# Flags that only these modes take: a flag that does nothing is a mistake, refused before anything.
TAKEN_BY = {
    "break_lease": (*_ON_ENDPOINTS, Mode.CLEANUP),
    "confirm": (Mode.CLEANUP,),
    "dry_run": (
        Mode.FULL,
        Mode.DEPLOYMENT,
        Mode.PROMOTE,
        Mode.ROLLBACK,
        Mode.PRUNE,
        Mode.CLEANUP,
    ),
    "force": (
        Mode.FULL,
        Mode.PLAN,
        Mode.APPLY,
        Mode.DEPLOYMENT,
        Mode.PROMOTE,
        Mode.ROLLBACK,
        Mode.LABELS,
    ),
    "from_environment": (Mode.PROMOTE,),
    "labels_file": (Mode.LABELS,),
    "plan_dir": (Mode.APPLY,),
    "reason": (Mode.APPROVE, Mode.ROLLBACK, Mode.RETRAIN),
    "stop_after": (Mode.TRAINING,),
    "to": (Mode.ROLLBACK,),
    "training_job": (
        Mode.EVALUATION,
        Mode.REGISTRATION,
        Mode.APPROVE,
        Mode.PLAN,
        Mode.DEPLOYMENT,
    ),
    "with_data": (Mode.CLEANUP,),
    "yes": (*_ON_ENDPOINTS, Mode.CLEANUP),
}

ALIASES = {"complete": Mode.FULL}

HELP = {
    Mode.FULL: "train, evaluate, gate, register, deploy and test, as one run",
    Mode.TRAINING: "train, evaluate, gate and register",
    Mode.EVALUATION: "evaluate --training-job again",
    Mode.REGISTRATION: "register the evaluated --training-job",
    Mode.APPROVE: "let the held --training-job pass, with --reason",
    Mode.PLAN: "what an apply would do, for review; changes nothing",
    Mode.APPLY: "apply the reviewed plan of --plan-dir, once",
    Mode.DEPLOYMENT: "deploy --training-job; without it the newest approved one",
    Mode.TESTING: "test the endpoint: health, predictions, latency",
    Mode.ROLLBACK: "go back to the previous release, or --to RELEASE",
    Mode.STATUS: "what is live, retained and quarantined",
    Mode.HISTORY: "who did what to the endpoint, when and why",
    Mode.PROMOTE: "take what is live in --from ENV to --environment, without training",
    Mode.CLEANUP: "destroy this environment; lists first; --with-data for its buckets too",
    Mode.LIST: "every endpoint of this project: release, instances, cost, alarms",
    Mode.PRUNE: "remove releases that no rollback would reach, quarantined ones too",
    Mode.SETTLE: "bring ledger, state and endpoint into agreement; --yes where it asks",
    Mode.LABELS: "put the labels of --file to the captured requests they belong to",
    Mode.RETRAIN: "ask this environment's pipeline for a retraining, with --reason",
    Mode.BOOTSTRAP: "create or update state bucket, account and foundation",
    Mode.VALIDATE: "check configuration, templates and Terraform, offline",
    Mode.DOCTOR: "what works here and what does not, each with its fix",
    Mode.NOTIFY_TEST: "send one test message to each channel, and say what each answered",
}
