"""Two artifacts on the same held-out rows: the live release (champion) and the one being measured.

Each answers in a process of its own, by its own code, as it serves. Rows on whose features the
champion was trained and the challenger was not are left out: they would flatter the champion.
What cannot be compared is a finding, not an error: the gate judges it.
"""

import csv
import io
import json
import math
import subprocess
import sys
import tempfile
from collections import Counter
from collections.abc import Iterable, Iterator
from contextlib import ExitStack
from dataclasses import dataclass, replace
from pathlib import Path
from typing import IO, Any

from model import artifact
from model.manifest import Manifest
from model.table import Part, Table
from model.unseen import Asked, CannotCompare, Unseen
from pipeline.tabular.cells import Spelling, label_of

_BATCH_ROWS = 1_000
_MOST_SAID = 300


@dataclass(frozen=True, kw_only=True)
class PairedErrors:
    """See the record of this name in the runner: of squared errors on the same rows."""

    champion_mean: float
    challenger_mean: float
    difference_deviation: float
    target_variance: float


@dataclass(frozen=True, kw_only=True)
class Comparison:
    """See the record of this name in the runner; `artifact_sha256` is the champion's."""

    artifact_sha256: str = ""
    rows: int = 0
    seen_rows: int = 0
    both_right: int = 0
    only_champion_right: int = 0
    only_challenger_right: int = 0
    both_wrong: int = 0
    errors: PairedErrors | None = None
    failure: str | None = None


def compared(asked: Asked, table: Table, manifest: Manifest) -> Comparison:
    """Let both answer the rows that neither has seen."""
    sha256 = ""
    try:
        with tempfile.TemporaryDirectory() as name, ExitStack() as stack:
            sha256 = artifact.unpack(asked.champion_dir / artifact.FILE_NAME, Path(name))
            unseen = Unseen(asked, table, manifest)
            champion = stack.enter_context(_Answering("the live release", Path(name)))
            challenger = stack.enter_context(_Answering("this model", asked.challenger))
            pairs = _pairs(champion, challenger, unseen.parts(), target=manifest.target)
            if manifest.predicts_number:
                found = _of_numbers(pairs, spelling=manifest.spelling)
            else:
                found = _of_classes(pairs)
            return replace(found, artifact_sha256=sha256, seen_rows=unseen.seen_rows)
    except (CannotCompare, artifact.ArtifactError) as error:
        return Comparison(artifact_sha256=sha256, failure=str(error).rstrip("."))


class _Answering:
    """A process that answers by the code of an unpacked artifact."""

    def __init__(self, named: str, directory: Path) -> None:
        self._named = named
        self._process = subprocess.Popen(
            [sys.executable, str(Path(__file__).with_name("replay.py")), str(directory)],
            cwd=directory,
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            text=True,
            encoding="utf-8",
        )

    def __enter__(self) -> "_Answering":
        return self

    def __exit__(self, *raised: object) -> None:
        self._process.kill()
        self._process.communicate()

    def ask(self, body: str) -> None:
        try:
            print(json.dumps(body), file=_open(self._process.stdin), flush=True)
        except OSError as error:
            self._answered()  # it may have said why it reads no more
            raise self._ended() from error

    def answer(self, rows: int) -> list[Any]:
        """Return the answers to what was asked last, one for each of its rows."""
        answer = self._answered()
        if len(answer) != rows:
            message = f"{self._named} answers {rows} rows with {len(answer)} predictions"
            raise CannotCompare(message)
        return answer

    def _answered(self) -> list[Any]:
        line = _open(self._process.stdout).readline()
        if not line:
            raise self._ended()
        answer = json.loads(line)
        if not isinstance(answer, list):
            message = f"{self._named} does not answer these rows: {answer['error'][:_MOST_SAID]}"
            raise CannotCompare(message)
        return answer

    def _ended(self) -> CannotCompare:
        message = f"the process of {self._named} ended with exit code {self._process.wait()}"
        return CannotCompare(message)


def _open(stream: IO[str] | None) -> IO[str]:
    assert stream is not None
    return stream


def _pairs(
    champion: _Answering, challenger: _Answering, parts: Iterable[Part], *, target: str
) -> Iterator[tuple[Any, Any, str]]:
    """Yield the answer of each, and what is right, while both work at the same rows."""
    for part in parts:
        right = part.cells(target)
        for start in range(0, len(part.rows), _BATCH_ROWS):
            batch = slice(start, start + _BATCH_ROWS)
            body, count = _body(part, batch, target), len(right[batch])
            for each in (champion, challenger):
                each.ask(body)
            answers = [each.answer(count) for each in (champion, challenger)]
            yield from zip(*answers, right[batch], strict=True)


def _body(part: Part, rows: slice, target: str) -> str:
    left_out = part.names.index(target)
    text = io.StringIO(newline="")
    writer = csv.writer(text)
    for cells in (part.names, *part.rows[rows]):
        writer.writerow([cell for place, cell in enumerate(cells) if place != left_out])
    return text.getvalue()


def _of_classes(pairs: Iterable[tuple[Any, Any, str]]) -> Comparison:
    counts: Counter[tuple[bool, bool]] = Counter()
    for theirs, ours, label in pairs:
        right = label_of(label)
        counts[label_of(theirs) == right, label_of(ours) == right] += 1
    return Comparison(
        rows=counts.total(),
        both_right=counts[True, True],
        only_champion_right=counts[True, False],
        only_challenger_right=counts[False, True],
        both_wrong=counts[False, False],
    )


def _of_numbers(pairs: Iterable[tuple[Any, Any, str]], *, spelling: Spelling) -> Comparison:
    theirs, ours, targets, differences = (_Sums() for _ in range(4))
    for champion, challenger, cell in pairs:
        right = spelling.number(cell)
        errors = [_squared_error(answer, right) for answer in (champion, challenger)]
        theirs.add(errors[0])
        ours.add(errors[1])
        differences.add(errors[0] - errors[1])
        targets.add(right)
    deviation, variance = math.sqrt(differences.variance(less=1)), targets.variance()
    if not all(map(math.isfinite, (theirs.mean, ours.mean, deviation, variance))):
        message = "the squared errors are too large to be summed"
        raise CannotCompare(message)
    errors_of_both = PairedErrors(
        champion_mean=theirs.mean,
        challenger_mean=ours.mean,
        difference_deviation=deviation,
        target_variance=variance,
    )
    return Comparison(rows=targets.count, errors=errors_of_both)


def _squared_error(answer: Any, right: float) -> float:
    error = _finite(answer) - right
    if not math.isfinite(error * error):
        message = f"an answer is {answer!r}, which is too far from {right!r} to be measured"
        raise CannotCompare(message)
    return error * error


def _finite(answer: Any) -> float:
    """Return an answer as a float, which an integer may be too large for."""
    try:
        number = math.nan if isinstance(answer, bool | str) else float(answer)
    except (TypeError, OverflowError):
        number = math.nan
    if not math.isfinite(number):
        message = f"an answer is {str(answer)[:_MOST_SAID]!r}, which is no number"
        raise CannotCompare(message)
    return number


class _Sums:
    """Mean and variance of numbers that come one by one (Welford)."""

    def __init__(self) -> None:
        self.count, self.mean, self._squares = 0, 0.0, 0.0

    def add(self, value: float) -> None:
        self.count += 1
        step = value - self.mean
        self.mean += step / self.count
        self._squares += step * (value - self.mean)

    def variance(self, *, less: int = 0) -> float:
        return self._squares / (self.count - less) if self.count > less else 0.0
