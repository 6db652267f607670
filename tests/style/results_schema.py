"""Writes docs/results.schema.json anew: `python -m tests.style.results_schema`."""

import json
from typing import Any

from pydantic.json_schema import GenerateJsonSchema

from pipeline.configuration.loading import PROJECT_ROOT
from pipeline.core.results import Results

PLACE = PROJECT_ROOT / "docs" / "results.schema.json"


class _AsWritten(GenerateJsonSchema):
    """The schema of what is written: all is there, but what is left out instead of being null."""

    def field_title_should_be_set(self, schema: object) -> bool:
        del schema
        return False

    def field_is_required(self, field: Any, total: bool) -> bool:
        del total
        return not field.get("serialization_exclude_if")

    def model_field_schema(self, schema: Any) -> Any:
        if schema.get("serialization_exclude_if"):
            with_default = schema["schema"]
            return self.generate_inner(with_default["schema"]["schema"])
        return super().model_field_schema(schema)

    def default_schema(self, schema: Any) -> Any:
        return self.generate_inner(schema["schema"])

    def nullable_schema(self, schema: Any) -> Any:
        inner = self.generate_inner(schema["schema"])
        kind = inner.get("type")
        if not isinstance(kind, str) or "enum" in inner:
            return inner if isinstance(kind, list) else super().nullable_schema(schema)
        return inner | {"type": [kind, "null"]}


def generated() -> str:
    schema = Results.model_json_schema(mode="serialization", schema_generator=_AsWritten)
    dialect = {"$schema": GenerateJsonSchema.schema_dialect}
    return json.dumps(dialect | schema, indent=2) + "\n"


if __name__ == "__main__":
    PLACE.write_text(generated(), encoding="utf-8")
