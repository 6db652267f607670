"""Mode bootstrap with --backend aws, which a profile leads to an embedded AWS: nothing else tells.

It runs in a copy of the checkout, because people write terraform/environments/account.tfvars there.
"""

import shutil
import sys
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import pytest
from botocore.exceptions import ClientError

from emulator.tests.support.embedded import Embedded
from emulator.tests.support.embedded_aws import embedded_aws
from tests.e2e.checkouts import a_checkout
from tests.e2e.command_line import CommandLine, Outcome

pytestmark = pytest.mark.soak

GITLAB = "gitlab.example.com"
PROVIDER = f"arn:aws:iam::000000000000:oidc-provider/{GITLAB}"


@dataclass(frozen=True, kw_only=True)
class Account:
    aws: Embedded
    environments: Path
    command: CommandLine
    program: tuple[str, ...]

    def bootstrap(self, account_tfvars: str) -> Outcome:
        (self.environments / "account.tfvars").write_text(account_tfvars)
        flags = ("--backend", "aws", "--mode", "bootstrap", "--region", "us-east-1")
        return self.command.run(*flags, program=self.program)

    def client_ids(self) -> list[str]:
        iam = self.aws.client("iam")
        found = iam.get_open_id_connect_provider(OpenIDConnectProviderArn=PROVIDER)
        return list(found["ClientIDList"])


@pytest.fixture
def account(tmp_path: Path) -> Iterator[Account]:
    copy = a_checkout(tmp_path / "checkout")
    environments = copy / "terraform" / "environments"
    # Staging waits for minutes for what this is not about.
    shutil.copy(environments / "local.tfvars", environments / "staging.tfvars")
    with embedded_aws(tmp_path / "state") as url:
        yield Account(
            aws=Embedded(url=url),
            environments=environments,
            command=CommandLine(tmp_path, **profile_of(url, tmp_path)),
            program=(sys.executable, str(copy / "run_pipeline.py")),
        )


def profile_of(url: str, folder: Path) -> dict[str, str]:
    config = folder / "aws-config"
    config.write_text(f"[default]\nregion = us-east-1\nendpoint_url = {url}\n")
    keys = {"AWS_ACCESS_KEY_ID": "test", "AWS_SECRET_ACCESS_KEY": "test"}
    return {"AWS_CONFIG_FILE": str(config), **keys}


def test_account_is_made_of_what_people_wrote_in_its_file(account: Account) -> None:
    first = account.bootstrap(f'gitlab_url = "https://{GITLAB}"\n')
    assert first.exit_code == 0, first.stderr
    assert account.client_ids() == [f"https://{GITLAB}"]
    audience = "https://sts.example.com"
    text = f'gitlab_url = "https://{GITLAB}"\ngitlab_audience = "{audience}"\n'
    second = account.bootstrap(text)
    assert second.exit_code == 0, second.stderr
    assert account.client_ids() == [audience]


def test_mistake_in_the_file_is_told_by_its_variable_and_nothing_is_made(account: Account) -> None:
    refused = account.bootstrap('gitlab_url = "ftp://gitlab.example.com"\n')
    assert refused.exit_code != 0
    assert "gitlab_url" in refused.error or "gitlab_url" in refused.stderr
    with pytest.raises(ClientError, match="NoSuchEntity"):
        account.client_ids()
