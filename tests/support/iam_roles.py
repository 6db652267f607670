"""The roles that Terraform makes, with their policies as a plan renders them."""

import json
from dataclasses import dataclass

from tests.support.iam import Identity
from tests.support.iam_documents import Documents, place_root
from tests.terraform.offline import OfflineTerraform

ACCOUNT = "111122223333"
HOST = "gitlab.example.com"
KEY = f"arn:aws:kms:us-east-1:{ACCOUNT}:key/11111111-2222-3333-4444-555555555555"
STATE_KEY = KEY.replace("11111111-", "99999999-")
EXECUTION_ROLE = f"arn:aws:iam::{ACCOUNT}:role/mlops-staging-sagemaker-execution"
KEY_POLICY = "module.encryption.aws_kms_key_policy.this.policy"
BUCKET_POLICY = "module.storage.aws_s3_bucket_policy.this.policy"


@dataclass(frozen=True, kw_only=True)
class Roles:
    plan: Identity
    deploy: Identity
    execution: Identity
    trust: dict[str, str]

    @property
    def all(self) -> tuple[Identity, ...]:
        return (self.plan, self.deploy, self.execution)


def roles_of(documents: Documents) -> Roles:
    def identity(prefix: str, role: str) -> Identity:
        found = [text for address, text in documents.items() if address.startswith(prefix)]
        assert found, prefix
        arn = f"arn:aws:iam::{ACCOUNT}:role/mlops-staging-{role}"
        boundary = documents["module.boundary.aws_iam_policy.this.policy"]
        return Identity(policies=tuple(found), boundary=boundary, arn=arn)

    return Roles(
        plan=identity('module.ci_roles.aws_iam_policy.this["plan"]', "ci-plan"),
        deploy=identity("module.ci_roles.aws_iam_policy.this", "ci-deploy"),
        execution=identity("module.identity.aws_iam_role_policy.execution", "sagemaker-execution"),
        trust={
            name: documents[f"module.ci_roles.aws_iam_role.{name}.assume_role_policy"]
            for name in ("deploy", "plan")
        },
    )


def refusal_of(terraform: OfflineTerraform, variable: str, names: list[str]) -> str:
    """Return why the plan with these endpoint_names or buckets fails, in one line."""
    place_root(terraform)
    arguments = ("plan", "-input=false", "-refresh=false", "-no-color")
    given = f"-var={variable}={json.dumps(names)}"
    completed = terraform.ended(terraform.tree / "policies", "policies", *arguments, given)
    assert completed.exit_code == 1, completed.stdout
    return " ".join(completed.stderr.replace("\u2502", " ").split())
