"""SageMaker's endpoints and CloudWatch's alarms: what they hold, allow, refuse and decide.

Sources: SageMaker API reference (CreateEndpoint, UpdateEndpoint, DeleteEndpoint,
DeleteEndpointConfig, DescribeEndpoint) and developer guide (deployment guardrails), as far as the
embedded AWS follows them too (emulator/README.md); tests/gateways/test_contracts.py holds both
together. What SageMaker may decide either way is for the chooser.
"""

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field, replace
from datetime import datetime, timedelta
from enum import StrEnum
from typing import TypedDict

from pipeline.core.head import DeploymentConfig
from pipeline.core.outcomes import EndpointStatus
from tests.fakes.clock import Clock

# Attributes by their paths in Terraform's plans; never changed once made.
Attributes = Mapping[str, str]

MODEL_OF_CONFIG = "production_variants[0].model_name"
COUNT_OF_CONFIG = "production_variants[0].initial_instance_count"
ARTIFACT_OF_MODEL = "primary_container[0].model_data_url"

_TAKES_S = 300.0
_DELETING_S = 30.0
_NEVER_S = 3 * 24 * 3600.0
UNHEALTHY = (
    "The primary container for production variant primary did not pass the ping health check."
)


class Refused(Exception):
    """AWS refuses the call: ValidationException with this text."""


class Ending(StrEnum):
    """How SageMaker ends what it was asked to do."""

    MOVES = "moves"
    GOES_BACK = "goes back"
    FAILS = "fails"
    GOES_BACK_AND_FAILS = "goes back and fails"
    NEVER = "never ends"


@dataclass(frozen=True, kw_only=True)
class Outcome:
    """SageMaker's choice. `is_seen`: whoever waits sees RollingBack on the way.

    `deployment_is_new`: LastDeploymentConfig is that of the update that was given up.
    """

    ending: Ending
    reason: str | None = None
    is_seen: bool = False
    deployment_is_new: bool = False


MOVES = Outcome(ending=Ending.MOVES)


@dataclass(frozen=True, kw_only=True)
class HostedEndpoint:
    """One endpoint as DescribeEndpoint shows it, and what will become of it at `ready_at`."""

    name: str
    status: EndpointStatus
    config: str
    desired_count: int
    deployment: DeploymentConfig | None
    pending: str | None = None
    pending_deployment: DeploymentConfig | None = None
    failure_reason: str | None = None
    outcome: Outcome | None = None
    ready_at: datetime | None = None

    @property
    def serves(self) -> str | None:
        """The config whose fleet takes the requests; None where no fleet does."""
        if self.status in (
            EndpointStatus.CREATING,
            EndpointStatus.DELETING,
            EndpointStatus.FAILED,
        ):
            return None
        return self.pending if self.bakes else self.config

    @property
    def bakes(self) -> bool:
        """Tell whether all traffic is on the new fleet while the alarms of the move are watched."""
        shift = self.pending_deployment
        return (
            shift is not None
            and shift.termination_wait_s > 0
            and self.outcome is not None
            and self.outcome.ending is Ending.MOVES
        )


@dataclass(frozen=True, kw_only=True)
class Asked:
    """A Create- or UpdateEndpoint that SageMaker took."""

    endpoint: str
    config: str
    deployment: DeploymentConfig | None
    creates: bool


class Behaviour(StrEnum):
    """What the container of an artifact does."""

    GOOD = "good"
    DOES_NOT_START = "does not start"
    RINGS = "rings"
    FAILS = "fails"
    WRONG = "wrong"
    CANNOT_BE_MADE = "cannot be made"


class _Chosen(TypedDict):
    outcome: Outcome
    ready_at: datetime


Chooser = Callable[["FakeCloud", Asked], Outcome]


def nobody_looks(*_: object) -> None:
    """Stand for a watcher."""


@dataclass(kw_only=True)
class FakeCloud:
    """Everything that lies in one account and region. Values are never changed, only replaced."""

    clock: Clock
    endpoints: dict[str, HostedEndpoint] = field(default_factory=dict)
    models: dict[str, Attributes] = field(default_factory=dict)
    configs: dict[str, Attributes] = field(default_factory=dict)
    alarms: dict[str, Attributes] = field(default_factory=dict)
    tags_of_endpoints: dict[str, Attributes] = field(default_factory=dict)
    ringing: frozenset[str] = frozenset()
    behaviours: dict[str, Behaviour] = field(default_factory=dict)  # by artifact URI
    figures: dict[str, float] = field(default_factory=dict)  # the last of each metric
    put_events: list[dict[str, str]] = field(default_factory=list)
    unanswered: tuple[int, ...] = ()  # HTTP statuses of the next calls of an endpoint
    forced: Outcome | None = None  # SageMaker's next choice
    choose: Chooser = field(default=lambda cloud, asked: by_the_container(cloud, asked))
    on_asked: Callable[[Asked], None] = field(default=nobody_looks)
    on_chosen: Callable[[Asked, Outcome], None] = field(default=nobody_looks)
    on_deleted: Callable[[str, str], None] = field(default=nobody_looks)
    on_vetoed: Callable[[str], None] = field(default=nobody_looks)

    def put_again(self, earlier: "FakeCloud") -> None:
        """Have again every model, config and alarm that was there earlier."""
        self.models = {**earlier.models, **self.models}
        self.configs = {**earlier.configs, **self.configs}
        self.alarms = {**earlier.alarms, **self.alarms}

    def copy(self, clock: Clock) -> "FakeCloud":
        return replace(
            self,
            clock=clock,
            endpoints=dict(self.endpoints),
            models=dict(self.models),
            configs=dict(self.configs),
            alarms=dict(self.alarms),
            tags_of_endpoints=dict(self.tags_of_endpoints),
            behaviours=dict(self.behaviours),
            figures=dict(self.figures),
            put_events=list(self.put_events),
        )

    # What is there

    def endpoint(self, name: str) -> HostedEndpoint | None:
        """Return the endpoint as it is now."""
        found = self.endpoints.get(name)
        if found is None or found.ready_at is None or self.clock.now() < found.ready_at:
            return found
        if found.status is EndpointStatus.DELETING:
            del self.endpoints[name]
            return None
        return self._ended(found)

    def artifact_of(self, config: str) -> str | None:
        model = self.configs.get(config, {}).get(MODEL_OF_CONFIG, "")
        return self.models.get(model, {}).get(ARTIFACT_OF_MODEL)

    def behaviour_of(self, config: str) -> Behaviour:
        return self.behaviours.get(self.artifact_of(config) or "", Behaviour.GOOD)

    # What is asked of it

    def create_model(self, name: str, attributes: Attributes) -> None:
        if name in self.models:
            message = f'Cannot create already existing model "{name}".'
            raise Refused(message)
        artifact = attributes.get(ARTIFACT_OF_MODEL, "")
        if self.behaviours.get(artifact) is Behaviour.CANNOT_BE_MADE:
            message = f"Could not access model data at {artifact}."
            raise Refused(message)
        self.models[name] = attributes

    def create_config(self, name: str, attributes: Attributes) -> None:
        if name in self.configs:
            message = f'Cannot create already existing endpoint configuration "{name}".'
            raise Refused(message)
        if attributes[MODEL_OF_CONFIG] not in self.models:
            message = f'Could not find model "{attributes[MODEL_OF_CONFIG]}".'
            raise Refused(message)
        self.configs[name] = attributes

    def put_alarm(self, name: str, attributes: Attributes) -> None:
        self.alarms[name] = attributes

    def delete_model(self, name: str) -> None:
        if name not in self.models:
            message = f'Could not find model "{name}".'
            raise Refused(message)
        self.on_deleted("model", name)
        del self.models[name]

    def delete_config(self, name: str) -> None:
        """AWS lets the config of an endpoint be deleted while it serves."""
        if name not in self.configs:
            message = f'Could not find endpoint configuration "{name}".'
            raise Refused(message)
        self.on_deleted("config", name)
        del self.configs[name]

    def veto(self, config: str) -> None:
        """Take a metric for which the config's own alarm rings, and shift back from what bakes.

        Without the alarm, or after the bake, the metric is read by nobody.
        """
        alarm = f"{config}-tests"
        for name in list(self.endpoints):
            found = self.endpoint(name)
            if found is None or not found.bakes or found.pending != config:
                continue
            assert found.pending_deployment is not None
            if alarm in self.alarms and alarm in found.pending_deployment.alarm_names:
                back = replace(
                    found, outcome=Outcome(ending=Ending.GOES_BACK), ready_at=self.clock.now()
                )
                self.endpoints[name] = back
                self.on_vetoed(config)

    def delete_alarm(self, name: str) -> None:
        self.on_deleted("alarm", name)
        self.alarms.pop(name, None)

    def create_endpoint(self, name: str, config: str, deployment: DeploymentConfig | None) -> None:
        if self.endpoint(name) is not None:
            message = f'Cannot create already existing endpoint "{name}".'
            raise Refused(message)
        self._require_config(config)
        asked = Asked(endpoint=name, config=config, deployment=deployment, creates=True)
        self.endpoints[name] = HostedEndpoint(
            name=name,
            status=EndpointStatus.CREATING,
            config=config,
            desired_count=int(self.configs[config][COUNT_OF_CONFIG]),
            deployment=deployment,
            **self._chosen(asked),
        )
        self.on_asked(asked)

    def update_endpoint(self, name: str, config: str, deployment: DeploymentConfig | None) -> None:
        found = self.endpoint(name)
        if found is None:
            message = f'Could not find endpoint "{name}".'
            raise Refused(message)
        if found.status is EndpointStatus.FAILED:
            message = f'Cannot update endpoint "{name}" in status Failed.'
            raise Refused(message)
        if found.ready_at is not None:
            message = f'Cannot update in-progress endpoint "{name}".'
            raise Refused(message)
        self._require_config(found.config)
        self._require_config(config)
        asked = Asked(endpoint=name, config=config, deployment=deployment, creates=False)
        self.endpoints[name] = replace(
            found,
            status=EndpointStatus.UPDATING,
            pending=config,
            pending_deployment=deployment,
            failure_reason=None,
            **self._chosen(asked),
        )
        self.on_asked(asked)

    def delete_endpoint(self, name: str) -> None:
        found = self.endpoint(name)
        if found is None:
            message = f'Could not find endpoint "{name}".'
            raise Refused(message)
        if found.ready_at is not None:
            message = f'Cannot update in-progress endpoint "{name}".'
            raise Refused(message)
        self.on_deleted("endpoint", name)
        self.endpoints[name] = replace(
            found,
            status=EndpointStatus.DELETING,
            ready_at=self.clock.now() + timedelta(seconds=_DELETING_S),
        )

    def _require_config(self, config: str) -> None:
        if config not in self.configs:
            message = f'Could not find endpoint configuration "{config}".'
            raise Refused(message)

    # What becomes of it

    def _chosen(self, asked: Asked) -> _Chosen:
        outcome = self.forced or self.choose(self, asked)
        self.forced = None
        self.on_chosen(asked, outcome)
        takes_s = _NEVER_S if outcome.ending is Ending.NEVER else _TAKES_S
        return {"outcome": outcome, "ready_at": self.clock.now() + timedelta(seconds=takes_s)}

    def _ended(self, found: HostedEndpoint) -> HostedEndpoint:
        assert found.outcome is not None
        ended = _as_created if found.status is EndpointStatus.CREATING else _as_updated
        settled = ended(self, found, found.outcome)
        settled = replace(
            settled, pending=None, pending_deployment=None, outcome=None, ready_at=None
        )
        self.endpoints[found.name] = settled
        return settled


def _as_created(cloud: FakeCloud, found: HostedEndpoint, outcome: Outcome) -> HostedEndpoint:
    del cloud
    if outcome.ending in (Ending.MOVES, Ending.NEVER):
        return replace(found, status=EndpointStatus.IN_SERVICE)
    return replace(found, status=EndpointStatus.FAILED, failure_reason=outcome.reason or UNHEALTHY)


def _as_updated(cloud: FakeCloud, found: HostedEndpoint, outcome: Outcome) -> HostedEndpoint:
    if outcome.ending in (Ending.MOVES, Ending.NEVER):
        assert found.pending is not None
        config = cloud.configs.get(found.pending, {COUNT_OF_CONFIG: "1"})
        return replace(
            found,
            status=EndpointStatus.IN_SERVICE,
            config=found.pending,
            desired_count=int(config[COUNT_OF_CONFIG]),
            deployment=found.pending_deployment,
        )
    deployment = found.pending_deployment if outcome.deployment_is_new else found.deployment
    status = {
        Ending.GOES_BACK: EndpointStatus.IN_SERVICE,
        Ending.FAILS: EndpointStatus.FAILED,
        Ending.GOES_BACK_AND_FAILS: EndpointStatus.UPDATE_ROLLBACK_FAILED,
    }[outcome.ending]
    return replace(found, status=status, failure_reason=outcome.reason, deployment=deployment)


def by_the_container(cloud: FakeCloud, asked: Asked) -> Outcome:
    """Choose by what the container does and by the alarms that watch the move."""
    behaviour = cloud.behaviour_of(asked.config)
    if behaviour is Behaviour.DOES_NOT_START:
        return Outcome(ending=Ending.FAILS if asked.creates else Ending.GOES_BACK, reason=UNHEALTHY)
    watching = asked.deployment.alarm_names if asked.deployment else ()
    own = [each for each in watching if each.startswith(f"{asked.config}-")]
    rings = bool(cloud.ringing & set(watching)) or (behaviour is Behaviour.RINGS and bool(own))
    if rings and not asked.creates:
        return Outcome(ending=Ending.GOES_BACK)
    return MOVES
