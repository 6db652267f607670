"""The site of the documents is built without a warning, and asks nobody on the network."""

import re
import subprocess
from pathlib import Path

import pytest

from tests.support.project import PROJECT_ROOT

# What a browser fetches by itself; a link that a reader may click is none of it.
FETCHED = re.compile(r'<(?:script|img|iframe)[^>]* src="([^"]*)"|<link[^>]* href="([^"]*)"')


@pytest.mark.soak
def test_the_site_is_whole_and_searches_offline(tmp_path: Path) -> None:
    site = tmp_path / "site"
    built = subprocess.run(
        ["script/docs", str(site)], cwd=PROJECT_ROOT, capture_output=True, text=True, check=False
    )
    assert built.returncode == 0, built.stderr
    assert (site / "index.html").is_file()
    # The index is a script, which a page may load without a server.
    assert (site / "searchindex.js").read_text(encoding="utf-8").startswith("Search.setIndex(")
    pages = [page.read_text(encoding="utf-8") for page in site.rglob("*.html")]
    fetched = {name for page in pages for pair in FETCHED.findall(page) for name in pair if name}
    assert fetched
    assert [name for name in fetched if re.match(r"(?:https?:)?//", name)] == []
