"""The chain of evidence: any changed byte of any part is found, and named."""

import hashlib
from collections.abc import Iterator, Sequence
from dataclasses import replace
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from pipeline.core import naming
from pipeline.core.evidence import DETAIL, Verifier, evidence_of
from pipeline.core.history import tell
from pipeline.core.outcomes import ProbeCase, ProbeReport
from pipeline.gateways.kept import KeptInFolder
from tests.unit.core_builders import NOON, a_release, a_training_run, an_empty_head

Kept = dict[str, bytes]


def sha256(body: bytes) -> str:
    return hashlib.sha256(body).hexdigest()


class InMemory:
    def __init__(self, objects: Kept) -> None:
        self._objects = objects

    def body(self, key: str) -> bytes | None:
        return self._objects.get(key)

    def sha256(self, key: str) -> str | None:
        return sha256(self._objects[key]) if key in self._objects else None

    def keys(self, prefix: str) -> Sequence[str]:
        return sorted(key for key in self._objects if key.startswith(prefix))


def a_past(deployments: int = 2) -> Kept:
    """Return what an endpoint keeps that was deployed to so often, and rolled back in the end."""
    head, kept = an_empty_head(), Kept()
    events = []
    for number in range(deployments):
        artifact, rows, code = (f"{what} {number}".encode() for what in ("model", "rows", "code"))
        files = {f"data/{number}/test.csv": rows, f"code/{number}.tar.gz": code}
        release = a_release(
            f"r-20260102-12000{number}-aaaaaa",
            artifact_sha256=sha256(artifact),
            endpoint_name=head.endpoint,
        )
        training = a_training_run(files={key: sha256(body) for key, body in files.items()})
        case = ProbeCase(name="health", passed=True, detail="It answers.", duration_s=0.5)
        tests = ProbeReport(endpoint_name=head.endpoint, cases=(case,))
        evidence = evidence_of(release, training, tests, plan_digest=None, run_id="run")
        key = naming.evidence_object(head.endpoint, evidence.sha256)
        kept |= files
        kept[key] = evidence.to_json().encode()
        kept[naming.artifact_object(release.artifact_sha256)] = artifact
        name = naming.release_object(head.endpoint, release.release_id)
        kept[name] = release.to_json().encode()
        details = {"release": release.release_id, DETAIL: evidence.sha256}
        head = tell(head, "deployed", who="me", when=NOON, details=details)
        events.append(head.last_event)
    head = tell(head, "rolled back", who="me", when=NOON, details={"reason": "why"})
    for event in (*events, head.last_event):
        assert event is not None
        kept[naming.history_object(head.endpoint, event.number)] = event.to_json().encode()
    kept[naming.ledger_object(head.endpoint)] = head.to_json().encode()
    return kept


ENDPOINT = an_empty_head().endpoint
PAST = a_past()
HEAD = naming.ledger_object(ENDPOINT)


def problems(kept: Kept) -> tuple[str, ...]:
    return Verifier(InMemory(kept), ENDPOINT).verify().problems


def changes() -> st.SearchStrategy[tuple[str, int, int]]:
    return st.sampled_from(sorted(set(PAST) - {HEAD})).flatmap(
        lambda key: st.tuples(st.just(key), st.integers(0, len(PAST[key]) - 1), st.integers(1, 255))
    )


def test_an_untouched_past_is_whole() -> None:
    verified = Verifier(InMemory(PAST), ENDPOINT).verify()
    assert verified.problems == ()
    assert verified.checked == len(PAST)


@settings(max_examples=300, deadline=None)
@given(change=changes())
def test_any_changed_byte_is_found_and_its_file_named(change: tuple[str, int, int]) -> None:
    key, place, flip = change
    body = bytearray(PAST[key])
    body[place] ^= flip
    found = problems({**PAST, key: bytes(body)})
    assert found
    assert found[0].startswith(f"{key} was changed")
    assert len(found) == 1


def test_each_byte_of_each_line_counts() -> None:
    for key in naming.history_object(ENDPOINT, 1), naming.history_object(ENDPOINT, 3):
        for place in range(len(PAST[key])):
            body = bytearray(PAST[key])
            body[place] ^= 0x20  # the other case of a letter, which a parser may take for the same
            assert [each.split()[0] for each in problems({**PAST, key: bytes(body)})] == [key]


@pytest.mark.parametrize("key", sorted(set(PAST) - {HEAD, naming.history_object(ENDPOINT, 3)}))
def test_what_is_gone_is_named(key: str) -> None:
    left = {name: body for name, body in PAST.items() if name != key}
    assert problems(left)[0] == f"{key} is gone."


def a_shared_past() -> tuple[Kept, str]:
    """Return a past in which two lines tell of one deployment, and the key of its evidence."""
    head, kept = an_empty_head(), a_past(1)
    (key,) = [each for each in kept if each == naming.evidence_object(ENDPOINT, sha256(kept[each]))]
    sha256_of_it = sha256(kept[key])
    for number in (1, 2):
        head = tell(head, "deployed", who="me", when=NOON, details={DETAIL: sha256_of_it})
        assert head.last_event is not None
        name = naming.history_object(ENDPOINT, number)
        kept[name] = head.last_event.to_json().encode()
    return {**kept, HEAD: head.to_json().encode()}, key


@pytest.mark.parametrize(("body", "words"), [(None, "is gone"), (b"{}", "was changed")])
def test_what_two_lines_tell_of_is_one_problem(body: bytes | None, words: str) -> None:
    kept, key = a_shared_past()
    assert problems(kept) == ()
    changed = {name: each for name, each in kept.items() if name != key}
    (problem,) = problems(changed if body is None else {**changed, key: body})
    assert problem.startswith(f"{key} {words}")


def test_the_newest_line_may_be_in_the_head_alone() -> None:
    newest = naming.history_object(ENDPOINT, 3)
    assert problems({key: body for key, body in PAST.items() if key != newest}) == ()


def _forged_heads() -> Iterator[bytes]:
    body = PAST[HEAD]
    for place in range(body.index(b'"last_event"'), body.index(b'"live"')):
        forged = bytearray(body)
        forged[place] ^= 0x01
        yield bytes(forged)


def test_a_newest_line_that_was_changed_in_the_head_is_found() -> None:
    assert all(problems({**PAST, HEAD: forged}) for forged in _forged_heads())


def test_a_line_that_was_added_is_found() -> None:
    extra = naming.history_object(ENDPOINT, 4)
    assert problems({**PAST, extra: b"{}"}) == (
        f"{extra} is a line that the ledger does not know.",
    )


def test_without_the_head_nothing_vouches_for_the_newest_line() -> None:
    assert "nothing vouches" in problems({})[0]


def test_a_downloaded_folder_is_verified_alike(tmp_path: Path) -> None:
    for key, body in PAST.items():
        path = tmp_path / key
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_bytes(body)
    assert Verifier(KeptInFolder(tmp_path), ENDPOINT).verify().problems == ()
    (tmp_path / "data/1/test.csv").write_bytes(b"other rows")
    (problem,) = Verifier(KeptInFolder(tmp_path), ENDPOINT).verify().problems
    assert problem.startswith("data/1/test.csv was changed")


def test_the_evidence_says_on_what_grounds_a_release_was_deployed() -> None:
    release = a_release(endpoint_name=ENDPOINT)
    training = replace(a_training_run(), files={"data/x": "1" * 64})
    tests = ProbeReport(endpoint_name=ENDPOINT, cases=())
    evidence = evidence_of(release, training, tests, plan_digest="p", run_id="run")
    assert evidence.release.decision == release.decision
    assert evidence.files == {
        "data/x": "1" * 64,
        naming.artifact_object(release.artifact_sha256): release.artifact_sha256,
        naming.release_object(ENDPOINT, release.release_id): release.sha256,
    }
