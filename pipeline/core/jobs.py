"""The documents that ask SageMaker for a training job, a processing job and a model package.

Pure: settings, foundation and addresses in, boto3 keyword arguments out. Sources: SageMaker API
reference, CreateTrainingJob, CreateProcessingJob and CreateModelPackage; the script mode of the
SageMaker training toolkit.
Every job carries the foundation's keys, network, isolation, tags and a maximum runtime.
"""

import json
import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from pipeline.core.foundation import Foundation
from pipeline.core.messages import plain
from pipeline.core.records import ApprovalStatus, Evaluation, TrainingRun

# For a machine to be found, on top of the job's own maximum runtime.
START_TIMEOUT_S = 1800.0
_CODE = "/opt/ml/input/data/code/sourcedir.tar.gz"
_LOCAL_STORAGE = re.compile(r"ml\.([^.]*d|g5|g6|g7e|p5|p6|trn1|trn2)[^.]*\.")
_PROCESSING = "/opt/ml/processing"
# Where the image's `serve` looks for the model (aws/sagemaker-containers, _env.py, model_dir)
_MODEL = "/opt/ml/model"
# What the training script prints, in a form that SageMaker's metric definitions can find.
_METRIC_DEFINITIONS = (
    {"Name": "cv_mean_accuracy", "Regex": r"cv_mean_accuracy=([0-9.]+|nan);"},
    {"Name": "cv_mean_r2", "Regex": r"cv_mean_r2=(-?[0-9.]+|nan);"},
)

# API reference, CustomerMetadataProperties: at most 50 entries, names of at most 128 characters.
_METADATA_NAME = re.compile(r"[\w .:/=+@-]{1,128}", re.ASCII)
_METRICS_IN_METADATA = 40
_VOLUME_GB = 30
_FIRST_METRICS = (
    *("metric_accuracy", "metric_cv_mean_accuracy"),
    *("metric_rmse", "metric_r2", "metric_cv_mean_r2"),
)
# API reference: ContainerArguments, at most 256 characters each
_MOST_OF_AN_ARGUMENT = 200
_MOST_OF_A_DESCRIPTION = 1024


@dataclass(frozen=True, kw_only=True)
class Machine:
    """The machine of a job, and the seconds that it may take."""

    instance_type: str
    max_runtime_s: int


@dataclass(frozen=True, kw_only=True)
class TrainingOrder:
    """What to train, where everything lies, and what it is called."""

    job_name: str
    image_uri: str
    machine: Machine
    train_uri: str
    code_uri: str
    output_uri: str
    hyperparameters: Mapping[str, str]


@dataclass(frozen=True, kw_only=True)
class ComparedWith:
    """The live release's artifact; the training rows of both, where they are not the same."""

    release_id: str
    artifact_sha256: str
    artifact_uri: str
    champion_train_uri: str | None = None
    train_uri: str | None = None

    @property
    def inputs(self) -> Mapping[str, str]:
        """Where each input lies, by its name."""
        given = {
            "champion": self.artifact_uri,
            "champion-train": self.champion_train_uri,
            "train": self.train_uri,
        }
        return {name: uri for name, uri in given.items() if uri}


@dataclass(frozen=True, kw_only=True)
class EvaluationOrder:
    """What to measure: exactly this artifact on exactly these rows.

    `serving_environment` is that of the release's container: the job serves the artifact with it.
    `slices` is a JSON list of the parts that are measured apart, each with `column` and `bins`.
    """

    job_name: str
    image_uri: str
    machine: Machine
    artifact_uri: str
    test_uri: str
    source_uri: str
    output_uri: str
    arguments: Mapping[str, str]
    serving_environment: Mapping[str, str]
    slices: str = "[]"
    champion: ComparedWith | None = None


@dataclass(frozen=True, kw_only=True)
class MonitoringOrder:
    """What to count: the captured files that a manifest lists, from `start` on, before `end`.

    `capture_manifest_uri` is an S3 manifest: a window is hours, and a prefix holds months. With
    labels, the requests of each cohort (its start and end) are put beside them; `merge_class`
    (its code lies below `merge_uri`) says how often each labelled row is learnt.
    """

    job_name: str
    image_uri: str
    machine: Machine
    instance_count: int
    volume_size_gb: int
    source_uri: str
    capture_manifest_uri: str
    baseline_uri: str
    output_uri: str
    start: datetime
    end: datetime
    labels_manifest_uri: str | None = None
    cohorts: Sequence[tuple[datetime, datetime]] = ()
    merge_class: str | None = None
    merge_uri: str | None = None


def script_mode(values: Mapping[str, object], *, region: str, job_name: str) -> dict[str, str]:
    """Return hyperparameters as the training toolkit wants them: all strings, each JSON-encoded."""
    named = {
        **values,
        "sagemaker_job_name": job_name,
        "sagemaker_program": "train.py",
        "sagemaker_region": region,
        "sagemaker_submit_directory": _CODE,
    }
    return {name: json.dumps(value) for name, value in named.items()}


def training_request(
    order: TrainingOrder, foundation: Foundation, *, tags: Mapping[str, str]
) -> dict[str, Any]:
    """Return the arguments of CreateTrainingJob."""
    request: dict[str, Any] = {
        "TrainingJobName": order.job_name,
        "AlgorithmSpecification": {
            "TrainingImage": order.image_uri,
            "TrainingInputMode": "File",
            "MetricDefinitions": list(_METRIC_DEFINITIONS),
        },
        "EnableInterContainerTrafficEncryption": foundation.inter_container_encryption,
        "EnableNetworkIsolation": foundation.network_isolation,
        "HyperParameters": dict(order.hyperparameters),
        "InputDataConfig": [
            _channel("train", order.train_uri, "text/csv"),
            _channel("code", order.code_uri, "application/x-tar"),
        ],
        "OutputDataConfig": {
            "KmsKeyId": foundation.kms_key_arn,
            "S3OutputPath": order.output_uri,
        },
        "ResourceConfig": _resources(order.machine, foundation),
        "RoleArn": foundation.role_arn,
        "StoppingCondition": {"MaxRuntimeInSeconds": order.machine.max_runtime_s},
        "Tags": _tags(tags),
    }
    network = _network(foundation)
    return request | ({"VpcConfig": network} if network else {})


def _channel(name: str, uri: str, content_type: str) -> dict[str, Any]:
    source = {"S3DataType": "S3Prefix", "S3DataDistributionType": "FullyReplicated", "S3Uri": uri}
    return {
        "ChannelName": name,
        "ContentType": content_type,
        "DataSource": {"S3DataSource": source},
    }


def evaluation_request(
    order: EvaluationOrder, foundation: Foundation, *, tags: Mapping[str, str]
) -> dict[str, Any]:
    """Return the arguments of CreateProcessingJob. The script takes every path as an argument."""
    return _processing_request(order, foundation, tags) | {
        "AppSpecification": _evaluation_script(order),
        "ProcessingInputs": [
            _input("code", order.source_uri),
            _input("model", order.artifact_uri),
            _input("test", order.test_uri),
            *(_input(name, uri) for name, uri in _compared(order).items()),
        ],
        "ProcessingOutputConfig": _output("evaluation", order.output_uri, foundation),
        "ProcessingResources": {"ClusterConfig": _resources(order.machine, foundation)},
    }


def monitoring_request(
    order: MonitoringOrder, foundation: Foundation, *, tags: Mapping[str, str]
) -> dict[str, Any]:
    """Return the arguments of CreateProcessingJob.

    Its hosts share the ids of requests, not the files: what was sent twice may lie in two of them.
    Each reads all, and leaves `partial-<host>.json` under the same `output_uri`.
    """
    resources = _resources(order.machine, foundation) | {
        "InstanceCount": order.instance_count,
        "VolumeSizeInGB": order.volume_size_gb,
    }
    labels = order.labels_manifest_uri
    return _processing_request(order, foundation, tags) | {
        "AppSpecification": _monitoring_script(order),
        "ProcessingInputs": [
            _input("code", order.source_uri),
            _input("baseline", order.baseline_uri),
            _listed("capture", order.capture_manifest_uri),
            *([_listed("labels", labels)] if labels else ()),
            *([_input("merge", order.merge_uri)] if order.merge_uri else ()),
        ],
        "ProcessingOutputConfig": _output("partials", order.output_uri, foundation),
        "ProcessingResources": {"ClusterConfig": resources},
    }


def _monitoring_script(order: MonitoringOrder) -> dict[str, Any]:
    arguments = {
        "baseline-dir": f"{_PROCESSING}/input/baseline",
        "capture-dir": f"{_PROCESSING}/input/capture",
        "message-file": "/opt/ml/output/message",
        "output-dir": f"{_PROCESSING}/output",
        "resource-config": "/opt/ml/config/resourceconfig.json",
        **({"labels-dir": f"{_PROCESSING}/input/labels"} if order.labels_manifest_uri else {}),
        **(
            {"merge-class": order.merge_class, "merge-dir": f"{_PROCESSING}/input/merge"}
            if order.merge_class
            else {}
        ),
        "start": order.start.isoformat(),
        "end": order.end.isoformat(),
    }
    cohorts = [("cohort", f"{start.isoformat()}/{end.isoformat()}") for start, end in order.cohorts]
    return {
        "ContainerArguments": [
            part
            for name, value in (*sorted(arguments.items()), *cohorts)
            for part in _argument(name, value)
        ],
        "ContainerEntrypoint": ["python3", f"{_PROCESSING}/input/code/monitor.py"],
        "ImageUri": order.image_uri,
    }


def _listed(name: str, manifest_uri: str) -> dict[str, Any]:
    source = _input(name, manifest_uri)
    source["S3Input"] |= {"S3DataType": "ManifestFile"}
    return source


def manifest(prefix_uri: str, names: Sequence[str]) -> bytes:
    """Return an S3 manifest of objects by their names below a prefix (API reference, S3DataSource).

    At least one name: a job that is given nothing fails.
    """
    return json.dumps([{"prefix": prefix_uri}, *names]).encode()


def _evaluation_script(order: EvaluationOrder) -> dict[str, Any]:
    arguments = {
        **order.arguments,
        "model-dir": f"{_PROCESSING}/input/model",
        "output-dir": f"{_PROCESSING}/output",
        "serve-in": _MODEL,
        "test-dir": f"{_PROCESSING}/input/test",
        **{f"{name}-dir": f"{_PROCESSING}/input/{name}" for name in _compared(order)},
    }
    served = [
        ("serve-with", f"{name}={value}")
        for name, value in sorted(order.serving_environment.items())
    ]
    step = _MOST_OF_AN_ARGUMENT
    pieces = [order.slices[at : at + step] for at in range(0, len(order.slices), step)]
    sliced = [] if order.slices == "[]" else [("slices", piece) for piece in pieces]
    return {
        "ContainerArguments": [
            part
            for name, value in (*sorted(arguments.items()), *served, *sliced)
            for part in _argument(name, value)
        ],
        "ContainerEntrypoint": ["python3", f"{_PROCESSING}/input/code/evaluate.py"],
        "ImageUri": order.image_uri,
    }


def _compared(order: EvaluationOrder) -> Mapping[str, str]:
    return order.champion.inputs if order.champion else {}


def _processing_request(
    order: EvaluationOrder | MonitoringOrder, foundation: Foundation, tags: Mapping[str, str]
) -> dict[str, Any]:
    """Return what every processing job is asked with."""
    network = _network(foundation)
    return {
        "ProcessingJobName": order.job_name,
        "NetworkConfig": {
            "EnableInterContainerTrafficEncryption": foundation.inter_container_encryption,
            "EnableNetworkIsolation": foundation.network_isolation,
            **({"VpcConfig": network} if network else {}),
        },
        "RoleArn": foundation.role_arn,
        "StoppingCondition": {"MaxRuntimeInSeconds": order.machine.max_runtime_s},
        "Tags": _tags(tags),
    }


def _output(name: str, uri: str, foundation: Foundation) -> dict[str, Any]:
    place = {"LocalPath": f"{_PROCESSING}/output", "S3UploadMode": "EndOfJob", "S3Uri": uri}
    return {
        "KmsKeyId": foundation.kms_key_arn,
        "Outputs": [{"OutputName": name, "S3Output": place}],
    }


def takes_volume_key(instance_type: str) -> bool:
    """Tell whether SageMaker takes a key for the volume: local storage has one of its hardware.

    Source: API reference, ResourceConfig; sagemaker-core, instance_supports_kms, and for P6 the EC2
    user guide, "Instance store volumes".
    """
    return _LOCAL_STORAGE.match(instance_type) is None


def _resources(machine: Machine, foundation: Foundation) -> dict[str, Any]:
    keyed = takes_volume_key(machine.instance_type)
    return {
        "InstanceCount": 1,
        "InstanceType": machine.instance_type,
        **({"VolumeKmsKeyId": foundation.kms_key_arn} if keyed else {}),
        "VolumeSizeInGB": _VOLUME_GB,
    }


def _argument(name: str, value: str) -> tuple[str, ...]:
    """A value that begins like an option has to be tied to its name."""
    return (f"--{name}={value}",) if value.startswith("-") else (f"--{name}", value)


def _input(name: str, uri: str) -> dict[str, Any]:
    return {
        "InputName": name,
        "S3Input": {
            "LocalPath": f"{_PROCESSING}/input/{name}",
            "S3DataDistributionType": "FullyReplicated",
            "S3DataType": "S3Prefix",
            "S3InputMode": "File",
            "S3Uri": uri,
        },
    }


def package_request(
    run: TrainingRun,
    evaluation: Evaluation,
    *,
    group: str,
    status: ApprovalStatus,
    status_reason: str,
    artifact_uri: str,
    evaluation_uri: str,
    region: str,
    instance_type: str,
    card: Mapping[str, str],
) -> dict[str, Any]:
    """Return the arguments of CreateModelPackage: the artifact and all that is known of it."""
    content_types = ["application/json", "text/csv"]
    container = {
        "Environment": serving_environment(region),
        "Image": run.image_uri,
        "ModelDataUrl": artifact_uri,
    }
    return {
        "ModelPackageGroupName": group,
        "ModelPackageDescription": description(f"Trained by {run.job_name}. {status_reason}"),
        "CustomerMetadataProperties": _provenance(run, evaluation),
        "InferenceSpecification": {
            "Containers": [container],
            "SupportedContentTypes": content_types,
            "SupportedRealtimeInferenceInstanceTypes": [instance_type],
            "SupportedResponseMIMETypes": content_types,
        },
        "ModelApprovalStatus": status.value,
        "ModelCard": dict(card),
        "ModelMetrics": {
            "ModelQuality": {
                "Statistics": {"ContentType": "application/json", "S3Uri": evaluation_uri}
            }
        },
    }


def description(text: str) -> str:
    """Return a text as a package's description, or its approval's, may be: one line of 1024.

    A reason may quote what somebody's container answered. No control character is taken, and no
    line break (API reference, CreateModelPackage and UpdateModelPackage).
    """
    return plain(" ".join(text.split()), _MOST_OF_A_DESCRIPTION)


def serving_environment(region: str) -> dict[str, str]:
    """Return the environment of the serving container (scikit-learn image, script mode).

    The code lies in the artifact itself, below code/: nobody repacks what was judged.
    """
    return {
        "SAGEMAKER_CONTAINER_LOG_LEVEL": "20",
        "SAGEMAKER_PROGRAM": "inference.py",
        "SAGEMAKER_REGION": region,
        "SAGEMAKER_SUBMIT_DIRECTORY": "/opt/ml/model/code",
    }


def _provenance(run: TrainingRun, evaluation: Evaluation) -> dict[str, str]:
    """Return where the model comes from, with the metrics that a package has room for.

    All of them are in the evaluation that the package names.
    """
    named = {f"metric_{name}": repr(value) for name, value in sorted(evaluation.metrics.items())}
    kept = [name for name in named if _METADATA_NAME.fullmatch(name)]
    kept.sort(key=lambda name: name not in _FIRST_METRICS)
    return {
        "artifact_sha256": evaluation.artifact_sha256,
        "code_sha256": run.code_sha256,
        "data_sha256": run.data_sha256,
        "training_job": run.job_name,
        **{name: named[name] for name in kept[:_METRICS_IN_METADATA]},
    }


def _network(foundation: Foundation) -> dict[str, list[str]]:
    if not foundation.vpc.subnet_ids:
        return {}
    groups = foundation.vpc.security_group_ids or ()
    return {"SecurityGroupIds": list(groups), "Subnets": list(foundation.vpc.subnet_ids)}


def _tags(tags: Mapping[str, str]) -> list[dict[str, str]]:
    return [{"Key": key, "Value": value} for key, value in sorted(tags.items())]
