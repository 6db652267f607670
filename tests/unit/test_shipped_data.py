"""Every table of data/ passes the shipped thresholds, and no column name means anything."""

import pytest
from sklearn.metrics import r2_score

from pipeline.configuration.loading import PROJECT_ROOT
from pipeline.core.records import ModelKind
from pipeline.material.dividing import held_out_rows
from pipeline.material.reading import write_csv
from tests.support.decided import halves, outcome

TABLES = [
    ("iris", "species"),
    ("wine", "cultivar"),
    ("breast_cancer", "diagnosis"),
    ("digits", "digit"),
]
# What a name could collide with: templates, SQL, shells, code, other columns, other alphabets.
HOSTILE = ("{{ x }}", "${y}", "a; DROP", "x[0]", "index", "label", "target", "é ñ", "0", "-n")


def renamed(content: bytes, *, target: str) -> tuple[bytes, str]:
    """Give every column another name, the odd ones first.

    Sorted they stay in the same order, so that the same rows are held out.
    """
    header, _, rows = content.decode().partition("\n")
    names = header.split(",")
    others = [*HOSTILE, *(f"c{number}" for number in range(len(names)))][: len(names)]
    new = dict(zip(sorted(names), sorted(others), strict=True))
    return f"{','.join(new[name] for name in names)}\n{rows}".encode(), new[target]


def learned(content: bytes, *, target: str) -> tuple[float, list[object]]:
    """Return the accuracy and the answers to the first held-out rows."""
    divided = halves(content, target=target, seed=3)
    assert not divided.warnings
    done = outcome(divided)
    rows = held_out_rows(divided.test.read(), target=divided.schema.target)
    answer = done.ask(write_csv(rows.columns, rows.rows[:10]), "text/csv")
    return done.accuracy, answer["predictions"]


def test_the_shipped_table_of_a_number_is_learned() -> None:
    content = (PROJECT_ROOT / "data" / "diabetes.csv").read_bytes()
    divided = halves(content, target="progression", seed=3)
    assert divided.kind is ModelKind.REGRESSION
    rows = held_out_rows(divided.test.read(), target="progression", numbers=divided.schema.spelling)
    done = outcome(divided, hyperparameters={"candidates": "ridge"})
    answer = done.ask(write_csv(rows.columns, rows.rows), "text/csv")
    assert r2_score(rows.numbers, answer["predictions"]) > 0.35


@pytest.mark.parametrize(("name", "target"), TABLES)
def test_a_shipped_table_is_learned_whatever_its_columns_are_called(name: str, target: str) -> None:
    content = (PROJECT_ROOT / "data" / f"{name}.csv").read_bytes()
    other_content, other_target = renamed(content, target=target)
    as_shipped = learned(content, target=target)
    assert as_shipped[0] >= 0.90
    assert learned(other_content, target=other_target) == as_shipped
