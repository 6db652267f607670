"""Puts CloudWatch into this process: moto answers with it, alarms publish through the cloud."""

import logging
import time
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from emulator.cloud import Cloud
from emulator.metrics.alarm_book import Transition
from emulator.metrics.endpoint_metrics import Utilisation, record_invocation
from emulator.metrics.messages import sns_message, sns_subject, state_change_event
from emulator.metrics.service import CloudWatch
from emulator.sagemaker.hosting import Hosting

if TYPE_CHECKING:
    from emulator.containers.runtime import Invocation

log = logging.getLogger(__name__)


@dataclass(frozen=True, kw_only=True)
class Monitoring:
    """CloudWatch and what feeds it; `cloudwatch` has `snapshot` and `restore`."""

    cloudwatch: CloudWatch
    utilisation: Utilisation

    def measured(self, invocation: "Invocation") -> None:
        record_invocation(self.cloudwatch.store, invocation, now=time.time())

    def start(self) -> None:
        self.cloudwatch.start()
        self.utilisation.start()

    def stop(self) -> None:
        self.utilisation.stop()
        self.cloudwatch.stop()


def monitoring_of(cloud: Cloud, hosting: Hosting) -> Monitoring:
    """Build it, and let moto answer with it; `start` is the caller's."""
    from emulator.moto_patches.cloudwatch import answer_with

    cloudwatch = CloudWatch(
        cloud.account_id,
        actions={"sns": lambda arn, transition: _publish(cloud, arn, transition=transition)},
        tell=lambda transition: _put_event(cloud, transition),
        time_scale=cloud.time_scale,
    )
    answer_with(cloudwatch)
    utilisation = Utilisation(cloudwatch.store, fleets=hosting.fleets, time_scale=cloud.time_scale)
    return Monitoring(cloudwatch=cloudwatch, utilisation=utilisation)


def _publish(cloud: Cloud, topic_arn: str, *, transition: Transition) -> None:
    cloud.client("sns", topic_arn.split(":")[3]).publish(
        TopicArn=topic_arn,
        Subject=sns_subject(transition),
        Message=sns_message(transition, account_id=cloud.account_id),
    )


def _put_event(cloud: Cloud, transition: Transition) -> None:
    """In-process: PutEvents is not for sources that begin with `aws.`."""
    from moto.events.models import events_backends

    backend: Any = events_backends[cloud.account_id][transition.region]
    backend.put_events([state_change_event(transition)])
