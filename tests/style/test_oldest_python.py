"""The oldest Python that is asked for is 3.11.0: what came in one of its patches is not used."""

from tests.style.sources import calls_of, python_files


def test_archives_are_unpacked_without_a_word_of_a_later_patch() -> None:
    """`filter=` came with 3.11.4, and Debian 12 has 3.11.2 (documentation of tarfile)."""
    unpacking = [
        (path, call)
        for path in python_files("emulator", "model", "pipeline", "tests")
        for name, call in calls_of(path)
        if name.rpartition(".")[2] in ("extract", "extractall")
    ]
    assert unpacking
    asking = [path for path, call in unpacking if "filter" in {each.arg for each in call.keywords}]
    assert asking == []
