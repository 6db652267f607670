"""The README example of the endpoint module, as a stranger would take it, on the embedded AWS."""

import re
import shutil
from collections.abc import Iterator, Mapping
from pathlib import Path

import pytest

from pipeline.gateways.aws import Cloud
from pipeline.gateways.terraform import Engine
from tests.terraform.by_hand import TerraformByHand
from tests.terraform.example_roots import TERRAFORM, store_model, tfvars_of

# A canary of two instances takes the embedded AWS about a minute; that it can be planned is in
# test_modules.
pytestmark = [pytest.mark.terraform, pytest.mark.emulated, pytest.mark.soak]

ARTIFACT = re.compile(r's3://([^/"]+)/([^"]+/model\.tar\.gz)')
PROVIDER = """
provider "aws" {
  region            = "us-east-1"
  s3_use_path_style = true
}

output "endpoint_config_name" {
  value = module.endpoint.endpoint_config_name
}
"""


@pytest.fixture
def root(
    engine: Engine, terraform_environment: Mapping[str, str], tmp_path: Path
) -> Iterator[TerraformByHand]:
    tree = Path(shutil.copytree(TERRAFORM, tmp_path / "terraform"))
    folder = tree / "readme"
    folder.mkdir()
    shutil.copy(TERRAFORM / "serving" / ".terraform.lock.hcl", folder)
    example = tfvars_of((TERRAFORM / "modules" / "endpoint" / "README.md").read_text())
    (folder / "main.tf").write_text(example + PROVIDER)
    terraform = TerraformByHand(
        engine, folder, data_dir=tmp_path / "data", environment=terraform_environment
    )
    terraform.init({})
    yield terraform
    terraform.destroy(var_files=[])


def test_the_endpoint_of_the_readme_is_made_and_nothing_is_left_to_plan(
    root: TerraformByHand, cloud: Cloud, tmp_path: Path
) -> None:
    found = ARTIFACT.search((TERRAFORM / "modules" / "endpoint" / "README.md").read_text())
    assert found
    store_model(cloud, *found.groups())
    plan = tmp_path / "plan"
    assert root.plan(var_files=[], out=plan)
    completed = root.apply(plan, timeout_s=300)
    assert completed.exit_code == 0, completed.stderr
    config = root.outputs()["endpoint_config_name"]
    endpoint = config.removesuffix("-first-n2")
    seen = cloud.client("sagemaker").describe_endpoint(EndpointName=endpoint)
    assert (seen["EndpointStatus"], seen["EndpointConfigName"]) == ("InService", config)
    watching = seen["LastDeploymentConfig"]["AutoRollbackConfiguration"]["Alarms"]
    assert {each["AlarmName"] for each in watching} == {
        f"{config}-{kind}" for kind in ("errors", "latency", "tests")
    }
    assert not root.plan(var_files=[], out=plan)
