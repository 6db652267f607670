"""A plan in one process, its apply in another, from another checkout; and what is refused."""

import json
import shutil
import stat
import sys
from pathlib import Path
from typing import Any

import pytest

from tests.e2e.alone import changes
from tests.e2e.checkouts import a_checkout
from tests.e2e.command_line import Outcome
from tests.e2e.three import FOURTH, Three

_REVIEW = ("plan.md", "plan.html", "terraform.json", "plan.digest", "plan.facts")
# No Terraform knows that this one is a secret, only its name does.
_PLANTED = """
resource "terraform_data" "planted" {
  input = {
    marked      = sensitive("planted-and-marked")
    db_password = "planted-by-name"
    whatever    = "planted-by-value"
  }
}
"""
_SECRETS = ("planted-and-marked", "planted-by-name", "planted-by-value")


def planned(three: Three, *flags: str, **variables: str) -> Outcome:
    """Plan, and show that nothing but reads went to AWS."""
    three.aws.clear_requests()
    outcome = three.run("--mode", "plan", *flags, **variables)
    assert changes(three) == []
    return outcome


def applied(three: Three, folder: Path, *flags: str, **variables: Any) -> Outcome:
    return three.run("--mode", "apply", "--plan-dir", str(folder), *flags, **variables)


def program_of(checkout: Path) -> tuple[str, ...]:
    return (sys.executable, str(checkout / "run_pipeline.py"))


def moved_away(outcome: Outcome, place: Path) -> Path:
    """Carry the plan folder to another place, as a CI system does with what a job leaves."""
    return Path(shutil.copytree(outcome.folder / "plan", place))


def test_a_reviewed_release_is_applied_once_from_another_checkout(
    quick_three: Three, tmp_path: Path
) -> None:
    three = quick_three
    events = three.ledger().last_event
    reviewed = planned(three, "--training-job", three.job, **FOURTH)
    assert reviewed.exit_code == 0, reviewed.stderr
    assert three.ledger().last_event == events
    assert three.serves(three.c)
    assert all((reviewed.folder / name).is_file() for name in _REVIEW)
    widget = json.loads((reviewed.folder / "terraform.json").read_text())
    assert widget == {"create": 5, "update": 1, "delete": 0}
    digest = (reviewed.folder / "plan.digest").read_text().strip()
    assert reviewed.variables["MLOPS_PLAN_DIGEST"] == digest
    folder = moved_away(reviewed, tmp_path / "elsewhere")
    checkout = a_checkout(tmp_path / "another checkout")

    done = applied(
        three,
        folder,
        program=program_of(checkout),
        MLOPS_APPROVED_PLAN_DIGEST=digest,
        **FOURTH,
    )

    assert done.exit_code == 0, done.stderr + done.stdout
    record = json.loads((folder / "plan.json").read_text())
    assert three.serves(record["release"]["release_id"])
    assert done.variables["MLOPS_PLAN_DIGEST"] == digest
    again = applied(three, folder, **FOURTH)
    assert again.exit_code == 7
    assert "is good for one apply" in again.error


@pytest.mark.soak
def test_another_plan_than_the_approved_one_and_one_that_was_overtaken_are_refused(
    three: Three,
) -> None:
    of_the_infrastructure = planned(three)
    assert of_the_infrastructure.exit_code == 0, of_the_infrastructure.stderr
    reviewed = planned(three, "--training-job", three.job, **FOURTH)
    other = str(of_the_infrastructure.folder / "plan.facts")
    unapproved = applied(three, reviewed.folder / "plan", "--approved", other, **FOURTH)
    assert unapproved.exit_code == 7
    assert "what was approved has" in unapproved.error
    assert applied(three, reviewed.folder / "plan", **FOURTH).exit_code == 0
    overtaken = applied(three, of_the_infrastructure.folder / "plan")
    assert overtaken.exit_code == 7
    assert "has moved since" in overtaken.error


@pytest.mark.soak
def test_reviewed_infrastructure_is_applied_and_its_secrets_are_found_nowhere(
    three: Three, tmp_path: Path
) -> None:
    checkout = a_checkout(tmp_path / "another checkout")
    (checkout / "terraform" / "foundation" / "planted.tf").write_text(_PLANTED)
    there: dict[str, Any] = {
        "program": program_of(checkout),
        "SOME_API_TOKEN": "planted-by-value",
    }
    three.aws.clear_requests()

    reviewed = three.run("--mode", "plan", "--verbose", **there)

    assert reviewed.exit_code == 0, reviewed.stderr
    assert changes(three) == []
    assert "terraform_data.planted" in (reviewed.folder / "plan.html").read_text()
    said = [reviewed.stdout, reviewed.stderr]
    private = reviewed.folder / "plan"
    public = [
        path
        for path in reviewed.folder.rglob("*")
        if path.is_file() and private not in path.parents
    ]
    assert {path.name for path in public} >= {*_REVIEW, "results.json", "results.env", "run.log"}
    texts = [*said, *(path.read_text() for path in public)]
    assert not [secret for secret in _SECRETS for text in texts if secret in text]
    assert stat.S_IMODE(private.stat().st_mode) == 0o700
    assert {stat.S_IMODE(path.stat().st_mode) for path in private.iterdir()} == {0o600}

    other_code = applied(three, private)
    assert other_code.exit_code == 7
    assert "terraform/foundation/planted.tf" in other_code.error
    done = applied(three, private, **there)
    assert done.exit_code == 0, done.stderr + done.stdout
    assert three.last_event() == "plan applied"
    assert three.serves(three.c)


@pytest.mark.soak
def test_a_dry_run_tells_what_its_command_would_do_and_only_reads(three: Three) -> None:
    head = three.ledger()
    expected = {
        ("full",): "Would train: ",
        ("deployment", "--training-job", three.job): "serving: moves endpoint to ",
        ("rollback",): f"Would go back: from {three.c}, which would be quarantined, to {three.b}",
        ("prune",): "Nothing to do: ",
    }
    for (mode, *flags), says in expected.items():
        three.aws.clear_requests()

        foretold = three.run("--mode", mode, *flags, "--dry-run", **FOURTH)

        assert foretold.exit_code == 0, foretold.stderr + foretold.stdout
        assert any(each.startswith(says) for each in foretold.results["listing"]), foretold.stdout
        assert changes(three) == []
        assert three.ledger() == head


@pytest.mark.soak
def test_a_plan_folder_that_was_changed_is_refused_before_anything(
    three: Three, tmp_path: Path
) -> None:
    reviewed = planned(three, "--training-job", three.job, **FOURTH)
    for number, name in enumerate(("serving.tfplan", "serving.tfvars.json", "plan.json")):
        folder = moved_away(reviewed, tmp_path / str(number))
        content = (folder / name).read_bytes()
        (folder / name).write_bytes(content.replace(b"302", b"303") + b" ")
        three.aws.clear_requests()

        refused = applied(three, folder, **FOURTH)

        assert refused.exit_code == 7, name
        assert changes(three) == []
    other = {"MLOPS_DEPLOYMENT__STARTUP_TIMEOUT_S": "303"}
    other_settings = applied(three, reviewed.folder / "plan", **other)
    assert other_settings.exit_code == 7
    assert "302" in other_settings.error
    assert three.serves(three.c)
