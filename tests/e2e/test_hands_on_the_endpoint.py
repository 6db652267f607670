"""Somebody moved, changed or deleted the endpoint by hand: the next command says so and copes."""

from pathlib import Path

import pytest

from pipeline.core import naming
from tests.e2e.agreement import require_agreement
from tests.e2e.story import BUCKET
from tests.e2e.three import Three

BACK = ("--mode", "rollback", "--reason", "a story")
SETTLE = ("--mode", "settle")


def update_by_hand(three: Three, config: str) -> None:
    """Do as `aws sagemaker update-endpoint` does that names nothing but the config."""
    three.aws.sagemaker.update_endpoint(EndpointName=three.endpoint, EndpointConfigName=config)
    assert three.aws.settled(three.endpoint)["EndpointStatus"] == "InService"


def a_foreign_config(three: Three) -> str:
    """Make a config that no release names, of a model that does."""
    described = three.aws.sagemaker.describe_endpoint_config(
        EndpointConfigName=three.config_of(three.a)
    )
    three.aws.sagemaker.create_endpoint_config(
        EndpointConfigName="made-by-hand", ProductionVariants=described["ProductionVariants"]
    )
    return "made-by-hand"


@pytest.mark.soak
def test_a_rollback_goes_on_from_where_somebody_moved_the_endpoint(
    three: Three, tmp_path: Path
) -> None:
    update_by_hand(three, three.config_of(three.b))
    back = three.run(*BACK)
    assert back.exit_code == 0, back.stdout
    require_agreement(three, tmp_path, serves=three.a, barred=(three.b,))


@pytest.mark.soak
def test_a_deployment_works_after_somebody_moved_the_endpoint(three: Three, tmp_path: Path) -> None:
    update_by_hand(three, three.config_of(three.b))
    deployed = three.deploy_d()
    assert deployed.exit_code == 0, deployed.stdout
    require_agreement(three, tmp_path, serves=deployed.release)


@pytest.mark.soak
def test_settling_shows_what_it_would_do_to_an_endpoint_that_somebody_moved(
    three: Three, tmp_path: Path
) -> None:
    update_by_hand(three, three.config_of(three.b))
    shown = three.run(*SETTLE)
    assert shown.exit_code == 7, shown.stdout
    assert "update: module.endpoint.aws_sagemaker_endpoint.this" in shown.error
    assert three.serves(three.b)

    settled = three.run(*SETTLE, "--yes")
    assert settled.exit_code == 0, settled.stdout
    require_agreement(three, tmp_path, serves=three.b)
    assert "Nothing to do" in three.run(*SETTLE).stdout


@pytest.mark.soak
def test_a_rollback_leaves_a_config_that_nobody_knows_for_the_last_healthy_release(
    three: Three, tmp_path: Path
) -> None:
    update_by_hand(three, a_foreign_config(three))
    back = three.run(*BACK)
    assert back.exit_code == 0, back.stdout
    require_agreement(three, tmp_path, serves=three.c)


@pytest.mark.soak
def test_a_deployment_leaves_a_config_that_nobody_knows(three: Three, tmp_path: Path) -> None:
    update_by_hand(three, a_foreign_config(three))
    deployed = three.deploy_d()
    assert deployed.exit_code == 0, deployed.stdout
    require_agreement(three, tmp_path, serves=deployed.release)


@pytest.mark.soak
def test_settling_leaves_a_config_that_nobody_knows_after_a_yes(
    three: Three, tmp_path: Path
) -> None:
    foreign = a_foreign_config(three)
    update_by_hand(three, foreign)
    shown = three.run(*SETTLE)
    assert shown.exit_code == 7, shown.stdout
    assert three.described()["EndpointConfigName"] == foreign
    settled = three.run(*SETTLE, "--yes")
    assert settled.exit_code == 0, settled.stdout
    require_agreement(three, tmp_path, serves=three.c)


@pytest.mark.soak
def test_an_endpoint_that_was_deleted_is_made_again_by_settling(
    three: Three, tmp_path: Path
) -> None:
    three.aws.sagemaker.delete_endpoint(EndpointName=three.endpoint)
    refused = three.run(*BACK)
    assert refused.exit_code == 6, refused.stdout
    assert "--mode settle" in refused.error
    assert three.ledger().quarantined == ()

    settled = three.run(*SETTLE, "--yes")
    assert settled.exit_code == 0, settled.stdout
    require_agreement(three, tmp_path, serves=three.c)


@pytest.mark.soak
def test_an_artifact_that_is_not_what_was_judged_is_never_gone_back_to(
    three: Three, tmp_path: Path
) -> None:
    swap_artifact(three, three.b)
    back = three.run(*BACK)
    assert back.exit_code == 0, back.stdout
    assert f"{three.b} is passed over" in back.stdout
    require_agreement(three, tmp_path, serves=three.a, barred=(three.c,))

    named = three.run(*BACK, "--to", three.b)
    assert named.exit_code == 6, named.stdout
    assert "it is not what was judged" in named.error
    require_agreement(three, tmp_path, serves=three.a, barred=(three.c,))


def swap_artifact(three: Three, release: str) -> None:
    """Put other bytes where the artifact of a release lies; whoever owns the bucket can."""
    s3 = three.aws.client("s3")
    sha256 = three.release(release).artifact_sha256
    s3.delete_bucket_policy(Bucket=BUCKET)
    s3.put_object(Bucket=BUCKET, Key=naming.artifact_object(sha256), Body=b"other bytes")


@pytest.mark.soak
def test_a_ledger_that_cannot_be_read_hides_nothing_of_what_sagemaker_says(three: Three) -> None:
    key = naming.ledger_object(three.endpoint)
    three.aws.client("s3").put_object(Bucket=BUCKET, Key=key, Body=b"\x00 garbage")
    status = three.run("--mode", "status")
    assert status.exit_code == 11
    serving = three.config_of(three.c)
    assert f"Endpoint {three.endpoint}: InService, serves {serving}" in status.stdout
    assert "Ledger: cannot be read" in status.stdout
