"""Fleets: launched only when healthy, balanced, replaced after a crash, stopped without a trace."""

import json
import time
from concurrent.futures import ThreadPoolExecutor

import psutil
import pytest

from emulator.containers.fleet import (
    ContainerCrashed,
    Fleet,
    InvocationTimedOut,
    LaunchFailed,
    launch,
)
from emulator.tests.support.containers_world import REGION, World, tar_gz, wait_for

SAYS_PID = """
import os, time
def model_fn(model_dir):
    return model_dir
def transform_fn(model, body, content_type, accept):
    if body == "crash":
        os._exit(3)
    if body == "slow":
        time.sleep(5)
    return f'{{"pid": {os.getpid()}, "body": {body!r}}}'.replace("'", '"'), accept
"""


def ask(fleet: Fleet, body: str = "1", timeout_s: float = 10.0) -> dict[str, object]:
    response = fleet.invoke(body=body.encode(), headers={}, timeout_s=timeout_s)
    answer: dict[str, object] = json.loads(response.body)
    return answer


def endpoint_log(world: World) -> list[str]:
    return world.log_lines(f"/aws/sagemaker/Endpoints/{world.name('endpoint')}", "primary/i-")


def test_a_fleet_answers_from_every_one_of_its_workers(world: World) -> None:
    with world.serving(SAYS_PID, instance_count=2) as fleet:
        pids = [ask(fleet)["pid"] for _ in range(4)]
    assert len(set(pids)) == 2
    assert pids[:2] == pids[2:]


def test_more_than_four_instances_run_as_four_workers(world: World) -> None:
    with world.serving(SAYS_PID, instance_count=6) as fleet:
        assert len({ask(fleet)["pid"] for _ in range(12)}) == 4


def test_a_stopped_fleet_leaves_no_process_and_no_file(world: World) -> None:
    with world.serving(SAYS_PID) as fleet:
        pid = ask(fleet)["pid"]
    assert isinstance(pid, int)
    assert not psutil.pid_exists(pid)
    assert list((world.cloud.state_dir / "fleets").iterdir()) == []


def test_a_child_in_a_session_of_its_own_ends_with_its_container(world: World) -> None:
    inference = """
import subprocess
child = subprocess.Popen(["sleep", "600"], start_new_session=True)
def model_fn(model_dir): return None
def transform_fn(model, body, content_type, accept): return f'{{"pid": {child.pid}}}', accept
"""
    with world.serving(inference, instance_count=2) as fleet:
        children = [psutil.Process(int(str(ask(fleet)["pid"]))) for _ in range(2)]
        assert [runs(child) for child in children] == [True, True]
    assert len(set(children)) == 2
    assert [runs(child) for child in children] == [False, False]


def runs(process: psutil.Process) -> bool:
    return process.is_running() and process.status() != psutil.STATUS_ZOMBIE


def test_a_request_in_flight_is_answered_before_the_fleet_stops(world: World) -> None:
    quick = SAYS_PID.replace("time.sleep(5)", "time.sleep(0.3)")
    with ThreadPoolExecutor() as pool, world.serving(quick) as fleet:
        answer = pool.submit(ask, fleet, "slow")
        time.sleep(0.1)
        fleet.stop()
        assert answer.result()["body"] == "slow"


def test_a_crashed_worker_is_replaced_in_the_background(world: World) -> None:
    with world.serving(SAYS_PID, instance_count=2) as fleet:
        before = {ask(fleet)["pid"] for _ in range(2)}
        with pytest.raises(ContainerCrashed):
            ask(fleet, "crash")
        wait_for(lambda: len(answering(fleet) - before) == 1)
        assert len(answering(fleet) & before) == 1


def test_the_other_worker_takes_over_when_one_has_crashed(world: World) -> None:
    with world.serving(SAYS_PID, instance_count=2) as fleet, ThreadPoolExecutor(8) as pool:
        list(pool.map(lambda _: ask(fleet), range(64)))  # each worker has open connections now
        with pytest.raises(ContainerCrashed):
            ask(fleet, "crash")
        wait_for(lambda: bool(answering(fleet)))  # its port takes connections until it is all gone
        assert {ask(fleet, str(number))["body"] for number in range(20)} == set(map(str, range(20)))


def answering(fleet: Fleet) -> set[object]:
    """Return the workers that answer two requests; none while one is still going down."""
    try:
        return {ask(fleet)["pid"] for _ in range(2)}
    except ContainerCrashed:
        return set()


def test_a_request_that_takes_too_long_times_out(world: World) -> None:
    with world.serving(SAYS_PID) as fleet:
        with pytest.raises(InvocationTimedOut):
            ask(fleet, "slow", timeout_s=0.2)
        assert ask(fleet, "next")["body"] == "next"


def test_a_container_that_cannot_start_says_why_in_its_log(world: World) -> None:
    variant = world.variant("raise RuntimeError('no such model')")
    with pytest.raises(LaunchFailed) as failed:
        launch(variant, world.cloud)
    assert failed.value.reason == (
        "The primary container for production variant primary did not pass the ping health "
        "check. Please check CloudWatch logs for this endpoint."
    )
    assert endpoint_log(world).count("RuntimeError: no such model") == 3
    assert list((world.cloud.state_dir / "fleets").iterdir()) == []


def test_a_container_that_never_gets_ready_fails_at_the_timeout(world: World) -> None:
    variant = world.variant("import time\ntime.sleep(60)", startup_timeout_s=1)
    started = time.monotonic()
    with pytest.raises(LaunchFailed, match="did not pass the ping health check"):
        launch(variant, world.cloud)
    assert time.monotonic() - started < 20


def test_an_artifact_that_does_not_exist_is_named(world: World) -> None:
    variant = world.variant("", model_data_url=f"s3://{world.bucket}/nothing.tar.gz")
    with pytest.raises(LaunchFailed, match=r"Failed to download model data .*nothing\.tar\.gz"):
        launch(variant, world.cloud)


def test_the_inference_module_may_have_another_name(world: World) -> None:
    environment = {
        "SAGEMAKER_PROGRAM": "serve_it.py",
        "SAGEMAKER_SUBMIT_DIRECTORY": "/opt/ml/model/x",
    }
    url = world.put("artifacts/other.tar.gz", tar_gz({"x/serve_it.py": SAYS_PID}))
    with world.serving("", model_data_url=url, environment=environment) as fleet:
        assert ask(fleet, "2")["body"] == "2"


def test_code_is_taken_from_s3_where_the_sdk_submits_it(world: World) -> None:
    submitted = world.put("code/sourcedir.tar.gz", tar_gz({"serve_it.py": SAYS_PID}))
    environment = {"SAGEMAKER_PROGRAM": "serve_it.py", "SAGEMAKER_SUBMIT_DIRECTORY": submitted}
    with world.serving("", environment=environment, instance_count=2) as fleet:
        assert len({ask(fleet)["pid"] for _ in range(4)}) == 2


def test_code_that_is_not_where_it_was_submitted_is_no_other_code(world: World) -> None:
    environment = {"SAGEMAKER_SUBMIT_DIRECTORY": "/opt/ml/model/nothing"}
    variant = world.variant(SAYS_PID, environment=environment)
    with pytest.raises(LaunchFailed, match="did not pass the ping health check"):
        launch(variant, world.cloud)
    assert "ml/model/nothing does not exist" in "\n".join(endpoint_log(world))


def test_workers_reach_the_embedded_aws_but_see_no_secret(
    world: World, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("SERVER_SECRET", "hidden")
    says_environment = """
import os
def model_fn(model_dir): return None
def transform_fn(model, body, content_type, accept): return dict(os.environ)
"""
    with world.serving(says_environment) as fleet:
        environment = ask(fleet)
    assert environment["AWS_ENDPOINT_URL"] == world.cloud.endpoint_url
    assert environment["AWS_REGION"] == REGION
    assert not {"SERVER_SECRET", "PYTHONPATH"} & set(environment)
