"""What the configuration says reaches the real Terraform to the letter, or is refused before it."""

import os
import random
from collections.abc import Mapping
from dataclasses import replace
from pathlib import Path

import pytest

from pipeline.core import tfvars
from pipeline.core.errors import UsageError
from pipeline.gateways.terraform import Terraform, find_engine
from tests.unit.core_builders import a_head_retaining, a_release, a_shift, serving_settings

pytestmark = pytest.mark.terraform

TEMPLATE = Path(__file__).parents[2] / "templates" / tfvars.RELEASE_TEMPLATE
PIECES = (
    *("${path.root}", "${1+1}", "%{ if true }", "{{ 7*7 }}", "{% raw %}", "#}", "$$", "`id`"),
    *('"', "'", "\\", "\n", "\r\n", "\t", "$(id)", "; rm -rf x", "&&", "|", "<<EOT", "EOT"),
    *("é", "\u2028", "\u202e", "\U0001f600", "\\u0041", "</script>", "%%{", "$${", "=", "#", " "),
)
ROOT = """
variable "deployment" { type = any }
variable "endpoint_configs" { type = any }
variable "endpoint_name" { type = string }
variable "live_config" { type = string }
variable "region" { type = string }
variable "releases" { type = any }
variable "s3_use_path_style" { type = bool }
variable "tags" { type = map(string) }

output "environment" { value = var.releases["r1"].container_environment }
output "tags" { value = var.tags }
"""


def hostile_values(count: int, *, seed: int) -> dict[str, str]:
    """Return values made of what shells, Jinja2 and HCL would take for their own."""
    source = random.Random(seed)
    return {
        f"KEY_{n}": "".join(source.choices(PIECES, k=source.randint(1, 8))) for n in range(count)
    }


def rendered(values: Mapping[str, str]) -> str:
    release = replace(a_release("r1"), serving=serving_settings(container_environment=values))
    head = replace(a_head_retaining("r1"), live="r1-n1")
    place = tfvars.Place(region="us-east-1", s3_use_path_style=True, tags=values)
    variables = tfvars.release_variables(
        head, {"r1": release}, place=place, deployment_config=a_shift()
    )
    return tfvars.render(variables, TEMPLATE.read_text(), name=TEMPLATE.name)


def test_terraform_takes_every_value_literally(tmp_path: Path) -> None:
    values = hostile_values(300, seed=20260101)
    (tmp_path / "main.tf").write_text(ROOT)
    var_file = tmp_path / "release.tfvars.json"
    var_file.write_text(rendered(values), encoding="utf-8")
    environment = {key: os.environ[key] for key in ("HOME", "PATH") if key in os.environ}
    engine = find_engine(search_path=os.environ.get("PATH"), environment=environment)
    terraform = Terraform(engine, tmp_path, data_dir=tmp_path / "data", environment=environment)
    terraform.init(None)
    terraform.plan(var_files=[var_file], out=tmp_path / "plan")
    outputs = terraform.show(tmp_path / "plan")["planned_values"]["outputs"]
    assert outputs["environment"]["value"] == values
    assert outputs["tags"]["value"] == values


@pytest.mark.parametrize("value", ["nul \0", "half \ud800", "decomposed e\u0301"])
def test_what_terraform_would_change_is_refused_by_name(value: str) -> None:
    with pytest.raises(UsageError, match="KEY"):
        rendered({"KEY": value})
