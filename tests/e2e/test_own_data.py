"""Text labels, categorical columns and missing values, named only in a configuration file."""

from tests.e2e.story import Story
from tests.support.project import PROJECT_ROOT

CONFIG = PROJECT_ROOT / "examples" / "mixed_config.json"
INCOMPLETE_BIRD = (
    "colony,bill_length_mm,bill_depth_mm,flipper_length_mm,body_mass_g,sex\n,54.4,,223,4775,male\n"
)


def test_a_table_of_text_and_gaps_is_trained_on_and_served(story: Story) -> None:
    # The model keeps its group, so that the foundation need not be changed for it.
    done = story.run("--config-file", str(CONFIG), MODEL_NAME_PREFIX="iris-classifier")
    assert done.exit_code == 0
    measured = done.training["evaluation_results"]
    assert measured["labels"] == ["adelie-like", "chinstrap-like", "gentoo-like"]
    assert len(measured["confusion_matrix"]) == 3
    assert done.results["phases"]["testing"]["overall_status"] == "passed"
    assert story.ask(INCOMPLETE_BIRD)["predictions"] == ["gentoo-like"]
