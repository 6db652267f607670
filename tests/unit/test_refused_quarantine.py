"""What is said of content that is barred: why, since when, and once by whom."""

from types import SimpleNamespace
from typing import Any

import pytest

from pipeline.core.errors import QUARANTINED, PlanRefused
from pipeline.core.head import Quarantined
from pipeline.steps.deploy import refuse_quarantined
from tests.unit.core_builders import NOON, an_empty_head

BY_HAND = "Rolled back by ada: answers look wrong"


@pytest.mark.parametrize(
    ("who", "reason", "said"),
    [
        ("ada", "Its tests failed.", "UTC by ada: Its tests failed."),
        ("", "Its tests failed.", "UTC: Its tests failed."),  # written before `who` was kept
        ("ada", BY_HAND, f"UTC: {BY_HAND}"),
        ("", BY_HAND, f"UTC: {BY_HAND}"),
    ],
)
def test_a_refusal_names_who_barred_a_release_once_and_nobody_where_none_is_known(
    who: str, reason: str, said: str
) -> None:
    barred = Quarantined(content_digest="d", release_id="r-1", reason=reason, when=NOON, who=who)
    workspace: Any = SimpleNamespace(context=SimpleNamespace(force=False))
    with pytest.raises(PlanRefused) as refused:
        refuse_quarantined(workspace, an_empty_head(quarantined=(barred,)), "d", job="j")
    day = f"{NOON:%Y-%m-%d %H:%M}"
    assert refused.value.message == f"This model was quarantined as release r-1 at {day} {said}"
    assert refused.value.code == QUARANTINED
