"""What `script/check` takes for the nearest tests of a file."""

from pathlib import Path

import pytest

from tests.support.nearest import DIRECTIONS, DOCUMENTS, commands, importers_of, nearest

GATE, WORKFLOW, DOOR = "pipeline/core/gate.py", "pipeline/workflow.py", "pipeline/cli.py"
UNIT, E2E = "tests/unit/test_gate.py", "tests/e2e/test_held_model.py"
# Who imports a module: the workflow the gate, the door the workflow, tests both from outside.
IMPORTERS = {
    name: frozenset(map(Path, importers))
    for name, importers in {
        "pipeline.core.gate": [WORKFLOW, UNIT, E2E],
        "pipeline.core.numbers": [GATE],
        "pipeline.workflow": [DOOR],
    }.items()
}


@pytest.mark.parametrize(
    ("changed", "tests"),
    [
        pytest.param(GATE, [DIRECTIONS, UNIT], id="imported-by-a-unit-test"),
        pytest.param("pipeline/core/numbers.py", [DIRECTIONS, UNIT], id="one-step-further"),
        pytest.param(WORKFLOW, [DIRECTIONS], id="no-unit-test-anywhere"),
        pytest.param(UNIT, [UNIT], id="a-test-itself"),
        pytest.param(E2E, [], id="a-slow-test-itself"),
        pytest.param("docs/accuracy.md", [DOCUMENTS], id="a-document"),
        pytest.param("data/iris.csv", [], id="neither-code-nor-document"),
    ],
)
def test_the_nearest_tests_of_a_file(changed: str, tests: list[str | Path]) -> None:
    run, _ = nearest([Path(changed)], IMPORTERS)
    assert run == [Path(each) for each in tests]


@pytest.mark.parametrize("changed", [GATE, E2E])
def test_slower_tests_are_named_and_not_run(changed: str) -> None:
    assert nearest([Path(changed)], IMPORTERS)[1] == [Path(E2E)]


def test_the_importers_are_those_of_the_sources() -> None:
    found = importers_of([Path("tests/style/test_nearest.py"), Path("tests/support/nearest.py")])
    assert found["tests.support.nearest"] == {Path("tests/style/test_nearest.py")}
    assert Path("tests/support/nearest.py") in found["tests.style.sources"]


def test_each_kind_of_file_is_asked_its_own_programs() -> None:
    changed = [Path(each) for each in ("script/check", "tests/__init__.py", "README.md")]
    programs = [command[1:4] for command in commands(changed, [DOCUMENTS])]
    assert [each[1] for each in programs if each[0] == "-m"] == ["ruff", "ruff", "mypy", "pytest"]
    assert ["script/check"] in programs
    assert commands([Path("data/iris.csv")], []) == []
