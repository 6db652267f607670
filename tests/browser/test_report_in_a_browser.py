"""The report as people open it: in a browser, light and dark, on a telephone and on paper."""

import fcntl
import json
import shutil
import subprocess
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any

import pytest

from pipeline.core.report_page import TEMPLATE_NAMES, report_html
from tests.support import judged
from tests.support.project import PROJECT_ROOT

TOOLS = PROJECT_ROOT / "tests" / "support" / "browser"
_TEMPLATES = PROJECT_ROOT / "templates" / "report"
_BROWSERS = ("chromium", "chromium-browser", "google-chrome")
_LOOKS = ("light", "dark", "narrow", "print")
_MODELS = ("iris", "digits", "hostile", "diabetes")

Seen = Mapping[str, Mapping[str, Any]]


def _program(*names: str, get: str) -> str:
    found = next(filter(None, map(shutil.which, names)), None)
    if found is None:
        pytest.skip(f"{names[0]} is missing. {get}")
    return found


def _install() -> None:
    """Install the pinned packages once for each change of their lock file."""
    lock, mark = TOOLS / "package-lock.json", TOOLS / "node_modules" / "installed"
    with (TOOLS / ".lock").open("w") as file:
        fcntl.flock(file, fcntl.LOCK_EX)
        if mark.exists() and mark.read_bytes() == lock.read_bytes():
            return
        subprocess.run(["npm", "ci", "--no-audit", "--no-fund"], cwd=TOOLS, check=True, timeout=300)
        mark.write_bytes(lock.read_bytes())


def _pages(folder: Path) -> Iterator[Path]:
    templates = {name: (_TEMPLATES / f"{name}.j2").read_text() for name in TEMPLATE_NAMES}
    for name in _MODELS:
        evaluation, plots = (
            (judged.iris()[0], judged.diabetes()) if name == "diabetes" else getattr(judged, name)()
        )
        path = folder / f"{name}.html"
        path.write_text(report_html(judged.a_full_run(evaluation, plots), templates))
        yield path


@pytest.fixture(scope="module")
def seen(tmp_path_factory: pytest.TempPathFactory) -> Seen:
    """What the browser made of each page in each look; pictures of them lie beside the pages."""
    chromium = _program(*_BROWSERS, get="On Debian: apt install chromium")
    node = _program("node", get="Install Node.js 20 with npm; on Debian: apt install npm")
    _program("npm", get="Install Node.js 20 with npm; on Debian: apt install npm")
    _install()
    folder = tmp_path_factory.mktemp("pages")
    command = [node, str(TOOLS / "look.mjs"), chromium, str(folder), *map(str, _pages(folder))]
    done = subprocess.run(command, capture_output=True, text=True, timeout=300)
    assert done.returncode == 0, done.stderr
    found: Seen = json.loads(done.stdout)
    return found


@pytest.mark.parametrize("look", _LOOKS)
@pytest.mark.parametrize("name", _MODELS)
def test_a_page_is_quiet_asks_nobody_and_can_be_read_by_all(
    seen: Seen, name: str, look: str
) -> None:
    page = seen[f"{name} {look}"]
    assert page["said"] == []
    assert [Path(each).name for each in page["asked"]] == [f"{name}.html"]
    assert page["found"] == []


@pytest.mark.parametrize("name", _MODELS)
def test_nothing_is_wider_than_a_telephone(seen: Seen, name: str) -> None:
    assert seen[f"{name} narrow"]["wide"] == 360


@pytest.mark.parametrize("name", _MODELS)
def test_paper_shows_the_numbers_that_a_screen_folds(seen: Seen, name: str) -> None:
    assert seen[f"{name} print"]["opened"]
    assert not seen[f"{name} light"]["opened"]
