"""Messages into SQS queues of this process, dead letters among them."""

import logging
from collections.abc import Mapping
from typing import Any

from emulator.messaging.deliveries import Undelivered

log = logging.getLogger(__name__)


def send_to_queue(queue_arn: str, body: str, **options: Any) -> None:
    """Put one message; Undelivered when there is no such queue. `options` are moto's."""
    from moto.core.exceptions import ServiceException
    from moto.sqs import sqs_backends

    _, _, _, region, account_id, name = queue_arn.split(":", 5)
    try:
        sqs_backends[account_id][region].send_message(name, body, **options)
    except ServiceException as error:
        text = f"{queue_arn} did not take the message: {error}"
        raise Undelivered(text, code="SQS", permanent=True) from error


def send_dead_letter(queue_arn: str, body: str, attributes: Mapping[str, str]) -> None:
    """Put what could not be delivered; a dead letter that is not taken either is logged."""
    named = {
        name: {"DataType": "String", "StringValue": value}
        for name, value in attributes.items()
        if value
    }
    try:
        send_to_queue(queue_arn, body, message_attributes=named)
    except Undelivered as error:
        log.warning("a dead letter is lost: %s", error)
