"""The folder of a plan: the user's alone, whole or refused."""

import stat
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path

import pytest

from pipeline.core.errors import PlanRefused, UsageError
from pipeline.core.plan_record import PlanRecord
from pipeline.gateways import plan_folder
from tests.unit.core_builders import a_release
from tests.unit.plan_builders import R0
from tests.unit.test_plan_record import a_record


def a_folder(tmp_path: Path) -> tuple[Path, PlanRecord]:
    source = tmp_path / "made"
    source.write_bytes(b"a plan")
    folder = plan_folder.emptied(tmp_path / "out" / "plan")
    plan_folder.keep(folder, source, plan_folder.plan_file_name("serving"))
    plan_folder.keep_text(folder, "{}", plan_folder.variables_name("serving"))
    record = a_record(files=plan_folder.digests(folder))
    plan_folder.seal(folder, record)
    return folder, record


def test_what_was_sealed_is_read_back_and_private(tmp_path: Path) -> None:
    folder, record = a_folder(tmp_path)
    found = plan_folder.read(folder)
    assert found.record == record
    assert found.plan_file("serving").read_bytes() == b"a plan"
    assert found.variables("serving") == "{}"
    assert stat.S_IMODE(folder.stat().st_mode) == 0o700
    assert {stat.S_IMODE(each.stat().st_mode) for each in folder.iterdir()} == {0o600}


def test_a_folder_that_is_named_from_here_is_found_from_elsewhere(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Terraform reads the plan's files from another folder."""
    folder, _ = a_folder(tmp_path)
    monkeypatch.chdir(tmp_path)
    found = plan_folder.read(folder.relative_to(tmp_path))
    monkeypatch.chdir("/")
    assert found.plan_file("serving").read_bytes() == b"a plan"


def _change(folder: Path) -> None:
    (folder / "serving.tfplan").write_bytes(b"another")


def _remove(folder: Path) -> None:
    (folder / "serving.tfvars.json").unlink()


def _add(folder: Path) -> None:
    (folder / "foundation.tfplan").write_bytes(b"one more")


def _rename(folder: Path) -> None:
    (folder / "serving.tfplan").rename(folder / "account.tfplan")


def _record(folder: Path) -> None:
    (folder / "plan.json").write_text("{}")


def _one_character(folder: Path) -> None:
    text = (folder / "plan.json").read_text()
    (folder / "plan.json").write_text(text.replace('"commit":"aaaa', '"commit":"baaa'))


def _unseal(folder: Path) -> None:
    (folder / "plan.json.sha256").unlink()


def _another_release(folder: Path) -> None:
    record = PlanRecord.from_json((folder / "plan.json").read_text())
    plan_folder.seal(folder, replace(record, release=a_release(R0)))


def _other_facts(folder: Path) -> None:
    record = PlanRecord.from_json((folder / "plan.json").read_text())
    plan_folder.seal(folder, replace(record, facts=record.facts[1:]))


SPOILS = (
    *(_change, _remove, _add, _rename, _record),
    *(_one_character, _unseal, _another_release, _other_facts),
)


@pytest.mark.parametrize("spoil", SPOILS)
def test_a_folder_that_was_changed_is_refused(
    tmp_path: Path, spoil: Callable[[Path], None]
) -> None:
    folder, _ = a_folder(tmp_path)
    spoil(folder)
    with pytest.raises(PlanRefused, match="is not what mode plan wrote"):
        plan_folder.read(folder)


def test_any_other_folder_is_no_plan(tmp_path: Path) -> None:
    with pytest.raises(UsageError, match="is no plan folder"):
        plan_folder.read(tmp_path)


def test_an_earlier_plan_makes_room_for_the_next(tmp_path: Path) -> None:
    folder, _ = a_folder(tmp_path)
    assert list(plan_folder.emptied(folder).iterdir()) == []
    assert list(plan_folder.emptied(folder).iterdir()) == []


def test_somebody_else_s_folder_is_never_emptied(tmp_path: Path) -> None:
    (tmp_path / "plan").mkdir()
    (tmp_path / "plan" / "thesis.txt").write_text("mine")
    link = tmp_path / "link"
    link.symlink_to(tmp_path / "plan")
    for place in (tmp_path / "plan", link):
        with pytest.raises(UsageError, match="is no plan folder"):
            plan_folder.emptied(place)
    assert (tmp_path / "plan" / "thesis.txt").read_text() == "mine"
