"""One root with a state of its own, planned and applied against the embedded AWS."""

import json
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from pipeline.gateways import process
from pipeline.gateways.process import Completed
from pipeline.gateways.terraform import Engine, Terraform
from tests.support.project import PROJECT_ROOT
from tests.terraform.conftest import REGION, STATE_BUCKET


class Stack:
    """A root, its state and the variables that it was planned with last."""

    def __init__(
        self, root: str, name: str, engine: Engine, environment: Mapping[str, str], folder: Path
    ) -> None:
        self._root = PROJECT_ROOT / "terraform" / root
        self._folder = folder
        self._folder.mkdir(exist_ok=True)
        self._engine = engine
        self._environment = environment
        self._variables = folder / "variables.tfvars.json"
        self.endpoint = name
        self._terraform = Terraform(
            engine, self._root, data_dir=folder / "data", environment=environment
        )
        backend = {"bucket": STATE_BUCKET, "key": f"{root}/{name}.tfstate", "region": REGION}
        self._terraform.init({**backend, "use_path_style": "true"})

    def plan_values(self, values: Mapping[str, Any], *options: str) -> dict[str, str]:
        """Return address -> action of everything the plan would change."""
        self._variables.write_text(json.dumps(values))
        out = f"-out={self._folder / 'plan'}"
        return planned_changes(self.by_hand("plan", "-json", out, *options))

    def apply(self) -> Completed:
        """Apply the plan made last."""
        return self._terraform.apply(self._folder / "plan", timeout_s=180)

    def destroy(self) -> None:
        self.by_hand("destroy", "-auto-approve")

    def by_hand(self, command: str, *arguments: str) -> str:
        """Run what the runner never does, or not so, with the variables of the last plan."""
        given = ("-input=false", f"-var-file={self._variables}")
        return self.by_name(command, *given, *arguments)

    def by_name(self, *arguments: str) -> str:
        """Run what takes no variables; return what it printed."""
        ended = self.ended(*arguments)
        assert ended.exit_code == 0, ended.stderr + ended.stdout
        return ended.stdout

    def ended(self, *arguments: str) -> Completed:
        return process.run(
            [*self._engine.argv, *arguments],
            cwd=self._root,
            environment={**self._environment, "TF_DATA_DIR": str(self._folder / "data")},
            timeout_s=180,
        )


def planned_changes(said: str) -> dict[str, str]:
    """Read what `terraform plan -json` says while it plans; `show` would be one more program."""
    messages = [json.loads(line) for line in said.splitlines()]
    changes = [each["change"] for each in messages if each["type"] == "planned_change"]
    return {
        change["resource"]["addr"]: change["action"]
        for change in changes
        if change["action"] != "move"
    }


def all_of(action: str, *addresses: str) -> dict[str, str]:
    return dict.fromkeys(addresses, action)
