"""What container tests put into S3, ask for, and read back. Names are unique per world."""

import contextlib
import io
import tarfile
import threading
import time
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, field, replace
from typing import Any

from botocore.exceptions import ClientError

from emulator.cloud import Cloud
from emulator.containers.fleet import Fleet, Variant, launch
from emulator.containers.processing import run_processing_job
from emulator.containers.training import run_training_job

Runner = Callable[..., None]

REGION = "us-east-1"
IMAGE = "683313688378.dkr.ecr.us-east-1.amazonaws.com/sagemaker-scikit-learn:1.9-0-cpu-py3"
ROLE = "arn:aws:iam::123456789012:role/r"


def tar_gz(files: Mapping[str, str | bytes]) -> bytes:
    buffer = io.BytesIO()
    with tarfile.open(fileobj=buffer, mode="w:gz") as archive:
        for name, content in files.items():
            raw = content.encode() if isinstance(content, str) else content
            member = tarfile.TarInfo(name)
            member.size = len(raw)
            archive.addfile(member, io.BytesIO(raw))
    return buffer.getvalue()


@dataclass(frozen=True, kw_only=True)
class World:
    cloud: Cloud
    bucket: str

    def s3(self) -> Any:
        return self.cloud.client("s3", REGION)

    def put(self, key: str, content: str | bytes) -> str:
        self.s3().put_object(Bucket=self.bucket, Key=key, Body=content)
        return f"s3://{self.bucket}/{key}"

    def get(self, key: str) -> bytes:
        body: bytes = self.s3().get_object(Bucket=self.bucket, Key=key)["Body"].read()
        return body

    def keys(self, prefix: str) -> list[str]:
        listed = self.s3().list_objects_v2(Bucket=self.bucket, Prefix=prefix)
        return [entry["Key"] for entry in listed.get("Contents", ())]

    def archive_names(self, key: str) -> list[str]:
        return sorted(self.archive(key))

    def archive(self, key: str) -> dict[str, bytes]:
        """Return the files of an archive in S3 by their names."""
        with tarfile.open(fileobj=io.BytesIO(self.get(key))) as archive:
            opened = {name: archive.extractfile(name) for name in archive.getnames()}
            return {name: file.read() for name, file in opened.items() if file is not None}

    def name(self, noun: str) -> str:
        return f"{noun}-{self.bucket.removeprefix('bucket-')}"

    def log_lines(self, group: str, stream_prefix: str) -> list[str]:
        logs = self.cloud.client("logs", REGION)
        streams = logs.describe_log_streams(logGroupName=group, logStreamNamePrefix=stream_prefix)
        return [
            event["message"]
            for stream in streams["logStreams"]
            for event in logs.get_log_events(
                logGroupName=group, logStreamName=stream["logStreamName"], startFromHead=True
            )["events"]
        ]

    def variant(self, inference: str, **changes: Any) -> Variant:
        """A variant whose artifact holds the given text as `code/inference.py`."""
        artifact = self.put("artifacts/model.tar.gz", tar_gz({"code/inference.py": inference}))
        variant = Variant(
            endpoint_name=self.name("endpoint"),
            endpoint_config_name=self.name("config"),
            variant_name="primary",
            region=REGION,
            image=IMAGE,
            model_data_url=artifact,
            environment={},
            instance_count=1,
            startup_timeout_s=60,
        )
        return replace(variant, **changes)

    @contextlib.contextmanager
    def serving(self, inference: str, **changes: Any) -> Iterator[Fleet]:
        fleet = launch(self.variant(inference, **changes), self.cloud)
        try:
            yield fleet
        finally:
            fleet.stop()

    def has_log_line(self, line: str, group: str, stream_prefix: str) -> bool:
        try:
            return line in self.log_lines(group, stream_prefix)
        except ClientError:  # the group is not there yet
            return False

    def script_job(self, script: str, **changes: Any) -> dict[str, Any]:
        """A training job in script mode whose `train.py` is the given text."""
        code = self.put("code/sourcedir.tar.gz", tar_gz({"train.py": script}))
        train = self.put("data/train/train.csv", "a,b\n1,2\n")
        parameters = {
            "sagemaker_program": '"train.py"',
            "sagemaker_submit_directory": '"/opt/ml/input/data/code/sourcedir.tar.gz"',
        }
        job = {
            "TrainingJobName": self.name("job"),
            "TrainingJobArn": f"arn:aws:sagemaker:{REGION}:123456789012:training-job/x",
            "AlgorithmSpecification": {"TrainingImage": IMAGE, "TrainingInputMode": "File"},
            "RoleArn": ROLE,
            "HyperParameters": parameters | changes.pop("hyperparameters", {}),
            "InputDataConfig": [channel("train", train), channel("code", code)],
            "OutputDataConfig": {"S3OutputPath": f"s3://{self.bucket}/jobs"},
            "ResourceConfig": {"InstanceType": "ml.m5.large", "InstanceCount": 1},
            "StoppingCondition": {"MaxRuntimeInSeconds": 60},
        }
        return {**job, **changes}

    def processing_job(self, script: str, **changes: Any) -> dict[str, Any]:
        """A processing job that runs the given text as `evaluate.py`."""
        code = self.put("code/evaluate.py", script)
        job = {
            "ProcessingJobName": self.name("job"),
            "ProcessingJobArn": f"arn:aws:sagemaker:{REGION}:123456789012:processing-job/x",
            "AppSpecification": {
                "ImageUri": IMAGE,
                "ContainerEntrypoint": ["python3", "/opt/ml/processing/input/code/evaluate.py"],
                "ContainerArguments": ["--output-dir", "/opt/ml/processing/output"],
            },
            "RoleArn": ROLE,
            "ProcessingInputs": [processing_input("code", code)],
            "ProcessingOutputConfig": {
                "Outputs": [
                    {
                        "OutputName": "evaluation",
                        "S3Output": {
                            "S3Uri": f"s3://{self.bucket}/evaluation",
                            "LocalPath": "/opt/ml/processing/output",
                            "S3UploadMode": "EndOfJob",
                        },
                    }
                ]
            },
            "ProcessingResources": {
                "ClusterConfig": {
                    "InstanceType": "ml.m5.large",
                    "InstanceCount": 1,
                    "VolumeSizeInGB": 1,
                }
            },
        }
        return {**job, **changes}

    def train(self, job: Mapping[str, Any]) -> "Description":
        return self._run(run_training_job, job, Description())

    def evaluate(self, job: Mapping[str, Any]) -> "Description":
        return self._run(run_processing_job, job, Description())

    def start_training(self, job: Mapping[str, Any]) -> "Description":
        return self._start(run_training_job, job)

    def start_evaluation(self, job: Mapping[str, Any]) -> "Description":
        return self._start(run_processing_job, job)

    def _start(self, runner: Runner, job: Mapping[str, Any]) -> "Description":
        running = Description()
        running.thread = threading.Thread(target=self._run, args=(runner, job, running))
        running.thread.start()
        return running

    def _run(self, runner: Runner, job: Mapping[str, Any], running: "Description") -> "Description":
        runner(job, cloud=self.cloud, region=REGION, update=running.update, stop=running.stop)
        return running


@dataclass(kw_only=True)
class Description:
    """A job's description as its updates build it up."""

    fields: dict[str, Any] = field(default_factory=dict)
    stop: threading.Event = field(default_factory=threading.Event)
    thread: threading.Thread | None = None

    def stop_and_join(self) -> None:
        self.stop.set()
        self.join()

    def join(self) -> None:
        assert self.thread is not None
        self.thread.join(30)
        assert not self.thread.is_alive()

    def update(self, changed: Mapping[str, Any]) -> None:
        self.fields.update(changed)

    def __getitem__(self, name: str) -> Any:
        return self.fields[name]

    def secondary_statuses(self) -> list[str]:
        return [entry["Status"] for entry in self["SecondaryStatusTransitions"]]


def channel(name: str, uri: str) -> dict[str, Any]:
    source = {"S3DataType": "S3Prefix", "S3Uri": uri}
    return {"ChannelName": name, "DataSource": {"S3DataSource": source}}


def processing_input(name: str, uri: str) -> dict[str, Any]:
    return {
        "InputName": name,
        "S3Input": {
            "S3Uri": uri,
            "LocalPath": f"/opt/ml/processing/input/{name}",
            "S3DataType": "S3Prefix",
            "S3InputMode": "File",
        },
    }


def wait_for(condition: Callable[[], bool], *, timeout_s: float = 20.0) -> None:
    deadline = time.monotonic() + timeout_s
    while not condition():
        assert time.monotonic() < deadline, "the condition did not come true in time"
        time.sleep(0.05)
