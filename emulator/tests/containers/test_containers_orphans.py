"""No container outlives the server, however it dies: the server here is a child that is killed."""

import json
import os
import signal
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import psutil
import pytest

from emulator.containers.fleet import remove_leftovers
from emulator.tests.support.containers_world import World, wait_for

ROOT = Path(__file__).parents[3]

# Starts a fleet of two from a thread that ends at once, as a deployment's thread does, and a
# training and a processing job, then waits to be killed.
SERVER = """
import json, pathlib, sys, threading, time
from emulator.cloud import Cloud
from emulator.containers.fleet import Variant, launch
from emulator.containers.processing import run_processing_job
from emulator.containers.training import run_training_job
from emulator.faults import Faults
given = json.loads(sys.argv[1])
cloud = Cloud(
    account_id="123456789012", endpoint_url=given["url"], faults=Faults(), time_scale=1.0,
    state_dir=pathlib.Path(given["state_dir"]),
)
launching = threading.Thread(target=lambda: launch(Variant(**given["variant"]), cloud))
launching.start()
for run, job in ((run_training_job, given["train"]), (run_processing_job, given["evaluate"])):
    keywords = {"cloud": cloud, "region": "us-east-1", "update": lambda _: None}
    keywords["stop"] = threading.Event()
    threading.Thread(target=run, args=(job,), kwargs=keywords).start()
launching.join()
print("launched", flush=True)
time.sleep(120)
"""

WAITS = "import time\nprint('waiting', flush=True)\ntime.sleep(120)"
SERVES = "def model_fn(d): pass\ndef transform_fn(*a): return 'x'\n"


def wait_for_job(world: World, group: str, noun: str) -> None:
    prefix = world.name(noun)
    wait_for(lambda: world.has_log_line("waiting", f"/aws/sagemaker/{group}", prefix))


@pytest.fixture
def server(world: World) -> Iterator[psutil.Process]:
    variant = {**vars(world.variant(SERVES, instance_count=2))}
    train = world.script_job(WAITS, TrainingJobName=world.name("train"))
    given = {
        "url": world.cloud.endpoint_url,
        "state_dir": str(world.cloud.state_dir),
        "variant": variant,
        "train": train,
        "evaluate": world.processing_job(WAITS),
    }
    command = [sys.executable, "-c", SERVER, json.dumps(given)]
    with subprocess.Popen(command, stdout=subprocess.PIPE, cwd=ROOT) as process:
        assert process.stdout is not None
        assert process.stdout.readline() == b"launched\n"
        wait_for_job(world, "TrainingJobs", "train")
        wait_for_job(world, "ProcessingJobs", "job")
        yield psutil.Process(process.pid)
        process.kill()


def test_all_containers_run_below_the_server(server: psutil.Process) -> None:
    assert len(server.children(recursive=True)) == 6


@pytest.mark.parametrize("deadly", [signal.SIGKILL, signal.SIGTERM])
def test_no_container_outlives_a_killed_server(
    server: psutil.Process, deadly: signal.Signals
) -> None:
    containers = server.children(recursive=True)
    os.kill(server.pid, deadly)
    _, alive = psutil.wait_procs(containers, timeout=10)
    assert alive == []


def test_containers_that_were_suspended_do_not_outlive_it_either(server: psutil.Process) -> None:
    containers = server.children()
    for container in containers:
        container.suspend()
    everything = server.children(recursive=True)
    server.kill()
    for container in containers:
        if container.is_running():
            container.resume()
    _, alive = psutil.wait_procs(everything, timeout=10)
    assert alive == []


def test_the_next_start_ends_what_left_its_containers_group(tmp_path: Path) -> None:
    home = tmp_path / "fleets" / "one" / "scratch"
    environment = {"PATH": os.environ["PATH"], "HOME": str(home), "EMULATOR_CONTAINER": "x"}
    elsewhere = {**environment, "HOME": f"{tmp_path}-other"}
    stray, other = (
        subprocess.Popen(["sleep", "60"], env=each, start_new_session=True)
        for each in (environment, elsewhere)
    )
    with stray, other:
        remove_leftovers(tmp_path)
        assert stray.wait(5) == -signal.SIGKILL
        assert other.poll() is None
        other.kill()
