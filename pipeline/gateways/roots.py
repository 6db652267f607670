"""One root module with the state of one endpoint: variables in, a saved plan out, then that plan.

What Terraform says is read here; what it means for the endpoint is for the steps to decide.
"""

import hashlib
import logging
from collections.abc import Callable, Sequence
from pathlib import Path

from pipeline.core import plan
from pipeline.core.errors import LeaseHeld
from pipeline.core.state_lock import StateLock
from pipeline.gateways.beside import beside
from pipeline.gateways.ports import Applied, Meanwhile, SavedPlan
from pipeline.gateways.terraform import Terraform
from pipeline.gateways.terraform_words import error_text, failure

logger = logging.getLogger(__name__)


class TerraformRoot:
    """Connects at the first use: a command that plans nothing starts no Terraform."""

    def __init__(
        self,
        name: str,
        connect: Callable[[], Terraform],
        *,
        work_dir: Path,
        output_dir: Path,
        var_files: Sequence[Path] = (),
    ) -> None:
        self.name = name
        self._var_files = var_files
        self._connect = connect
        self._work_dir = work_dir
        self._output_dir = output_dir

    @property
    def _terraform(self) -> Terraform:
        return self._connect()

    def plan(self, variables: str, *, refresh: bool = True, lock: bool = True) -> SavedPlan:
        """Plan these variables into a file. Raises LeaseHeld where the state is locked.

        Without `lock` the state is read and nothing is written, locked or not.
        """
        var_file = self._written(variables)
        out = self._work_dir / f"{self.name}.tfplan"
        var_files = [*self._var_files, var_file]
        self._terraform.plan(var_files=var_files, out=out, refresh=refresh, lock=lock)
        return self._logged(self.saved(out, variables))

    def plan_destroy(self, variables: str, *, targets: Sequence[str] = ()) -> SavedPlan:
        """Plan to destroy what the state holds, or these addresses of it. Raises LeaseHeld."""
        # Several endpoints of one environment are planned before any of it is applied.
        name = f"{self.name}-destroy-{hashlib.sha256(variables.encode()).hexdigest()[:12]}"
        var_file = self._work_dir / f"{name}.tfvars.json"
        var_file.write_text(variables, encoding="utf-8")
        out = self._work_dir / f"{name}.tfplan"
        self._terraform.plan_destroy(
            var_files=[*self._var_files, var_file], out=out, targets=targets
        )
        return self._logged(self.saved(out, variables))

    def apply(self, saved: SavedPlan, *, meanwhile: Meanwhile | None = None) -> Applied:
        """Apply exactly this plan. Raises LeaseHeld where Terraform has not begun."""
        with beside(meanwhile):
            applied = self._terraform.apply(saved.file)
        if applied.exit_code:
            problem = failure("apply", self.name, applied)
            if isinstance(problem, LeaseHeld):
                raise problem
        return Applied(
            exit_code=applied.exit_code,
            said=error_text(applied) if applied.exit_code else "",
            was_killed=applied.exit_code < 0,
        )

    def saved(self, file: Path, variables: str) -> SavedPlan:
        """Return a plan that was saved earlier, read anew from its file."""
        summary = plan.summarize(self._terraform.show(file))
        return SavedPlan(file=file, summary=summary, variables=variables)

    def addresses(self) -> frozenset[str]:
        return self._terraform.addresses()

    def taint(self, address: str) -> None:
        self._terraform.taint(address)

    def untaint(self, address: str) -> None:
        self._terraform.untaint(address)

    def state_lock(self) -> StateLock | None:
        """Return who holds the state, if anybody does."""
        return self._terraform.state_lock()

    def force_unlock(self, lock_id: str) -> None:
        self._terraform.force_unlock(lock_id)

    def _written(self, variables: str) -> Path:
        """Write the variables where Terraform reads them, and where a person can."""
        name = "release" if self.name == "serving" else self.name
        (self._output_dir / f"{name}.tfvars.json").write_text(variables, encoding="utf-8")
        var_file = self._work_dir / f"{name}.tfvars.json"
        var_file.write_text(variables, encoding="utf-8")
        return var_file

    def _logged(self, saved: SavedPlan) -> SavedPlan:
        summary = saved.summary
        logger.info(
            "plan root=%s create=%d update=%d delete=%d replace=%d",
            self.name,
            summary.create,
            summary.update,
            summary.delete,
            summary.replace,
        )
        for change in summary.changes:
            logger.info("plan: %s", plan.in_words(change))
            logger.debug("plan %s %s", change.action.value, change.address)
        return saved
