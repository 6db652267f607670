"""Bad luck of the machine or the place: one line, its exit code, and nothing changed in AWS."""

import json
import socket
from pathlib import Path

from emulator.tests.support.embedded_aws import embedded_aws
from tests.e2e.alone import run_alone, said
from tests.e2e.command_line import RUNNER, CommandLine
from tests.e2e.machines import an_old_terraform, with_full_disk, without_rights
from tests.e2e.story import Story


def test_a_full_disk_for_the_state_of_the_embedded_aws(bare: CommandLine, tmp_path: Path) -> None:
    state = tmp_path / "state"
    state.mkdir()
    failed = bare.run("--mode", "training", program=(*with_full_disk(state), *RUNNER))
    assert failed.exit_code == 11
    assert f"{state} cannot be written: No space left on device. Make room" in said(failed)
    assert list(state.iterdir()) == []


def test_a_full_disk_for_results(bare: CommandLine, tmp_path: Path) -> None:
    folder = tmp_path / "full"
    folder.mkdir()
    program = (*with_full_disk(folder), *RUNNER)
    refused = bare.run("--mode", "validate", "--output-dir", str(folder / "out"), program=program)
    assert refused.exit_code == 2
    assert "cannot be written: No space left on device. Name another one" in said(refused)


def test_a_port_that_another_program_has_taken(bare: CommandLine, tmp_path: Path) -> None:
    state = tmp_path / "state"
    state.mkdir()
    with socket.create_server(("127.0.0.1", 0)) as taken:
        port = taken.getsockname()[1]
        record = {"pid": 1, "port": port, "instance_id": "x", "version": "1"}
        (state / "emulator.json").write_text(json.dumps(record))
        failed = bare.run("--mode", "status")
    assert failed.exit_code == 11
    assert f"Port {port}, which {state} has always used, is taken by another" in said(failed)


def test_a_folder_that_cannot_be_written(bare: CommandLine, tmp_path: Path) -> None:
    folder = tmp_path / "read only"
    folder.mkdir(mode=0o555)
    program = (*without_rights(), *RUNNER)
    refused = bare.run("--mode", "validate", "--output-dir", "out", program=program, cwd=folder)
    assert refused.exit_code == 2
    assert said(refused) == (
        "Error: The output folder out cannot be written: Permission denied. "
        "Name another one with --output-dir."
    )
    assert list(folder.iterdir()) == []


def test_a_folder_that_was_deleted_under_its_shell(bare: CommandLine) -> None:
    gone = ("bash", "-c", 'mkdir gone && cd gone && rmdir ../gone && exec "$@"', "bash")
    refused = bare.run("--mode", "validate", "--output-dir", "out", program=(*gone, *RUNNER))
    assert refused.exit_code == 2
    assert said(refused) == (
        "Error: The output folder out cannot be written: No such file or directory. "
        "Name another one with --output-dir."
    )


def test_a_state_directory_that_cannot_be_written(bare: CommandLine, tmp_path: Path) -> None:
    folder = tmp_path / "read only"
    folder.mkdir(mode=0o555)
    program = (*without_rights(), *RUNNER)
    failed = bare.run("--mode", "status", program=program, EMULATOR_STATE_DIR=str(folder / "state"))
    assert failed.exit_code == 11
    assert "cannot be written: Permission denied." in said(failed)


def test_a_terraform_that_is_too_old_is_seen_before_anything_is_trained(
    quiet: Story, tmp_path: Path
) -> None:
    refused, changes = run_alone(quiet, PATH=an_old_terraform(tmp_path / "old"))
    assert (refused.exit_code, changes) == (11, [])
    assert "is Terraform 1.5.7; the state lock in S3 needs 1.10 or newer" in said(refused)


def test_a_region_that_is_not_where_the_environment_lives(quiet: Story) -> None:
    refused, changes = run_alone(quiet, "--region", "eu-west-1")
    assert (refused.exit_code, changes) == (2, [])
    assert "The environment staging of mlops lives in us-east-1" in said(refused)


def test_a_profile_that_does_not_exist_is_none_of_the_embedded_awss_business(
    bare: CommandLine, tmp_path: Path
) -> None:
    nobody = "no-such-profile"
    with embedded_aws(tmp_path / "state", AWS_PROFILE=nobody):
        status = bare.run("--mode", "status", AWS_PROFILE=nobody)
    assert status.exit_code == 11
    assert said(status).startswith("There is no foundation for staging in this account.")


def test_a_region_that_does_not_exist(bare: CommandLine, tmp_path: Path) -> None:
    refused = bare.run("--region", "us-east-9")
    assert refused.exit_code == 2
    assert said(refused).startswith("There is no AWS region us-east-9 with SageMaker")
    assert not (tmp_path / "state").exists()
