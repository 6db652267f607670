"""Builders of core records: complete by default, a test names only what matters to it."""

from dataclasses import replace
from datetime import UTC, datetime
from typing import Any

from pipeline.core import ledger, naming
from pipeline.core.head import (
    DeploymentConfig,
    EndpointConfigEntry,
    LedgerHead,
    Move,
    MoveKind,
    Retained,
    Strategy,
)
from pipeline.core.identity import ModelIdentity
from pipeline.core.outcomes import EndpointObservation, EndpointStatus
from pipeline.core.records import (
    Decision,
    Evaluation,
    Release,
    RollbackAlarms,
    ServingCheck,
    ServingSettings,
    TestLimits,
    TrainingRun,
    Verdict,
)

NOON = datetime(2026, 1, 2, 12, 0, 0, tzinfo=UTC)


def an_identity(**changes: Any) -> ModelIdentity:
    identity = ModelIdentity(
        name="iris-classifier",
        target="species",
        columns=("petal_length", "sepal_length"),
        labels=("setosa", "virginica"),
    )
    return replace(identity, **changes)


def some_limits(**changes: Any) -> TestLimits:
    limits = TestLimits(
        minimum_prediction_accuracy=0.9, minimum_success_rate=0.99, maximum_latency_p95_ms=1000.0
    )
    return replace(limits, **changes)


def a_training_run(**changes: Any) -> TrainingRun:
    run = TrainingRun(
        job_name="iris-classifier-20260102-120000",
        job_arn="arn:aws:sagemaker:us-east-1:000000000000:training-job/iris",
        artifact_uri="s3://bucket/jobs/iris/model.tar.gz",
        artifact_sha256="a" * 64,
        metrics={"cv_mean_accuracy": 0.96},
        image_uri="image:1",
        data_sha256="d" * 64,
        code_sha256="c" * 64,
        hyperparameters={"sagemaker_program": '"train.py"'},
        started_at=NOON,
        ended_at=NOON,
        instance_type="ml.m5.large",
        identity=an_identity(),
        train_uri="s3://bucket/data/d/train/",
        test_uri="s3://bucket/data/d/test/",
    )
    return replace(run, **changes)


def an_evaluation(**changes: Any) -> Evaluation:
    evaluation = Evaluation(
        training_job="iris-classifier-20260102-120000",
        artifact_sha256="a" * 64,
        metrics={"accuracy": 0.97, "cv_mean_accuracy": 0.96},
        classification_report={"setosa": {"precision": 1.0, "support": 25}},
        confusion_matrix=((25, 0), (1, 24)),
        labels=("setosa", "virginica"),
        row_count=50,
        processing_job="iris-classifier-20260102-120000-evaluation",
        serving=a_serving_check(),
    )
    return replace(evaluation, **changes)


def a_serving_check(**changes: Any) -> ServingCheck:
    check = ServingCheck(
        rows=50,
        accuracy=0.97,
        start_s=1.5,
        latency_p50_ms=2.0,
        latency_p95_ms=4.0,
        failure=None,
    )
    return replace(check, **changes)


def serving_settings(**changes: Any) -> ServingSettings:
    settings = ServingSettings(
        image_uri="image:1",
        instance_type="ml.m5.large",
        container_environment={"SAGEMAKER_PROGRAM": "inference.py"},
        execution_role_arn="arn:aws:iam::000000000000:role/sagemaker",
        network_isolation=True,
        startup_timeout_s=300,
        subnet_ids=(),
        security_group_ids=(),
        kms_key_arn=None,
        data_capture=None,
        rollback_alarms=RollbackAlarms(
            latency_p95_ms=500.0, error_rate=0.01, minimum_request_count=10
        ),
    )
    return replace(settings, **changes)


def a_release(release_id: str = "r-20260102-120000-aaaaaa", **changes: Any) -> Release:
    release = Release(
        release_id=release_id,
        endpoint_name="iris-model-staging",
        model_package_arn="arn:aws:sagemaker:us-east-1:000000000000:model-package/iris/1",
        artifact_uri="s3://bucket/artifacts/sha256/a/model.tar.gz",
        artifact_sha256="a" * 64,
        training_job="iris-classifier-20260102-120000",
        identity=an_identity(),
        evaluation=an_evaluation(),
        decision=Decision(verdict=Verdict.DEPLOY, reasons=("accuracy is 0.97.",)),
        approval=None,
        data_sha256="d" * 64,
        code_sha256="c" * 64,
        git_sha="0" * 40,
        created_at=NOON,
        created_by="someone",
        serving=serving_settings(),
        test_limits=some_limits(),
    )
    return replace(release, **changes)


def a_shift(**changes: Any) -> DeploymentConfig:
    shift = DeploymentConfig(
        strategy=Strategy.ALL_AT_ONCE,
        step_percentage=None,
        wait_interval_s=0,
        termination_wait_s=0,
        maximum_execution_timeout_s=1800,
        alarm_names=(),
    )
    return replace(shift, **changes)


def a_move(target: str = "r-20260102-120000-aaaaaa-n1", **changes: Any) -> Move:
    """A deployment with nothing live before it, unless the test says otherwise."""
    move = Move(
        kind=MoveKind.DEPLOYMENT,
        origin=None,
        target=target,
        deployment_config=a_shift(),
        run_id="20260102-120000-abcd",
    )
    return replace(move, **changes)


def an_endpoint(key: str | None = None, **changes: Any) -> EndpointObservation:
    """An endpoint in service with the config of this key; none at all without one."""
    endpoint = an_empty_head().endpoint
    seen = EndpointObservation(name=endpoint, status=EndpointStatus.ABSENT)
    if key is not None:
        name = naming.endpoint_config_name(endpoint, key)
        seen = replace(seen, status=EndpointStatus.IN_SERVICE, config_name=name)
    return replace(seen, **changes)


def an_empty_head(**changes: Any) -> LedgerHead:
    return replace(LedgerHead(endpoint="iris-model-staging", endpoint_configs={}), **changes)


def a_head_retaining(*release_ids: str) -> LedgerHead:
    """Each release with content of its own and one config with one instance; nothing is live."""
    return an_empty_head(
        retained=tuple(
            Retained(release_id=each, content_digest=f"of-{each}") for each in release_ids
        ),
        endpoint_configs={
            f"{each}-n1": EndpointConfigEntry(release=each, instance_count=1)
            for each in release_ids
        },
    )


def finished(head: LedgerHead) -> LedgerHead:
    """The target that has arrived, proved by some run."""
    return ledger.finish(head, run_id="a-run")
