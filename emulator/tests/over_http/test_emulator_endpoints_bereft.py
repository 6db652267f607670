"""Endpoints whose config or model was deleted under them, as AWS lets one do.

What AWS says and does: API reference, DeleteEndpointConfig and DeleteModel;
hashicorp/terraform-provider-aws issues 40048 and 48997.
"""

from typing import Any

import pytest

from emulator.tests.support.embedded import REGION, Embedded, a_variant, eventually, refusal

pytestmark = pytest.mark.emulated


def arn(kind: str, name: str) -> str:
    return f"arn:aws:sagemaker:{REGION}:000000000000:{kind}/{name}"


def delete_config(embedded: Embedded, name: str) -> None:
    embedded.sagemaker.delete_endpoint_config(EndpointConfigName=name)
    described = refusal(embedded.sagemaker.describe_endpoint_config, EndpointConfigName=name)
    assert described[0] == "ValidationException"


def scaled_to(count: int) -> list[dict[str, Any]]:
    return [{"VariantName": "primary", "DesiredInstanceCount": count}]


def test_a_config_in_use_is_deleted_and_its_endpoint_keeps_answering(embedded: Embedded) -> None:
    config = embedded.a_config(model=embedded.a_model(answer="still here"))
    endpoint = embedded.an_endpoint(config)
    delete_config(embedded, config)
    assert embedded.answer(endpoint) == "still here"
    described = embedded.endpoint(endpoint)
    assert (described["EndpointStatus"], described["EndpointConfigName"]) == ("InService", config)
    assert described["ProductionVariants"][0]["CurrentInstanceCount"] == 1


def test_an_endpoint_whose_config_is_gone_cannot_be_updated(embedded: Embedded) -> None:
    config, other = embedded.a_config(), embedded.a_config()
    endpoint = embedded.an_endpoint(config)
    delete_config(embedded, config)
    refused = refusal(
        embedded.sagemaker.update_endpoint, EndpointName=endpoint, EndpointConfigName=other
    )
    text = f'Could not find endpoint configuration "{arn("endpoint-config", config)}".'
    assert refused == ("ValidationException", text)
    assert embedded.endpoint(endpoint)["EndpointStatus"] == "InService"


def test_a_config_made_again_under_its_name_lets_the_endpoint_be_updated(
    embedded: Embedded,
) -> None:
    model, other = embedded.a_model(), embedded.a_config()
    config = embedded.a_config(model=model)
    endpoint = embedded.an_endpoint(config)
    delete_config(embedded, config)
    embedded.sagemaker.create_endpoint_config(
        EndpointConfigName=config, ProductionVariants=[a_variant(model)]
    )
    embedded.sagemaker.update_endpoint(EndpointName=endpoint, EndpointConfigName=other)
    assert embedded.settled(endpoint)["EndpointConfigName"] == other


def test_an_endpoint_whose_config_is_gone_cannot_be_scaled(embedded: Embedded) -> None:
    config = embedded.a_config()
    endpoint = embedded.an_endpoint(config)
    delete_config(embedded, config)
    code, message = refusal(
        embedded.sagemaker.update_endpoint_weights_and_capacities,
        EndpointName=endpoint,
        DesiredWeightsAndCapacities=scaled_to(2),
    )
    assert code == "ValidationException"
    assert message.startswith("Could not find endpoint configuration")
    assert embedded.endpoint(endpoint)["ProductionVariants"][0]["DesiredInstanceCount"] == 1


def test_an_update_goes_on_when_its_configs_are_deleted_meanwhile(embedded: Embedded) -> None:
    old = embedded.a_config()
    new = embedded.a_config(model=embedded.a_model(answer="new"))
    endpoint = embedded.an_endpoint(old)
    embedded.sagemaker.update_endpoint(EndpointName=endpoint, EndpointConfigName=new)
    delete_config(embedded, old)
    delete_config(embedded, new)
    after = embedded.settled(endpoint)
    assert (after["EndpointConfigName"], embedded.answer(endpoint)) == (new, "new")


def test_a_model_in_use_is_deleted_and_its_endpoint_keeps_answering(embedded: Embedded) -> None:
    model = embedded.a_model(answer="still here")
    endpoint = embedded.an_endpoint(embedded.a_config(model=model))
    embedded.sagemaker.delete_model(ModelName=model)
    assert embedded.answer(endpoint) == "still here"
    refused = refusal(
        embedded.sagemaker.update_endpoint_weights_and_capacities,
        EndpointName=endpoint,
        DesiredWeightsAndCapacities=scaled_to(2),
    )
    assert refused == ("ValidationException", f'Could not find model "{arn("model", model)}".')


def test_an_endpoint_whose_config_and_model_are_gone_can_be_deleted(
    embedded: Embedded,
) -> None:
    model = embedded.a_model()
    config = embedded.a_config(model=model)
    endpoint = embedded.an_endpoint(config)
    delete_config(embedded, config)
    embedded.sagemaker.delete_model(ModelName=model)
    embedded.sagemaker.delete_endpoint(EndpointName=endpoint)
    eventually(
        lambda: embedded.sagemaker.list_endpoints(NameContains=endpoint)["Endpoints"],
        lambda found: found == [],
    )
