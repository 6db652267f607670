"""Reads the data source as it is now: a CSV file, or a folder or prefix of them, here or in S3."""

import tempfile
from collections.abc import Callable, Iterator
from contextlib import AbstractContextManager, contextmanager
from functools import partial
from pathlib import Path
from typing import BinaryIO

from pipeline.configuration.sections import TrainingSettings
from pipeline.context import Context
from pipeline.core.errors import UsageError
from pipeline.gateways.store import Store
from pipeline.material.joining import join, require_data
from pipeline.material.opening import Opened
from pipeline.material.reading import read_table
from pipeline.material.table import Choices, DataTable

# A file that can be opened as often as it is read
Found = Callable[[], AbstractContextManager[Opened]]


def read_source(context: Context) -> DataTable:
    """Return what `training.data` names as one table. Raises UsageError."""
    address = context.settings.training.data
    files = _files(context, address)
    if files is None:
        name = address.rpartition("/")[2] or address
        return _read(context, partial(_found, context, address), name=name)
    return join((_read(context, found, name=name) for name, found in files), name=address)


def _read(context: Context, found: Found, *, name: str) -> DataTable:
    training = context.settings.training
    with found() as opened:
        return read_table(
            opened, name=name, separator=training.separator, encoding=training.encoding
        )


def _files(context: Context, address: str) -> list[tuple[str, Found]] | None:
    """Return the files of a folder in the order of their names; None where it is a file itself."""
    if address.startswith("s3://"):
        return _objects(context, address) if address.endswith("/") else None
    folder = Path(address)
    if not folder.is_dir():
        return None
    names = [path.relative_to(folder).as_posix() for path in folder.rglob("*") if not path.is_dir()]
    kept = require_data(names, address=address)
    return [(name, partial(_local, folder / name)) for name in kept]


def _objects(context: Context, address: str) -> list[tuple[str, Found]]:
    bucket, _, prefix = address.removeprefix("s3://").partition("/")
    store = Store(context.cloud, bucket)
    names = [key.removeprefix(prefix) for key in store.keys(prefix)]
    kept = require_data(names, address=address)
    return [(name, partial(_downloaded, store, address + name)) for name in kept]


def _found(context: Context, address: str) -> AbstractContextManager[Opened]:
    if address.startswith("s3://"):
        bucket = address.removeprefix("s3://").partition("/")[0]
        return _downloaded(Store(context.cloud, bucket), address)
    return _local(Path(address))


@contextmanager
def _downloaded(store: Store, address: str) -> Iterator[Opened]:
    with tempfile.NamedTemporaryFile() as file:
        store.download(address, file)
        file.flush()
        yield partial(_opened, Path(file.name))


@contextmanager
def _local(path: Path) -> Iterator[Opened]:
    yield partial(_opened, path)


def _opened(path: Path) -> BinaryIO:
    try:
        file = path.open("rb")
        file.seek(0)  # it is read more than once
    except OSError as error:
        message = f"The data file {path} cannot be read: {error.strerror}."
        remedy = (
            "Set `training.data` to a CSV file. A relative path begins at the folder of the "
            "configuration file that names it."
        )
        raise UsageError(message, remedy=remedy) from error
    return file


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
