"""The site that script/docs builds: every tracked Markdown file, as it lies in the repository.

The navigation is that of docs/README.md, section by section. A page that it does not name hangs
below the README of its folder. Nothing is loaded from the network, and the search runs in the
browser, also on files that no server serves.
"""

import re
import subprocess
from pathlib import Path, PurePosixPath

from sphinx.application import Sphinx

_ROOT = Path(__file__).resolve().parents[1]
_INDEX = "docs/README"
_REDIRECT = '<!doctype html><meta http-equiv="refresh" content="0; url={}.html">\n'

_tracked = subprocess.run(
    ["git", "ls-files", "*.md"], cwd=_ROOT, check=True, capture_output=True, text=True
).stdout.splitlines()
_templates = re.compile(r"\.gitlab/")

project = "MLOps pipeline for SageMaker"
root_doc = "README"
include_patterns = [path for path in _tracked if not _templates.match(path)]
extensions = ["myst_parser"]
myst_heading_anchors = 4
html_theme = "furo"
html_title = project
html_copy_source = False
html_use_index = False
html_show_sphinx = False


def _sections() -> dict[str, list[str]]:
    """Return the pages that each section of the index names, as paths without `.md`."""
    text = (_ROOT / f"{_INDEX}.md").read_text(encoding="utf-8")
    sections = {}
    for part in re.split(r"^## ", text, flags=re.M)[1:]:
        links = re.findall(r"^- \[[^]]*\]\(([^)#]+)\.md\)", part, re.M)
        sections[part.partition("\n")[0].partition(":")[0]] = [_resolved(link) for link in links]
    return sections


def _resolved(link: str) -> str:
    found = (_ROOT / _INDEX).parent / link
    return found.resolve().relative_to(_ROOT).as_posix()


def _below(page: str) -> list[str]:
    """Return the pages whose nearest README is this one, and that the index does not name."""
    named = {root_doc, _INDEX, *(each for pages in _sections().values() for each in pages)}
    pages = [path.removesuffix(".md") for path in include_patterns]
    return [each for each in pages if each not in named and _nearest(each, pages) == page]


def _nearest(page: str, pages: list[str]) -> str:
    folders = PurePosixPath(page).parents
    own = PurePosixPath(page).name == "README"
    readmes = [(folder / "README").as_posix() for folder in (folders[1:] if own else folders)]
    return next(each for each in readmes if each in pages)


def _toctree(pages: list[str], caption: str = "") -> str:
    lines = ["", "```{toctree}", ":hidden:", *([f":caption: {caption}"] if caption else []), ""]
    return "\n".join([*lines, *(f"/{page}" for page in pages), "```", ""])


def _navigation(app: Sphinx, page: str, source: list[str]) -> None:
    del app
    if page == root_doc:
        source[0] += _toctree([_INDEX])
        source[0] += "".join(_toctree(pages, caption) for caption, pages in _sections().items())
    elif pages := _below(page):
        source[0] += _toctree(pages)


def _first_page(app: Sphinx, failure: Exception | None) -> None:
    if failure is None:
        (Path(app.outdir) / "index.html").write_text(_REDIRECT.format(root_doc))


def setup(app: Sphinx) -> None:
    app.connect("source-read", _navigation)
    app.connect("build-finished", _first_page)
