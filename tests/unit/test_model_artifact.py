"""Unpacking an artifact: the digest is that of the bytes, and nothing is written elsewhere."""

import gzip
import hashlib
import io
import os
import tarfile
import tracemalloc
from collections.abc import Callable, Iterator
from contextlib import contextmanager
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


def packed(path: Path, tar: bytes, *, after: bytes = b"") -> Path:
    path.write_bytes(gzip.compress(tar, compresslevel=1, mtime=0) + after)
    return path


def a_tar(*members: tuple[tarfile.TarInfo, bytes]) -> bytes:
    written = io.BytesIO()
    with tarfile.open(fileobj=written, mode="w", format=tarfile.PAX_FORMAT) as tar:
        for member, content in members:
            member.size = len(content)
            tar.addfile(member, io.BytesIO(content))
    return written.getvalue()


def a_block(name: str, kind: bytes, *, size: int) -> bytes:
    """Return a header alone, of a member that need not follow."""
    member = tarfile.TarInfo(name)
    member.type, member.size = kind, size
    return member.tobuf(format=tarfile.USTAR_FORMAT)


def with_pax(name: str, **headers: str) -> tarfile.TarInfo:
    member = tarfile.TarInfo(name)
    member.pax_headers = headers
    return member


def a_sparse_map() -> bytes:
    sparse = {"GNU.sparse.major": "1", "GNU.sparse.minor": "0", "GNU.sparse.realsize": "1"}
    return a_tar((with_pax("a", **sparse), b"9999999999\n" + b"1\n" * 100_000))


def named(name: str) -> tuple[tarfile.TarInfo, bytes]:
    return tarfile.TarInfo(name), b"x"


def in_pax(name: str) -> tuple[tarfile.TarInfo, bytes]:
    return with_pax("a", path=name), b"x"


PLAIN = named("a")
GB_3 = 3_000_000_000
COMMENT = a_block("a", tarfile.XHDTYPE, size=12) + b"12 comment=x".ljust(512, b"\0")
HOSTILE: dict[str, tuple[Callable[[], bytes], str]] = {
    "a name in pax that leads out": (lambda: a_tar(in_pax("../evil")), "elsewhere"),
    "an absolute name in pax": (lambda: a_tar(in_pax("/tmp/evil")), "elsewhere"),
    "a zero byte in a name": (lambda: a_tar(in_pax("a\0/../../evil")), "elsewhere"),
    "a pax header of 3 GB": (
        lambda: a_block("a", tarfile.XHDTYPE, size=GB_3),
        "header of 3000",
    ),
    "a long name of 3 GB": (
        lambda: a_block("a", tarfile.GNUTYPE_LONGNAME, size=GB_3),
        "header of 3000",
    ),
    "a sparse map without an end": (a_sparse_map, "sparse"),
    "headers of headers without an end": (lambda: COMMENT * 3000, "cannot be unpacked"),
    "a member longer than the archive": (
        lambda: a_block("a", tarfile.REGTYPE, size=2_000_000),
        "cannot be unpacked",
    ),
    "zeros that are packed to nothing": (
        lambda: a_tar((tarfile.TarInfo("a"), bytes(80_000_000))),
        "which no model does",
    ),
    "a second archive behind the end": (lambda: a_tar(PLAIN) + a_tar(named("evil")), "after its"),
    "a file where a folder must be": (lambda: a_tar(PLAIN, named("a/evil")), "cannot be unpacked"),
    "a name longer than a file's": (lambda: a_tar(named("n" * 300)), "cannot be unpacked"),
}


@pytest.mark.parametrize("name", HOSTILE)
def test_a_hostile_archive_is_refused_in_little_memory_and_writes_nothing_elsewhere(
    tmp_path: Path, name: str
) -> None:
    made, problem = HOSTILE[name]
    archive = packed(tmp_path / "m.tar.gz", made())
    (tmp_path / "out").mkdir()
    with peak_of() as peak, pytest.raises(ArtifactError, match=problem):
        unpack(archive, tmp_path / "out")
    assert peak[0] < 16 * 1024**2
    assert not [*tmp_path.rglob("evil"), *Path("/tmp").glob("evil")]
    assert {path.parent for path in tmp_path.iterdir()} == {tmp_path}


def test_of_a_hundred_thousand_members_few_are_unpacked(tmp_path: Path) -> None:
    many = b"".join(a_block(f"{n}", tarfile.REGTYPE, size=0) for n in range(100_000))
    archive = packed(tmp_path / "m.tar.gz", many)
    with peak_of() as peak, pytest.raises(ArtifactError, match="300 names"):
        unpack(archive, tmp_path / "out", max_members=300)
    assert peak[0] < 4 * 1024**2
    assert len(list((tmp_path / "out").iterdir())) == 300


@contextmanager
def peak_of() -> Iterator[list[int]]:
    """Yield a list that holds the most bytes that Python had at once, when the block has ended."""
    peak: list[int] = []
    tracemalloc.start()
    try:
        yield peak
    finally:
        peak.append(tracemalloc.get_traced_memory()[1])
        tracemalloc.stop()


@pytest.mark.parametrize(
    ("after", "is_well"),
    [(b"", True), (bytes(1000), True), (b"garbage", False), (gzip.compress(b"garbage"), False)],
    # A compressed text holds the time: as a name it would be another one each second.
    ids=["nothing", "zeros", "garbage", "compressed garbage"],
)
def test_what_follows_the_archive_is_padding_or_refused(
    tmp_path: Path, after: bytes, *, is_well: bool
) -> None:
    archive = packed(tmp_path / "m.tar.gz", a_tar(PLAIN), after=after)
    if is_well:
        digest = unpack(archive, tmp_path / "out")
        assert digest == hashlib.sha256(archive.read_bytes()).hexdigest()
        return
    with pytest.raises(ArtifactError):
        unpack(archive, tmp_path / "out")


def test_a_lost_end_of_the_compression_is_noticed(tmp_path: Path) -> None:
    archive = packed(tmp_path / "m.tar.gz", a_tar(PLAIN))
    archive.write_bytes(archive.read_bytes()[:-4])
    with pytest.raises(ArtifactError, match="cannot be unpacked"):
        unpack(archive, tmp_path / "out")


def test_modes_and_owners_of_the_archive_are_not_taken_over(tmp_path: Path) -> None:
    member = tarfile.TarInfo("a")
    member.mode, member.uid = 0o6777, 12345
    unpack(packed(tmp_path / "m.tar.gz", a_tar((member, b"x"))), tmp_path / "out")
    assert not (tmp_path / "out" / "a").stat().st_mode & 0o6111


def test_a_large_artifact_is_read_once_and_never_held_in_memory(tmp_path: Path) -> None:
    """Of 48 MB that cannot be compressed, a few hundred KB are in memory at once."""
    content = os.urandom(48 * 1024**2)
    archive = packed(tmp_path / "m.tar.gz", a_tar((tarfile.TarInfo("model.joblib"), content)))
    expected = hashlib.sha256(archive.read_bytes()).hexdigest()
    with peak_of() as peak:
        assert unpack(archive, tmp_path / "out") == expected
    assert peak[0] < 4 * 1024**2
    assert (tmp_path / "out" / "model.joblib").read_bytes() == content
