"""The policies of Terraform's roles as a plan renders them: modules with literal ARNs, no AWS."""

import json
from dataclasses import dataclass
from typing import Any

from tests.support.iam import Identity
from tests.terraform.offline import OfflineTerraform

ACCOUNT = "111122223333"
HOST = "gitlab.example.com"
KEY = f"arn:aws:kms:us-east-1:{ACCOUNT}:key/11111111-2222-3333-4444-555555555555"
EXECUTION_ROLE = f"arn:aws:iam::{ACCOUNT}:role/mlops-staging-sagemaker-execution"

# No call is made while planning, so the provider needs nothing that is real.
_ROOT = f"""
provider "aws" {{
  region                      = "us-east-1"
  access_key                  = "none"
  secret_key                  = "none"
  skip_credentials_validation = true
  skip_metadata_api_check     = true
  skip_requesting_account_id  = true
}}

module "boundary" {{
  source       = "../modules/boundary"
  account_id   = "{ACCOUNT}"
  name         = "mlops-staging-boundary"
  project      = "mlops"
  state_bucket = "mlops-state-{ACCOUNT}-us-east-1"
}}

module "ci_roles" {{
  source               = "../modules/ci_roles"
  account_id           = "{ACCOUNT}"
  bucket               = "mlops-staging-{ACCOUNT}-us-east-1"
  deploy_branch        = "main"
  endpoint_names       = ["*-staging"]
  environment          = "staging"
  execution_role_arn   = "{EXECUTION_ROLE}"
  kms_key_arn          = "{KEY}"
  model_package_groups = ["iris"]
  name                 = "mlops-staging"
  oidc_provider_arn    = "arn:aws:iam::{ACCOUNT}:oidc-provider/{HOST}"
  project              = "mlops"
  project_path         = "group/project"
  region               = "us-east-1"
  security_group_ids   = ["sg-0aa"]
  state_bucket         = "mlops-state-{ACCOUNT}-us-east-1"
  subnet_ids           = ["subnet-0bb", "subnet-0cc"]
  topic_arns           = ["arn:aws:sns:us-east-1:{ACCOUNT}:mlops-staging-notifications"]
}}

module "identity" {{
  source             = "../modules/identity"
  account_id         = "{ACCOUNT}"
  bucket             = "mlops-staging-{ACCOUNT}-us-east-1"
  image_repositories = ["sagemaker-scikit-learn"]
  kms_key_arn        = "{KEY}"
  name               = "mlops-staging-sagemaker-execution"
  region             = "us-east-1"
  security_group_ids = ["sg-0aa"]
  subnet_ids         = ["subnet-0bb", "subnet-0cc"]
}}
"""


@dataclass(frozen=True, kw_only=True)
class Roles:
    plan: Identity
    deploy: Identity
    execution: Identity
    trust: dict[str, str]

    @property
    def all(self) -> tuple[Identity, ...]:
        return (self.plan, self.deploy, self.execution)


def planned_roles(terraform: OfflineTerraform) -> Roles:
    """Plan the modules, and read the policies out of the plan."""
    _write_root(terraform, _ROOT)
    terraform.init("policies")
    terraform.run("policies", "plan", "-input=false", "-refresh=false", "-out=plan", "-no-color")
    planned = json.loads(terraform.run("policies", "show", "-json", "plan"))["planned_values"]
    return _roles(planned["root_module"]["child_modules"])


def refusal_of(terraform: OfflineTerraform, endpoint_names: list[str]) -> str:
    """Return why the plan with these endpoints fails, in one line."""
    _write_root(terraform, _ROOT.replace('["*-staging"]', json.dumps(endpoint_names)))
    terraform.init("policies")
    arguments = ("plan", "-input=false", "-refresh=false", "-no-color")
    completed = terraform.ended(terraform.tree / "policies", "policies", *arguments)
    assert completed.exit_code == 1, completed.stdout
    return " ".join(completed.stderr.replace("\u2502", " ").split())


def _write_root(terraform: OfflineTerraform, text: str) -> None:
    folder = terraform.tree / "policies"
    folder.mkdir(exist_ok=True)
    (folder / "main.tf").write_text(text)


def _roles(modules: list[dict[str, Any]]) -> Roles:
    values = {
        resource["address"]: resource["values"]
        for module in modules
        for resource in module["resources"]
    }
    boundary = values["module.boundary.aws_iam_policy.this"]["policy"]

    def identity(prefix: str) -> Identity:
        found = [each["policy"] for name, each in values.items() if name.startswith(prefix)]
        assert found, prefix
        return Identity(policies=tuple(found), boundary=boundary)

    return Roles(
        plan=identity('module.ci_roles.aws_iam_policy.this["plan"]'),
        deploy=identity("module.ci_roles.aws_iam_policy.this"),
        execution=identity("module.identity.aws_iam_role_policy.execution"),
        trust={
            name: values[f"module.ci_roles.aws_iam_role.{name}"]["assume_role_policy"]
            for name in ("deploy", "plan")
        },
    )
