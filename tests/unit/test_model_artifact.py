"""Unpacking an artifact: the digest is that of the bytes, and nothing is written elsewhere."""

import hashlib
import io
import tarfile
from pathlib import Path

import pytest

from model.artifact import ArtifactError, unpack


def an_archive(path: Path, *members: tarfile.TarInfo) -> Path:
    with tarfile.open(path, "w:gz") as tar:
        for member in members:
            tar.addfile(member, io.BytesIO(b"x" * member.size))
    return path


def a_member(
    name: str, *, size: int = 1, kind: bytes = tarfile.REGTYPE, link: str = ""
) -> tarfile.TarInfo:
    member = tarfile.TarInfo(name)
    member.size, member.type, member.linkname = size, kind, link
    return member


def test_files_and_folders_are_unpacked_and_the_bytes_are_named(tmp_path: Path) -> None:
    folder = a_member("code", size=0, kind=tarfile.DIRTYPE)
    archive = an_archive(tmp_path / "m.tar.gz", a_member("./a"), folder, a_member("code/b"))
    digest = unpack(archive, tmp_path / "out")
    assert digest == hashlib.sha256(archive.read_bytes()).hexdigest()
    assert {path.name for path in (tmp_path / "out").rglob("*")} == {"a", "code", "b"}


@pytest.mark.parametrize(
    "member",
    [
        a_member("../evil"),
        a_member("code/../../evil"),
        a_member("/evil"),
        a_member("code\\..\\evil"),
        a_member("link", size=0, kind=tarfile.SYMTYPE, link="/etc/passwd"),
        a_member("link", size=0, kind=tarfile.LNKTYPE, link="a"),
        a_member("pipe", size=0, kind=tarfile.FIFOTYPE),
        a_member("device", size=0, kind=tarfile.CHRTYPE),
    ],
    ids=lambda member: f"{member.name}-{member.type.decode()}",
)
def test_a_dangerous_member_is_refused_by_name(tmp_path: Path, member: tarfile.TarInfo) -> None:
    archive = an_archive(tmp_path / "m.tar.gz", a_member("a"), member)
    with pytest.raises(ArtifactError, match="The archive holds"):
        unpack(archive, tmp_path / "out")
    assert not list(tmp_path.rglob("evil"))


def test_a_name_given_twice_is_refused(tmp_path: Path) -> None:
    archive = an_archive(tmp_path / "m.tar.gz", a_member("a"), a_member("./a"))
    with pytest.raises(ArtifactError, match="twice"):
        unpack(archive, tmp_path / "out")


def test_more_bytes_than_allowed_are_not_written(tmp_path: Path) -> None:
    archive = an_archive(tmp_path / "m.tar.gz", a_member("a", size=10), a_member("b", size=1_000))
    with pytest.raises(ArtifactError, match="more than 500 bytes"):
        unpack(archive, tmp_path / "out", max_bytes=500)
    assert not (tmp_path / "out" / "b").exists()


@pytest.mark.parametrize("damage", ["truncated", "flipped", "no archive"])
def test_a_damaged_archive_is_refused(tmp_path: Path, damage: str) -> None:
    archive = an_archive(tmp_path / "m.tar.gz", a_member("a", size=100_000))
    content = archive.read_bytes()
    middle = len(content) // 2
    flipped = content[:middle] + bytes([content[middle] ^ 0xFF]) + content[middle + 1 :]
    damaged = {"truncated": content[:middle], "flipped": flipped, "no archive": b"text"}
    archive.write_bytes(damaged[damage])
    with pytest.raises(ArtifactError, match="cannot be unpacked"):
        unpack(archive, tmp_path / "out")


def test_an_absent_archive_is_refused_by_name(tmp_path: Path) -> None:
    with pytest.raises(ArtifactError, match=r"no model\.tar\.gz"):
        unpack(tmp_path / "model.tar.gz", tmp_path / "out")
