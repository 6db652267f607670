"""The kinds of fault rules, as records. How they are written as JSON: fault_parsing."""

from dataclasses import dataclass
from typing import Literal

ApiFault = Literal["reset", "timeout_before", "lost_answer", "truncated"]
HostingFault = Literal["ping_fail", "launch_fail"]
ServingFault = Literal["error_share", "slow", "hang", "crash_after", "wrong_answers"]
RollbackReason = Literal["set", "empty"]
RollbackEnd = Literal["in_service", "failed"]
ShownDeployment = Literal["old", "new"]
TrainingFault = Literal["interrupt", "exit", "out_of_memory", "disk_full"]


@dataclass(frozen=True, kw_only=True)
class ErrorAnswer:
    code: str
    message: str
    status: int


@dataclass(frozen=True, kw_only=True)
class ApiRule:
    """`after` is how many matching calls still pass by before the rule acts.

    `latency_ms` is waited before the call has an effect.
    """

    service: str
    action: str
    times: int | None
    after: int
    latency_ms: float
    error: ErrorAnswer | None
    fault: ApiFault | None

    @property
    def kind(self) -> str:
        """What the journal calls it."""
        return self.fault or ("error" if self.error else "latency")


@dataclass(frozen=True, kw_only=True)
class HostingRule:
    endpoint_config: str
    fault: HostingFault
    times: int | None


@dataclass(frozen=True, kw_only=True)
class ServingRule:
    """`share` (0..1] of a fleet's requests is hit; `latency_ms` belongs to slow.

    `requests` belongs to crash_after: how many are answered before each crash.
    """

    endpoint_config: str
    fault: ServingFault
    times: int | None
    share: float = 1.0
    latency_ms: float = 0.0
    requests: int = 0


@dataclass(frozen=True, kw_only=True)
class TrainingRule:
    """`after_s` counts from the start of the containers; disk_full comes at the upload."""

    job: str
    fault: TrainingFault
    times: int | None
    after_s: float
    exit_code: int


@dataclass(frozen=True, kw_only=True)
class UpdateRule:
    """The endpoint stays Updating for `stay_s` before its update begins."""

    endpoint: str
    times: int | None
    stay_s: float


@dataclass(frozen=True, kw_only=True)
class RollbackMode:
    """How a rolled-back update looks: `ends` failed is the status UpdateRollbackFailed.

    `last_deployment_config` is which one DescribeEndpoint then shows: that of the deployment
    before, or that of the update that was rolled back.
    """

    reason: RollbackReason = "set"
    visible: bool = False
    ends: RollbackEnd = "in_service"
    last_deployment_config: ShownDeployment = "old"


CountedRule = ApiRule | HostingRule | TrainingRule | UpdateRule
Rule = CountedRule | ServingRule
