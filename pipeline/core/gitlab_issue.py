"""The issue that tells in GitLab that an endpoint went back: Git would deploy the same again."""

from collections.abc import Mapping
from dataclasses import dataclass

from pipeline.core.outcomes import DeploymentReport, RunReport


@dataclass(frozen=True, kw_only=True)
class Issue:
    """`title` is the same for each run that went back to the same release of an endpoint."""

    title: str
    description: str


def issue_of(report: RunReport, environment: Mapping[str, str]) -> Issue | None:
    """Return what to open; None where this run did not go back."""
    deployment = report.deployment
    if deployment is None or not deployment.rolled_back_to:
        return None
    return Issue(
        title=f"{deployment.endpoint_name} went back to {deployment.rolled_back_to}",
        description=_description(report, deployment, environment),
    )


def _description(
    report: RunReport, deployment: DeploymentReport, environment: Mapping[str, str]
) -> str:
    failure = report.failure
    why = f"{failure.message}\n{failure.remedy}" if failure else "\n".join(report.notes)
    facts = (
        f"Endpoint {deployment.endpoint_name} in {report.environment} ({report.backend}, "
        f"account {report.account}, {report.region})",
        f"Serves: {deployment.rolled_back_to}",
        f"Run: {report.run_id}, mode {report.mode}, commit {report.git_sha or 'unknown'}",
        f"Job: {environment.get('CI_JOB_URL', 'unknown')}",
        *why.splitlines(),
    )
    # In a block of code nothing is a link, a mention or a quick action, whoever wrote it.
    told = "\n".join(f"    {line}" for line in facts)
    return (
        f"{told}\n\nWhat was left is quarantined: the next pipeline does not deploy the same, "
        "and ends with exit 7. Mend the cause or revert the commit, then close this issue.\n"
    )
