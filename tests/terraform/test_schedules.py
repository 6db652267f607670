"""The modules' own guards take the schedules of the table that the runner is held to."""

import json
import re
from pathlib import Path

import pytest

from tests.support.schedules import SCALING, SCHEDULER, TAKEN_BY
from tests.terraform.offline import TERRAFORM, OfflineTerraform

pytestmark = pytest.mark.terraform

_LOCALS = re.compile(r"^locals \{\n.*?^\}\n", re.DOTALL | re.MULTILINE)
_CONDITION = re.compile(r"^ +condition += (.*local\._(?:cron|schedule)_pattern.*)$", re.MULTILINE)


@pytest.mark.parametrize(
    ("module", "schedules", "attribute", "service"),
    [
        ("autoscaling", "var.autoscaling.schedules", "schedule", SCALING),
        ("retraining", "var.schedules", "expression", SCHEDULER),
    ],
)
def test_a_module_takes_the_schedules_of_its_service(
    offline: OfflineTerraform,
    tmp_path: Path,
    module: str,
    schedules: str,
    attribute: str,
    service: str,
) -> None:
    """Evaluate the condition of the validation itself, with one row in the place of the input."""
    folder = TERRAFORM / "modules" / module
    (condition,) = _CONDITION.findall((folder / "variables.tf").read_text(encoding="utf-8"))
    assert f"values({schedules})" in condition
    asked = condition.replace(f"values({schedules})", f"[{{ {attribute} = row }}]")
    patterns = _LOCALS.findall((folder / "schedules.tf").read_text(encoding="utf-8"))[0]
    (tmp_path / "rows.json").write_text(json.dumps(list(TAKEN_BY)))
    rows = 'jsondecode(file("${path.module}/rows.json"))'
    answer = f"{{ for row in {rows} : row => {asked} }}"
    (tmp_path / "main.tf").write_text(f'{patterns}\noutput "taken" {{\n  value = {answer}\n}}\n')
    applied = offline.ended(tmp_path, f"schedules-{module}", "apply", "-auto-approve", "-no-color")
    assert applied.exit_code == 0, applied.stdout + applied.stderr
    taken = json.loads(
        offline.ended(tmp_path, f"schedules-{module}", "output", "-json", "taken").stdout
    )
    assert taken == {expression: service in takers for expression, takers in TAKEN_BY.items()}
