"""Terraform as a person at the keyboard runs it on an endpoint that the runner made."""

import io
import os
from pathlib import Path

from pipeline.core import naming
from pipeline.core.plan import summarize
from pipeline.gateways import provider_mirror
from pipeline.gateways.aws import local_cloud
from pipeline.gateways.terraform import Terraform, find_engine
from tests.e2e.story import BUCKET, Story
from tests.support.project import PROJECT_ROOT


def planned_changes(story: Story, folder: Path) -> list[str]:
    """Return what a plan from the variables of the last apply would change, line by line."""
    variables, saved = folder / "release.tfvars.json", folder / "plan"
    stored = io.BytesIO()
    key = naming.applied_tfvars_object(story.endpoint)
    story.aws.client("s3").download_fileobj(BUCKET, key, stored)
    variables.write_bytes(stored.getvalue())
    terraform = _terraform(story, folder)
    if not terraform.plan(var_files=[variables], out=saved):
        return []
    changes = summarize(terraform.show(saved)).changes
    return [
        f"{change.action.value} {change.address} {each.path}: {each.before} -> {each.after}"
        for change in changes
        for each in change.attributes
    ]


def _terraform(story: Story, folder: Path) -> Terraform:
    cloud = local_cloud(story.aws.url, region="us-east-1", environment=os.environ)
    mirror = provider_mirror.cli_environment(os.environ, home=Path.home(), folder=folder)
    environment = cloud.environment() | mirror
    engine = find_engine(search_path=os.environ["PATH"], environment=environment)
    root = PROJECT_ROOT / "terraform" / "serving"
    terraform = Terraform(engine, root, data_dir=folder / "data", environment=environment)
    terraform.init(
        {
            "bucket": "mlops-state-000000000000-us-east-1",
            "key": f"serving/staging/{story.endpoint}.tfstate",
            "region": "us-east-1",
            "use_path_style": "true",
        }
    )
    return terraform
