"""Mode list on the embedded AWS: what it finds, what it asks for, and whom it leaves out."""

from collections import Counter
from datetime import UTC, datetime
from pathlib import Path

import pytest

from emulator.tests.support.embedded import Embedded, unique
from pipeline.configuration.settings import Settings
from pipeline.context import Context
from pipeline.core.outcomes import ListedEndpoint
from pipeline.recorder import Recorder
from pipeline.steps.list_endpoints import list_endpoints
from tests.gateways.gateways import cloud_of
from tests.support.many_endpoints import (
    LIVE,
    a_ledger,
    a_project,
    actions,
    an_endpoint_that_fails,
    put_ledger,
)

pytestmark = pytest.mark.emulated


def listing(embedded: Embedded, project: str) -> tuple[ListedEndpoint, ...]:
    context = Context(
        settings=Settings(project=project),
        cloud=cloud_of(embedded),
        run_id="a-run",
        git_sha="0" * 40,
        work_dir=Path("/nowhere"),
        output_dir=Path("/nowhere"),
        recorder=Recorder(),
        now=lambda: datetime.now(UTC),
    )
    return list_endpoints(context)


def a_prefix() -> str:
    return unique("p")[:8]


def test_a_project_that_has_nothing_has_no_endpoints(embedded: Embedded) -> None:
    assert listing(embedded, a_prefix()) == ()


def test_each_endpoint_is_listed_once_and_other_projects_not_at_all(embedded: Embedded) -> None:
    ours, theirs = a_prefix(), a_prefix()
    names = [f"{ours}-{number}" for number in range(3)]
    a_project(embedded, ours, names)
    a_project(embedded, theirs, [f"{ours}-of-another-project"])
    found = listing(embedded, ours)
    assert [each.endpoint for each in found] == names
    assert {each.model for each in found} == {f"model-of-{name}" for name in names}
    assert {(each.live_release, each.instance_type) for each in found} == {(LIVE, "ml.m5.large")}
    assert not any(each.is_forgotten for each in found)


def test_what_only_one_side_knows_of_is_forgotten(embedded: Embedded) -> None:
    project = a_prefix()
    known, no_ledger, no_endpoint = (f"{project}-{name}" for name in ("a", "b", "c"))
    bucket = a_project(embedded, project, [known])
    an_endpoint_that_fails(embedded, no_ledger, project=project)
    put_ledger(embedded, bucket, a_ledger(no_endpoint, releases=1))
    found = {each.endpoint: each for each in listing(embedded, project)}
    assert [name for name, each in found.items() if each.is_forgotten] == [no_ledger, no_endpoint]
    assert found[no_ledger].disagreements == (f"no ledger: there is none in {bucket}",)
    assert found[no_endpoint].status == "Absent"


def test_a_ledger_that_nobody_can_read_hides_no_other_endpoint(embedded: Embedded) -> None:
    project = a_prefix()
    bucket = a_project(embedded, project, [f"{project}-a", f"{project}-b"])
    embedded.client("s3").put_object(
        Bucket=bucket, Key=f"ledger/{project}-a.json", Body=b"half a led"
    )
    broken, whole = listing(embedded, project)
    assert "cannot be read" in broken.disagreements[0]
    assert not broken.is_forgotten
    assert whole.live_release == LIVE


def test_a_bucket_that_cannot_be_looked_into_is_no_proof_that_its_endpoints_are_forgotten(
    embedded: Embedded,
) -> None:
    project = a_prefix()
    bucket = a_project(embedded, project, [f"{project}-a"])
    denied = {"code": "AccessDenied", "message": "not you", "status": 403}
    embedded.add_fault({"service": "s3", "action": "ListObjectsV2", "error": denied})
    (found,) = listing(embedded, project)
    assert bucket in found.disagreements[0]
    assert not found.is_forgotten


def test_an_alarm_that_rings_stands_with_the_endpoint_that_it_watches(embedded: Embedded) -> None:
    project = a_prefix()
    a_project(embedded, project, [f"{project}-a", f"{project}-b"])
    alarm, cloudwatch = f"{project}-errors", embedded.client("cloudwatch")
    cloudwatch.put_metric_alarm(
        AlarmName=alarm,
        Namespace="AWS/SageMaker",
        MetricName="Invocation5XXErrors",
        Dimensions=[{"Name": "EndpointName", "Value": f"{project}-b"}],
        Statistic="Sum",
        Period=60,
        EvaluationPeriods=1,
        Threshold=1,
        ComparisonOperator="GreaterThanThreshold",
        TreatMissingData="breaching",  # no traffic keeps it as it is
    )
    cloudwatch.set_alarm_state(AlarmName=alarm, StateValue="ALARM", StateReason="a test")
    assert [each.alarms for each in listing(embedded, project)] == [(), (alarm,)]


@pytest.mark.parametrize(("endpoints", "releases"), [(1, 1), (6, 1), (6, 200)])
def test_it_asks_once_for_each_config_and_ledger_however_many_releases_there_were(
    embedded: Embedded, endpoints: int, releases: int
) -> None:
    project = a_prefix()
    names = [f"{project}-{number}" for number in range(endpoints)]
    a_project(embedded, project, names, releases=releases)
    embedded.clear_requests()
    assert len(listing(embedded, project)) == endpoints
    asked = Counter(actions(embedded))
    assert asked.pop("sagemaker.DescribeEndpointConfig") == endpoints
    assert (
        sum(count for action, count in asked.items() if action.startswith("s3.")) <= endpoints + 1
    )
    flat = sum(count for action, count in asked.items() if not action.startswith("s3."))
    assert flat <= 4, (
        asked
    )  # Search, GetParametersByPath, DescribeAlarms; perhaps GetCallerIdentity


def test_it_changes_nothing(embedded: Embedded) -> None:
    project = a_prefix()
    a_project(embedded, project, [f"{project}-a"])
    embedded.clear_requests()
    listing(embedded, project)
    reads = ("Search", "Describe", "Get", "List", "Head")
    asked = {action.partition(".")[2] for action in actions(embedded)}
    assert all(action.startswith(reads) for action in asked), asked
