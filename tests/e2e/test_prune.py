"""Releases that no rollback needs are removed; a run that was killed on it is in the matrix."""

from pathlib import Path

import pytest

from pipeline.core import naming
from tests.e2e.agreement import require_agreement
from tests.e2e.story import BUCKET
from tests.e2e.three import Made, a_copy

pytestmark = pytest.mark.soak


def test_what_was_rolled_back_is_pruned_and_the_next_plan_is_empty(
    three_went_back: Made, tmp_path: Path
) -> None:
    with a_copy(three_went_back, tmp_path) as three:
        pruned = three.run("--mode", "prune")
        assert pruned.exit_code == 0, pruned.stderr
        assert f"Removed: {three.c}" in pruned.stdout
        assert set(three.ledger().release_ids) == {three.a, three.b}
        assert three.text(BUCKET, naming.release_object(three.endpoint, three.c))
        assert "Nothing to do" in three.run("--mode", "prune").stdout
        require_agreement(three, tmp_path, serves=three.b, barred=(three.c,))
