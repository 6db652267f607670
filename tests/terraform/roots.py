"""The roots on the embedded AWS, each with a state of its own."""

import json
import re
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from pipeline.gateways.terraform import Engine
from tests.support.project import PROJECT_ROOT
from tests.terraform.by_hand import TerraformByHand
from tests.terraform.conftest import REGION, STATE_BUCKET

ROOTS = PROJECT_ROOT / "terraform"
OF_ONE_MODEL = ("serving", "surroundings")
_FINISHED = re.compile(r"^(\S+): (?:Creation|Modifications) complete after (?:(\d+)m)?(\d+)s", re.M)


class Root:
    """One root module. The foundation takes the settings of an environment, by default local."""

    def __init__(
        self,
        name: str,
        engine: Engine,
        environment: Mapping[str, str],
        folder: Path,
        *,
        profile: str = "local",
    ) -> None:
        self.name = name
        self._folder = folder
        settings = ROOTS / "environments" / f"{profile}.tfvars"
        self._var_files = [settings] if name == "foundation" else []
        self._where = {} if name in OF_ONE_MODEL else {"project": "trial", "region": REGION}
        self.seconds: dict[str, int] = {}
        # Of the last plan that changed anything: address -> attribute -> before and after.
        self.differences: dict[str, dict[str, tuple[Any, Any]]] = {}
        self.terraform = TerraformByHand(
            engine, ROOTS / name, data_dir=folder / "data", environment=environment
        )
        key = f"trial/{folder.name}/{profile}/{name}.tfstate"
        backend = {"bucket": STATE_BUCKET, "key": key, "region": REGION}
        self.terraform.init({**backend, "use_path_style": "true"})

    def variable_files(self, values: Mapping[str, Any]) -> list[Path]:
        path = self._folder / "inputs.tfvars.json"
        path.write_text(json.dumps({**self._where, **values}))
        return [*self._var_files, path]

    def planned(self, values: Mapping[str, Any]) -> dict[str, list[str]]:
        """Return address -> actions of everything that a plan would change."""
        files = self.variable_files(values)
        if not self.terraform.plan(var_files=files, out=self._folder / "plan"):
            return {}
        plan = self.terraform.show(self._folder / "plan")
        changes = [
            each
            for each in plan["resource_changes"]
            if each["mode"] == "managed" and each["change"]["actions"] != ["no-op"]
        ]
        self.differences = {each["address"]: _differences(each["change"]) for each in changes}
        return {each["address"]: each["change"]["actions"] for each in changes}

    def apply(self, values: Mapping[str, Any]) -> None:
        """Plan, and apply exactly that plan."""
        assert self.terraform.plan(var_files=self.variable_files(values), out=self._folder / "plan")
        self.apply_planned()

    def apply_planned(self) -> None:
        """Apply the last plan; `seconds` keeps how long each resource took at most."""
        completed = self.terraform.apply(self._folder / "plan", timeout_s=600)
        assert completed.exit_code == 0, completed.stderr
        for address, minutes, seconds in _FINISHED.findall(completed.stdout):
            took = 60 * int(minutes or 0) + int(seconds)
            self.seconds[address] = max(took, self.seconds.get(address, 0))

    def destroy(self, values: Mapping[str, Any]) -> None:
        self.terraform.destroy(var_files=self.variable_files(values))


def _differences(change: Mapping[str, Any]) -> dict[str, tuple[Any, Any]]:
    before, after = change["before"] or {}, change["after"] or {}
    return {
        name: (before.get(name), after.get(name))
        for name in sorted({*before, *after})
        if before.get(name) != after.get(name)
    }
