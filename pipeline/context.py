"""What every step needs: settings, gateways, and who runs this when. Made once, by the session."""

import logging
import time
from collections.abc import Callable, Iterator, Mapping
from contextlib import AbstractContextManager, contextmanager
from dataclasses import dataclass, field
from datetime import datetime
from functools import cached_property
from pathlib import Path

from pipeline.configuration.loading import PROJECT_ROOT
from pipeline.configuration.settings import Settings
from pipeline.core import naming
from pipeline.core.errors import LeaseHeld
from pipeline.core.foundation import Foundation
from pipeline.core.gate import GatePolicy
from pipeline.core.hosting_cost import PriceTable
from pipeline.core.requests import Request
from pipeline.core.state_lock import StateLock
from pipeline.gateways import leases, owners, provider_mirror
from pipeline.gateways.alarms import CloudWatch
from pipeline.gateways.aws import Cloud
from pipeline.gateways.events import EventBus
from pipeline.gateways.ledger import Ledger
from pipeline.gateways.ports import Alarms, Bus, EndpointCalls, HeldLease, Hosting, Objects, Root
from pipeline.gateways.roots import TerraformRoot
from pipeline.gateways.runtime import EndpointClient
from pipeline.gateways.sagemaker import SageMaker
from pipeline.gateways.state_bucket import find_lock
from pipeline.gateways.store import Store
from pipeline.gateways.terraform import Engine, Terraform, find_engine
from pipeline.recorder import Recorder

logger = logging.getLogger(__name__)

_LOCAL_POLL_S = 0.2
_POLL_S = 10.0
_LOCAL_HASTE = 10
_PRICES = PROJECT_ROOT / "pipeline" / "hosting_prices.json"


def hosting_prices() -> PriceTable:
    """Return the list prices that ship with the runner."""
    return PriceTable.from_json(_PRICES.read_bytes(), place=str(_PRICES))


@dataclass(frozen=True, kw_only=True)
class Context:
    """One run before it knows its environment's foundation.

    `work_dir` is private to this run and gone afterwards; `output_dir` is the user's. The programs
    that work in `work_dir` inherit `work_fd` (gateways/work_folders.py). `held` are the leases that
    the session gives back once it has told how the run ended. `out` writes a line to stdout
    and tells whether anybody reads it; `wants_json` says in which form, `has_screen`
    whether lines there may move. `verbose`: who waits for a job reads its log.
    """

    settings: Settings
    cloud: Cloud
    run_id: str
    git_sha: str
    work_dir: Path
    output_dir: Path
    recorder: Recorder
    now: Callable[[], datetime]
    force: bool = False
    endpoint_name: str | None = None
    request: Request | None = None
    confirm: Callable[[str], bool] = lambda _: False
    ask: Callable[[str], str | None] = lambda _: None
    break_lease: bool = False
    sleep: Callable[[float], None] = time.sleep
    held: list[HeldLease] = field(default_factory=list)
    work_fd: int | None = None
    out: Callable[[str], bool] = lambda _: True
    wants_json: bool = False
    has_screen: bool = False
    verbose: bool = False

    def paced(self, pause_s: float) -> float:
        """Return how long to wait on this AWS where the real one is to be asked each `pause_s`."""
        return pause_s / _LOCAL_HASTE if self.cloud.is_local else pause_s

    @cached_property
    def account(self) -> str:
        return self.cloud.account_id()

    @cached_property
    def who(self) -> str:
        return owners.whoami()

    @cached_property
    def state_bucket(self) -> str:
        return naming.state_bucket_name(
            self.settings.project, account=self.account, region=self.cloud.region
        )

    @property
    def gate_policy(self) -> GatePolicy:
        """What the gate asks in this run; a retraining that somebody asked for has its own rule."""
        settings = self.settings
        return settings.gate_policy if self.request is None else settings.retraining_policy

    @property
    def endpoint(self) -> str:
        """The endpoint of this run: the environment's own, unless another one was named."""
        return self.endpoint_name or self.own_endpoint

    @property
    def own_endpoint(self) -> str:
        """The endpoint that the configuration is for."""
        return naming.endpoint_name(self.settings.endpoint_prefix, self.settings.environment)

    @property
    def package_group(self) -> str:
        return naming.model_package_group_name(
            self.settings.project,
            self.settings.environment,
            model_name_prefix=self.settings.model_name_prefix,
        )

    @property
    def sagemaker(self) -> SageMaker:
        return SageMaker(self.cloud, poll_s=_LOCAL_POLL_S if self.cloud.is_local else _POLL_S)

    @cached_property
    def tags(self) -> Mapping[str, str]:
        """The four tags that everything made for this model carries."""
        return {
            "mlops:environment": self.settings.environment,
            "mlops:managed-by": "mlops-pipeline",
            "mlops:model": self.settings.model_name_prefix,
            "mlops:project": self.settings.project,
        }

    @property
    def home(self) -> Path:
        return Path(self.cloud.inherited.get("HOME") or Path.home())

    @cached_property
    def _terraform_environment(self) -> dict[str, str]:
        mirror = provider_mirror.cli_environment(
            self.cloud.inherited, home=self.home, folder=self.work_dir
        )
        return self.cloud.environment() | mirror

    @cached_property
    def engine(self) -> Engine:
        engine = find_engine(
            search_path=self.cloud.inherited.get("PATH"), environment=self._terraform_environment
        )
        logger.info("terraform version=%s program=%s", engine.version, " ".join(engine.argv))
        return engine

    def terraform(self, root: str, *, state_key: str | None) -> Terraform:
        """Return a root module, connected to its state once per run; without any for None."""
        if (root, state_key) not in self._connected:
            self._connected[root, state_key] = self._connect(root, state_key)
        return self._connected[root, state_key]

    @cached_property
    def _connected(self) -> dict[tuple[str, str | None], Terraform]:
        return {}

    @contextmanager
    def connecting(self, root: str, *, state_key: str) -> Iterator[None]:
        """Let a root be connected beside what the block does: `terraform` waits for it.

        Where that fails, `terraform` connects it again, and says what is wrong.
        """
        terraform = self._unconnected(root, state_key)
        logger.info("terraform init root=%s", root)
        with terraform.init_beside(self._backend_config(state_key)) as is_well:
            self._begun[root, state_key] = lambda: terraform if is_well() else None
            yield

    @cached_property
    def _begun(self) -> dict[tuple[str, str | None], Callable[[], Terraform | None]]:
        return {}

    def _connect(self, root: str, state_key: str | None) -> Terraform:
        wait_for_begun = self._begun.pop((root, state_key), lambda: None)
        with self.recorder.progress(f"terraform init of {root}"):
            begun = wait_for_begun()
            if begun is not None:
                return begun
            logger.info("terraform init root=%s", root)
            terraform = self._unconnected(root, state_key)
            terraform.init(self._backend_config(state_key) if state_key else None)
        return terraform

    def _unconnected(self, root: str, state_key: str | None) -> Terraform:
        return Terraform(
            self.engine,
            PROJECT_ROOT / "terraform" / root,
            data_dir=self.work_dir / f"terraform-{(state_key or root).replace('/', '-')}",
            environment=self._terraform_environment,
            on_line=lambda line: logger.debug("terraform: %s", line),
            find_lock=lambda: self._find_lock(state_key),
            keep_open=() if self.work_fd is None else (self.work_fd,),
        )

    def _find_lock(self, state_key: str | None) -> StateLock | None:
        return find_lock(self.cloud, self.state_bucket, state_key) if state_key else None

    def _backend_config(self, key: str) -> dict[str, str]:
        config = {"bucket": self.state_bucket, "key": key, "region": self.cloud.region}
        return config | ({"use_path_style": "true"} if self.cloud.is_local else {"encrypt": "true"})


@dataclass(frozen=True, kw_only=True)
class Workspace:
    """A run in its environment: the context, what the foundation offers, and the gateways to it.

    `serving` and `surroundings` are Terraform's roots of this endpoint.
    """

    context: Context
    foundation: Foundation
    store: Objects
    hosting: Hosting
    alarms: Alarms
    bus: Bus
    calls: EndpointCalls
    serving: Root
    surroundings: Root
    take_lease: Callable[[int], HeldLease]

    @cached_property
    def ledger(self) -> Ledger:
        return Ledger(self.store, self.context.endpoint)

    def connecting(self) -> AbstractContextManager[None]:
        """Let Terraform connect the endpoint's root beside what the block does."""
        key = naming.serving_state_key(self.settings.environment, self.context.endpoint)
        return self.context.connecting("serving", state_key=key)

    @property
    def tags(self) -> dict[str, str]:
        """The tags of everything that a run makes: the environment's, then the model's."""
        return {**self.foundation.tags, **self.context.tags}

    @property
    def settings(self) -> Settings:
        return self.context.settings

    @property
    def sagemaker(self) -> SageMaker:
        return self.context.sagemaker


def workspace_of(context: Context, foundation: Foundation) -> Workspace:
    """Wire a run to its environment; nothing is asked of AWS before a step does."""
    store = Store(context.cloud, foundation.bucket, kms_key_arn=foundation.kms_key_arn)
    return Workspace(
        context=context,
        foundation=foundation,
        store=store,
        hosting=context.sagemaker,
        alarms=CloudWatch(context.cloud),
        bus=EventBus(context.cloud),
        calls=EndpointClient(
            context.cloud, context.endpoint, connections=context.settings.testing.concurrency
        ),
        serving=_root(context, "serving", naming.serving_state_key),
        surroundings=_root(context, "surroundings", naming.surroundings_state_key),
        take_lease=lambda after: _take_lease(context, store, after),
    )


def _root(context: Context, name: str, key_of: Callable[[str, str], str]) -> TerraformRoot:
    key = key_of(context.settings.environment, context.endpoint)
    return TerraformRoot(
        name,
        lambda: context.terraform(name, state_key=key),
        work_dir=context.work_dir,
        output_dir=context.output_dir,
    )


def _take_lease(context: Context, store: Objects, after: int) -> HeldLease:
    """Take the lease of this endpoint for this run; the session gives it back at the very end."""
    owner = owners.this_process(context.run_id, work_dir=str(context.work_dir))
    try:
        holding = leases.take(store, context.endpoint, owner, after=after)
    except LeaseHeld as held:
        if not context.break_lease or not context.confirm(f"{held.message} Take it over?"):
            raise
        holding = leases.take(store, context.endpoint, owner, after=after, break_held=True)
    context.held.append(holding)
    return holding
