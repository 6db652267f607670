"""Folders that look like Terraform's filesystem mirrors, with an empty file for the provider."""

import platform
from pathlib import Path

from pipeline.gateways.provider_mirror import PROVIDER_VERSION

HOST = "registry.terraform.io"
MACHINE = {"x86_64": "amd64", "aarch64": "arm64"}.get(platform.machine(), platform.machine())
TARGET = f"{platform.system().lower()}_{MACHINE}"


def an_unpacked_mirror(
    mirror: Path, *, version: str = PROVIDER_VERSION, target: str = TARGET
) -> Path:
    folder = mirror / HOST / "hashicorp" / "aws" / version / target
    folder.mkdir(parents=True)
    (folder / f"terraform-provider-aws_v{version}_x5").touch()
    return mirror


def a_packed_mirror(mirror: Path, *, target: str = TARGET) -> Path:
    folder = mirror / HOST / "hashicorp" / "aws"
    folder.mkdir(parents=True)
    (folder / f"terraform-provider-aws_{PROVIDER_VERSION}_{target}.zip").touch()
    return mirror
