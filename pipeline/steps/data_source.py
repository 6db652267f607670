"""Reads the data source as it is now: a CSV file, or a folder or prefix of them, here or in S3."""

from collections.abc import Callable
from functools import partial
from pathlib import Path

from pipeline.configuration.sections import TrainingSettings
from pipeline.context import Context
from pipeline.core.errors import UsageError
from pipeline.gateways.store import Store
from pipeline.material.joining import join, require_data
from pipeline.material.reading import parse_table
from pipeline.material.table import Choices, DataTable

Read = Callable[[], bytes]


def read_source(context: Context) -> DataTable:
    """Return what `training.data` names as one table. Raises UsageError."""
    address = context.settings.training.data
    files = _files(context, address)
    if files is None:
        name = address.rpartition("/")[2] or address
        return _parsed(context, _read(context, address), name=name)
    tables = [_parsed(context, read(), name=name) for name, read in files]
    return join(tables, name=address)


def _parsed(context: Context, content: bytes, *, name: str) -> DataTable:
    training = context.settings.training
    return parse_table(content, name=name, separator=training.separator, encoding=training.encoding)


def _files(context: Context, address: str) -> list[tuple[str, Read]] | None:
    """Return the files of a folder in the order of their names; None where it is a file itself."""
    if address.startswith("s3://"):
        return _objects(context, address) if address.endswith("/") else None
    folder = Path(address)
    if not folder.is_dir():
        return None
    names = [path.relative_to(folder).as_posix() for path in folder.rglob("*") if not path.is_dir()]
    kept = require_data(names, address=address)
    return [(name, partial(_local, folder / name)) for name in kept]


def _objects(context: Context, address: str) -> list[tuple[str, Read]]:
    bucket, _, prefix = address.removeprefix("s3://").partition("/")
    store = Store(context.cloud, bucket)
    names = [key.removeprefix(prefix) for key in store.keys(prefix)]
    kept = require_data(names, address=address)
    return [(name, partial(store.read_uri, address + name)) for name in kept]


def _read(context: Context, address: str) -> bytes:
    if address.startswith("s3://"):
        bucket = address.removeprefix("s3://").partition("/")[0]
        return Store(context.cloud, bucket).read_uri(address)
    return _local(Path(address))


def _local(path: Path) -> bytes:
    try:
        return path.read_bytes()
    except OSError as error:
        message = f"The data file {path} cannot be read: {error.strerror}."
        raise UsageError(message, remedy="Set `training.data` to a CSV file.") from error


def choices(training: TrainingSettings) -> Choices:
    """Return what the configuration says about the cells of the data file."""
    return Choices(
        target=training.target,
        columns=training.columns,
        problem_type=training.problem_type,
        decimal=training.decimal,
        missing_values=training.missing_values,
        present_values=training.present_values,
    )
