"""Mode doctor: a line for each check with its fix, the exit code of the worst, nothing changed."""

import json
import re
import socket
from datetime import UTC, datetime
from pathlib import Path

from pipeline.core import naming
from pipeline.core.version import VERSION
from tests.e2e.alone import run_alone
from tests.e2e.command_line import CommandLine, Outcome
from tests.e2e.story import BUCKET, Story

DOCTOR = ("--mode", "doctor")


def lines(outcome: Outcome) -> dict[str, str]:
    """Return the lines by the name of their check; nothing else is in the listing."""
    found = [line.split(maxsplit=1) for line in outcome.results["listing"]]
    assert {grade for grade, _ in found} <= {"ok", "warning", "failed"}
    return {rest.partition(":")[0]: f"{grade} {rest}" for grade, rest in found}


def test_a_sound_machine_without_an_embedded_aws_passes_and_none_is_started(
    bare: CommandLine, tmp_path: Path
) -> None:
    asked = bare.run(*DOCTOR)
    assert asked.exit_code == 0
    assert all(each in lines(asked) for each in ("terraform", "provider", "configuration"))
    assert "the embedded AWS does not run. Fix: " in lines(asked)["AWS"]
    # Quoted where the project's folder has a space in its name.
    assert re.search(r"To start it: \S.*run_mlops_pipeline\.sh'? --mode full$", lines(asked)["AWS"])
    assert not (tmp_path / "state").exists()


def test_the_version_is_named_by_its_line_the_results_and_the_first_log_line(
    bare: CommandLine,
) -> None:
    asked = bare.run(*DOCTOR)
    commit = asked.results["git_sha"][:12] or "unknown"
    assert lines(asked)["version"] == f"ok version: {VERSION}, commit {commit}"
    assert asked.results["version"] == VERSION
    assert f"version={VERSION} run={asked.results['run_id']} " in asked.stderr.splitlines()[0]


def test_a_refused_configuration_hides_no_other_finding(bare: CommandLine) -> None:
    asked = bare.run(*DOCTOR, "--accuracy", "7", MLOPS_TRAINING__TARGET="x" * 300)
    assert asked.exit_code == 2
    assert lines(asked)["configuration"].startswith("failed")
    assert lines(asked)["terraform"].startswith("ok")
    assert "1 check failed: configuration." in asked.error


def test_a_region_that_does_not_exist_is_one_line_among_the_others(bare: CommandLine) -> None:
    asked = bare.run(*DOCTOR, "--region", "us-east-9")
    assert asked.exit_code == 2
    assert lines(asked)["backend"].startswith("failed backend: There is no AWS region us-east-9")


def test_a_terraform_that_is_too_old_and_missing_credentials_are_both_told(
    bare: CommandLine, tmp_path: Path
) -> None:
    program = tmp_path / "programs" / "terraform"
    program.parent.mkdir()
    program.write_text("#!/bin/sh\necho 'Terraform v1.5.7'\n")
    program.chmod(0o755)
    path = f"{program.parent}:/usr/bin:/bin"
    asked = bare.run(*DOCTOR, "--backend", "aws", PATH=path, AWS_EC2_METADATA_DISABLED="true")
    assert asked.exit_code == 11
    assert "is Terraform 1.5.7" in lines(asked)["terraform"]
    assert lines(asked)["credentials"].startswith("failed")
    assert "nobody is signed in" in lines(asked)["AWS"]


def test_what_dead_runs_left_in_the_account_is_told_and_nothing_is_touched(quiet: Story) -> None:
    endpoint, s3 = "doctor-staging", quiet.aws.client("s3")
    lock = naming.serving_state_key("staging", endpoint) + ".tflock"
    state = "mlops-state-000000000000-us-east-1"
    s3.create_bucket(Bucket=state)
    s3.put_object(Bucket=state, Key=lock, Body=a_lock("ada@old"))
    s3.put_object(Bucket=BUCKET, Key=naming.lease_object(endpoint), Body=a_dead_lease())
    s3.put_object(Bucket=BUCKET, Key=naming.ledger_object(endpoint), Body=b"{}")

    asked, changes = run_alone(quiet, *DOCTOR, ENDPOINT_PREFIX="doctor")
    found = lines(asked)
    assert (asked.exit_code, changes) == (11, [])
    assert "ada@old" in found["state lock"]
    assert "ok lease: free: run 7 of ada" in found["lease"]
    assert f"{naming.ledger_object(endpoint)} cannot be read" in found["endpoint"]
    assert asked.error.startswith("1 check failed: endpoint.")


def a_lock(who: str) -> bytes:
    lock = {"ID": "1", "Who": who, "Operation": "OperationTypeApply", "Path": "state"}
    lock |= {"Created": "2026-01-31T12:00:00Z", "Info": "", "Version": "1.10.5"}
    return json.dumps(lock).encode()


def a_dead_lease() -> bytes:
    now = datetime.now(UTC).isoformat()
    owner = {"run_id": "7", "who": "ada", "host": socket.gethostname(), "pid": 1}
    owner |= {"process_started_s": 1.0}
    lease = {"number": 1, "owner": owner, "acquired_at": now, "expires_at": "2999-01-01T00:00:00Z"}
    return json.dumps(lease).encode()
