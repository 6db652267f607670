"""UpdateEndpointWeightsAndCapacities: weights change at once, counts by way of new fleets."""

import threading
from typing import Any

from emulator.api.errors import NotImplementedByEmulator, ValidationError
from emulator.sagemaker.deployment import Deployment
from emulator.sagemaker.endpoint_configs import ENDPOINT_KIND as KIND
from emulator.sagemaker.endpoints import require_endpoint, require_settled
from emulator.sagemaker.registry import Context, Params, action
from emulator.sagemaker.shifting import plan_shifts
from emulator.sagemaker.variants import all_variants, hosted_config, variants_to_launch
from emulator.store import Document


@action("UpdateEndpointWeightsAndCapacities")
def update_endpoint_weights_and_capacities(context: Context, params: Params) -> dict[str, Any]:
    name = params["EndpointName"]
    with context.store.lock:
        endpoint = require_endpoint(context, name)
        require_settled(endpoint)
        work = _change(context, endpoint, wanted=_wanted(endpoint, params))
        patch = {"EndpointStatus": "Updating", "LastModifiedTime": context.now()}
        context.store.merge(context.key(KIND, name), patch)
    threading.Thread(target=work, name=f"capacity-{name}", daemon=True).start()
    return {"EndpointArn": endpoint["EndpointArn"]}


def _wanted(endpoint: Document, params: Params) -> dict[str, Document]:
    """Return what each named variant is to have, by variant name."""
    known = {variant["VariantName"] for variant in all_variants(endpoint)}
    wanted = {item["VariantName"]: item for item in params["DesiredWeightsAndCapacities"]}
    unknown = sorted(set(wanted) - known)
    if unknown:
        text = (
            f"The variant name(s) {', '.join(unknown)} is/are not present within endpoint "
            f'"{endpoint["EndpointArn"]}".'
        )
        raise ValidationError(text)
    _check_serverless(endpoint, wanted)
    _check_counts(wanted)
    return wanted


def _check_counts(wanted: dict[str, Document]) -> None:
    """On AWS an asynchronous endpoint may have none; here nothing is hosted on none."""
    for name, item in wanted.items():
        if item.get("DesiredInstanceCount") == 0:
            text = f"UpdateEndpointWeightsAndCapacities with DesiredInstanceCount 0 ({name})"
            raise NotImplementedByEmulator(text)


def _check_serverless(endpoint: Document, wanted: dict[str, Document]) -> None:
    if any("ServerlessUpdateConfig" in item for item in wanted.values()):
        text = "UpdateEndpointWeightsAndCapacities with ServerlessUpdateConfig"
        raise NotImplementedByEmulator(text)
    for variant in all_variants(endpoint):
        name = variant["VariantName"]
        if "CurrentServerlessConfig" in variant and "DesiredInstanceCount" in wanted.get(name, {}):
            text = f"Serverless variant {name} has no instances; give no DesiredInstanceCount."
            raise ValidationError(text)


def _change(context: Context, endpoint: Document, *, wanted: dict[str, Document]) -> Any:
    """Return what brings the change about, to be run in the background."""
    now: dict[str, Any] = {variant["VariantName"]: variant for variant in all_variants(endpoint)}
    weights: dict[str, float] = {
        name: wanted.get(name, {}).get("DesiredWeight", variant["DesiredWeight"])
        for name, variant in now.items()
    }
    counts: dict[str, int] = {
        name: wanted.get(name, {}).get("DesiredInstanceCount", variant["DesiredInstanceCount"])
        for name, variant in now.items()
    }
    config = hosted_config(context, endpoint["EndpointConfigName"])
    production = [counts[variant["VariantName"]] for variant in endpoint["ProductionVariants"]]
    deployment = Deployment(
        context=context,
        endpoint_name=endpoint["EndpointName"],
        endpoint_config_name=endpoint["EndpointConfigName"],
        variants=variants_to_launch(
            context, endpoint["EndpointName"], config=config, counts=counts
        ),
        weights=weights,
        plan=plan_shifts(None, instance_count=sum(production)),
        deployment_config=endpoint.get("LastDeploymentConfig"),
    )
    same_counts = all(counts[name] == now[name]["DesiredInstanceCount"] for name in now)
    return deployment.reweigh if same_counts else deployment.update
