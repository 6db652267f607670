"""The code bundle: same sources, same bytes; a user's modules found without importing them."""

import hashlib
import io
import tarfile
from pathlib import Path

import pytest

from pipeline.core.errors import UsageError
from pipeline.material.bundle import Bundle, build_bundle

PROJECT = Path(__file__).parents[2]
SHARED = (
    *("__init__", "candidates", "regressors", "training"),
    *("tabular/__init__", "tabular/answers", "tabular/batches", "tabular/cells"),
    *("tabular/dates", "tabular/rows", "tabular/schema"),
)
CLASS = "from pipeline.training import TrainingPipeline\nclass Mine(TrainingPipeline): ...\n"


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    return tmp_path


def write(folder: Path, **sources: str) -> None:
    for name, source in sources.items():
        file = folder / f"{name.replace('__', '/')}.py"
        file.parent.mkdir(parents=True, exist_ok=True)
        file.write_text(source)


def bundled(folder: Path, *specs: str) -> Bundle:
    return build_bundle(PROJECT, specs, source_dir=folder)


def user_files(bundle: Bundle) -> set[str]:
    return {name for name in bundle.files if not name.startswith(("model/", "pipeline/"))} - {
        "train.py",
        "evaluate.py",
        "inference.py",
        "monitor.py",
    }


def test_entry_points_lie_at_the_root_and_their_modules_in_a_package(folder: Path) -> None:
    names = set(bundled(folder).files)
    assert {"train.py", "evaluate.py", "inference.py", "monitor.py"} <= names
    assert {"model/__init__.py", "model/monitoring/__init__.py"} <= names
    assert {f"pipeline/{name}.py" for name in SHARED} == {
        name for name in names if name.startswith("pipeline/")
    }


@pytest.mark.parametrize("module", ["mine", "mine__inner"])
def test_a_list_of_packages_beside_own_code_is_refused(folder: Path, module: str) -> None:
    write(folder, **{module: CLASS})
    (folder / "requirements.txt").write_text("xgboost\n")
    with pytest.raises(UsageError, match=r"requirements\.txt lies beside your code.*installed"):
        bundled(folder, f"{module.replace('__', '.')}:Mine")


def test_a_list_of_packages_without_own_code_is_nobodys_concern(folder: Path) -> None:
    (folder / "requirements.txt").write_text("xgboost\n")
    assert user_files(bundled(folder)) == set()
    assert user_files(bundled(folder, "pipeline.training:TrainingPipeline")) == set()


def test_archive_and_loose_files_are_the_same(folder: Path) -> None:
    bundle = bundled(folder)
    with tarfile.open(fileobj=io.BytesIO(bundle.archive)) as tar:
        members = {member.name: tar.extractfile(member) for member in tar}
        packed = {name: file.read() for name, file in members.items() if file}
    assert packed == bundle.files
    assert bundle.sha256 == hashlib.sha256(bundle.archive).hexdigest()


def test_the_same_sources_give_the_same_bytes(folder: Path, tmp_path: Path) -> None:
    write(folder, mine=CLASS)
    write(tmp_path / "copy", mine=CLASS)
    copy = bundled(tmp_path / "copy", "mine:Mine")
    assert bundled(folder, "mine:Mine").archive == copy.archive
    write(folder, mine=f"{CLASS}\n")
    assert bundled(folder, "mine:Mine").sha256 != copy.sha256


def test_imports_from_the_same_folder_come_along(folder: Path) -> None:
    write(
        folder,
        mine=f"import first\n{CLASS}",
        first="def later():\n    from parts.wheel import spoke\n",
        parts__wheel="from . import hub\nspoke = 1\n",
        parts__hub="import json\nimport numpy\n",
        parts__unused="import last",
        last="",
        stranger="",
    )
    expected = {"mine.py", "first.py", "last.py", *(f"parts/{n}.py" for n in ("wheel", "hub"))}
    assert user_files(bundled(folder, "mine:Mine")) == expected | {"parts/unused.py"}


def test_modules_that_import_each_other_are_packed_once(folder: Path) -> None:
    write(folder, one="import two\na = 1\n", two="import one\nb = 1\n")
    assert user_files(bundled(folder, "one:a", "two:b")) == {"one.py", "two.py"}


def test_user_code_is_not_run(folder: Path) -> None:
    write(folder, mine=f"{CLASS}\nraise SystemExit('imported')\n")
    assert user_files(bundled(folder, "mine:Mine")) == {"mine.py"}


def test_modules_of_the_bundle_and_of_python_are_not_taken_from_the_folder(folder: Path) -> None:
    write(folder, mine=CLASS, pipeline__training="evil = 1", json="evil = 1")
    bundle = bundled(folder, "mine:Mine")
    assert user_files(bundle) == {"mine.py"}
    assert b"evil" not in bundle.files["pipeline/training.py"]


def test_the_default_class_needs_no_folder(tmp_path: Path) -> None:
    bundle = bundled(tmp_path / "absent", "pipeline.training:TrainingPipeline")
    assert user_files(bundle) == set()


@pytest.mark.parametrize(
    "source",
    [
        CLASS,
        "async def Mine(): ...",
        "Mine = object",
        "Mine: type = object",
        "from elsewhere import thing as Mine",
        "try:\n    import fast as Mine\nexcept ImportError:\n    import slow as Mine",
        "if True:\n    def Mine(): ...",
        "from elsewhere import *",
    ],
)
def test_every_way_to_define_a_name_is_seen(folder: Path, source: str) -> None:
    write(folder, mine=source)
    assert user_files(bundled(folder, "mine:Mine")) == {"mine.py"}


@pytest.mark.parametrize(
    ("spec", "text"),
    [
        ("mine", r"'mine' does not name .* Write `module:Name`"),
        ("mine.py:Mine", "no module 'mine.py'"),
        ("examples/mine:Mine", "without a folder"),
        ("mine:Mime", r"has no 'Mime'\. Did you mean 'Mine'\?"),
        ("mime:Mine", r"no module 'mime' in .* Did you mean 'mine'\?"),
        ("train:Mine", "cannot be called 'train'"),
        ("json:Mine", "cannot be called 'json'"),
        ("broken:Mine", "not valid Python"),
        ("unfinished:Mine", "has no 'Mine'"),
        ("pipeline.training:TrainingPipelin", "Did you mean 'TrainingPipeline'"),
        ("pipeline.secret:Mine", "cannot be called 'pipeline'"),
    ],
)
def test_a_name_that_leads_nowhere_is_refused(folder: Path, spec: str, text: str) -> None:
    write(folder, mine=CLASS, broken="def (", unfinished="Mine: int")
    with pytest.raises(UsageError, match=text) as caught:
        bundled(folder, spec)
    assert caught.value.exit_code == 2


def test_examples_are_found() -> None:
    specs = ("custom_training:CustomTrainingPipeline", "custom_evaluation:custom_evaluation")
    bundle = build_bundle(PROJECT, specs, source_dir=PROJECT / "examples")
    assert user_files(bundle) == {"custom_training.py", "custom_evaluation.py"}
