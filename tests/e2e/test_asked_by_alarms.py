"""From an alarm to the pipeline and back: alarm, rule, trigger, runner, ledger, all of it real.

Only GitLab is not: a loopback receiver takes its trigger's place, and the test its runner's.
"""

import json
import sys
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path

import pytest

from emulator.tests.support.embedded import Embedded
from emulator.tests.support.embedded_aws import embedded_aws
from emulator.tests.support.receivers import Receiver, a_receiver
from tests.e2e.checkouts import a_checkout
from tests.e2e.command_line import CommandLine, Outcome
from tests.e2e.conftest import OTHER_MODEL
from tests.e2e.story import PATIENT, Story
from tests.e2e.test_requests import nothing_done

pytestmark = [pytest.mark.soak, pytest.mark.timeout(2400)]

TRIGGER = "https://gitlab.example.com/api/v4/projects/1/trigger/pipeline"
# Only what asks: the alarm `<endpoint>/rollback` is made with the endpoint.
WATCHED = {"MLOPS_MONITORING__ENABLED": "true", "MLOPS_MONITORING__LATENCY_P95_MS": "20000"}


@dataclass(frozen=True, kw_only=True)
class Gitlab:
    """What would run the pipeline that a trigger starts."""

    story: Story
    receiver: Receiver
    program: tuple[str, ...]

    def run(self, *flags: str, **variables: str) -> Outcome:
        given = {**PATIENT, **WATCHED, **variables}
        return self.story.run(*flags, program=self.program, **given)

    def ring(self, count: int) -> Mapping[str, str]:
        """Let the alarm ring; return the variables of the pipeline that this starts."""
        cloudwatch = self.story.aws.client("cloudwatch")
        for state in ("OK", "ALARM"):
            cloudwatch.set_alarm_state(
                AlarmName=f"{self.story.endpoint}/rollback", StateValue=state, StateReason="a story"
            )
        return self.triggered(count)

    def triggered(self, count: int) -> Mapping[str, str]:
        started = self.receiver.waits_for(count)[count - 1].document
        assert (started["token"], started["ref"]) == ("glptt-story", "main")
        variables: Mapping[str, str] = started["variables"]
        return variables

    def pipeline(self, pipeline_id: str, variables: Mapping[str, str]) -> Outcome:
        """Run what a pipeline's only job runs: the mode that the trigger named."""
        given = {**variables, "CI_PIPELINE_ID": pipeline_id}
        return self.run("--mode", given.pop("MODE"), **given)


@pytest.fixture
def gitlab(tmp_path: Path) -> Iterator[Gitlab]:
    """A checkout whose local foundation asks a pipeline, on an embedded AWS of its own."""
    checkout = a_checkout(tmp_path / "checkout")
    with embedded_aws(tmp_path / "state") as url, a_receiver() as receiver:
        aws = Embedded(url=url)
        secret = aws.client("secretsmanager").create_secret(
            Name="trigger-token", SecretString="glptt-story"
        )
        file = checkout / "terraform" / "environments" / "local.tfvars"
        asking = {"pipeline": {"trigger_url": TRIGGER}, "token_secret_arn": secret["ARN"]}
        lines = [each for each in file.read_text().splitlines() if "retraining " not in each]
        # What JSON writes is an expression of Terraform's, too.
        file.write_text("\n".join([*lines, f"retraining = {json.dumps(asking)}"]) + "\n")
        command = CommandLine(tmp_path, EMULATOR_STATE_DIR=str(tmp_path / "state"))
        story = Story(aws=aws, prefix="iris-model", folder=tmp_path, command=command)
        program = (sys.executable, str(checkout / "run_pipeline.py"))
        found = Gitlab(story=story, receiver=receiver, program=program)
        assert found.run("--mode", "bootstrap").exit_code == 0
        aws.client("events").update_api_destination(
            Name="mlops-staging-retraining", InvocationEndpoint=receiver.url
        )
        yield found


def test_an_alarm_after_the_bake_rolls_back_once_and_people_retrain_by_the_same_way(
    gitlab: Gitlab,
) -> None:
    first, second = gitlab.run(), gitlab.run(**OTHER_MODEL)
    assert (first.exit_code, second.exit_code) == (0, 0), first.stderr + second.stderr

    rang = gitlab.ring(1)
    back = gitlab.pipeline("77", rang)
    assert back.exit_code == 0, back.stderr
    assert back.deployment["deployment_results"]["rolled_back_to"] == first.release
    assert gitlab.story.serves(first.release)
    require_told(gitlab, "rolled back by", rang)
    quarantined = gitlab.run("--mode", "status").results["status"]["ledger"]["quarantined"][-1]
    assert quarantined["release_id"] == second.release
    assert f"{gitlab.story.endpoint}/rollback" in quarantined["reason"]

    assert "was taken by run" in nothing_done(gitlab.pipeline("78", rang))
    assert "by a rollback" in nothing_done(gitlab.pipeline("77", rang))
    rang_again = gitlab.ring(2)
    assert rang_again["MLOPS_REQUEST_ID"] != rang["MLOPS_REQUEST_ID"]
    assert "by a rollback" in nothing_done(gitlab.pipeline("79", rang_again))
    assert gitlab.story.serves(first.release)

    redeployed = gitlab.run(
        "--mode", "deployment", "--training-job", second.job, "--force", **OTHER_MODEL
    )
    assert redeployed.exit_code == 0, redeployed.stderr
    assert "already" in nothing_done(gitlab.pipeline("80", gitlab.ring(3)))
    assert gitlab.story.serves(second.release)

    people_retrain(gitlab)


def people_retrain(gitlab: Gitlab) -> None:
    reason = 'the "old" one drifts, for $5 \\ more'
    asked = gitlab.run("--mode", "retrain", "--reason", reason)
    assert asked.exit_code == 0, asked.stderr
    started = gitlab.triggered(4)
    assert started["MODE"] == "full"
    assert started["MLOPS_REQUEST_ID"] in asked.stdout
    assert "asked: the 'old' one drifts" in started["MLOPS_REQUEST_CAUSE"]

    retrained = gitlab.pipeline("81", started)
    assert retrained.exit_code == 0, retrained.stderr
    assert gitlab.story.serves(retrained.release)
    require_told(gitlab, "deployed by", started)
    assert "was taken by run" in nothing_done(gitlab.pipeline("82", started))


def require_told(gitlab: Gitlab, what: str, variables: Mapping[str, str]) -> None:
    """History names the event and its cause."""
    told = gitlab.run("--mode", "history").stdout.splitlines()
    lines = [each for each in told if f" {what}" in each]
    assert f"request={variables['MLOPS_REQUEST_ID']}" in lines[-1]
    assert variables["MLOPS_REQUEST_CAUSE"].split("/")[0] in lines[-1]
