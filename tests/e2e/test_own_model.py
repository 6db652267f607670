"""A user's own training pipeline with its own model class, and a gate on the user's own metric."""

from tests.e2e.story import Story
from tests.support.project import PROJECT_ROOT

CONFIG = PROJECT_ROOT / "examples" / "custom_config.json"


def test_an_own_model_class_is_judged_by_an_own_metric_and_answers(story: Story) -> None:
    # The model keeps its group, so that the foundation need not be changed for it.
    done = story.run("--config-file", str(CONFIG), MODEL_NAME_PREFIX="iris-classifier")
    assert done.exit_code == 0
    metrics = done.training["evaluation_results"]["custom_metrics"]
    assert set(metrics) >= {"f1_score", "precision", "recall"}
    assert any(reason.startswith("f1_score ") for reason in done.results["decision"]["reasons"])
    # Nearest centroids know no probabilities: it is that class which answers.
    answer = story.ask()
    assert answer["predictions"] == ["virginica", "setosa"]
    assert "probabilities" not in answer
