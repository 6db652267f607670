"""Other tags of the environment: they reach what was made before, and are in nobody's way."""

import json
from pathlib import Path

import pytest

from pipeline.core import naming
from tests.e2e.agreement import require_agreement
from tests.e2e.three import Three

pytestmark = pytest.mark.soak


def give_tag(three: Three, value: str) -> None:
    """Publish a foundation whose things are billed elsewhere."""
    ssm, name = three.aws.client("ssm"), naming.foundation_parameter_name("mlops", "staging")
    foundation = json.loads(ssm.get_parameter(Name=name)["Parameter"]["Value"])
    foundation["tags"] = {**foundation["tags"], "cost-center": value}
    ssm.put_parameter(Name=name, Value=json.dumps(foundation), Type="String", Overwrite=True)


def tag_of_the_endpoint(three: Three) -> str:
    listed = three.aws.sagemaker.list_tags(ResourceArn=three.described()["EndpointArn"])
    return str({each["Key"]: each["Value"] for each in listed["Tags"]}["cost-center"])


def test_rollback_prune_and_settle_work_and_bring_the_tags(three: Three, tmp_path: Path) -> None:
    give_tag(three, "of the rollback")
    back = three.run("--mode", "rollback", "--reason", "a story")
    assert back.exit_code == 0, back.stdout
    assert tag_of_the_endpoint(three) == "of the rollback"
    require_agreement(three, tmp_path, serves=three.b, barred=(three.c,))

    give_tag(three, "of the pruning")
    pruned = three.run("--mode", "prune")
    assert pruned.exit_code == 0, pruned.stdout
    assert f"Removed: {three.c}" in pruned.stdout
    assert tag_of_the_endpoint(three) == "of the pruning"
    require_agreement(three, tmp_path, serves=three.b, barred=(three.c,))

    give_tag(three, "of the settling")
    settled = three.run("--mode", "settle", "--yes")
    assert settled.exit_code == 0, settled.stdout
    assert tag_of_the_endpoint(three) == "of the settling"
    require_agreement(three, tmp_path, serves=three.b, barred=(three.c,))
