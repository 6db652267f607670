"""The other shipped tables go the whole way, named by two variables and nothing else."""

import pytest

from tests.e2e.story import Story
from tests.support.project import PROJECT_ROOT


@pytest.mark.soak
@pytest.mark.parametrize(
    ("name", "target", "classes"),
    [("wine", "cultivar", 3), ("breast_cancer", "diagnosis", 2), ("digits", "digit", 10)],
)
def test_another_shipped_table_is_trained_on_deployed_and_tested(
    story: Story, name: str, target: str, classes: int
) -> None:
    variables = {
        "ENDPOINT_PREFIX": f"other-{name.replace('_', '-')}",
        "MLOPS_TRAINING__DATA": str(PROJECT_ROOT / "data" / f"{name}.csv"),
        "MLOPS_TRAINING__TARGET": target,
    }
    done = story.run("--mode", "full", **variables)
    assert done.exit_code == 0, done.stderr
    assert len(done.training["evaluation_results"]["labels"]) == classes
    assert done.results["phases"]["testing"]["overall_status"] == "passed"
