"""The words in which a configuration says what a data file holds."""

from typing import Literal

ColumnUse = Literal["use", "drop", "number", "text", "date", "date_day_first", "date_month_first"]
ProblemType = Literal["auto", "classification", "regression"]
