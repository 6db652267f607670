"""An endpoint with the releases A, B and C, of which C serves, in an embedded AWS of its own.

It is made once. Every story gets a copy of that AWS, to spoil as it likes: a fault rule there
meets nobody else, and no story depends on how the one before ended.
"""

import shutil
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

import psutil
from botocore.exceptions import ClientError

from emulator.tests.support import embedded_aws
from emulator.tests.support.embedded import Embedded
from pipeline.core import naming
from pipeline.core.head import LedgerHead
from pipeline.core.records import Release
from tests.e2e.command_line import CommandLine, Outcome, Running
from tests.e2e.shared import Shared
from tests.e2e.story import BUCKET, PATIENT, Story

# A and B are what the chain of conftest.py has deployed to this endpoint.
PREFIX = "promoted"
STATES = "mlops-state-000000000000-us-east-1"
# Another setting is another content, without another training.
THIRD = {"MLOPS_DEPLOYMENT__STARTUP_TIMEOUT_S": "301"}
FOURTH = {"MLOPS_DEPLOYMENT__STARTUP_TIMEOUT_S": "302"}


@dataclass(frozen=True, kw_only=True)
class Made:
    """The stopped AWS with the three releases, and their names."""

    state_dir: Path
    job: str
    a: str
    b: str
    c: str


@dataclass(frozen=True, kw_only=True)
class Three(Story):
    """A copy for one story. `job` is what A and C were made from; D is the fourth release."""

    state_dir: Path
    job: str
    a: str
    b: str
    c: str

    def deploy_d(self, *flags: str, **variables: Any) -> Outcome:
        return self.deploy(self.job, *flags, **FOURTH, **variables)

    def begin_d(self) -> Running:
        return self.begin("--mode", "deployment", "--training-job", self.job, **FOURTH)

    def begin(self, *command: str, **variables: Any) -> Running:
        """Start a command and do not wait for its end."""
        return self.command.start(*command, **variables)

    def named(self, prefix: str) -> "Three":
        """Return an endpoint of another name in the same AWS, where nothing was deployed yet."""
        return replace(self, prefix=prefix, command=_command(self.folder, self.state_dir, prefix))

    def with_path(self, path: str) -> "Three":
        """Return the same endpoint for commands that find other programs."""
        command = _command(self.folder, self.state_dir, self.prefix, PATH=path)
        return replace(self, command=command)

    def release(self, release: str) -> Release:
        text = self.text(BUCKET, naming.release_object(self.endpoint, release))
        return Release.from_json(text or b"", place=release)

    def ledger(self) -> LedgerHead:
        text = self.text(BUCKET, naming.ledger_object(self.endpoint))
        return LedgerHead.from_json(text or b"", place="the ledger")

    def last_event(self) -> str:
        last = self.ledger().last_event
        return last.what if last else ""

    def text(self, bucket: str, key: str) -> bytes | None:
        try:
            body: bytes = self.aws.client("s3").get_object(Bucket=bucket, Key=key)["Body"].read()
        except ClientError:
            return None
        return body

    def config_of(self, release: str) -> str:
        """Return the name of the endpoint config of a release, which has one instance."""
        return naming.endpoint_config_name(self.endpoint, naming.config_key(release, 1))

    def cloud(self) -> psutil.Process:
        """Return the process of this AWS."""
        return psutil.Process(embedded_aws.admin(self.aws.url, "health")["pid"])

    def write_slowly(self) -> None:
        """Let every write into S3 take long enough to be seen before the next step."""
        self.aws.add_fault({"service": "s3", "action": "PutObject", "latency_ms": 400})


def keep_two(shared: Shared) -> None:
    """Copy the shared AWS while B serves, before anybody goes back to A."""
    embedded_aws.admin(embedded_aws.start(shared.state_dir), "snapshot", method="POST")
    copy(shared.state_dir, shared.folder / "three")


def make_three(shared: Shared, folder: Path, *, first: Outcome, second: Outcome) -> Made:
    """Deploy a third release in that copy; to be done once."""
    state_dir = shared.folder / "three"
    with embedded_aws.embedded_aws(state_dir) as url:
        aws = Embedded(url=url)
        story = Story(aws=aws, prefix=PREFIX, folder=folder, command=_command(folder, state_dir))
        _remove_endpoints(aws, but=story.endpoint)
        third = story.deploy(first.job, **THIRD)
        assert third.exit_code == 0, third.stderr
    return Made(
        state_dir=state_dir, job=first.job, a=first.release, b=second.release, c=third.release
    )


def make_went_back(shared: Shared, folder: Path, made: Made) -> Made:
    """Go back from C to B in a copy of the three; to be done once."""
    with a_copy(made, folder) as three:
        back = three.run("--mode", "rollback", "--reason", "a story")
        assert back.exit_code == 0, back.stderr
    copy(three.state_dir, shared.folder / "three went back")
    return replace(made, state_dir=shared.folder / "three went back")


@contextmanager
def a_copy(made: Made, folder: Path) -> Iterator[Three]:
    """Yield the endpoint in a running copy, which ends with the story."""
    state_dir = folder / "aws"
    copy(made.state_dir, state_dir)
    with embedded_aws.embedded_aws(state_dir) as url:
        yield Three(
            aws=Embedded(url=url),
            prefix=PREFIX,
            folder=folder,
            command=_command(folder, state_dir),
            state_dir=state_dir,
            job=made.job,
            a=made.a,
            b=made.b,
            c=made.c,
        )


def copy(source: Path, target: Path) -> None:
    """Copy what an embedded AWS keeps; the copy finds a port of its own."""
    shutil.copytree(source / "snapshot", target / "snapshot")


def _command(folder: Path, state_dir: Path, prefix: str = PREFIX, **variables: str) -> CommandLine:
    own = folder / prefix
    own.mkdir(exist_ok=True)
    given = {"EMULATOR_STATE_DIR": str(state_dir), **PATIENT, **variables}
    return CommandLine(own, ENDPOINT_PREFIX=prefix, **given)


def _remove_endpoints(aws: Embedded, *, but: str) -> None:
    """Nobody asks the endpoints of other stories in a copy; their workers would only cost."""
    listed = aws.sagemaker.list_endpoints(MaxResults=100)["Endpoints"]
    for name in {each["EndpointName"] for each in listed} - {but}:
        aws.settled(name)
        aws.sagemaker.delete_endpoint(EndpointName=name)
