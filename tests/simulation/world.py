"""A whole world in memory: cloud, bucket, states, clock, and whose process has ended."""

import functools
import hashlib
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime

from pipeline.configuration.sections import ChampionSettings, TestingSettings
from pipeline.configuration.settings import Settings
from pipeline.core import naming
from pipeline.core.champion import Rule
from pipeline.core.foundation import Foundation, Network
from pipeline.core.head import LedgerHead
from pipeline.core.identity import ModelIdentity
from pipeline.core.records import (
    ApprovalStatus,
    Decision,
    Evaluation,
    ModelPackage,
    TrainingRun,
    Verdict,
)
from pipeline.steps.deploy import Candidate
from tests.fakes.clock import Clock
from tests.fakes.cloud import Attributes, Behaviour, FakeCloud
from tests.fakes.store import Bucket
from tests.fakes.terraform import State

ENDPOINT = "iris-model-staging"
BUCKET = "mlops-staging-000000000000-us-east-1"
START = datetime(2026, 1, 2, 12, 0, 0, tzinfo=UTC)
KNOWN = {"1": "one", "2": "two", "3": "three"}
_TEST_URI = f"s3://{BUCKET}/data/d/test/"
_IMAGE = "image:1"
IDENTITY = ModelIdentity(
    name="iris-classifier",
    target="species",
    columns=("x",),
    labels=tuple(KNOWN.values()),
)
# Names that hold ours, and that nobody of ours may touch.
FOREIGN_MODEL = f"other-{ENDPOINT}-r-20260102-120000-aaaaaa"
FOREIGN_CONFIG = f"{FOREIGN_MODEL}-n1"
FOREIGN_ALARM = f"{ENDPOINT}-of-somebody"

# Stories are of moves: whom a candidate is compared with needs jobs, and has tests of its own.
SETTINGS = Settings(
    testing=TestingSettings(concurrency=1, request_count=1),
    champion=ChampionSettings(rule=Rule.OFF),
)
FOUNDATION = Foundation(
    schema_version=1,
    account_id="000000000000",
    bucket=BUCKET,
    environment="staging",
    inputs_digest=None,
    inter_container_encryption=True,
    kms_key_arn="arn:aws:kms:us-east-1:000000000000:key/k",
    model_package_groups={},
    network_isolation=True,
    project="mlops",
    region="us-east-1",
    role_arn="arn:aws:iam::000000000000:role/sagemaker",
    tags={"owner": "platform"},
    topic_arn="arn:aws:sns:us-east-1:000000000000:all",
    vpc=Network(subnet_ids=(), security_group_ids=()),
)


@dataclass(kw_only=True)
class Facts:
    """What really happened, which the runner may not know."""

    at_fault: set[str] = field(default_factory=set)  # releases that may be barred
    by_hand: set[str] = field(default_factory=set)  # configs that a person let serve
    hand_is_at_work: bool = False
    forces: bool = False  # the command that runs has --force
    unlocked_by_hand: bool = False
    meddled: bool = False  # a person's hand or another run did something meanwhile
    overtaken: bool = False  # a run slept through its lease, and another one took it
    deaf: bool = False  # it does not hear SIGTERM any more


@dataclass(kw_only=True)
class World:
    clock: Clock
    bucket: Bucket
    cloud: FakeCloud
    serving: State
    surroundings: State
    source: "World | None" = None  # the environment to promote from, which is only read
    review: object = None  # the plan folder that people have reviewed
    settings: Settings = SETTINGS
    foundation: Foundation = FOUNDATION
    runs: int = 0
    ended: frozenset[str] = frozenset()  # runs whose process is no more
    facts: Facts = field(default_factory=Facts)
    story: list[str] = field(default_factory=list)

    def copy(self) -> "World":
        clock = Clock(self.clock.now())
        return World(
            clock=clock,
            bucket=self.bucket.copy(),
            cloud=self.cloud.copy(clock),
            serving=self.serving.copy(),
            surroundings=self.surroundings.copy(),
            source=self.source,
            review=self.review,
            settings=self.settings,
            foundation=self.foundation,
            runs=self.runs,
            ended=self.ended,
            facts=replace(
                self.facts, at_fault=set(self.facts.at_fault), by_hand=set(self.facts.by_hand)
            ),
            story=list(self.story),
        )

    def head(self) -> LedgerHead:
        """Return the ledger as it stands in the bucket."""
        return LedgerHead.from_json(self.bucket.objects[naming.ledger_object(ENDPOINT)].body)

    @property
    def serves(self) -> str | None:
        """The config that takes the requests."""
        found = self.cloud.endpoint(ENDPOINT)
        return found.serves if found else None

    @property
    def release_that_serves(self) -> str | None:
        return release_of(self.serves)

    def behave(self, name: str, behaviour: Behaviour) -> None:
        """Let the container of a candidate do this from now on."""
        self.cloud.behaviours[artifact_uri(name)] = behaviour


def release_of(config: str | None) -> str | None:
    """Return the release behind a config's name; None for one that is not ours."""
    key = naming.config_key_of(ENDPOINT, config or "")
    return naming.parse_config_key(key).release if key else None


@functools.cache
def sha256_of(name: str) -> str:
    return hashlib.sha256(_artifact(name)).hexdigest()


@functools.cache
def artifact_uri(name: str) -> str:
    return f"s3://{BUCKET}/{naming.artifact_object(sha256_of(name))}"


def _artifact(name: str) -> bytes:
    return f"the artifact of {name}".encode()


def empty_world(settings: Settings = SETTINGS) -> World:
    """Return a world in which nothing was deployed yet, beside somebody else's things."""
    clock = Clock(START)
    bucket = Bucket(name=BUCKET)
    rows = "".join(f"{cell},{label}\n" for cell, label in KNOWN.items())
    bucket.write("data/d/test/test.csv", f"x,species\n{rows}".encode())
    cloud = FakeCloud(clock=clock)
    foreign: Attributes = {"name": "somebody else's"}
    cloud.models[FOREIGN_MODEL] = foreign
    cloud.configs[FOREIGN_CONFIG] = {
        "production_variants[0].model_name": FOREIGN_MODEL,
        "production_variants[0].initial_instance_count": "1",
    }
    cloud.alarms[FOREIGN_ALARM] = foreign
    return World(
        clock=clock,
        bucket=bucket,
        cloud=cloud,
        serving=State(),
        surroundings=State(),
        settings=settings,
    )


def candidate(world: World, name: str) -> Candidate:
    """Return the model `name`, trained, judged and registered; what it left in S3 is there."""
    found = _candidate(name)
    artifact = naming.artifact_object(found.run.artifact_sha256)
    if artifact not in world.bucket.objects:
        record = naming.training_run_object(found.run.job_name)
        world.bucket.write(artifact, _artifact(name))
        world.bucket.write(record, found.run.to_json().encode())
    return found


@functools.cache
def _candidate(name: str) -> Candidate:
    sha256 = sha256_of(name)
    job = f"iris-{name.lower()}"
    return Candidate(
        run=_run(job, name),
        evaluation=Evaluation(
            training_job=job,
            artifact_sha256=sha256,
            metrics={"accuracy": 0.97},
            classification_report={},
            confusion_matrix=((1,),),
            labels=("one",),
            row_count=3,
            processing_job=f"{job}-evaluation",
        ),
        decision=Decision(verdict=Verdict.DEPLOY, reasons=("accuracy is 0.97.",)),
        approval=None,
        package=ModelPackage(
            arn=f"arn:aws:sagemaker:us-east-1:000000000000:model-package/iris/{name}",
            version=1,
            approval_status=ApprovalStatus.APPROVED,
        ),
    )


def _run(job: str, name: str) -> TrainingRun:
    return TrainingRun(
        job_name=job,
        job_arn=f"arn:aws:sagemaker:us-east-1:000000000000:training-job/{job}",
        artifact_uri=f"s3://{BUCKET}/jobs/{job}/model.tar.gz",
        artifact_sha256=sha256_of(name),
        metrics={"cv_mean_accuracy": 0.96},
        image_uri=_IMAGE,
        data_sha256="d" * 64,
        code_sha256="c" * 64,
        hyperparameters={},
        started_at=START,
        ended_at=START,
        instance_type="ml.m5.large",
        identity=IDENTITY,
        train_uri=_TEST_URI.replace("test", "train"),
        test_uri=_TEST_URI,
    )
