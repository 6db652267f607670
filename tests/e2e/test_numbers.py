"""A target of measurements: trained, judged by its errors, served and tested as numbers."""

import pytest

from tests.e2e.story import Story
from tests.support.project import PROJECT_ROOT

CONFIG = PROJECT_ROOT / "examples" / "regression_config.json"
PATIENT = (
    "age,sex,body_mass_index,blood_pressure,total_cholesterol,ldl,hdl,cholesterol_ratio,"
    "log_triglycerides,blood_sugar\n59,2,32.1,101,157,93.2,38,4,4.8598,87\n"
)


@pytest.mark.soak
def test_a_number_is_predicted_by_the_same_path(story: Story) -> None:
    done = story.run("--config-file", str(CONFIG), "--explain")
    assert done.exit_code == 0
    measured = done.training["evaluation_results"]
    assert (measured["kind"], measured["accuracy"], measured["labels"]) == ("regression", None, [])
    assert measured["metrics"]["rmse"] < measured["baseline"]["rmse"]
    outcomes = {gate["name"]: gate["outcome"] for gate in done.results["decision"]["gates"]}
    assert set(outcomes.values()) == {"passed"}
    assert {"r2", "rmse", "rmse_as_served", "serving_skew"} <= outcomes.keys()
    assert "rmse where body_mass_index is 25 to below 30" in outcomes
    tested = done.results["phases"]["testing"]
    assert tested["overall_status"] == "passed"
    assert tested["test_summary"]["prediction_rmse"] == pytest.approx(measured["metrics"]["rmse"])
    (progression,) = story.ask(PATIENT)["predictions"]
    assert 100 < progression < 320
