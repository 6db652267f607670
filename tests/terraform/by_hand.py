"""Terraform with what people do by hand and the runner never does."""

import json
from collections.abc import Sequence
from pathlib import Path
from typing import Any

from pipeline.gateways import process
from pipeline.gateways.terraform import Terraform


class TerraformByHand(Terraform):
    """One root module that can also be destroyed in one command and asked for its outputs."""

    def destroy(self, *, var_files: Sequence[Path]) -> None:
        """Destroy everything of this root's state."""
        files = [f"-var-file={path}" for path in var_files]
        self._said("destroy", "-auto-approve", "-input=false", *files)

    def outputs(self) -> dict[str, Any]:
        """Return the output values of the applied state by name."""
        said = self._said("output", "-json")
        return {name: output["value"] for name, output in json.loads(said).items()}

    def _said(self, *arguments: str) -> str:
        ended = process.run(
            [*self.engine.argv, *arguments],
            cwd=self._root,
            environment=self._environment,
            timeout_s=1800,
        )
        assert ended.exit_code == 0, ended.stderr
        return ended.stdout
