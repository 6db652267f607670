"""The example configurations load, and lead to files and names that exist."""

from pathlib import Path

import pytest

from benchmarks.split_spread import chosen_seed
from pipeline.configuration.loading import PROJECT_ROOT, load_settings
from pipeline.configuration.settings import Settings
from pipeline.material.bundle import build_bundle
from pipeline.material.deciding import decide
from pipeline.material.dividing import split
from pipeline.material.reading import parse_table
from pipeline.steps.data_source import choices


def an_example(name: str) -> Settings:
    file = PROJECT_ROOT / "examples" / f"{name}.json"
    return load_settings(config_file=file, environment={}, flags={})


def test_the_custom_example_names_code_that_is_there() -> None:
    settings = an_example("custom_config")
    training = settings.training
    specs = [spec for spec in (training.training_pipeline, training.custom_metrics) if spec]
    bundle = build_bundle(PROJECT_ROOT, specs, source_dir=Path(training.source_dir))
    assert {"custom_training.py", "custom_evaluation.py"} <= bundle.files.keys()
    assert settings.own_gates["f1_score"].minimum == 0.9


@pytest.mark.parametrize(
    "name", ["boosted_config", "custom_config", "mixed_config", "regression_config"]
)
def test_the_data_of_an_example_can_be_split(name: str) -> None:
    training = an_example(name).training
    table = parse_table(Path(training.data).read_bytes())
    decided = decide(table, choices(training))
    result = split(decided, test_fraction=training.test_fraction, seed=training.split_seed)
    assert result.test_rows >= 60


def test_the_mixed_example_has_text_categories_and_gaps() -> None:
    table = parse_table(Path(an_example("mixed_config").training.data).read_bytes())
    assert {"female", "male"} < set(table.cells("sex"))
    assert "" in table.cells("bill_length_mm")


def test_the_shipped_seed_is_the_first_one_nearest_the_median() -> None:
    assert chosen_seed({0: 0.94, 1: 0.99, 2: 0.96, 3: 0.96, 4: 0.97}) == 2


def test_with_a_median_below_the_threshold_the_first_seed_that_passes_is_taken() -> None:
    assert chosen_seed({0: 0.91, 1: 0.92, 2: 0.96, 3: 0.97, 4: 0.93}) == 2
