"""A project with many endpoints and ledgers, made without a worker: none of them ever served.

Their artifact is missing, so SageMaker gives each up as Failed at once. It is asked the same of
them as of those that serve.
"""

from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace
from typing import Any

from emulator.tests.support.embedded import IMAGE, ROLE, Embedded, a_variant, eventually
from pipeline.core import naming
from pipeline.core.foundation import Foundation, Network
from pipeline.core.head import EndpointConfigEntry, LedgerHead, Lived, MoveKind, Retained
from tests.unit.core_builders import NOON

ENVIRONMENT = "staging"
LIVE = "r-20260102-120000-aaaaaa"


def a_project(embedded: Embedded, project: str, names: list[str], *, releases: int = 1) -> str:
    """Make the endpoints and their ledgers, and publish their foundation; return its bucket."""
    bucket = embedded.a_bucket()
    published = Foundation(
        schema_version=1,
        account_id="000000000000",
        bucket=bucket,
        environment=ENVIRONMENT,
        inputs_digest=None,
        inter_container_encryption=True,
        kms_key_arn="arn:aws:kms:us-east-1:000000000000:key/k",
        model_package_groups={},
        network_isolation=True,
        project=project,
        region="us-east-1",
        role_arn=ROLE,
        tags={},
        topic_arn="arn:aws:sns:us-east-1:000000000000:all",
        vpc=Network(subnet_ids=(), security_group_ids=()),
    )
    embedded.client("ssm").put_parameter(
        Name=naming.foundation_parameter_name(project, ENVIRONMENT),
        Type="String",
        Value=published.to_json(),
    )
    with ThreadPoolExecutor(4) as pool:
        list(pool.map(lambda name: _make(embedded, project, bucket, name, releases), names))
    eventually(
        lambda: embedded.sagemaker.list_endpoints(StatusEquals="Creating")["Endpoints"],
        lambda creating: not creating,
    )
    return bucket


def _make(embedded: Embedded, project: str, bucket: str, name: str, releases: int) -> None:
    an_endpoint_that_fails(embedded, name, project=project)
    put_ledger(embedded, bucket, a_ledger(name, releases=releases))


def an_endpoint_that_fails(embedded: Embedded, name: str, *, project: str) -> None:
    config = naming.endpoint_config_name(name, f"{LIVE}-n1")
    container = {"Image": IMAGE, "ModelDataUrl": "s3://nowhere-at-all/model.tar.gz"}
    sagemaker: Any = embedded.sagemaker
    sagemaker.create_model(ModelName=config, PrimaryContainer=container, ExecutionRoleArn=ROLE)
    sagemaker.create_endpoint_config(
        EndpointConfigName=config, ProductionVariants=[a_variant(config)]
    )
    tags = {
        "mlops:environment": ENVIRONMENT,
        "mlops:model": f"model-of-{name}",
        "mlops:project": project,
    }
    sagemaker.create_endpoint(
        EndpointName=name,
        EndpointConfigName=config,
        Tags=[{"Key": key, "Value": value} for key, value in tags.items()],
    )


def put_ledger(embedded: Embedded, bucket: str, head: LedgerHead) -> None:
    embedded.client("s3").put_object(
        Bucket=bucket, Key=naming.ledger_object(head.endpoint), Body=head.to_json().encode()
    )


def a_ledger(name: str, *, releases: int) -> LedgerHead:
    """One whose newest release is live, after as many others as it takes."""
    older = tuple(f"r-20260101-{number:06d}-bbbbbb" for number in range(releases - 1))
    retained = (*older[-3:], LIVE)
    return replace(
        LedgerHead(endpoint=name, endpoint_configs={}),
        retained=tuple(Retained(release_id=each, content_digest=each) for each in retained),
        endpoint_configs={
            f"{each}-n1": EndpointConfigEntry(release=each, instance_count=1) for each in retained
        },
        live=f"{LIVE}-n1",
        lived=tuple(
            Lived(release_id=each, healthy=True, since=NOON, by=MoveKind.DEPLOYMENT)
            for each in (*older, LIVE)
        ),
    )


def actions(embedded: Embedded) -> list[str]:
    """Return what was asked of the embedded AWS, as `service.action`."""
    return [f"{each['service']}.{each['action']}" for each in embedded.requests()]


__all__ = ["ENVIRONMENT", "LIVE", "a_project", "actions"]
