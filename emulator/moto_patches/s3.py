"""S3: conditional writes, bucket policies on loopback, deleting versions, logging, notifications.

Sources: "Conditional requests", "aws:SecureTransport" and "Permissions for log delivery" in the S3
user guide, and the GetBucketNotificationConfiguration page of the API reference.
"""

import json
from collections.abc import Callable, Mapping
from fnmatch import fnmatchcase
from typing import Any
from xml.etree import ElementTree

from moto.s3.exceptions import MissingKey, PreconditionFailed, S3AccessDeniedError
from moto.s3.models import FakeBucket, FakeDeleteMarker, S3Backend
from moto.s3.responses import S3Response

from emulator.moto_patches.patching import add, existing, wrap


def apply() -> None:
    wrap(S3Response, "_key_response_post", by=_completed_on_condition)
    wrap(S3Response, "copy_object", by=_copied_on_condition)
    wrap(FakeBucket, "get_permission", by=_loopback_permission)
    wrap(S3Response, "_key_response", by=_denied_with_its_code)
    wrap(S3Response, "get_bucket_notification", by=_with_event_bridge)
    existing(FakeBucket, "_log_permissions_enabled_policy")
    FakeBucket._log_permissions_enabled_policy = staticmethod(_lets_logs_in)
    add(FakeDeleteMarker, "dispose", function=_nothing_to_dispose)
    wrap(S3Backend, "delete_bucket", by=_with_its_tags)


def _completed_on_condition(original: Callable[..., Any]) -> Callable[..., Any]:
    """moto knows If-None-Match here, but not If-Match."""

    def key_response_post(
        self: Any, request: Any, body: bytes, bucket_name: str, query: Any, key_name: str
    ) -> Any:
        upload = (query.get("uploadId") or [None])[0]
        wanted = self.headers.get("If-Match")
        there = self.backend.get_object(bucket_name, key_name) if upload and wanted else None
        # Completing twice is completing once, and after the first time the ETag is another.
        again = there is not None and there.multipart and there.multipart.id == upload
        if upload and wanted and not again:
            _require_match(there, wanted)
        return original(self, request, body, bucket_name, query, key_name)

    return key_response_post


def _copied_on_condition(original: Callable[..., Any]) -> Callable[..., Any]:
    """moto knows only the conditions on the source."""

    def copy_object(self: Any) -> Any:
        there = self.backend.get_object(self.bucket_name, self.parse_key_name())
        wanted = self.headers.get("If-Match")
        if wanted:
            _require_match(there, wanted)
        if self.headers.get("If-None-Match") == "*" and there is not None:
            condition = "If-None-Match"
            raise PreconditionFailed(condition)
        return original(self)

    return copy_object


def _require_match(there: Any, wanted: str) -> None:
    if there is None:
        raise MissingKey
    if there.etag.strip('"') != wanted.strip('"'):
        condition = "If-Match"
        raise PreconditionFailed(condition)


def _loopback_permission(original: Callable[..., Any]) -> Callable[..., Any]:
    """moto ignores conditions and most principals, so a Deny meant for few denied all."""

    def get_permission(self: Any, action: str, resource: str) -> Any:
        policy = self.policy
        if policy is None:
            return original(self, action, resource)
        document = json.loads(policy)
        statements = document["Statement"]
        if isinstance(statements, Mapping):
            statements = [statements]
        document["Statement"] = [item for item in statements if _applies_to_everyone(item)]
        return _permission(document, action, resource=resource)

    return get_permission


def _permission(document: Mapping[str, Any], action: str, *, resource: str) -> Any:
    from moto.iam.access_control import IAMPolicy

    return IAMPolicy(json.dumps(document)).is_action_permitted(action, resource)


def _applies_to_everyone(statement: Mapping[str, Any]) -> bool:
    """Conditions are not evaluated: loopback counts as secure transport, the rest as not met."""
    principal = statement.get("Principal")
    if isinstance(principal, Mapping):
        principal = principal.get("AWS")
    return "Condition" not in statement and principal in (None, "*", ["*"])


def _lets_logs_in(target_bucket: Any, target_prefix: str | None) -> bool:
    """moto falls over a principal that is "*", and knows neither prefixes nor lists."""
    statements = json.loads(target_bucket.policy or b'{"Statement": []}')["Statement"]
    place = f"arn:{target_bucket.partition}:s3:::{target_bucket.name}/{target_prefix or ''}log"
    return any(
        item["Effect"] == "Allow"
        and isinstance(item["Principal"], Mapping)
        and "logging.s3.amazonaws.com" in _listed(item["Principal"].get("Service", []))
        and any(fnmatchcase("s3:PutObject", each) for each in _listed(item["Action"]))
        and any(fnmatchcase(place, each) for each in _listed(item["Resource"]))
        for item in statements
    )


def _listed(value: str | list[str]) -> list[str]:
    return [value] if isinstance(value, str) else value


def _denied_with_its_code(original: Callable[..., Any]) -> Callable[..., Any]:
    """moto denies with an empty body, which a client reads as code 403 instead of AccessDenied."""

    def key_response(self: Any, request: Any, *arguments: Any) -> Any:
        answer = original(self, request, *arguments)
        denied = answer == (403, {}, "")
        if denied and request.method not in ("HEAD", "OPTIONS"):
            raise S3AccessDeniedError
        return answer

    return key_response


def _nothing_to_dispose(_self: Any) -> None:
    """moto disposes of every version when the last one of a key goes, but forgot delete markers."""


def _with_its_tags(original: Callable[..., Any]) -> Callable[..., Any]:
    """moto keeps them for the next bucket of that name, whose plan is then never empty."""

    def delete_bucket(self: Any, bucket_name: str) -> Any:
        deleted = original(self, bucket_name)
        if deleted is not None:
            self.tagger.delete_all_tags_for_resource(deleted.arn)
        return deleted

    return delete_bucket


def _with_event_bridge(original: Callable[..., Any]) -> Callable[..., Any]:
    """moto keeps EventBridgeConfiguration but does not answer it."""

    def get_bucket_notification(self: Any) -> Any:
        kept = self.backend.get_bucket_notification_configuration(self.bucket_name)
        answer = original(self)
        if not kept or kept.event_bridge is None:
            return answer
        status, headers, body = answer
        root = ElementTree.fromstring(body)
        namespace = root.tag[1:].partition("}")[0]
        ElementTree.SubElement(root, f"{{{namespace}}}EventBridgeConfiguration")
        text = ElementTree.tostring(root, encoding="unicode", default_namespace=namespace)
        return status, headers, text

    return get_bucket_notification
