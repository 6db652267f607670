"""Asks the artifact as an endpoint will: by the image's own `serve`, before any traffic.

The scikit-learn image that trains and evaluates is the one that serves: its program `serve` is
nginx and gunicorn around the artifact's `code/inference.py` (aws/sagemaker-scikit-learn-container,
`serving_entrypoint`; aws/sagemaker-containers, `_server.start`). It is started here as SageMaker
starts it, with the same environment, and asked over loopback: `/ping` until it answers 200, then
every held-out row by `/invocations`, as CSV with its header, which is what the endpoint tests send.
A model that cannot serve is a finding, not an error: the gate judges it.
"""

import csv
import http.client
import io
import itertools
import json
import math
import os
import socket
import subprocess
import sys
import threading
from collections import deque
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from time import monotonic, sleep

from model.table import Part, Table
from pipeline.tabular.answers import number_of, percentile, sum_of_squares
from pipeline.tabular.batches import batches
from pipeline.tabular.cells import Spelling, label_of

_CSV, _JSON = "text/csv", "application/json"
# What SageMaker gives a container for one answer (developer guide, "Use your own inference code")
_PING_S, _ANSWER_S = 2.0, 60.0
_POLL_S = 0.1
_GRACE_S = 10.0
_TIMED_ROWS = 50
_KEPT_LINES, _KEPT_CHARACTERS = 12, 600


class CannotServe(Exception):
    """The container did not start, or did not answer as an endpoint must."""


@dataclass(frozen=True, kw_only=True)
class ServingCheck:
    """What the serving container answered. `failure` says why it did not; None when it did.

    `accuracy` is the share (0..1) of right answers to `rows` held-out rows, `rmse` the error of
    predicted numbers. `differing` rows were answered otherwise than the model answers when it is
    loaded directly; None where its rows are not these. `start_s`: seconds
    until `/ping` was answered. Latencies are of requests of one row, in milliseconds, on the
    machine of the job, which need not be that of the endpoint; `latencies_ms` are all of them.
    """

    rows: int
    accuracy: float | None = None
    start_s: float | None = None
    latency_p50_ms: float | None = None
    latency_p95_ms: float | None = None
    failure: str | None = None
    rmse: float | None = None
    differing: int | None = None
    latencies_ms: tuple[float, ...] = ()


@dataclass(frozen=True, kw_only=True)
class Truth:
    """The held-out rows, what is right, and what the model answered when it was loaded directly.

    `spelling` is how the right numbers are written, None of a classifier. `predicted` is None where
    the model was asked for other rows than these.
    """

    table: Table
    target: str
    spelling: Spelling | None
    predicted: Iterator[object] | None


class Server:
    """The running program `serve`, and the last lines that it wrote."""

    def __init__(self, process: subprocess.Popen[str], port: int) -> None:
        self._process = process
        self._port = port
        self._started = monotonic()
        self._lines: deque[str] = deque(maxlen=_KEPT_LINES)
        self._relay = threading.Thread(target=self._pass_on, daemon=True)
        self._relay.start()

    def wait_until_healthy(self, timeout_s: float) -> float:
        """Return the seconds it took until `/ping` was 200. Raises CannotServe."""
        while True:
            waited_s = monotonic() - self._started
            if self._process.poll() is not None:
                self._relay.join(_PING_S)
                ended = f"`serve` ended with exit code {self._process.returncode}"
                message = f"{ended}: {self.last_words()}"
                raise CannotServe(message)
            if self._pings():
                return waited_s
            if waited_s > timeout_s:
                late = f"/ping was not answered with 200 within {timeout_s:.0f} s"
                message = f"{late}: {self.last_words()}"
                raise CannotServe(message)
            sleep(_POLL_S)

    def labels(self, body: bytes) -> list[str]:
        """Return the labels that the container answers. Raises CannotServe."""
        status, content = self._exchange("POST", "/invocations", body, timeout_s=_ANSWER_S)
        if status != http.client.OK:
            said = content.decode(errors="replace")
            said = self.last_words() if said.lstrip().startswith("<") else said
            message = f"held-out rows are answered with HTTP {status}: {said[:_KEPT_CHARACTERS]}"
            raise CannotServe(message)
        try:
            return [label_of(str(label)) for label in json.loads(content)["predictions"]]
        except (KeyError, RecursionError, TypeError, ValueError) as error:
            message = 'the answer is not the JSON document {"predictions": [...]}'
            raise CannotServe(message) from error

    def last_words(self) -> str:
        return " | ".join(self._lines)[-_KEPT_CHARACTERS:] or "it wrote nothing"

    def stop(self) -> None:
        self._process.terminate()
        try:
            self._process.wait(_GRACE_S)
        except subprocess.TimeoutExpired:
            self._process.kill()
            self._process.wait()

    def _pings(self) -> bool:
        try:
            return self._exchange("GET", "/ping", b"", timeout_s=_PING_S)[0] == http.client.OK
        except CannotServe:
            return False

    def _exchange(
        self, method: str, path: str, body: bytes, *, timeout_s: float
    ) -> tuple[int, bytes]:
        connection = http.client.HTTPConnection("127.0.0.1", self._port, timeout=timeout_s)
        headers = {"Content-Type": _CSV, "Accept": _JSON} if body else {}
        try:
            connection.request(method, path, body or None, headers)
            answer = connection.getresponse()
            return answer.status, answer.read()
        except (OSError, http.client.HTTPException) as error:
            message = f"{path} was not answered ({type(error).__name__}): {self.last_words()}"
            raise CannotServe(message) from error
        finally:
            connection.close()

    def _pass_on(self) -> None:
        """Let the job's log have every line."""
        assert self._process.stdout is not None
        with self._process.stdout as written:
            for line in written:
                if line.strip():
                    self._lines.append(line.strip())
                sys.stdout.write(f"serve: {line}")


@contextmanager
def started(environment: Mapping[str, str]) -> Iterator[Server | CannotServe]:
    """Start `serve` as an endpoint's container does, and end it afterwards."""
    with socket.create_server(("127.0.0.1", 0)) as free:
        port = free.getsockname()[1]
    given = {**os.environ, **environment, "SAGEMAKER_BIND_TO_PORT": str(port)}
    try:
        process = subprocess.Popen(
            ["serve"],
            env=given,
            cwd="/",
            stdin=subprocess.DEVNULL,
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            text=True,
            errors="replace",
        )
    except OSError as error:
        yield CannotServe(f"the image's program `serve` cannot be started: {error.strerror}")
        return
    server = Server(process, port)
    try:
        yield server
    finally:
        server.stop()


def checked(server: Server | CannotServe, truth: Truth, *, timeout_s: float) -> ServingCheck:
    """Ask for every row of the table; what is wrong is in the result."""
    table, target = truth.table, truth.target
    first = next(table.parts())
    counts = _Counts(truth)
    try:
        if isinstance(server, CannotServe):
            raise server
        start_s = server.wait_until_healthy(timeout_s)
        latencies = list(_timed(server, first, target))
        for part in table.parts():
            for asked in batches(part.rows):
                rows = part.rows[asked]
                counts.add(rows, server.labels(_request(part, target, rows)))
        rmse = counts.rmse()
    except CannotServe as error:
        return ServingCheck(rows=sum(len(part.rows) for part in table.parts()), failure=str(error))
    return ServingCheck(
        rows=counts.rows,
        accuracy=None if truth.spelling else counts.right / counts.rows,
        rmse=rmse,
        differing=None if truth.predicted is None else counts.differing,
        start_s=round(start_s, 3),
        latency_p50_ms=round(percentile(latencies, 50), 3),
        latency_p95_ms=round(percentile(latencies, 95), 3),
        latencies_ms=tuple(sorted(round(each, 3) for each in latencies)),
    )


class _Counts:
    """What answers are worth, a request at a time."""

    def __init__(self, truth: Truth) -> None:
        self._spelling, self._predicted = truth.spelling, truth.predicted
        self._place = truth.table.names.index(truth.target)
        self._squares = 0.0
        self.rows = self.right = self.differing = 0

    def add(self, rows: Sequence[Sequence[str]], answers: Sequence[str]) -> None:
        if len(answers) != len(rows):
            message = f"{len(rows)} rows are answered with {len(answers)} predictions"
            raise CannotServe(message)
        self.rows += len(rows)
        cells = [row[self._place] for row in rows]
        if self._spelling is None:
            self.right += sum(map(str.__eq__, answers, map(label_of, cells)))
        else:
            right = map(self._spelling.number, cells)
            found = [number_of(answer) for answer in answers]
            errors = (answer - number for answer, number in zip(found, right, strict=True))
            self._squares += sum_of_squares(errors)
        if self._predicted is not None:
            direct = itertools.islice(self._predicted, len(rows))
            self.differing += sum(map(self._differs, answers, direct))

    def _differs(self, answer: str, direct: object) -> bool:
        if self._spelling is None:
            return answer != label_of(str(direct))
        return not _alike(number_of(answer), float(str(direct)))

    def rmse(self) -> float | None:
        if self._spelling is None:
            return None
        rmse = math.sqrt(self._squares / self.rows)
        if not math.isfinite(rmse):
            message = "held-out rows are answered with no finite number, or too far off to measure"
            raise CannotServe(message)
        return rmse


def _alike(answer: float, direct: float) -> bool:
    """Rows in batches of another size add up in another order."""
    return math.isclose(answer, direct, rel_tol=1e-6, abs_tol=1e-9)


def _timed(server: Server, part: Part, target: str) -> Iterator[float]:
    """Ask for one row at a time; milliseconds of each. The first one only warms the container."""
    server.labels(_request(part, target, part.rows[:1]))
    for row in part.rows[:_TIMED_ROWS]:
        began = monotonic()
        server.labels(_request(part, target, [row]))
        yield (monotonic() - began) * 1000


def _request(part: Part, target: str, rows: Sequence[Sequence[str]]) -> bytes:
    """Return rows as CSV with a header, without the label."""
    left_out = part.names.index(target)
    text = io.StringIO(newline="")
    writer = csv.writer(text)
    for cells in (part.names, *rows):
        writer.writerow([cell for place, cell in enumerate(cells) if place != left_out])
    return text.getvalue().encode()
