"""IAM: client ids of an OpenID Connect provider, and the name of a service-linked role.

Sources: "AddClientIDToOpenIDConnectProvider" and "RemoveClientIDFromOpenIDConnectProvider" pages of
the API reference (both are idempotent), and "Service-linked roles" in the Application Auto Scaling
user guide.
"""

from collections.abc import Callable
from typing import Any

from moto.core.responses import EmptyResult
from moto.iam.models import IAMBackend
from moto.iam.responses import IamResponse

from emulator.moto_patches.patching import add, wrap

# moto makes names up from the service's; these are not of that form.
_SERVICE_LINKED_ROLES = {
    "sagemaker.application-autoscaling.amazonaws.com": (
        "AWSServiceRoleForApplicationAutoScaling_SageMakerEndpoint"
    ),
}


def apply() -> None:
    add(IamResponse, "add_client_id_to_open_id_connect_provider", function=_add_client_id)
    add(IamResponse, "remove_client_id_from_open_id_connect_provider", function=_remove_client_id)
    wrap(IAMBackend, "create_role", by=_named_as_on_aws)


def _named_as_on_aws(original: Callable[..., Any]) -> Callable[..., Any]:
    def create_role(self: Any, role_name: str, *arguments: Any, **options: Any) -> Any:
        service = options.get("linked_service") or ""
        name = _SERVICE_LINKED_ROLES.get(service, role_name)
        return original(self, name, *arguments, **options)

    return create_role


def _add_client_id(self: Any) -> Any:
    client_ids, client_id = _client_ids(self), self._get_param("ClientID")
    if client_id not in client_ids:
        client_ids.append(client_id)
    return EmptyResult()


def _remove_client_id(self: Any) -> Any:
    client_ids, client_id = _client_ids(self), self._get_param("ClientID")
    if client_id in client_ids:
        client_ids.remove(client_id)
    return EmptyResult()


def _client_ids(response: Any) -> list[str]:
    arn = response._get_param("OpenIDConnectProviderArn")
    client_ids: list[str] = response.backend.get_open_id_connect_provider(arn).client_id_list
    return client_ids
