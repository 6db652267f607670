"""Fifty runs of all kinds with secrets planted: none is left in any place that people look at.

Looked through: stdout and stderr, all files of all runs, the command lines of all processes while
they run, every object of every bucket with all of its versions (archives opened, Terraform's states
among them), every line of CloudWatch's logs.
"""

import base64
import gzip
import io
import json
import tarfile
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any
from urllib.parse import quote

import pytest

from emulator.tests.support.embedded import Embedded
from tests.e2e.command_line import Outcome
from tests.e2e.story import Story

pytestmark = pytest.mark.soak

_MARK = "pl4nt3d"
SECRETS = {
    "SLACK_WEBHOOK_URL": f"http://127.0.0.1:9/services/T0/B0/{_MARK}-slack+hook",
    "MLOPS_NOTIFICATIONS__WEBHOOK_URL": f"http://127.0.0.1:9/{_MARK}-generic?sig=a%2Bb",
    "MLOPS_NOTIFICATIONS__WEBHOOK_SIGNING_SECRET": f"{_MARK}-signing-'\"\\",
    "MLOPS_NOTIFICATIONS__SMTP_PASSWORD": f"{_MARK}-smtp pass",
    "GITLAB_TOKEN": f"glpat-{_MARK}-gitlab",
    "CI_JOB_TOKEN": f"glcbt-{_MARK}-job",
    "DATABASE_PASSWORD": f"{_MARK}-of-somebody-else",
}
BESIDES = {
    "MLOPS_NOTIFICATIONS__EMAIL_SENDER": "mlops@example.com",
    "MLOPS_NOTIFICATIONS__SMTP_HOST": "127.0.0.1",
    "MLOPS_NOTIFICATIONS__SMTP_PORT": "9",
    "MLOPS_NOTIFICATIONS__SMTP_USER": "mlops",
    "EMAIL_RECIPIENTS": "team@example.com",
    # No other address than a GitLab of this machine, where nobody listens.
    "CI_API_V4_URL": "http://127.0.0.1:9/api/v4",
    "CI_PROJECT_ID": "7",
}
# Another model, else there would be nothing to deploy and nothing to go back to.
HOLDS: dict[str, Any] = {
    "ACCURACY_THRESHOLD": "0.9999",
    "MLOPS_TRAINING__HYPERPARAMETERS": '{"candidates": ["logistic_regression"]}',
}
FORMS = {
    "words": (),
    "verbose JSON lines": ("--verbose", "--log-format", "json"),
    "a document": ("--output", "json"),
}
LOOKS: dict[str, tuple[str, ...]] = {
    "status": ("--mode", "status"),
    "watch": ("--mode", "status", "--watch"),
    "history": ("--mode", "history"),
    "logs": ("--mode", "logs", "--since", "1d"),
    "list": ("--mode", "list"),
    "doctor": ("--mode", "doctor"),
    "validate": ("--mode", "validate"),
    "prune": ("--mode", "prune", "--dry-run"),
    "rollback": ("--mode", "rollback", "--dry-run"),
    "cleanup": ("--mode", "cleanup", "--dry-run"),
    "no endpoint": ("--mode", "testing", "--endpoint-name", "nobody"),
}


def forms_of(secret: str) -> frozenset[bytes]:
    """Return a secret as texts, JSON, addresses and headers would carry it."""
    plain = secret.encode()
    return frozenset(
        {
            plain,
            json.dumps(secret)[1:-1].encode(),
            quote(secret, safe="").encode(),
            base64.b64encode(plain),
        }
    )


NEEDLES = frozenset().union(*map(forms_of, SECRETS.values())) | {_MARK.encode()}


def leaks(content: bytes) -> list[bytes]:
    return [needle for needle in NEEDLES if needle in content]


def whole(key: str, content: bytes) -> bytes:
    """Return what is in a file, and in the files of an archive."""
    if not key.endswith(".gz"):
        return content
    if not key.endswith(".tar.gz"):
        return gzip.decompress(content)
    with tarfile.open(fileobj=io.BytesIO(content)) as archive:
        members = (archive.extractfile(each) for each in archive if each.isfile())
        return b"\n".join(member.read() for member in members if member)


def stored(aws: Embedded) -> Iterator[tuple[str, bytes]]:
    s3 = aws.client("s3")
    for bucket in (each["Name"] for each in s3.list_buckets()["Buckets"]):
        for page in s3.get_paginator("list_object_versions").paginate(Bucket=bucket):
            for each in page.get("Versions", ()):
                found = s3.get_object(Bucket=bucket, Key=each["Key"], VersionId=each["VersionId"])
                yield f"s3://{bucket}/{each['Key']}", whole(each["Key"], found["Body"].read())


def logged(aws: Embedded) -> Iterator[tuple[str, bytes]]:
    logs = aws.client("logs")
    for groups in logs.get_paginator("describe_log_groups").paginate():
        for name in (each["logGroupName"] for each in groups["logGroups"]):
            for page in logs.get_paginator("filter_log_events").paginate(logGroupName=name):
                for event in page["events"]:
                    yield name, event["message"].encode()


def written(outcome: Outcome) -> Iterator[tuple[str, bytes]]:
    yield "stdout", outcome.stdout.encode()
    yield "stderr", outcome.stderr.encode()
    for path in outcome.folder.rglob("*"):
        if path.is_file():
            yield str(path), path.read_bytes()


@contextmanager
def watching_processes() -> Iterator[set[bytes]]:
    """Collect the command line of each process of this machine that shows a secret."""
    found: set[bytes] = set()
    over = threading.Event()

    def watch() -> None:
        while not over.wait(0.05):
            for path in Path("/proc").glob("[0-9]*/cmdline"):
                try:
                    line = path.read_bytes()
                except OSError:  # it has ended
                    continue
                if leaks(line):
                    found.add(line)

    watcher = threading.Thread(target=watch, daemon=True)
    watcher.start()
    try:
        yield found
    finally:
        over.set()
        watcher.join()


class Sweep:
    """Runs commands with all secrets planted, and counts them."""

    def __init__(self, story: Story) -> None:
        self._story = story
        self.outcomes: dict[str, Outcome] = {}

    def run(self, name: str, *flags: str, code: int | None = 0, **variables: Any) -> Outcome:
        planted: dict[str, Any] = {**SECRETS, **BESIDES, **variables}
        outcome = self._story.run(*flags, **planted)
        assert code is None or outcome.exit_code == code, (name, outcome.stderr)
        self.outcomes[f"{name} {len(self.outcomes)}"] = outcome
        return outcome


def runs(sweep: Sweep) -> None:
    run = sweep.run
    run("refused", "--accuracy", "7", code=2)
    run("mistyped", "--nonsense", code=2)
    first = run("full", "--mode", "full", "--verbose")
    run("full, nothing new", "--mode", "full", "--dry-run")
    held = run("training", "--mode", "training", "--log-format", "json", code=3, **HOLDS)
    named = ("--training-job", held.job)
    run("evaluation", "--mode", "evaluation", *named, code=3, **HOLDS)
    run("registration", "--mode", "registration", *named, **HOLDS)
    run("not approved", "--mode", "deployment", *named, code=3, **HOLDS)
    run("approve", "--mode", "approve", *named, "--reason", "looked at", **HOLDS)
    run("plan", "--mode", "plan")
    run("plan of a release", "--mode", "plan", *named, **HOLDS)
    run("deployment", "--mode", "deployment", *named, "--verbose", **HOLDS)
    run("testing", "--mode", "testing")
    run("logs of a job", "--mode", "logs", "--training-job", first.job, "--follow")
    run("rollback", "--mode", "rollback", "--reason", "the answers look wrong")
    run("again", "--mode", "deployment", *named, code=7, **HOLDS)
    run("settle", "--mode", "settle", "--yes")
    run("retrain", "--mode", "retrain", "--reason", "new labels", code=2)
    run("notify-test", "--mode", "notify-test", code=2)
    for look, flags in LOOKS.items():
        for form, more in FORMS.items():
            run(f"{look} as {form}", *flags, *more, code=None)


@pytest.mark.timeout(5400)
def test_no_secret_is_left_anywhere_by_fifty_runs_of_all_kinds(story: Story) -> None:
    sweep = Sweep(story)
    with watching_processes() as seen:
        runs(sweep)
    assert not seen
    assert len(sweep.outcomes) >= 50
    for name, outcome in sweep.outcomes.items():
        for place, content in written(outcome):
            assert not leaks(content), (name, place)
    for place, content in (*stored(story.aws), *logged(story.aws)):
        assert not leaks(content), place


def test_the_sweep_finds_what_it_looks_for(tmp_path: Path) -> None:
    for secret in SECRETS.values():
        for form in forms_of(secret):
            assert leaks(b"before " + form + b" after")
    archive = io.BytesIO()
    with tarfile.open(fileobj=archive, mode="w:gz") as packed:
        path = tmp_path / "file"
        path.write_text(SECRETS["GITLAB_TOKEN"])
        packed.add(path, "file")
    assert leaks(whole("a.tar.gz", archive.getvalue()))
