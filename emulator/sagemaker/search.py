"""Search over what this SageMaker keeps; resources that it does not know are never found.

Source: "Search" and "SearchExpression" in the SageMaker API reference.
"""

from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from typing import Any

import botocore.session

from emulator.api.errors import NotImplementedByEmulator, ValidationError
from emulator.sagemaker.paging import SortKey, page_of
from emulator.sagemaker.registry import Context, Params, action
from emulator.sagemaker.search_models import model_records
from emulator.sagemaker.search_values import Kind, kind_at, satisfied, values_at
from emulator.store import Document

_MOST_CONDITIONS = 50
_MODEL = botocore.session.Session().get_service_model("sagemaker")
_RECORD = _MODEL.shape_for("SearchRecord")
Records = Callable[[Context], list[Document]]


def _stored(kind: str, arn: str) -> Records:
    def records(context: Context) -> list[Document]:
        return [
            {**document, "Tags": _tags(context, document[arn])}
            for document in context.store.all(context.region, kind)
        ]

    return records


def _tags(context: Context, arn: str) -> list[dict[str, str]]:
    tags = context.store.tags(arn)
    return [{"Key": key, "Value": value} for key, value in sorted(tags.items())]


_SOURCES: Mapping[str, Records] = {
    "TrainingJob": _stored("training-job", "TrainingJobArn"),
    "Endpoint": _stored("endpoint", "EndpointArn"),
    "ModelPackage": _stored("model-package", "ModelPackageArn"),
    "ModelPackageGroup": _stored("model-package-group", "ModelPackageGroupArn"),
    "Pipeline": _stored("pipeline", "PipelineArn"),
    "Model": model_records,
}


@dataclass(frozen=True, kw_only=True)
class _Searched:
    """One resource type: how its properties are read and what type they have."""

    resource: str

    def values(self, record: Document, name: str) -> list[Any]:
        for prefix, read in (("Tags.", _tag_values), ("Metrics.", _metric_values)):
            if name.startswith(prefix):
                return read(record, name.removeprefix(prefix))
        found = values_at(record.get("Model", {}) if self._is_of_model(name) else record, name)
        return [value for value in found if value is not None]

    def kind(self, name: str) -> Kind:
        if name.startswith("Tags."):
            return Kind.TEXT
        if name.startswith("Metrics."):
            return Kind.NUMBER
        shape = _RECORD.members.get(self.resource)
        kind = kind_at(shape, name) if shape is not None else Kind.TEXT
        if kind is None and self._is_of_model(name):
            kind = kind_at(_MODEL.shape_for("Model"), name)
        if kind is None:
            text = f"Invalid property name {name} for resource {self.resource}."
            raise ValidationError(text)
        return kind

    def _is_of_model(self, name: str) -> bool:
        """A model's own properties may be named without the `Model.` of the record."""
        own = _MODEL.shape_for("Model").members
        return self.resource == "Model" and name.partition(".")[0] in own

    def matches(self, record: Document, expression: Mapping[str, Any]) -> bool:
        verdicts = list(self._verdicts(record, expression))
        return any(verdicts) if expression.get("Operator") == "Or" else all(verdicts)

    def _verdicts(self, record: Document, expression: Mapping[str, Any]) -> Iterator[bool]:
        for condition in expression.get("Filters", []):
            values = self.values(record, condition["Name"])
            yield satisfied(values, condition, self.kind(condition["Name"]))
        for nested in expression.get("NestedFilters", []):
            yield self._matches_nested(record, nested)
        for inner in expression.get("SubExpressions", []):
            yield self.matches(record, inner)

    def _matches_nested(self, record: Document, nested: Mapping[str, Any]) -> bool:
        """One item of the list has to meet all filters."""
        prefix = f"{nested['NestedPropertyName']}."
        for condition in nested["Filters"]:
            if not condition["Name"].startswith(prefix):
                text = f"Nested filter {condition['Name']} must begin with {prefix}"
                raise ValidationError(text)
        return any(
            all(
                satisfied(
                    list(values_at(item, condition["Name"].removeprefix(prefix))),
                    condition,
                    self.kind(condition["Name"]),
                )
                for condition in nested["Filters"]
            )
            for item in values_at(record, nested["NestedPropertyName"])
        )


def _tag_values(record: Document, key: str) -> list[str]:
    return [tag["Value"] for tag in record.get("Tags", []) if tag["Key"] == key]


def _metric_values(record: Document, name: str) -> list[float]:
    metrics = record.get("FinalMetricDataList", [])
    return [metric["Value"] for metric in metrics if metric["MetricName"] == name]


@action("Search")
def search(context: Context, params: Params) -> dict[str, Any]:
    if "VisibilityConditions" in params:
        text = "Search with VisibilityConditions"
        raise NotImplementedByEmulator(text)
    resource = params["Resource"]
    expression = params.get("SearchExpression", {})
    _check(expression, given="SearchExpression" in params)
    searched = _Searched(resource=resource)
    for condition in _conditions(expression):
        searched.kind(condition["Name"])
    found = records_of(context, resource) if _of_this_account(params) else []
    chosen = [record for record in found if searched.matches(record, expression)]
    page, more = page_of(
        chosen,
        params,
        sort_key=_sort_key(searched, params),
        descending=params.get("SortOrder", "Descending") == "Descending",
        scope="Search",
    )
    hits = {"Value": len(chosen), "Relation": "EqualTo"}
    return {"Results": [{resource: record} for record in page], "TotalHits": hits, **more}


def records_of(context: Context, resource: str) -> list[Document]:
    """Return what is searched; nothing for a resource that cannot be created here."""
    source = _SOURCES.get(resource)
    return source(context) if source is not None else []


def _of_this_account(params: Params) -> bool:
    return bool(params.get("CrossAccountFilterOption") != "CrossAccount")


def _sort_key(searched: _Searched, params: Params) -> Callable[[Document], SortKey]:
    """Records without the property come first; texts are not compared with numbers."""
    given = params.get("SortBy")
    if given is not None and searched.kind(given) is Kind.COMPOSITE:
        text = f"SortBy {given} is not a property with a value."
        raise ValidationError(text)
    names = [given] if given else ["LastModifiedTime", "CreationTime"]

    def sort_key(record: Document) -> SortKey:
        values = [value for name in names for value in searched.values(record, name)[:1]]
        value = values[0] if values else ""
        is_text = isinstance(value, str)
        return bool(values), is_text, value if is_text else float(value), _identity(record)

    return sort_key


def _identity(record: Document) -> str:
    arns = (value for name, value in sorted(record.items()) if name.endswith("Arn"))
    return str(next(arns, record.get("Model", {}).get("ModelArn", "")))


def _check(expression: Mapping[str, Any], *, given: bool) -> None:
    if given and not any(
        expression.get(part) for part in ("Filters", "NestedFilters", "SubExpressions")
    ):
        text = "SearchExpression must contain at least one subexpression, filter, or nested filter."
        raise ValidationError(text)
    conditions = list(_conditions(expression))
    if len(conditions) > _MOST_CONDITIONS:
        text = (
            f"SearchExpression has {len(conditions)} filters; at most {_MOST_CONDITIONS} allowed."
        )
        raise ValidationError(text)
    if sum(condition.get("Operator") == "Contains" for condition in conditions) > 1:
        text = "'CONTAINS' operator usage limit of 1 exceeded."
        raise ValidationError(text)


def _conditions(expression: Mapping[str, Any]) -> Iterator[Mapping[str, Any]]:
    yield from expression.get("Filters", [])
    for nested in expression.get("NestedFilters", []):
        yield from nested["Filters"]
    for inner in expression.get("SubExpressions", []):
        yield from _conditions(inner)
