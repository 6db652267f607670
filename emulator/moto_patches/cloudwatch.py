"""CloudWatch: moto parses requests and writes answers, emulator/metrics is what answers.

moto's own metrics ignore namespaces and periods, and its alarms are never evaluated. Dashboards
and insight rules stay moto's.
"""

import functools
from collections.abc import Callable, Iterator, Mapping
from typing import Any

import botocore.session
from moto.cloudwatch.exceptions import CloudWatchException
from moto.cloudwatch.models import CloudWatchBackend
from moto.cloudwatch.responses import CloudWatchResponse
from moto.core.resource_tagging import TaggedResource
from moto.core.responses import ActionResult

from emulator.api.constraints import check_request
from emulator.api.errors import AwsError
from emulator.metrics.errors import CloudWatchError, validation_error
from emulator.metrics.service import CloudWatch
from emulator.moto_patches.patching import add, existing, wrap

_OURS = (
    "put_metric_data",
    "get_metric_data",
    "get_metric_statistics",
    "list_metrics",
    "put_metric_alarm",
    "describe_alarms",
    "describe_alarms_for_metric",
    "delete_alarms",
    "enable_alarm_actions",
    "disable_alarm_actions",
    "set_alarm_state",
)
_UNKNOWN_TO_MOTO = ("put_composite_alarm", "describe_alarm_history")
_SHARED = ("list_tags_for_resource", "tag_resource", "untag_resource")


# The patched classes belong to the process, so what answers for them does too.
_serving: list[CloudWatch] = []


def apply() -> None:
    for name in _OURS:
        existing(CloudWatchResponse, name)
        setattr(CloudWatchResponse, name, _answering(name))
    for name in _UNKNOWN_TO_MOTO:
        add(CloudWatchResponse, name, function=_answering(name))
    for name in _SHARED:
        shared = _sharing(name, original=existing(CloudWatchResponse, name))
        setattr(CloudWatchResponse, name, shared)
    wrap(CloudWatchBackend, "iter_tagged_resources", by=_with_alarms)


def answer_with(cloudwatch: CloudWatch) -> None:
    """Let this CloudWatch answer from now on."""
    _serving[:] = [cloudwatch]


def _answering(name: str) -> Callable[[Any], Any]:
    def answer(self: Any) -> ActionResult:
        _check(name, self._get_params())
        if not _serving:
            text = "no CloudWatch is serving"
            raise NotImplementedError(text)
        # The tagging API asks only backends that exist.
        _ = self.cloudwatch_backend
        try:
            return ActionResult(getattr(_serving[0], name)(self._get_params(), self.region))
        except CloudWatchError as error:
            raise CloudWatchException(error.code, error.message) from error

    return answer


def _check(name: str, params: Mapping[str, Any]) -> None:
    """Refuse what botocore's model of this action refuses."""
    try:
        check_request(params, _input_shape(name))
    except AwsError as error:
        refused = validation_error(str(error))
        raise CloudWatchException(refused.code, refused.message) from error


@functools.cache
def _input_shape(name: str) -> Any:
    model = botocore.session.Session().get_service_model("cloudwatch")
    operation = "".join(part.capitalize() for part in name.split("_"))
    return model.operation_model(operation).input_shape


def _sharing(name: str, *, original: Callable[..., Any]) -> Callable[[Any], Any]:
    """Alarms are ours, whatever else has an ARN is moto's."""
    answer = _answering(name)

    def shared(self: Any) -> Any:
        _check(name, self._get_params())
        return answer(self) if ":alarm:" in self._get_param("ResourceARN") else original(self)

    return shared


def _with_alarms(original: Callable[..., Any]) -> Callable[..., Any]:
    def iter_tagged_resources(self: Any) -> Iterator[TaggedResource]:
        yield from original(self)
        for cloudwatch in _serving:
            for document in cloudwatch.book.all(self.region_name):
                arn = document["AlarmArn"]
                tags = cloudwatch.book.tags(arn)
                yield TaggedResource(arn=arn, tags=tags, resource_type="cloudwatch:alarm")

    return iter_tagged_resources
