"""What a person has said about a data file: the keys of `training` that its reading obeys."""

from collections.abc import Mapping
from dataclasses import dataclass, field

from pipeline.cells import MISSING, Spelling, text_of
from pipeline.core.data_words import ColumnUse, ProblemType


@dataclass(frozen=True, kw_only=True)
class Choices:
    """`missing_values` count as missing beside the usual spellings, `present_values` do not."""

    target: str
    columns: Mapping[str, ColumnUse] = field(default_factory=dict)
    problem_type: ProblemType = "auto"
    decimal: str | None = None
    missing_values: tuple[str, ...] = ()
    present_values: tuple[str, ...] = ()

    def spelling(self, decimal: str) -> Spelling:
        more, fewer = (
            frozenset(map(text_of, values)) for values in (self.missing_values, self.present_values)
        )
        return Spelling(missing=(MISSING | more) - fewer, decimal=decimal)
