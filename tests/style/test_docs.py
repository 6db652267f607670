"""The documents agree with the code: tables, commands, links; and no file names one machine."""

import json
import re
import subprocess
from collections.abc import Iterable, Iterator
from pathlib import Path
from xml.etree import ElementTree

import pytest

from pipeline.cli import command
from pipeline.configuration.flags import CONFIG_FLAGS, ENVIRONMENT_NAMES
from pipeline.configuration.loading import PROJECT_ROOT, load_settings
from pipeline.configuration.settings import Settings
from pipeline.configuration.sources import leaves
from pipeline.core.errors import ConfigError, PipelineError
from pipeline.core.modes import ALIASES, Mode
from pipeline.core.version import VERSION

README = PROJECT_ROOT / "README.md"
COMMANDS = PROJECT_ROOT / "docs" / "commands.md"
VARIABLES_AND_FLAGS = "Variables and flags of the configuration"
FRONT_PAGE_LINES = 130
FOLDERS = "docs|emulator|model|pipeline|script|templates|terraform|tests"
REQUIREMENTS = (
    "requirements.txt",
    "emulator/requirements.txt",
    "requirements-local.txt",
    "requirements-pip.txt",
    "requirements-dev.txt",
    "emulator/requirements-dev.txt",
    "requirements-tools.txt",
    "emulator/requirements-tools.txt",
    "requirements-image.txt",
    "docs/requirements.txt",
    "tests/support/gitlab/requirements.txt",
    "benchmarks/requirements-evidently.txt",
)
# 0 done and 1 a bug have no error class; a signal's code is 128 and its number.
CODES_WITHOUT_CLASS = {0, 1, 130, 143}
WRITTEN_BY_RUNS = (
    "results.json",
    "results.env",
    "report.html",
    "summary.md",
    "run.log",
    "junit.xml",
    "metrics.txt",
    "annotations.json",
    "status.html",
    "history.csv",
    "release.tfvars.json",
    "surroundings.tfvars.json",
    "plan.md",
    "plan.html",
    "terraform.json",
    "plan.digest",
    "plan.facts",
    "plan/",
)
TERRAFORM_ROOTS = ("account", "foundation", "serving", "surroundings")


def tracked_files() -> list[Path]:
    names = subprocess.run(
        ["git", "ls-files", "-z"], cwd=PROJECT_ROOT, check=True, capture_output=True, text=True
    ).stdout.split("\0")
    paths = (PROJECT_ROOT / name for name in names if name)
    return sorted(path for path in paths if path.is_file())


DOCUMENTS = [path for path in tracked_files() if path.suffix == ".md"]


def relative(path: Path) -> str:
    return path.relative_to(PROJECT_ROOT).as_posix()


def section(document: Path, heading: str) -> str:
    """Return the text below a heading, up to the next heading of the same depth."""
    text = document.read_text(encoding="utf-8")
    found = re.search(rf"^(#+) {re.escape(heading)}\n(.*?)(?=^\1 |\Z)", text, re.M | re.S)
    assert found, f"{relative(document)} has no heading {heading!r}"
    return found[2]


def rows(text: str) -> list[list[str]]:
    """Return the cells of every table row whose first cell is code or a number."""
    lines = re.findall(r"^\|\s*((?:`|\d).*?)\s*\|$", text, re.M)
    return [[cell.strip() for cell in re.split(r"(?<!\\)\|", line)] for line in lines]


def first_cells(text: str) -> list[str]:
    return [row[0].strip("`") for row in rows(text)]


def codes(cell: str) -> tuple[str, ...]:
    return tuple(re.findall(r"`([^`]+)`", cell))


def option_names() -> set[str]:
    return {name for option in command.params for name in option.opts}


def known_options() -> set[str]:
    return option_names() | set(command.context_settings["help_option_names"])


def test_the_front_page_is_short() -> None:
    assert len(README.read_text(encoding="utf-8").splitlines()) <= FRONT_PAGE_LINES


def test_the_index_names_every_page() -> None:
    index = PROJECT_ROOT / "docs" / "README.md"
    named = set(re.findall(r"\]\(([\w.-]+\.md)\)", index.read_text(encoding="utf-8")))
    assert named == {path.name for path in DOCUMENTS if path.parent == index.parent} - {index.name}


def test_the_picture_is_drawn_for_light_and_dark_and_loads_nothing() -> None:
    picture = ElementTree.parse(PROJECT_ROOT / "docs" / "way-of-a-release.svg").getroot()
    text = ElementTree.tostring(picture, encoding="unicode")
    drawn = {name for each in picture.iter() for name in each.get("class", "").split()}
    light, _, dark = text.partition("@media (prefers-color-scheme: dark)")
    assert all(f".{name} {{" in light for name in drawn)
    assert all(f".{name} {{" in dark for name in drawn - {"side"})
    assert not re.findall(r"(?:href|src)=|url\((?!#)", text)


@pytest.mark.parametrize("document", ["CONTRIBUTING.md", "docs/architecture.md"])
def test_what_a_document_points_to_is_there(document: str) -> None:
    """A pointer is `file` or `file: text in it`."""
    text = without_code((PROJECT_ROOT / document).read_text(encoding="utf-8"))
    pointers = re.findall(rf"`((?:{FOLDERS})/[\w./]*)(?:: ([^`]+))?`", text)
    assert pointers
    for path, inside in pointers:
        assert (PROJECT_ROOT / path).exists(), path
        assert inside in (PROJECT_ROOT / path).read_text(encoding="utf-8") if inside else True, path


def test_every_folder_of_tests_is_named_where_folders_are_told_of() -> None:
    folders = {path.parent.name for path in (PROJECT_ROOT / "tests").glob("*/test_*.py")}
    contributing = PROJECT_ROOT / "CONTRIBUTING.md"
    listed = first_cells(section(contributing, "Tests: which, and how long"))
    assert {f"tests/{name}" for name in folders} <= set(listed)
    page = (PROJECT_ROOT / "docs" / "architecture.md").read_text(encoding="utf-8")
    passage = re.search(r"^tests/ +(.*?);", page, re.M | re.S)
    assert passage
    assert folders == set(re.findall(r"\w+", passage[1]))


def test_the_front_page_quotes_what_script_test_prints_itself() -> None:
    """Not what a test of its own starts, whose output pytest keeps."""
    quoted = re.findall(r"`(==> [^`]+)`", README.read_text(encoding="utf-8"))
    script = (PROJECT_ROOT / "script" / "test").read_text(encoding="utf-8")
    assert quoted == re.findall(r'^echo "(==> .+)"$', script, re.M)


def test_architecture_names_every_module_of_the_steps_and_no_other() -> None:
    page = (PROJECT_ROOT / "docs" / "architecture.md").read_text(encoding="utf-8")
    listed = page.partition("\npipeline/steps/        what a run does: ")[2].partition("  |")[0]
    words = set(re.findall(r"\w+", listed)) - {"and", "by", "for", "of", "several", "them"}
    modules = {path.stem for path in (PROJECT_ROOT / "pipeline" / "steps").glob("*.py")}
    assert words == modules - {"__init__"}


def test_the_newest_release_of_the_changelog_is_not_later_than_the_version() -> None:
    text = (PROJECT_ROOT / "CHANGELOG.md").read_text(encoding="utf-8")
    released = re.findall(r"^## \[(\d+)\.(\d+)\.(\d+)\] - \d{4}-\d\d-\d\d$", text, re.M)
    assert re.findall(r"^## (.+)$", text, re.M)[0] == "[Unreleased]"
    assert len(re.findall(r"^## ", text, re.M)) == 1 + len(released)
    assert all(tuple(map(int, each)) <= tuple(map(int, VERSION.split("."))) for each in released)


def test_commands_page_lists_the_modes_that_are_built() -> None:
    named = first_cells(section(COMMANDS, "Modes"))
    assert named == [mode.value for mode in Mode]


def test_commands_page_lists_every_exit_code_with_an_error_class() -> None:
    classes = PipelineError.__subclasses__()
    expected = CODES_WITHOUT_CLASS | {each.exit_code for each in classes}
    assert [int(code) for code in first_cells(section(COMMANDS, "Exit codes"))] == sorted(expected)


def test_help_lists_every_exit_code_that_is_not_a_signals() -> None:
    listed = {int(code) for code in re.findall(r"(?:: |, )(\d+) ", command.epilog or "")}
    assert listed == {each.exit_code for each in PipelineError.__subclasses__()} | {0, 1}


def test_commands_page_lists_the_flags_of_help() -> None:
    listed = [codes(row[0]) for row in rows(section(COMMANDS, "Flags"))]
    flags = {name.split(" ")[0] for cell in listed for name in cell}
    assert flags == option_names()


def test_commands_page_lists_the_top_level_keys_with_variables_and_flags() -> None:
    table = {row[0].strip("`"): row for row in rows(section(COMMANDS, VARIABLES_AND_FLAGS))}
    assert list(table) == list(Settings.model_fields)
    for key, row in table.items():
        flags = {name for flag in CONFIG_FLAGS if flag.key == key for name in flag.names}
        assert codes(row[2]) == ENVIRONMENT_NAMES.get(key, ()), key
        assert set(codes(row[3])) == flags, key


def test_commands_page_shows_the_default_of_every_plain_key() -> None:
    for row in rows(section(COMMANDS, VARIABLES_AND_FLAGS)):
        key = row[0].strip("`")
        if key in leaves():
            assert row[1] == shown_default(key), key


def shown_default(key: str) -> str:
    default = leaves()[key].default
    return "none" if default is None else f"`{json.dumps(default)}`"


def shown_limits(key: str) -> str:
    """What a refusal of this key says is allowed."""
    with pytest.raises(ConfigError) as refused:
        load_settings(config_file=None, environment={}, flags={key: object()})
    return refused.value.problems[0].allowed.removeprefix("must be ")


def test_configuration_page_lists_every_key_with_default_and_limits() -> None:
    page = PROJECT_ROOT / "docs" / "configuration.md"
    table = {row[0].strip("`"): row for row in rows(section(page, "All keys"))}
    assert list(table) == list(leaves())
    for key, row in table.items():
        assert (row[1], row[2]) == (shown_default(key), shown_limits(key)), key


def test_commands_page_lists_the_files_that_a_run_writes() -> None:
    assert first_cells(section(COMMANDS, "Files")) == list(WRITTEN_BY_RUNS)


@pytest.mark.parametrize("root", TERRAFORM_ROOTS)
def test_readme_of_a_terraform_root_lists_its_inputs_and_outputs(root: str) -> None:
    folder = PROJECT_ROOT / "terraform" / root
    declared = [
        name
        for kind in ("variable", "output")
        for name in re.findall(rf'^{kind} "(\w+)"', (folder / f"{kind}s.tf").read_text(), re.M)
    ]
    listed = first_cells((folder / "README.md").read_text(encoding="utf-8"))
    assert [each for each in listed if "." not in each] == declared  # the others are attributes


def test_every_requirement_is_explained_and_nothing_else() -> None:
    names = [re.split(r"[^A-Za-z0-9.-]", line)[0] for line in required(REQUIREMENTS)]
    page = (PROJECT_ROOT / "docs" / "dependencies.md").read_text(encoding="utf-8")
    assert first_cells(page) == list(dict.fromkeys(names))


def required(files: Iterable[str]) -> list[str]:
    return [
        line
        for file in files
        for line in (PROJECT_ROOT / file).read_text(encoding="utf-8").splitlines()
        if line and not line.startswith(("#", "-r"))
    ]


def test_a_package_has_one_version_in_whatever_is_installed_together() -> None:
    pins = [line.partition(";")[0].split("==") for line in required(REQUIREMENTS[:5])]
    versions: dict[str, set[str]] = {}
    for name, version in pins:
        versions.setdefault(name, set()).add(version)
    assert {name: found for name, found in versions.items() if len(found) > 1} == {}


@pytest.mark.parametrize("document", DOCUMENTS, ids=relative)
def test_links_lead_to_files_and_headings_that_exist(document: Path) -> None:
    text = without_code(document.read_text(encoding="utf-8"))
    for target in re.findall(r"\]\(([^)\s]+)\)", text):
        if re.match(r"[a-z]+:", target):
            continue
        path, _, anchor = target.partition("#")
        found = (document.parent / path).resolve() if path else document
        assert found.exists(), target
        assert not anchor or anchor in anchors(found), target


def without_code(text: str) -> str:
    return re.sub(r"^```.*?^```", "", text, flags=re.M | re.S)


def anchors(document: Path) -> set[str]:
    headings = re.findall(r"^#+ (.+)$", without_code(document.read_text(encoding="utf-8")), re.M)
    return {re.sub(r"[^\w -]", "", heading.lower()).replace(" ", "-") for heading in headings}


def commands(document: Path) -> Iterator[str]:
    text = document.read_text(encoding="utf-8").replace("\\\n", " ")
    yield from re.findall(r"run_(?:mlops_)?pipeline\.(?:sh|py)`?((?: [^\n`]*)?)", text)


@pytest.mark.parametrize("document", DOCUMENTS, ids=relative)
def test_commands_use_flags_and_modes_that_exist(document: Path) -> None:
    for line in commands(document):
        assert set(re.findall(r"(?<!\S)--[a-z][a-z-]*", line)) <= known_options(), line
    text = document.read_text(encoding="utf-8")
    modes = set(re.findall(r"--mode ([a-z]+(?:-[a-z]+)*)", text))
    assert modes <= {*(mode.value for mode in Mode), *ALIASES}


@pytest.mark.parametrize("path", sorted((PROJECT_ROOT / "pipeline").rglob("*.py")), ids=relative)
def test_messages_name_modes_that_exist(path: Path) -> None:
    modes = set(re.findall(r"--mode ([a-z]+(?:-[a-z]+)*)", path.read_text(encoding="utf-8")))
    assert modes <= {*(mode.value for mode in Mode), *ALIASES}


def test_no_file_names_a_path_of_one_machine_or_a_package_index() -> None:
    # Written in parts, or this file would name them.
    parts = [("/wo", "rk/"), ("/opt/tf", "-plugins"), ("/ro", "ot/"), ("py", "pi.org")]
    parts += [("python", "hosted"), ("npm", "js.org"), ("proxy.go", "lang.org")]
    forbidden = re.compile("|".join(re.escape("".join(each)) for each in parts).encode())
    named = [relative(path) for path in tracked_files() if forbidden.search(path.read_bytes())]
    assert named == []


@pytest.mark.parametrize("document", DOCUMENTS, ids=relative)
def test_documents_are_plain_text_without_pictograms(document: Path) -> None:
    text = document.read_text(encoding="utf-8")
    assert not re.findall(r"[\u2600-\u27bf\U0001f000-\U0001faff]", text)
