"""A container's files: layout, path rewriting, archives, S3 names, configuration files."""

import io
import json
import tarfile
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from emulator.containers.archives import UnsafeArchive, extract_safely, pack_directories
from emulator.containers.layout import ContainerLayout, read_message
from emulator.containers.storage import StorageError, join_uri, parse_uri, relative_path
from emulator.containers.training_files import (
    hyperparameters,
    input_data_config,
    resource_config,
)

LAYOUT = ContainerLayout(base=Path("/base/ml"))


@pytest.mark.parametrize(
    ("value", "rewritten"),
    [
        ("/opt/ml", "/base/ml"),
        ("/opt/ml/model", "/base/ml/model"),
        ("--dir=/opt/ml/model", "--dir=/base/ml/model"),
        ('"/opt/ml/input/data"', '"/base/ml/input/data"'),
        ("/bin:/opt/ml/code", "/bin:/base/ml/code"),
        ("/opt/mlops", "/opt/mlops"),
        ("s3://bucket/opt/ml/model", "s3://bucket/opt/ml/model"),
        ("/data/opt/ml", "/data/opt/ml"),
    ],
)
def test_only_paths_of_the_container_are_rewritten(value: str, rewritten: str) -> None:
    assert LAYOUT.rewrite(value) == rewritten


@given(st.text())
def test_text_without_the_container_root_is_never_changed(text: str) -> None:
    assert "/opt/ml" in text or LAYOUT.rewrite(text) == text


def test_every_string_inside_a_value_is_rewritten() -> None:
    nested = {"a": ["/opt/ml/x", 1], "b": {"c": "/opt/ml"}}
    assert LAYOUT.rewrite_all(nested) == {"a": ["/base/ml/x", 1], "b": {"c": "/base/ml"}}


def test_a_container_path_maps_to_the_host() -> None:
    assert LAYOUT.host_path("/opt/ml/processing/input") == Path("/base/ml/processing/input")


@pytest.mark.parametrize("path", ["/etc/passwd", "/opt/ml/../../etc", "relative", "/opt/mlops"])
def test_a_path_outside_the_container_root_is_refused(path: str) -> None:
    with pytest.raises(ValueError, match="must lie below /opt/ml"):
        LAYOUT.host_path(path)


def test_a_message_is_cut_at_its_limit_and_may_be_missing(tmp_path: Path) -> None:
    (tmp_path / "failure").write_text("x" * 2000)
    assert len(read_message(tmp_path / "failure")) == 1024
    assert read_message(tmp_path / "nothing") == ""


def an_archive(path: Path, *members: tarfile.TarInfo) -> Path:
    with tarfile.open(path, mode="w:gz") as archive:
        for member in members:
            archive.addfile(member, io.BytesIO(b"x" * member.size))
    return path


def a_member(name: str, kind: bytes = tarfile.REGTYPE, link: str = "") -> tarfile.TarInfo:
    member = tarfile.TarInfo(name)
    member.type, member.linkname = kind, link
    return member


@pytest.mark.parametrize(
    ("member", "problem"),
    [
        (a_member("/etc/cron"), "outside the archive's root"),
        (a_member("../up"), "outside the archive's root"),
        (a_member("a/../../up"), "outside the archive's root"),
        (a_member("link", tarfile.SYMTYPE, "/etc/passwd"), "is a link"),
        (a_member("hard", tarfile.LNKTYPE, "ok"), "is a link"),
        (a_member("pipe", tarfile.FIFOTYPE), "neither a file nor a directory"),
    ],
)
def test_an_unsafe_member_refuses_the_whole_archive(
    tmp_path: Path, member: tarfile.TarInfo, problem: str
) -> None:
    archive = an_archive(tmp_path / "a.tar.gz", a_member("ok"), member)
    with pytest.raises(UnsafeArchive, match=problem):
        extract_safely(archive, tmp_path / "out")
    assert list((tmp_path / "out").iterdir()) == []


def test_a_file_that_is_no_archive_is_refused(tmp_path: Path) -> None:
    (tmp_path / "a.tar.gz").write_text("no archive")
    with pytest.raises(UnsafeArchive, match=r"a\.tar\.gz cannot be extracted"):
        extract_safely(tmp_path / "a.tar.gz", tmp_path / "out")


def test_a_packed_directory_comes_out_as_it_went_in(tmp_path: Path) -> None:
    (tmp_path / "in" / "code").mkdir(parents=True)
    (tmp_path / "in" / "code" / "inference.py").write_text("x = 1")
    pack_directories([tmp_path / "in"], tmp_path / "a.tar.gz")
    extract_safely(tmp_path / "a.tar.gz", tmp_path / "out")
    assert (tmp_path / "out" / "code" / "inference.py").read_text() == "x = 1"


@pytest.mark.parametrize(
    ("key", "prefix", "path"),
    [
        ("data/a/b.csv", "data/", "a/b.csv"),
        ("data/a/b.csv", "data", "a/b.csv"),
        ("data/train.csv", "data/train.csv", "train.csv"),
        ("data/train.csv", "data/tr", "train.csv"),
        ("train.csv", "", "train.csv"),
        ("a//b", "a/", "b"),
    ],
)
def test_a_key_becomes_a_path_relative_to_its_prefix(key: str, prefix: str, path: str) -> None:
    assert relative_path(key, prefix).as_posix() == path


def test_a_key_that_climbs_out_is_refused() -> None:
    with pytest.raises(StorageError, match="Rename the object"):
        relative_path("data/../../etc/passwd", "data/")


def test_s3_uris_are_split_and_joined() -> None:
    assert parse_uri("s3://bucket/a/b?c#d") == ("bucket", "a/b?c#d")
    assert parse_uri("s3://bucket") == ("bucket", "")
    assert join_uri("s3://bucket/a/", "b", "c") == "s3://bucket/a/b/c"
    assert join_uri("https://s3.amazonaws.com/bucket/a%20b", "c%20") == "s3://bucket/a b/c%20"
    with pytest.raises(StorageError, match="no S3 address"):
        parse_uri("https://bucket/a")


def a_job(**changes: object) -> dict[str, object]:
    job: dict[str, object] = {
        "AlgorithmSpecification": {"TrainingInputMode": "File"},
        "ResourceConfig": {"InstanceType": "ml.m5.large"},
    }
    return {**job, **changes}


def test_hyperparameters_stay_strings() -> None:
    given_parameters = {"depth": "3", "code": '"/opt/ml/input/x"'}
    expected = {"depth": "3", "code": '"/base/ml/input/x"'}
    assert hyperparameters(a_job(HyperParameters=given_parameters), LAYOUT) == expected


def test_a_channel_is_described_with_the_jobs_defaults() -> None:
    source = {"S3DataSource": {"S3DataType": "S3Prefix", "S3Uri": "s3://b/x"}}
    channels = [
        {"ChannelName": "train", "DataSource": source, "ContentType": "text/csv"},
        {"ChannelName": "code", "DataSource": source, "InputMode": "FastFile"},
    ]
    config = input_data_config(a_job(InputDataConfig=channels), "algo-1")
    common = {"S3DistributionType": "FullyReplicated", "RecordWrapperType": "None"}
    assert config == {
        "train": {**common, "TrainingInputMode": "File", "ContentType": "text/csv"},
        "code": {**common, "TrainingInputMode": "FastFile"},
    }


def test_the_resource_config_names_one_host() -> None:
    config = resource_config(a_job(), "algo-1")
    assert (config["current_host"], config["hosts"]) == ("algo-1", ["algo-1"])
    assert config["instance_groups"][0]["instance_type"] == "ml.m5.large"
    assert json.loads(json.dumps(config)) == config
