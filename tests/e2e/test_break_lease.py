"""The lease of a run that may still live: taken only from who is named, and with a yes."""

from datetime import UTC, datetime, timedelta

from pipeline.core import naming
from pipeline.core.lease import EXPIRES_AFTER, Ended, Lease, Owner
from tests.e2e.story import BUCKET, Story

ELSEWHERE = Owner(
    run_id="20260101-120000-gone",
    who="ci (https://gitlab.example.com/jobs/7)",
    host="runner-of-last-week",
    pid=7,
    process_started_s=0.0,
)
PRUNE = ("--mode", "prune")


def put_lease(story: Story, *, number: int) -> None:
    now = datetime.now(UTC)
    lease = Lease(
        number=number,
        owner=ELSEWHERE,
        acquired_at=now - timedelta(hours=1),
        expires_at=now + EXPIRES_AFTER,
    )
    key = naming.lease_object(story.endpoint)
    body = lease.to_json().encode()
    story.aws.client("s3").put_object(Bucket=BUCKET, Key=key, Body=body)


def lease_of(story: Story) -> Lease:
    key = naming.lease_object(story.endpoint)
    return Lease.from_json(story.aws.client("s3").get_object(Bucket=BUCKET, Key=key)["Body"].read())


def test_the_lease_of_a_run_elsewhere_is_taken_only_with_a_yes(serving: Story) -> None:
    number = lease_of(serving).number + 1
    put_lease(serving, number=number)

    for flags in ((), ("--break-lease",)):
        refused = serving.run(*PRUNE, *flags)
        assert refused.exit_code == 9
        assert ELSEWHERE.run_id in refused.error
        assert "--break-lease" in refused.error
        assert lease_of(serving).owner == ELSEWHERE

    assert serving.run(*PRUNE, "--break-lease", "--yes").exit_code == 0
    after = lease_of(serving)
    assert (after.number, after.released, after.told) == (number + 1, True, True)
    assert (after.former[-1].owner, after.former[-1].ended) == (ELSEWHERE, Ended.BROKEN)
