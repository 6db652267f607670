"""Where a run's files go, and which of the runs is called the latest."""

from pathlib import Path

import pytest

from pipeline.reports import Place, place_of


@pytest.fixture
def here(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.chdir(tmp_path)
    return tmp_path


def a_place(run_id: str, *, only_looks: bool = False) -> Place:
    place = place_of(run_id, folder=None, copy=None, only_looks=only_looks)
    place.folder.mkdir(parents=True)
    return place


def test_a_run_has_a_folder_of_its_own_and_the_newest_one_is_the_latest(here: Path) -> None:
    for run_id in ("20260102-120000-aa", "20260102-120001-bb"):
        a_place(run_id).call_latest()
        assert (here / "out" / "latest").readlink() == Path(run_id)
    assert sorted(path.name for path in (here / "out").iterdir()) == [
        "20260102-120000-aa",
        "20260102-120001-bb",
        "latest",
    ]


def test_a_run_that_only_looks_leaves_the_latest_alone(here: Path) -> None:
    a_place("20260102-120000-aa").call_latest()
    a_place("20260102-120001-bb", only_looks=True).call_latest()
    assert (here / "out" / "latest").readlink() == Path("20260102-120000-aa")


def test_a_folder_that_was_named_has_everything_and_no_other_place_is_touched(here: Path) -> None:
    place = place_of("20260102-120000-aa", folder=here / "mine", copy=None, only_looks=False)
    place.call_latest()
    assert set(place.links.values()) == {
        str(here / "mine" / name) for name in ("results.json", "results.env", "run.log")
    }
    assert list(here.iterdir()) == []


def test_where_no_link_can_be_made_a_file_names_the_latest_run(here: Path) -> None:
    somebodys = here / "out" / "latest" / "results.json"
    somebodys.parent.mkdir(parents=True)
    somebodys.write_text("{}")
    a_place("20260102-120000-aa").call_latest()
    assert (here / "out" / "latest.txt").read_text() == "20260102-120000-aa\n"
    assert somebodys.read_text() == "{}"
    assert [path.name for path in (here / "out").glob(".*")] == []
