"""What of an environment nobody's Terraform owns, when it is to be destroyed."""

import pytest

from emulator.tests.support.embedded import Embedded, eventually
from pipeline.core.destruction import Place
from pipeline.core.errors import CloudUnusable
from pipeline.gateways import remains
from pipeline.gateways.remains import RunningJob
from tests.gateways.gateways import a_training_request, cloud_of

pytestmark = pytest.mark.emulated

PLACE = Place(project="remains", environment="qa")
TAGS = [{"Key": key, "Value": value} for key, value in PLACE.tags.items()]
SAVES_LATE = """
import os, pathlib, signal, sys, time

def save(*_):
    time.sleep(2)
    pathlib.Path(os.environ["SM_MODEL_DIR"], "m").write_text("x")
    sys.exit(0)

signal.signal(signal.SIGTERM, save)
print("begun", flush=True)
time.sleep(300)
"""


def a_running_job(embedded: Embedded) -> tuple[RunningJob, str]:
    """Return a job of the environment that is training, and the bucket that it writes to."""
    request = a_training_request(embedded, SAVES_LATE, Tags=TAGS)
    name = request["TrainingJobName"]
    embedded.sagemaker.create_training_job(**request)
    eventually(lambda: _seen(embedded, name)["SecondaryStatus"], lambda now: now == "Training")
    bucket = request["OutputDataConfig"]["S3OutputPath"].split("/")[2]
    return RunningJob(kind="Training", name=name), bucket


def _seen(embedded: Embedded, name: str) -> dict[str, str]:
    found: dict[str, str] = embedded.sagemaker.describe_training_job(TrainingJobName=name)
    return found


def test_a_job_that_was_stopped_writes_nothing_into_an_emptied_bucket(embedded: Embedded) -> None:
    cloud, (job, bucket) = cloud_of(embedded), a_running_job(embedded)
    assert remains.running_jobs(cloud, PLACE) == (job,)
    remains.stop(cloud, job)
    assert remains.running_jobs(cloud, PLACE) == (job,), "it still runs, and the next run waits"
    remains.wait_until_ended(cloud, job)
    assert _seen(embedded, job.name)["TrainingJobStatus"] == "Stopped"
    assert remains.empty_bucket(cloud, bucket) > 0
    embedded.client("s3").delete_bucket(Bucket=bucket)
    assert remains.running_jobs(cloud, PLACE) == ()


def test_a_job_that_does_not_stop_is_told_with_what_to_do(embedded: Embedded) -> None:
    cloud, (job, _) = cloud_of(embedded), a_running_job(embedded)
    with pytest.raises(CloudUnusable, match=f"{job.name} has not stopped after 0 s") as told:
        remains.wait_until_ended(cloud, job, timeout_s=0.2)
    assert "run the same command again" in told.value.remedy
    remains.stop(cloud, job)
    remains.wait_until_ended(cloud, job)


def test_a_job_that_is_gone_has_ended(embedded: Embedded) -> None:
    remains.wait_until_ended(cloud_of(embedded), RunningJob(kind="Processing", name="never-was"))
