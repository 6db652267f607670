"""ARNs of the embedded AWS begin with the partition of their region, as botocore's table has it."""

from pathlib import Path

import boto3
import pytest

import emulator
from emulator.metrics.alarm_book import AlarmBook
from emulator.partitions import partition_of

EMULATOR = Path(emulator.__file__).parent
SESSION = boto3.session.Session()
REGIONS = [
    (region, partition)
    for partition in SESSION.get_available_partitions()
    for region in SESSION.get_available_regions("cloudwatch", partition)
]


def test_every_region_has_the_partition_that_botocore_names() -> None:
    assert {partition for _, partition in REGIONS} >= {"aws", "aws-cn", "aws-us-gov"}
    assert [each for each in REGIONS if partition_of(each[0]) != each[1]] == []


@pytest.mark.parametrize(
    ("region", "partition"),
    [("us-east-1", "aws"), ("cn-north-1", "aws-cn"), ("us-gov-west-1", "aws-us-gov")],
)
def test_an_alarm_s_arn_is_one_of_its_partition(region: str, partition: str) -> None:
    arn = AlarmBook("000000000000").arn(region, "iris-quiet")
    assert arn == f"arn:{partition}:cloudwatch:{region}:000000000000:alarm:iris-quiet"


def is_its_own(path: Path) -> bool:
    return path.parts[0] not in ("tests", ".venv", ".venv-tools")


def test_the_embedded_aws_writes_no_partition_into_an_arn() -> None:
    """The one literal is the ARN of a universal target of Scheduler, which is matched."""
    sources = [path for path in EMULATOR.rglob("*.py") if is_its_own(path.relative_to(EMULATOR))]
    assert len(sources) > 100
    written = [path.name for path in sources if 'f"arn:aws:' in path.read_text(encoding="utf-8")]
    assert written == []
