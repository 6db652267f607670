"""Search: operators, nested filters, expressions in expressions, order and pages."""

from pathlib import Path
from typing import Any

import pytest

from emulator.api.errors import AwsError, ValidationError
from emulator.cloud import Cloud
from emulator.containers.fleet import launch
from emulator.faults import Faults
from emulator.sagemaker.hosting import Hosting
from emulator.sagemaker.registry import Context
from emulator.sagemaker.search import search
from emulator.sagemaker.search_suggestions import get_search_suggestions
from emulator.store import Store

CHANNELS = (("train", "s3://b/iris/train"), ("test", "s3://b/iris/test"))


@pytest.fixture
def context(tmp_path: Path) -> Context:
    cloud = Cloud(
        account_id="000000000000",
        endpoint_url="http://127.0.0.1:1",
        state_dir=tmp_path,
        faults=Faults(),
        time_scale=1.0,
    )
    made = Context(region="us-east-1", cloud=cloud, store=Store(), hosting=Hosting(launch))
    for number, (accuracy, rate, spot) in enumerate(((0.9, "0.5", True), (0.8, "1.5", False))):
        a_training_job(made, f"job-{number}", accuracy=accuracy, rate=rate, spot=spot)
    return made


def a_training_job(context: Context, name: str, *, accuracy: float, rate: str, spot: bool) -> None:
    arn = context.arn("training-job", name)
    number = int(name[-1])
    job = {
        "TrainingJobName": name,
        "TrainingJobArn": arn,
        "TrainingJobStatus": ("Completed", "Failed")[number],
        "CreationTime": 1_700_000_000.0 + number,
        "LastModifiedTime": 1_700_000_100.0 - number,
        "EnableManagedSpotTraining": spot,
        "BillableTimeInSeconds": 10 + number,
        "HyperParameters": {"learning.rate": rate},
        "FinalMetricDataList": [
            {"MetricName": "accuracy", "Value": accuracy, "Timestamp": 1_700_000_000.0}
        ],
        "InputDataConfig": [channel(*pair) for pair in CHANNELS[: 2 - number]],
    }
    context.store.put(context.key("training-job", name), job)
    context.store.add_tags(arn, {"team": f"team-{number}"})


def channel(name: str, uri: str) -> dict[str, Any]:
    source = {"S3DataType": "S3Prefix", "S3Uri": uri}
    return {"ChannelName": name, "DataSource": {"S3DataSource": source}}


def where(name: str, operator: str | None = None, value: str | None = None) -> dict[str, str]:
    given = {"Name": name, "Operator": operator, "Value": value}
    return {key: text for key, text in given.items() if text is not None}


def found(context: Context, *filters: dict[str, str], **members: Any) -> str:
    """Return the last digits of the jobs that were found, in their order."""
    expression = {"SearchExpression": {"Filters": list(filters)}} if filters else {}
    params = {"Resource": "TrainingJob", "SortBy": "TrainingJobName", "SortOrder": "Ascending"}
    answer = search(context, {**params, **expression, **members})
    assert answer["TotalHits"]["Relation"] == "EqualTo"
    return "".join(each["TrainingJob"]["TrainingJobName"][-1] for each in answer["Results"])


@pytest.mark.parametrize(
    ("name", "operator", "value", "expected"),
    [
        ("TrainingJobName", "Equals", "job-0", "0"),
        ("TrainingJobName", None, "job-1", "1"),
        ("TrainingJobName", "NotEquals", "job-0", "1"),
        ("TrainingJobName", "Contains", "job", "01"),
        ("TrainingJobName", "In", "job-1, job-7", "1"),
        ("TuningJobArn", "Exists", None, ""),
        ("TuningJobArn", "NotExists", None, "01"),
        ("BillableTimeInSeconds", "GreaterThan", "10", "1"),
        ("BillableTimeInSeconds", "GreaterThanOrEqualTo", "10", "01"),
        ("BillableTimeInSeconds", "LessThan", "11", "0"),
        ("BillableTimeInSeconds", "LessThanOrEqualTo", "10.5", "0"),
        ("BillableTimeInSeconds", "Equals", "11", "1"),
        ("EnableManagedSpotTraining", "Equals", "true", "0"),
        ("CreationTime", "GreaterThan", "2023-11-14T22:13:20", "1"),
        ("CreationTime", "LessThanOrEqualTo", "2023-11-14T22:13:20Z", "0"),
        ("Metrics.accuracy", "GreaterThan", "0.85", "0"),
        ("Metrics.loss", "NotExists", None, "01"),
        ("HyperParameters.learning.rate", "LessThan", "0.7", "0"),
        ("HyperParameters.learning.rate", "GreaterThanOrEqualTo", "1", "1"),
        ("HyperParameters.learning.rate", "Equals", "1.5", "1"),
        ("Tags.team", "Equals", "team-1", "1"),
        ("Tags.absent", "Exists", None, ""),
        ("InputDataConfig.ChannelName", "Equals", "test", "0"),
    ],
)
def test_every_operator_selects(
    context: Context, name: str, operator: str | None, value: str | None, expected: str
) -> None:
    assert found(context, where(name, operator, value)) == expected


def nested(channel_name: str, uri: str) -> dict[str, Any]:
    names = ("InputDataConfig.ChannelName", "InputDataConfig.DataSource.S3DataSource.S3Uri")
    filters = [where(names[0], "Equals", channel_name), where(names[1], "Contains", uri)]
    return {"NestedPropertyName": "InputDataConfig", "Filters": filters}


@pytest.mark.parametrize(
    ("channel_name", "uri", "expected"),
    [("train", "iris/train", "01"), ("test", "iris/test", "0"), ("train", "iris/test", "")],
)
def test_one_item_meets_all_nested_filters(
    context: Context, channel_name: str, uri: str, expected: str
) -> None:
    expression = {"NestedFilters": [nested(channel_name, uri)]}
    assert found(context, SearchExpression=expression) == expected


def test_expressions_are_joined_by_and_or_or(context: Context) -> None:
    first = where("TrainingJobName", "Equals", "job-0")
    failed = {"Filters": [where("TrainingJobStatus", "Equals", "Failed")]}
    both = {"Filters": [first], "SubExpressions": [failed]}
    assert found(context, SearchExpression=both) == ""
    assert found(context, SearchExpression={**both, "Operator": "Or"}) == "01"


def test_all_are_found_without_an_expression_last_modified_first(context: Context) -> None:
    answer = search(context, {"Resource": "TrainingJob"})
    names = [each["TrainingJob"]["TrainingJobName"] for each in answer["Results"]]
    assert names == ["job-0", "job-1"]
    assert answer["TotalHits"]["Value"] == 2


def test_results_are_sorted_by_any_property(context: Context) -> None:
    assert found(context, SortBy="Metrics.accuracy") == "10"
    assert found(context, SortBy="BillableTimeInSeconds", SortOrder="Descending") == "10"


def test_pages_follow_their_query(context: Context) -> None:
    first = search(context, {"Resource": "TrainingJob", "MaxResults": 1})
    asked = {"Resource": "TrainingJob", "MaxResults": 1, "NextToken": first["NextToken"]}
    last = search(context, asked)
    assert last["Results"][0]["TrainingJob"]["TrainingJobName"] == "job-1"
    assert "NextToken" not in last
    with pytest.raises(ValidationError, match="Invalid NextToken"):
        search(context, {**asked, "SortBy": "TrainingJobName"})


@pytest.mark.parametrize("resource", ["Experiment", "Project", "HubContent"])
def test_of_what_cannot_be_created_nothing_is_found(context: Context, resource: str) -> None:
    assert search(context, {"Resource": resource})["Results"] == []


def test_a_model_is_found_by_its_own_properties_with_its_endpoints(context: Context) -> None:
    model = {"ModelName": "m", "ModelArn": context.arn("model", "m"), "CreationTime": 1.0}
    variant = {"VariantName": "primary", "ModelName": "m"}
    config = {"EndpointConfigName": "c", "ProductionVariants": [variant]}
    endpoint = {"EndpointName": "e", "EndpointConfigName": "c"}
    for kind, document in (("model", model), ("endpoint-config", config), ("endpoint", endpoint)):
        context.store.put(context.key(kind, kind), document)
    for name in ("ModelName", "Model.ModelName"):
        expression = {"Filters": [where(name, "Equals", "m")]}
        answer = search(context, {"Resource": "Model", "SearchExpression": expression})
        (record,) = (each["Model"] for each in answer["Results"])
        assert record["Endpoints"][0]["EndpointName"] == "e"


@pytest.mark.parametrize(
    ("filters", "message"),
    [
        ([where("Nonsense", "Equals", "1")], "Invalid property name Nonsense"),
        ([where("TrainingJobName", "GreaterThan", "a")], "not supported for this property"),
        ([where("BillableTimeInSeconds", "Contains", "1")], "only supported for text"),
        ([where("BillableTimeInSeconds", "Equals", "many")], "Invalid value many"),
        ([where("CreationTime", "LessThan", "yesterday")], "Invalid value yesterday"),
        ([where("TrainingJobName", "Equals")], "Value is required"),
        ([where("TrainingJobName", "Contains", "a")] * 2, "usage limit of 1 exceeded"),
        ([where("TrainingJobName", "Equals", "a")] * 51, "51 filters"),
        ([], "at least one subexpression"),
    ],
)
def test_a_bad_filter_is_refused(
    context: Context, filters: list[dict[str, str]], message: str
) -> None:
    with pytest.raises(ValidationError, match=message):
        found(context, SearchExpression={"Filters": filters})


def test_what_is_not_built_is_refused(context: Context) -> None:
    visible = [{"Key": "a", "Value": "b"}]
    with pytest.raises(AwsError, match="VisibilityConditions"):
        search(context, {"Resource": "TrainingJob", "VisibilityConditions": visible})


@pytest.mark.parametrize(
    ("hint", "names"),
    [
        ("", ["HyperParameters.learning.rate", "Metrics.accuracy", "Tags.team"]),
        ("Tags.", ["Tags.team"]),
        ("Nothing", []),
    ],
)
def test_names_that_begin_with_a_hint_are_suggested(
    context: Context, hint: str, names: list[str]
) -> None:
    query = {"PropertyNameQuery": {"PropertyNameHint": hint}}
    asked = {"Resource": "TrainingJob", "SuggestionQuery": query}
    found = get_search_suggestions(context, asked)["PropertyNameSuggestions"]
    assert [each["PropertyName"] for each in found] == names
