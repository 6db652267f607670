"""Asks SageMaker for more or fewer instances, through the same door as everybody else."""

from botocore.exceptions import BotoCoreError, ClientError

from emulator.autoscaling.resources import Variant
from emulator.autoscaling.scaler import Ask, Refused
from emulator.cloud import Cloud


def asking(cloud: Cloud) -> Ask:
    """Return what asks over HTTP, so that fault rules and the journal see it."""

    def ask(region: str, variant: Variant, count: int) -> None:
        wanted = {"VariantName": variant.name, "DesiredInstanceCount": count}
        try:
            cloud.client("sagemaker", region).update_endpoint_weights_and_capacities(
                EndpointName=variant.endpoint_name, DesiredWeightsAndCapacities=[wanted]
            )
        except (ClientError, BotoCoreError) as error:
            raise Refused(_reason(error)) from error

    return ask


def _reason(error: ClientError | BotoCoreError) -> str:
    if not isinstance(error, ClientError):
        return str(error)
    told = error.response.get("Error", {})
    status = error.response.get("ResponseMetadata", {}).get("HTTPStatusCode")
    code = told.get("Code")
    return (
        f"{told.get('Message')} "
        f"(Service: AmazonSageMaker; Status Code: {status}; Error Code: {code})"
    )
