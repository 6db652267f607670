"""GetSearchSuggestions: names of hyperparameters, tags and metrics that begin with a hint."""

from collections.abc import Iterator
from typing import Any

from emulator.sagemaker.registry import Context, Params, action
from emulator.sagemaker.search import records_of
from emulator.store import Document


@action("GetSearchSuggestions")
def get_search_suggestions(context: Context, params: Params) -> dict[str, Any]:
    query = params.get("SuggestionQuery", {}).get("PropertyNameQuery", {})
    hint = query.get("PropertyNameHint", "")
    names = {
        name
        for record in records_of(context, params["Resource"])
        for name in _names(record)
        if name.startswith(hint)
    }
    return {"PropertyNameSuggestions": [{"PropertyName": name} for name in sorted(names)]}


def _names(record: Document) -> Iterator[str]:
    for name in record.get("HyperParameters", {}):
        yield f"HyperParameters.{name}"
    for tag in record.get("Tags", []):
        yield f"Tags.{tag['Key']}"
    for metric in record.get("FinalMetricDataList", []):
        yield f"Metrics.{metric['MetricName']}"
