"""How many instances, how they are replaced, scaled and watched: values against each other."""

from collections.abc import Iterator, Mapping

from pipeline.configuration.loaded import Loaded
from pipeline.configuration.surrounding_sections import ScheduledScaling
from pipeline.core.errors import ConfigProblem
from pipeline.core.head import Strategy
from pipeline.core.surroundings import tells_vcpus

# Terraform provider 5.100: how long it waits for an endpoint
_PROVIDER_WAITS_S = 3600
_LEAST_STEP: Mapping[Strategy, int] = {Strategy.CANARY: 1, Strategy.LINEAR: 10}
# API reference, CapacitySize: a share of the instances, so there must be two to have one of them
_LEAST_INSTANCES = 2
_ROLLBACK_ALARMS = "deployment.rollback_alarms."
_LAST_WAIT = "termination_wait_s"
# terraform/modules/endpoint: one minute is enough; terraform/modules/alarms: three of five
_ALARM_PERIOD_S = 60
_ASKS_AFTER_S = 180


def _counts(loaded: Loaded) -> Iterator[ConfigProblem]:
    deployment = loaded.settings.deployment
    low, high = deployment.minimum_instance_count, deployment.maximum_instance_count
    if low > high:
        allowed = f"must not be above maximum_instance_count, which is {high}"
        yield loaded.problem("deployment.minimum_instance_count", low, allowed)
    elif not low <= deployment.instance_count <= high:
        allowed = f"must lie between the minimum and the maximum instance count, {low} and {high}"
        yield loaded.problem("deployment.instance_count", deployment.instance_count, allowed)


def _steps(loaded: Loaded) -> Iterator[ConfigProblem]:
    deployment = loaded.settings.deployment
    strategy, step = deployment.strategy, deployment.step_percentage
    least = _LEAST_STEP.get(strategy)
    if least is None:
        if step is not None:
            allowed = "is only for the strategies canary and linear"
            yield loaded.problem("deployment.step_percentage", step, allowed)
    elif step is None:
        allowed = f"needs deployment.step_percentage from {least} to 50"
        yield loaded.problem("deployment.strategy", strategy, allowed)
    elif step < least:
        allowed = f"must be {least} to 50 for {strategy}"
        yield loaded.problem("deployment.step_percentage", step, allowed)


def _fleet_of_steps(loaded: Loaded) -> Iterator[ConfigProblem]:
    deployment = loaded.settings.deployment
    low = deployment.minimum_instance_count
    if deployment.strategy in _LEAST_STEP and low < _LEAST_INSTANCES:
        allowed = (
            f"must be {_LEAST_INSTANCES} or more for {deployment.strategy}, which moves a share "
            "of the instances"
        )
        yield loaded.problem("deployment.minimum_instance_count", low, allowed)


def _waits(loaded: Loaded) -> Iterator[ConfigProblem]:
    deployment = loaded.settings.deployment
    if deployment.strategy not in _LEAST_STEP and deployment.wait_interval_s:
        allowed = "is only for the strategies canary and linear"
        yield loaded.problem("deployment.wait_interval_s", deployment.wait_interval_s, allowed)
        return
    waits, limit = deployment.waits_s, deployment.maximum_execution_timeout_s
    if waits >= _PROVIDER_WAITS_S:
        allowed = f"makes all waits together {waits} s: Terraform waits less than an hour"
        yield loaded.problem("deployment.wait_interval_s", deployment.wait_interval_s, allowed)
    elif waits >= limit:
        allowed = f"must be longer than all waits together, which are {waits} s"
        yield loaded.problem("deployment.maximum_execution_timeout_s", limit, allowed)


def _watched(loaded: Loaded) -> Iterator[ConfigProblem]:
    """Refuse rollback alarms that can never ring: SageMaker looks at them while a move waits."""
    waits = loaded.settings.deployment.waits_s
    if waits == 0:
        for key, given in loaded.layer.items():
            if key.startswith(_ROLLBACK_ALARMS):
                allowed = (
                    "can never ring: a move without deployment.termination_wait_s (or "
                    f"wait_interval_s) of {_ALARM_PERIOD_S} s or more is over before; set one, or "
                    "leave it out"
                )
                yield loaded.problem(key, given.value, allowed)
    elif waits < _ALARM_PERIOD_S:
        key = "wait_interval_s" if loaded.settings.deployment.wait_interval_s else _LAST_WAIT
        allowed = (
            f"makes all waits together {waits} s, in which no rollback alarm can ring: they judge "
            f"whole minutes, so wait {_ALARM_PERIOD_S} s or more, or not at all"
        )
        value = getattr(loaded.settings.deployment, key)
        yield loaded.problem(f"deployment.{key}", value, allowed)


def _asking(loaded: Loaded) -> Iterator[ConfigProblem]:
    """Refuse a window that is closed before the alarm that asks for a rollback can ring."""
    window = loaded.settings.deployment.rollback_window_s
    if loaded.settings.monitoring.enabled and 0 < window < _ASKS_AFTER_S:
        allowed = (
            f"must be 0 (never) or {_ASKS_AFTER_S} or more with monitoring: its alarms need three "
            "bad minutes to ask for a rollback"
        )
        yield loaded.problem("deployment.rollback_window_s", window, allowed)


def _schedules(loaded: Loaded) -> Iterator[ConfigProblem]:
    names: set[str] = set()
    for number, each in enumerate(loaded.settings.autoscaling.scheduled):
        place = f"autoscaling.scheduled.{number}"
        if each.name in names:
            yield loaded.problem(f"{place}.name", each.name, "is the name of an earlier schedule")
        names.add(each.name)
        yield from _bounds(loaded, each, place)


def _bounds(loaded: Loaded, each: ScheduledScaling, place: str) -> Iterator[ConfigProblem]:
    deployment = loaded.settings.deployment
    low, high = deployment.minimum_instance_count, deployment.maximum_instance_count
    key, least = f"{place}.minimum_instance_count", each.minimum_instance_count
    if least > each.maximum_instance_count:
        allowed = f"must not be above its maximum, which is {each.maximum_instance_count}"
        yield loaded.problem(key, least, allowed)
        return
    allowed = f"must lie between the bounds of deployment, {low} and {high}"
    if least < low:
        yield loaded.problem(key, least, allowed)
    if each.maximum_instance_count > high:
        key = f"{place}.maximum_instance_count"
        yield loaded.problem(key, each.maximum_instance_count, allowed)


def _vcpus(loaded: Loaded) -> Iterator[ConfigProblem]:
    settings = loaded.settings
    steps = settings.autoscaling.step_scaling
    counts_cpu = settings.autoscaling.enabled and steps is not None and steps.metric == "cpu"
    if (settings.monitoring.enabled or counts_cpu) and not tells_vcpus(settings.instance_type):
        allowed = (
            "must be a type whose size tells its vCPUs (medium, large, 2xlarge, ...) for "
            "monitoring and for scaling by cpu"
        )
        yield loaded.problem("instance_type", settings.instance_type, allowed)


RULES = (_counts, _steps, _fleet_of_steps, _waits, _watched, _asking, _schedules, _vcpus)
