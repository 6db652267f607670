"""Puts delivery into this process: moto hands over to it, SageMaker's changes become events."""

import json
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from emulator.cloud import Cloud
from emulator.messaging.deliveries import Deliveries, Parcel, Retries
from emulator.messaging.event_targets import EventTargets
from emulator.messaging.functions import Functions
from emulator.messaging.sagemaker_events import SageMakerEvents
from emulator.messaging.schedules import Schedules
from emulator.messaging.subscriptions import Subscriptions
from emulator.store import Store

_NO_RETRIES = Retries(count=0, first_wait_s=0)


@dataclass(frozen=True, kw_only=True)
class Messaging:
    schedules: Schedules


def messaging_of(cloud: Cloud, store: Store) -> Messaging:
    """Build it, let moto deliver with it and the store tell it of changes."""
    from emulator.moto_patches import awslambda, events, sns

    deliveries = Deliveries(time_scale=cloud.time_scale)
    functions = Functions(cloud=cloud)
    targets = EventTargets(deliveries=deliveries, invoke=functions.invoke)
    awslambda.run_with(functions)
    events.deliver_with(targets)
    sns.deliver_with(
        Subscriptions(
            deliveries=deliveries, endpoint_url=cloud.endpoint_url, invoke=functions.invoke
        )
    )

    def put(region: str, event: Mapping[str, Any]) -> None:
        parcel = Parcel(
            label=f"{event['DetailType']} in {region}",
            send=lambda: _put_event(cloud.account_id, region, event=event),
            give_up=lambda _: None,
            retries=_NO_RETRIES,
        )
        deliveries.submit(parcel)

    store.watch(SageMakerEvents(store, put).changed)
    schedules = Schedules(cloud=cloud, deliveries=deliveries, targets=targets)
    return Messaging(schedules=schedules)


def _put_event(account_id: str, region: str, *, event: Mapping[str, Any]) -> None:
    """In-process: PutEvents is not for sources that begin with `aws.`."""
    from moto.events.models import events_backends

    backend: Any = events_backends[account_id][region]
    backend.put_events([{**event, "Detail": json.dumps(event["Detail"])}])
