"""Splits the data, stores it with the code, and runs the training job."""

import hashlib
import logging
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from math import nan
from pathlib import Path

from pipeline.configuration.loading import PROJECT_ROOT
from pipeline.configuration.rules import require_fitting_limits
from pipeline.configuration.sections import SliceSettings
from pipeline.context import Context, Workspace
from pipeline.core import jobs, naming
from pipeline.core.data_checks import DataProfile, Found
from pipeline.core.errors import PipelineError, UsageError
from pipeline.core.identity import ModelIdentity
from pipeline.core.images import image_uri
from pipeline.core.records import TrainingInputs, TrainingRun
from pipeline.gateways import wheels
from pipeline.gateways.sagemaker import JobOutcome, NameTaken
from pipeline.material import bundle, checking
from pipeline.material.deciding import decide
from pipeline.material.dividing import Split, split
from pipeline.steps import recorded
from pipeline.steps.learn import Learning, to_learn
from pipeline.steps.merge_rule import packed_merge_rule
from pipeline.steps.progress import JobProgress
from pipeline.tabular import schema

logger = logging.getLogger(__name__)


@dataclass(frozen=True, kw_only=True)
class Material:
    """What a training is made of, read and checked before anything is changed.

    `found` is what the data shows by itself; whether it may be so, `check_data` says.
    """

    identity: ModelIdentity
    divided: Split
    packed: bundle.Bundle
    profile: DataProfile
    found: tuple[Found, ...]


def gather(context: Context) -> Material:
    """Read, judge, divide and pack what a training started now would have. Raises UsageError."""
    return gather_from(context, to_learn(context))


def gather_from(context: Context, learning: Learning) -> Material:
    """Judge, divide and pack these rows, with the code. Raises UsageError."""
    training = context.settings.training
    decided = decide(learning.table, learning.choices)
    divided = split(decided, test_fraction=training.test_fraction, seed=training.split_seed)
    require_fitting_limits(context.settings, divided.kind)
    require_sliceable(context.settings.evaluation.slices, divided.schema)
    for warning in divided.warnings:
        logger.warning("data: %s", warning)
    context.recorder.add(data_warnings=divided.warnings)
    identity = ModelIdentity(
        name=context.settings.model_name_prefix,
        target=divided.schema.target,
        columns=divided.columns,
        labels=divided.labels,
    )
    packed_merge_rule(context)  # one that cannot be used is refused before anything is trained
    specs = [spec for spec in (training.training_pipeline, training.custom_metrics) if spec]
    packed = bundle.build_bundle(
        PROJECT_ROOT, specs, source_dir=Path(training.source_dir), wheels=_wheels(context)
    )
    return Material(
        identity=identity,
        divided=divided,
        packed=packed,
        profile=checking.profile_of(decided),
        found=checking.look_at(decided, divided, wanted=context.settings.data_checks.wanted),
    )


def require_sliceable(asked: Sequence[SliceSettings], decided: schema.Schema) -> None:
    """Refuse a slice by a column that is not there, or that is no text and no number."""
    known = {column.name: column.kind for column in decided.columns}
    for each in asked:
        kind = known.get(each.column)
        if kind not in ("numeric", "categorical"):
            why = "is a date" if kind else "is no feature of the data"
            message = f"`evaluation.slices` names {each.column!r}, which {why}."
            names = ", ".join(name for name, kind in known.items() if kind != "date")
            raise UsageError(message, remedy=f"Name one of: {names}.")
        if each.bins and kind != "numeric":
            message = f"`evaluation.slices` has bins for {each.column!r}, which is no number."
            raise UsageError(message, remedy="Leave the bins out: each text is a part.")


def _wheels(context: Context) -> dict[str, bytes] | None:
    """Return the packages that the configuration asks for; None where it asks for none."""
    requirements = context.settings.training.requirements
    if requirements is None:
        return None
    cloud = context.cloud
    with context.recorder.progress("packages"):
        found = wheels.fetch(
            Path(requirements), is_local=cloud.is_local, environment=cloud.inherited
        )
    logger.info("packages %s", " ".join(sorted(found)) or "none beyond the image's")
    return found


def train(workspace: Workspace, material: Material) -> TrainingRun:
    """Train on this data and code; return the finished job's record. Raises JobFailed."""
    inputs = _store_inputs(workspace, material)
    name = _start(workspace, inputs)
    # Before the wait: a job whose run dies is taken up by whoever names it later.
    workspace.store.put(naming.training_inputs_object(name), inputs.to_json().encode())
    workspace.store.put(naming.data_profile_object(name), material.profile.to_json().encode())
    outcome = _waited_for(workspace, name)
    run = recorded.record_finished(workspace, inputs, outcome)
    metric = "cv_mean_r2" if run.identity.predicts_number else "cv_mean_accuracy"
    logger.info("training job=%s %s=%.4g", name, metric, run.metrics.get(metric, nan))
    return run


def _waited_for(workspace: Workspace, name: str) -> JobOutcome:
    """Wait for the job's end. Who is cut off meanwhile is told how to take it up."""
    try:
        return workspace.sagemaker.wait_for_training(
            name,
            timeout_s=workspace.settings.training.max_runtime_s + jobs.START_TIMEOUT_S,
            seen=JobProgress(workspace, name, kind="training").seen,
        )
    except PipelineError:
        raise
    except BaseException:
        workspace.context.recorder.note(
            f"The training job {name} goes on.",
            to_do=f"When it has ended, it is taken up by --mode evaluation --training-job {name}",
        )
        raise


def _store_inputs(workspace: Workspace, material: Material) -> TrainingInputs:
    """Upload data and code to the addresses of their content; what is there already stays."""
    store, divided, packed = workspace.store, material.divided, material.packed
    data = naming.data_prefix(divided.source_sha256)
    halves = f"{data}{divided.sha256[:16]}"
    code = naming.code_prefix(packed.sha256)
    rows = {
        f"{halves}/train/train.csv": divided.train,
        f"{halves}/test/test.csv": divided.test,
    }
    files = {
        f"{halves}/train/{schema.FILE_NAME}": divided.schema_json,
        **{f"{code}src/{name}": content for name, content in packed.files.items()},
        f"{code}sourcedir.tar.gz": packed.archive,
    }
    for key, half in rows.items():
        store.create_same(key, half.file)
    for key, content in files.items():
        store.create_same(key, content)
    return TrainingInputs(
        data_sha256=divided.source_sha256,
        train_uri=store.uri(f"{halves}/train/"),
        test_uri=store.uri(f"{halves}/test/"),
        code_sha256=packed.sha256,
        code_uri=store.uri(code),
        identity=material.identity,
        files={
            **{key: half.sha256 for key, half in rows.items()},
            **{key: hashlib.sha256(content).hexdigest() for key, content in files.items()},
        },
    )


def _start(workspace: Workspace, inputs: TrainingInputs) -> str:
    """Start the job under the first free name of this second."""
    started = workspace.context.now()
    for attempt in range(1, naming.MOST_ATTEMPTS + 1):
        order = _order(workspace, inputs, started=started, attempt=attempt)
        request = jobs.training_request(order, workspace.foundation, tags=workspace.tags)
        try:
            workspace.sagemaker.start_training(request)
        except NameTaken:
            continue
        logger.info("training job=%s started", order.job_name)
        return order.job_name
    message = f"All names of {started:%Y%m%d-%H%M%S} are taken."
    raise UsageError(message, remedy="Run the same command again.")


def _order(
    workspace: Workspace, inputs: TrainingInputs, *, started: datetime, attempt: int
) -> jobs.TrainingOrder:
    training, region = workspace.settings.training, workspace.context.cloud.region
    prefix = workspace.settings.model_name_prefix
    name = naming.training_job_name(prefix, started, attempt=attempt)
    named = {"training_pipeline": training.training_pipeline} if training.training_pipeline else {}
    hyperparameters = {
        **training.hyperparameters,
        **named,
        "code_sha256": inputs.code_sha256,
        "cv_folds": training.cross_validation_folds,
        "seed": training.seed,
        "target": inputs.identity.target,
    }
    return jobs.TrainingOrder(
        job_name=name,
        image_uri=image_uri(region),
        machine=jobs.Machine(
            instance_type=training.instance_type, max_runtime_s=training.max_runtime_s
        ),
        train_uri=inputs.train_uri,
        code_uri=f"{inputs.code_uri}sourcedir.tar.gz",
        output_uri=workspace.store.uri("jobs"),
        hyperparameters=jobs.script_mode(hyperparameters, region=region, job_name=name),
    )
