"""Files that a run leaves: whole, of the modes that its user wants, and no device is replaced."""

import os
from collections.abc import Iterator
from pathlib import Path
from threading import Thread

import pytest

from pipeline.gateways.files import plain, write_whole


@pytest.fixture(params=[0o022, 0o077, 0o002], ids=oct)
def umask(request: pytest.FixtureRequest) -> Iterator[int]:
    before = os.umask(request.param)
    yield request.param
    os.umask(before)


def mode(path: Path) -> int:
    return path.stat().st_mode & 0o777


def test_a_file_and_its_folders_have_the_modes_of_the_umask(tmp_path: Path, umask: int) -> None:
    write_whole(tmp_path / "out" / "results.json", "{}")
    assert mode(tmp_path / "out" / "results.json") == 0o666 & ~umask
    assert mode(tmp_path / "out") == 0o777 & ~umask


def test_a_file_that_is_replaced_has_the_mode_of_the_umask(tmp_path: Path, umask: int) -> None:
    path = tmp_path / "results.json"
    path.touch()
    path.chmod(0o640)
    write_whole(path, "{}")
    assert mode(path) == 0o666 & ~umask


def test_a_file_is_replaced_whole_and_nothing_is_left_beside_it(tmp_path: Path) -> None:
    for text in ("one", "two"):
        write_whole(tmp_path / "file", text)
    assert (tmp_path / "file").read_text() == "two"
    assert [each.name for each in tmp_path.iterdir()] == ["file"]


def test_what_cannot_be_written_leaves_the_old_file_and_nothing_else(tmp_path: Path) -> None:
    write_whole(tmp_path / "file", "old")
    with pytest.raises(UnicodeEncodeError):
        write_whole(tmp_path / "file", "new \udc80")
    assert (tmp_path / "file").read_text() == "old"
    assert [each.name for each in tmp_path.iterdir()] == ["file"]


@pytest.mark.parametrize("there", [True, False])
def test_a_link_stays_a_link_to_the_file_that_is_written(tmp_path: Path, there: bool) -> None:
    (tmp_path / "elsewhere").mkdir()
    target, link = tmp_path / "elsewhere" / "file", tmp_path / "link"
    if there:
        target.write_text("old")
    link.symlink_to(target)
    write_whole(link, "new")
    assert (link.is_symlink(), target.read_text()) == (True, "new")


def test_a_link_to_itself_becomes_the_file(tmp_path: Path) -> None:
    (tmp_path / "link").symlink_to(tmp_path / "link")
    write_whole(tmp_path / "link", "new")
    assert (tmp_path / "link").read_text() == "new"


def test_the_longest_name_can_be_written(tmp_path: Path) -> None:
    write_whole(tmp_path / ("x" * 255), "new")
    assert [len(each.name) for each in tmp_path.iterdir()] == [255]


def test_a_pipe_is_written_and_stays_a_pipe(tmp_path: Path) -> None:
    pipe, read = tmp_path / "pipe", list[str]()
    os.mkfifo(pipe)
    reader = Thread(target=lambda: read.append(pipe.read_text()), daemon=True)
    reader.start()
    write_whole(pipe, "results")
    reader.join(10)
    assert (read, pipe.is_fifo()) == (["results"], True)


@pytest.mark.parametrize(
    ("given", "short"),
    [
        ("a.json", "a.json"),
        ("./a.json", "a.json"),
        ("./x/../y/a.json", "y/a.json"),
        ("y//a.json", "y/a.json"),
        ("../y/a.json", "../y/a.json"),
        ("x/./../../a.json", "../a.json"),
        ("//usr//bin/../a.json", "/usr/a.json"),
        ("/a/", "/a"),
        (".", "."),
    ],
)
def test_a_path_has_no_detours(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, given: str, short: str
) -> None:
    (tmp_path / "x").mkdir()
    (tmp_path / "y").mkdir()
    monkeypatch.chdir(tmp_path)
    assert str(plain(Path(given))) == short


def test_a_detour_by_a_link_stays_for_it_leads_elsewhere(tmp_path: Path) -> None:
    (tmp_path / "far" / "away").mkdir(parents=True)
    (tmp_path / "near").symlink_to(tmp_path / "far" / "away")
    path = tmp_path / "near" / ".." / "a.json"
    assert plain(path) == path
    assert plain(tmp_path / "far" / ".." / "near" / "a.json") == tmp_path / "near" / "a.json"


def test_a_path_that_is_none_stays_as_it_is() -> None:
    assert plain(Path("a\0b/../c")) == Path("a\0b/../c")


@pytest.mark.parametrize(
    ("given", "short"),
    [
        ("nope/../f.json", None),
        ("nope/../new.json", None),
        ("f.json/../f.json", None),
        ("f.json/.", None),
        ("f.json/", "f.json"),  # a Path itself has forgotten the slash
        ("loop/../f.json", None),
        ("loop/./f.json", None),
        ("dangling/../f.json", None),
        ("real/../f.json", "f.json"),
        ("real/../dangling", None),
        ("real/../loop", None),
        ("real/../new.json", "new.json"),
        ("real/../nope/new.json", None),
        ("real/../f.json/new.json", None),
        ("real/../real", "real"),
    ],
)
def test_a_detour_that_the_kernel_refuses_is_not_made_a_path_that_opens(
    tmp_path: Path, given: str, short: str | None
) -> None:
    (tmp_path / "f.json").write_text("{}")
    (tmp_path / "real").mkdir()
    (tmp_path / "loop").symlink_to("loop")
    (tmp_path / "dangling").symlink_to("gone")
    path = Path(f"{tmp_path}/{given}")
    assert plain(path) == (path if short is None else tmp_path / short)
