"""Jobs on several instances: a process, a directory, a share of the data and a log for each."""

import json
from typing import Any

import pytest

from emulator.tests.support.containers_world import World, channel, processing_input

TRAINING = "/aws/sagemaker/TrainingJobs"
IMAGE = "683313688378.dkr.ecr.us-east-1.amazonaws.com/sagemaker-scikit-learn:1.9-0-cpu-py3"
REPORTS = """
import json, os, pathlib, sys
base = pathlib.Path(sys.argv[1])
config = json.loads((base / "input/config/resourceconfig.json").read_text())
host = config["current_host"]
data = base / "input/data"
files = sorted(str(path.relative_to(data)) for path in data.rglob("*") if path.is_file())
(base / "model" / (host + ".json")).write_text(json.dumps({"config": config, "files": files}))
(base / "model" / "shared.txt").write_text(host)
(base / "output/data" / host).touch()
print("I am", host)
"""
FAILS_ON_ONE = """
import json, pathlib, sys, time
base = pathlib.Path(sys.argv[1])
config = json.loads((base / "input/config/resourceconfig.json").read_text())
if config["current_host"] == "algo-2":
    (base / "output/failure").write_text("no luck on two")
    raise SystemExit(7)
time.sleep(60)
"""


def a_job(world: World, script: str, **changes: Any) -> dict[str, Any]:
    """A training job without the toolkit: the script is told where /opt/ml is."""
    job = {
        "TrainingJobName": world.name("job"),
        "TrainingJobArn": "arn:aws:sagemaker:us-east-1:123456789012:training-job/x",
        "AlgorithmSpecification": {
            "TrainingImage": IMAGE,
            "TrainingInputMode": "File",
            "ContainerEntrypoint": ["python3", "-c", script],
            "ContainerArguments": ["/opt/ml"],
        },
        "OutputDataConfig": {"S3OutputPath": f"s3://{world.bucket}/jobs"},
        "ResourceConfig": {"InstanceType": "ml.m5.large", "InstanceCount": 2},
    }
    return {**job, **changes}


def sharded(name: str, uri: str, *groups: str) -> dict[str, Any]:
    made = channel(name, uri)
    source = made["DataSource"]["S3DataSource"]
    source["S3DataDistributionType"] = "ShardedByS3Key"
    if groups:
        source["InstanceGroupNames"] = list(groups)
    return made


def model(world: World, job: dict[str, Any]) -> dict[str, bytes]:
    return world.archive(f"jobs/{job['TrainingJobName']}/output/model.tar.gz")


def report(world: World, job: dict[str, Any], host: str) -> Any:
    return json.loads(model(world, job)[f"{host}.json"])


def test_every_host_has_a_name_a_share_of_the_data_and_a_log(world: World) -> None:
    for number in range(3):
        world.put(f"data/{number}.csv", "1")
    uri = f"s3://{world.bucket}/data/"
    job = a_job(world, REPORTS, InputDataConfig=[channel("all", uri), sharded("part", uri)])
    assert world.train(job)["TrainingJobStatus"] == "Completed"
    shares = {"algo-1": ["part/0.csv", "part/2.csv"], "algo-2": ["part/1.csv"]}
    for host, share in shares.items():
        told = report(world, job, host)
        assert told["files"] == ["all/0.csv", "all/1.csv", "all/2.csv", *share]
        assert (told["config"]["current_host"], told["config"]["hosts"]) == (host, [*shares])
        assert told["config"]["instance_groups"][0]["hosts"] == [*shares]
        lines = world.log_lines(TRAINING, f"{job['TrainingJobName']}/{host}-")
        assert lines == [f"I am {host}"]
    assert_merged(world, job)


def assert_merged(world: World, job: dict[str, Any]) -> None:
    """The directories of all hosts are one artifact; of two files with one name, the first."""
    files = model(world, job)
    assert sorted(files) == ["algo-1.json", "algo-2.json", "shared.txt"]
    assert files["shared.txt"] == b"algo-1"
    output = f"jobs/{job['TrainingJobName']}/output/output.tar.gz"
    assert world.archive_names(output) == ["algo-1", "algo-2"]


@pytest.mark.soak
def test_the_toolkit_tells_each_host_its_name(world: World) -> None:
    script = (
        "import json, os, pathlib\n"
        "hosts, here = json.loads(os.environ['SM_HOSTS']), os.environ['SM_CURRENT_HOST']\n"
        "pathlib.Path(os.environ['SM_MODEL_DIR'], here).write_text(' '.join(hosts))\n"
    )
    resources = {"InstanceType": "ml.m5.large", "InstanceCount": 2}
    job = world.script_job(script, ResourceConfig=resources)
    assert world.train(job)["TrainingJobStatus"] == "Completed"
    both = b"algo-1 algo-2"
    assert model(world, job) == {"algo-1": both, "algo-2": both}


def test_instance_groups_have_their_own_types_and_channels(world: World) -> None:
    world.put("data/0.csv", "1")
    groups = [
        {"InstanceGroupName": name, "InstanceType": kind, "InstanceCount": 1}
        for name, kind in (("readers", "ml.m5.large"), ("solvers", "ml.c5.xlarge"))
    ]
    only = sharded("only", f"s3://{world.bucket}/data/", "solvers")
    resources = {"InstanceGroups": groups, "VolumeSizeInGB": 1}
    job = a_job(world, REPORTS, ResourceConfig=resources, InputDataConfig=[only])
    world.train(job)
    first, second = (report(world, job, host) for host in ("algo-1", "algo-2"))
    assert (first["files"], second["files"]) == ([], ["only/0.csv"])
    assert second["config"]["current_group_name"] == "solvers"
    assert second["config"]["current_instance_type"] == "ml.c5.xlarge"


def test_one_host_that_fails_ends_the_others(world: World) -> None:
    finished = world.train(a_job(world, FAILS_ON_ONE))
    assert finished["FailureReason"] == "AlgorithmError: no luck on two, exit code: 7"
    assert finished["TrainingTimeInSeconds"] < 30


@pytest.mark.parametrize(
    ("distribution", "counts"),
    [
        pytest.param("FullyReplicated", [2, 2], marks=pytest.mark.soak),
        ("ShardedByS3Key", [1, 1]),
    ],
)
def test_a_processing_job_runs_on_several_hosts(
    world: World, distribution: str, counts: list[int]
) -> None:
    script = (
        "import json, pathlib, sys\n"
        "config = json.loads(pathlib.Path(sys.argv[1], 'config/resourceconfig.json').read_text())\n"
        "count = len(list(pathlib.Path(sys.argv[1], 'processing/input/rows').iterdir()))\n"
        "out = pathlib.Path(sys.argv[1], 'processing/output', config['current_host'])\n"
        "out.write_text(json.dumps([config['hosts'], count]))\n"
    )
    job = world.processing_job("")
    job["AppSpecification"]["ContainerEntrypoint"] = ["python3", "-c", script]
    job["AppSpecification"]["ContainerArguments"] = ["/opt/ml"]
    job["ProcessingResources"]["ClusterConfig"]["InstanceCount"] = 2
    world.put("rows/a", "1")
    rows = processing_input("rows", world.put("rows/b", "2").removesuffix("b"))
    rows["S3Input"]["S3DataDistributionType"] = distribution
    job["ProcessingInputs"] = [rows]
    assert world.evaluate(job)["ProcessingJobStatus"] == "Completed"
    found = [json.loads(world.get(f"evaluation/algo-{number}")) for number in (1, 2)]
    assert found == [[["algo-1", "algo-2"], count] for count in counts]


@pytest.mark.soak
def test_a_manifest_names_the_objects_of_a_channel(world: World) -> None:
    for name in ("a.csv", "b.csv", "sub/c.csv"):
        world.put(f"data/{name}", "1")
    prefix = {"prefix": f"s3://{world.bucket}/data/"}
    manifest = world.put("lists/chosen.manifest", json.dumps([prefix, "a.csv", "sub/c.csv"]))
    chosen = sharded("chosen", manifest)
    chosen["DataSource"]["S3DataSource"]["S3DataType"] = "ManifestFile"
    job = a_job(world, REPORTS, InputDataConfig=[chosen])
    world.train(job)
    found = [report(world, job, host)["files"] for host in ("algo-1", "algo-2")]
    assert found == [["chosen/a.csv"], ["chosen/sub/c.csv"]]


def test_what_is_no_manifest_fails_the_download(world: World) -> None:
    wrong = channel("chosen", world.put("lists/wrong.manifest", '{"prefix": "s3://b/"}'))
    wrong["DataSource"]["S3DataSource"]["S3DataType"] = "ManifestFile"
    reason = world.train(a_job(world, REPORTS, InputDataConfig=[wrong]))["FailureReason"]
    assert reason.startswith("ClientError: Data download failed:")
    assert "is not a manifest" in reason
