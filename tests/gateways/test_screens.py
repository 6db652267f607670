"""What people see on each kind of screen is what was looked at: tests/golden."""

import re

import pytest

from tests.golden.screens import COLUMNS, SCREENS, file_of, seen_on


def golden(name: str) -> str:
    return file_of(name).read_text(encoding="utf-8")


@pytest.mark.parametrize("name", SCREENS)
def test_a_screen_shows_what_was_looked_at(name: str) -> None:
    """Where it is to be another, `python -m tests.golden` writes it: look at it then."""
    assert seen_on(SCREENS[name]) == golden(name)


def test_no_line_of_a_terminal_of_80_columns_that_is_ours_is_broken() -> None:
    lines = golden("terminal-of-80-columns").splitlines()
    assert max(len(re.sub(r"<[0-9;]*>", "", line)) for line in lines if "│" in line) <= COLUMNS


@pytest.mark.parametrize("name", [name for name in SCREENS if name != "terminal-of-80-columns"])
def test_only_one_of_them_has_colours(name: str) -> None:
    assert not re.search(r"<[0-9;]+>", golden(name))


@pytest.mark.parametrize("name", ["pipe", "ci-log", "screen-reader"])
def test_what_is_read_aloud_or_by_machines_draws_nothing(name: str) -> None:
    assert golden(name).isascii()


@pytest.mark.parametrize("name", SCREENS)
def test_each_screen_says_what_went_wrong(name: str) -> None:
    words = " ".join(re.sub(r"<[0-9;]*>", "", golden(name)).split())
    assert "went back" in words
    assert "ALARM" in words or "alarms: 1 of 2 ring" in words
    assert "What to do: Mend the cause and deploy again." in words
