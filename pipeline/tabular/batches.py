"""Divides rows into requests that an endpoint takes: one rule before traffic and in it."""

from collections.abc import Iterator, Sequence

_BATCH_ROWS = 100
# Half of what SageMaker takes: quotes, commas and column names come on top of the cells.
_BATCH_BYTES = 3 * 1024 * 1024


def batches(rows: Sequence[Sequence[str]]) -> Iterator[slice]:
    """Divide rows into requests that SageMaker takes: it refuses a body above 6 MiB."""
    start, size_bytes = 0, 0
    for position, row in enumerate(rows):
        row_bytes = sum(len(cell.encode()) for cell in row)
        is_full = position - start == _BATCH_ROWS or size_bytes + row_bytes > _BATCH_BYTES
        if is_full and position > start:
            yield slice(start, position)
            start, size_bytes = position, 0
        size_bytes += row_bytes
    yield slice(start, len(rows))
