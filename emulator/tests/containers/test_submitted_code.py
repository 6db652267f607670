"""What SAGEMAKER_SUBMIT_DIRECTORY may name besides S3, and what it may not."""

from pathlib import Path

import pytest

from emulator.containers.shims.submitted import NoCode, fetch_code
from emulator.tests.support.containers_world import tar_gz


@pytest.fixture
def source(tmp_path: Path) -> Path:
    folder = tmp_path / "source"
    (folder / "plain").mkdir(parents=True)
    (folder / "plain" / "a.py").write_text("a")
    (folder / "packed.tar.gz").write_bytes(tar_gz({"a.py": "a"}))
    (folder / "escaping.tar.gz").write_bytes(tar_gz({"../a.py": "a"}))
    return folder


@pytest.mark.parametrize("name", ["plain", "plain/a.py", "packed.tar.gz"])
def test_code_comes_from_a_directory_a_file_or_an_archive(
    source: Path, tmp_path: Path, name: str
) -> None:
    target = tmp_path / "target"
    fetch_code(str(source / name), target, scratch=tmp_path)
    assert [path.name for path in target.iterdir()] == ["a.py"]


@pytest.mark.parametrize(
    ("name", "why"),
    [("nothing", "does not exist"), ("escaping.tar.gz", "lies outside the archive's root")],
)
def test_code_that_cannot_be_had_is_named(
    source: Path, tmp_path: Path, name: str, why: str
) -> None:
    with pytest.raises(NoCode, match=why):
        fetch_code(str(source / name), tmp_path / "target", scratch=tmp_path)
