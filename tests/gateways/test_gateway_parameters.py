"""The foundation's parameter as it is read: published, absent, or written over by somebody."""

import pytest

from emulator.tests.support.embedded import Embedded, unique
from pipeline.core.errors import CorruptRecord
from pipeline.gateways.account import published_foundation
from tests.gateways.gateways import cloud_of

pytestmark = pytest.mark.emulated


def test_without_the_parameter_there_is_no_foundation(embedded: Embedded) -> None:
    assert published_foundation(cloud_of(embedded), f"/mlops/{unique('none')}") is None


@pytest.mark.parametrize("value", ["garbage", "{}", "null"])
def test_a_parameter_written_over_is_named_with_its_cure(embedded: Embedded, value: str) -> None:
    name = f"/mlops/{unique('project')}/foundation"
    embedded.client("ssm").put_parameter(Name=name, Value=value, Type="String")
    with pytest.raises(CorruptRecord) as refused:
        published_foundation(cloud_of(embedded), name)
    assert name in refused.value.message
    assert "--mode bootstrap" in refused.value.remedy
