"""Puts Application Auto Scaling into this process: moto answers with it, alarms ask it to scale."""

from collections.abc import Callable

from emulator.autoscaling.asking import asking
from emulator.autoscaling.idle import IdleVariants
from emulator.autoscaling.scaler import Scaler, Settings
from emulator.autoscaling.service import ApplicationAutoScaling
from emulator.cloud import Cloud
from emulator.messaging.schedules import CannotFire
from emulator.metrics.service import CloudWatch
from emulator.sagemaker.registry import now_s
from emulator.store import Store

Fire = Callable[[str], list[str]]


def autoscaling_of(
    cloud: Cloud, store: Store, cloudwatch: CloudWatch, *, strict: bool
) -> ApplicationAutoScaling:
    """Build it; its documents live in SageMaker's store, under the same lock and snapshot."""
    from emulator.moto_patches.appautoscaling import answer_with

    settings = Settings(account_id=cloud.account_id, time_scale=cloud.time_scale)
    scaler = Scaler(settings, store, cloudwatch, ask=asking(cloud), now=now_s)
    autoscaling = ApplicationAutoScaling(scaler, store, strict=strict)
    cloudwatch.actions.register("autoscaling", scaler.on_alarm)
    store.watch(scaler.endpoint_changed)
    answer_with(autoscaling)
    IdleVariants(store, cloudwatch.store).start()
    return autoscaling


def firing_all(schedules: Fire, scheduled_actions: Fire) -> Fire:
    """Let one name fire schedules and scheduled actions; CannotFire when it is neither's."""

    def fire(name: str) -> list[str]:
        fired = scheduled_actions(name)
        try:
            return [*fired, *schedules(name)]
        except CannotFire:
            if not fired:
                raise
            return fired

    return fire
