"""What the foundation offers, as it publishes it in one SSM parameter per environment."""

from collections.abc import Mapping
from dataclasses import dataclass, field

from pipeline.core.document import Stored


@dataclass(frozen=True, kw_only=True)
class Network:
    """Subnets and security groups of jobs and models; both empty outside a VPC."""

    subnet_ids: tuple[str, ...] | None
    security_group_ids: tuple[str, ...] | None


@dataclass(frozen=True, kw_only=True)
class Retraining:
    """The event that a rule of terraform/modules/retraining carries to the pipeline."""

    detail_type: str
    source: str


@dataclass(frozen=True, kw_only=True)
class Foundation(Stored):
    """The document that terraform/foundation writes (its `local.published`)."""

    schema_version: int
    account_id: str
    bucket: str
    environment: str
    inputs_digest: str | None
    inter_container_encryption: bool
    kms_key_arn: str
    minimum_instance_count: int = 1
    model_package_groups: Mapping[str, str]
    network_isolation: bool
    project: str
    region: str
    retraining: Retraining | None = None
    role_arn: str
    tags: Mapping[str, str]
    topic_arn: str
    topic_arns: Mapping[str, str] = field(default_factory=dict)  # by severity
    vpc: Network

    @classmethod
    def of_bucket(cls, bucket: str) -> "Foundation":
        """Return a foundation of which nothing is left but its bucket."""
        return cls(
            schema_version=1,
            account_id="",
            bucket=bucket,
            environment="",
            inputs_digest=None,
            inter_container_encryption=True,
            kms_key_arn="",
            model_package_groups={},
            network_isolation=True,
            project="",
            region="",
            role_arn="",
            tags={},
            topic_arn="",
            vpc=Network(subnet_ids=None, security_group_ids=None),
        )
