"""What a data file was decided to be, once, for training, evaluation and requests alike.

The runner writes it as schema.json beside the training rows; the model's manifest keeps it.
"""

import json
from collections.abc import Mapping
from dataclasses import asdict, dataclass
from typing import Any, Literal

from pipeline.tabular.cells import Spelling
from pipeline.tabular.dates import Order

FILE_NAME = "schema.json"
FORMAT = 1
Kind = Literal["numeric", "categorical", "date"]
# `number` is a target that is measured; the others are classes
LabelKind = Literal["integer", "text", "number"]


@dataclass(frozen=True, kw_only=True)
class Column:
    """A feature; `order` tells day from month where the dates of the column do not."""

    name: str
    kind: Kind
    order: Order | None = None


@dataclass(frozen=True, kw_only=True)
class Schema:
    """`columns` are the features in the order of the file, without those that are `left_out`."""

    target: str
    label_kind: LabelKind
    columns: tuple[Column, ...]
    spelling: Spelling
    left_out: tuple[str, ...] = ()

    def to_json(self) -> str:
        document = {
            "format": FORMAT,
            "target": self.target,
            "label_kind": self.label_kind,
            "columns": [asdict(column) for column in self.columns],
            "left_out": self.left_out,
            "spelling": spelling_document(self.spelling),
        }
        return json.dumps(document, indent=2) + "\n"


def read_schema(text: str) -> Schema:
    """Return what `to_json` wrote; ValueError for anything else."""
    try:
        document = json.loads(text)
        if document["format"] != FORMAT:
            message = f"format {document['format']}, this code reads format {FORMAT}"
            raise ValueError(message)
        return Schema(
            target=document["target"],
            label_kind=document["label_kind"],
            columns=tuple(Column(**column) for column in document["columns"]),
            left_out=tuple(document["left_out"]),
            spelling=read_spelling(document["spelling"]),
        )
    except (ValueError, KeyError, TypeError) as error:
        message = f"{FILE_NAME} is not usable: {error}. Train again with this code."
        raise ValueError(message) from error


def spelling_document(spelling: Spelling) -> dict[str, Any]:
    return {"missing": sorted(spelling.missing), "decimal": spelling.decimal}


def read_spelling(document: Mapping[str, Any]) -> Spelling:
    return Spelling(missing=frozenset(document["missing"]), decimal=document["decimal"])
