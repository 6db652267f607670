"""Bytes to a table: what is found by looking, what is asked for, what is refused by its name."""

import bz2
import contextlib
import gzip
import io
import json
import lzma
import zipfile
from collections.abc import Callable

import pytest
from hypothesis import given
from hypothesis import strategies as st

from pipeline.core.errors import UsageError
from pipeline.material.reading import parse_table, write_csv

CELLS = st.text(st.characters(exclude_categories=["Cs"], exclude_characters="\x00"))
ROWS = (("1", "\u00e9"), ("2", "b"))


def as_text(separator: str = ",", *, end: str = "\n") -> str:
    return "".join(f"{separator.join(row)}{end}" for row in (("n", "kind"), *ROWS))


def an_archive(*names: str) -> bytes:
    packed = io.BytesIO()
    with zipfile.ZipFile(packed, "w") as archive:
        for name in names:
            archive.writestr(name, "n,kind\n1,a\n")
    return packed.getvalue()


@given(st.lists(st.tuples(CELLS, CELLS), min_size=1))
def test_a_written_table_reads_back_unchanged(rows: list[tuple[str, str]]) -> None:
    assert parse_table(write_csv(("a", "b"), rows), separator=",").rows == tuple(rows)


@pytest.mark.parametrize("separator", [",", ";", "\t", "|"])
@pytest.mark.parametrize("end", ["\n", "\r\n", "\r"])
def test_the_separator_is_found(separator: str, end: str) -> None:
    table = parse_table(as_text(separator, end=end).encode())
    assert (table.separator, table.columns, table.rows) == (separator, ("n", "kind"), ROWS)
    assert bool(table.remarks) == (separator != ",")


@pytest.mark.parametrize(
    ("text", "separator"),
    [
        ("size, in cm;n;kind\n1,5;2,5;a\n1;2;b\n", ";"),
        ('"a;b",kind\n"1;2",x\n', ","),
        ("a|b;kind\n1;x\n2;y\n", ";"),
        ("sep=;\nn;kind\n1;a\n", ";"),
        ("sep=,\r\nn,kind\r\n1,a\r\n", ","),
        ("n\tkind, if any\n1\ta\n", "\t"),
        ("n\n1\n2\n", ","),
    ],
)
def test_the_separator_that_makes_a_table_is_the_one(text: str, separator: str) -> None:
    assert parse_table(text.encode()).separator == separator


@pytest.mark.parametrize("text", ["a,b;c\n1,2;3\n", "a,b;c\n1\n2\n"])
def test_two_separators_that_would_do_are_asked_for(text: str) -> None:
    with pytest.raises(UsageError, match="divided by a comma or a semicolon") as caught:
        parse_table(text.encode(), name="birds.csv")
    assert '"separator": "," in the section `training`' in caught.value.remedy
    if text.startswith("a,b;c\n1,2"):
        assert parse_table(text.encode(), separator=";").columns == ("a,b", "c")


@pytest.mark.parametrize(
    ("content", "encoding"),
    [
        (as_text().encode(), None),
        (as_text().encode("utf-8-sig"), None),
        (as_text().encode("utf-16"), None),
        (b"\xfe\xff" + as_text().encode("utf-16-be"), None),
        (as_text().encode("utf-32"), None),
        (as_text().encode("utf-16-le"), "utf-16-le"),
        (as_text().encode("cp1252"), "cp1252"),
        (as_text().encode("latin-1"), "latin-1"),
        (gzip.compress(as_text().encode(), mtime=0), None),
        (gzip.compress(as_text().encode("cp1252"), mtime=0), "cp1252"),
    ],
)
def test_the_encodings_that_are_read(content: bytes, encoding: str | None) -> None:
    assert parse_table(content, encoding=encoding).rows == ROWS


@pytest.mark.parametrize(
    ("content", "text", "way_out"),
    [
        (b"PAR1\x15\x04\x15", "a Parquet file", "pandas"),
        (b"ARROW1\x00\x00", "a Feather", "pandas"),
        (b"ORC\x08\x03", "an ORC file", "pandas"),
        (b"Obj\x01\x04", "an Avro file", "pandas"),
        (an_archive("[Content_Types].xml", "xl/workbook.xml"), r"an Excel file \(.xlsx\)", "Excel"),
        (an_archive("birds.csv"), "a zip archive", "Unpack it"),
        (b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1\x00", r"an Excel file \(.xls\)", "Excel"),
        (bz2.compress(b"n,kind\n"), "compressed with bzip2", "gzip"),
        (lzma.compress(b"n,kind\n"), "compressed with xz", "gzip"),
        (b'{"n": 1, "kind": "a"}\n{"n": 2}\n', "JSON or JSON lines", "pandas"),
        (b'[{"n": 1}, {"n": 2}]', "JSON or JSON lines", "pandas"),
        (b'{\n  "n": 1\n}', "JSON or JSON lines", "pandas"),
        (b"[[1, 2], [3, 4]]", "JSON or JSON lines", "pandas"),
        (b'["n", "kind"]\n[1, "a"]\n', "JSON or JSON lines", "pandas"),
        (b"<!DOCTYPE html><html>", "HTML or XML", "CSV"),
        (b"%PDF-1.7", "a PDF document", "CSV"),
        (gzip.compress(b"PAR1\x15", mtime=0), "a Parquet file", "pandas"),
        (gzip.compress(b"n,kind\n1,a\n", mtime=0)[:-5], "cannot be unpacked", "Compress"),
    ],
)
def test_what_is_no_csv_is_refused_by_its_name(content: bytes, text: str, way_out: str) -> None:
    with pytest.raises(UsageError, match=f"^birds.csv is .*{text}") as caught:
        parse_table(content, name="birds.csv")
    assert way_out in caught.value.remedy
    assert (caught.value.exit_code, caught.value.code) == (2, "DataRefused")


@pytest.mark.parametrize("indent", [None, 1])
@pytest.mark.parametrize("kind", ["records", "columns", "values"])
def test_json_is_known_however_long_it_is(kind: str, indent: int | None) -> None:
    rows = 100_000
    document = {
        "records": [{"n": n, "kind": "a"} for n in range(rows)],
        "columns": {"n": list(range(rows)), "kind": ["a"] * rows},
        "values": [[n, "a"] for n in range(rows)],
    }[kind]
    content = json.dumps(document, indent=indent).encode()
    assert len(content) > MIB
    with pytest.raises(UsageError, match="is JSON or JSON lines, not CSV"):
        parse_table(content, name="birds.csv")


MIB = 1024**2


def a_gzip(made: Callable[[], bytes]) -> bytes:
    return gzip.compress(made(), compresslevel=9, mtime=0)


# What a gzip file unpacks to: why it is refused
TOO_MUCH = r"unpacks to more than \d+ bytes"
PACKED: dict[str, tuple[Callable[[], bytes], str]] = {
    "rows that are alike, below the free bytes": (lambda: b"n,kind\n" + b"1,a\n" * 200_000, ""),
    "one row again and again": (
        lambda: b"n,kind\n" + (b"1," + b"a" * 250 + b"\n") * 300_000,
        TOO_MUCH,
    ),
    "one line without an end": (lambda: b"a" * (80 * MIB), TOO_MUCH),
    "zeros that are packed to nothing": (lambda: bytes(80 * MIB), "holds zero bytes"),
    "a bomb in a bomb": (lambda: a_gzip(lambda: bytes(8 * MIB)) * 9_000, "is not UTF-8"),
}


@pytest.mark.parametrize("name", PACKED)
def test_a_gzip_file_that_unpacks_to_far_more_than_tables_do_is_refused(name: str) -> None:
    made, why = PACKED[name]
    content = a_gzip(made)
    if not why:
        assert len(parse_table(content, name="birds.csv.gz").rows) == 200_000
        return
    with pytest.raises(UsageError, match=rf"^birds.csv.gz.* {why}") as caught:
        parse_table(content, name="birds.csv.gz")
    if why == TOO_MUCH:
        assert caught.value.remedy == "If that is your data, unpack it and name the CSV file."
    assert (caught.value.exit_code, caught.value.code) == (2, "DataRefused")


def test_a_column_may_be_called_like_json() -> None:
    assert parse_table(b"{{ x }},kind\n1,a\n").columns == ("{{ x }}", "kind")


@pytest.mark.parametrize(
    ("content", "text"),
    [
        (b"", "birds.csv .cells divided by a comma. is empty"),
        (b"\n\n", "is empty"),
        (b"n,kind\n", "header but no rows"),
        (b"n,n\n1,2\n", "line 1 names the columns 'n' twice"),
        (b"\n n,n \n1,2\n", "line 2 names the columns 'n' twice"),
        (b"n,kind\n1\n", "line 2 has 1 cells, not 2; its first is '1'"),
        (b"n;kind\n1;2;3\n", "semicolon., line 2 has 3 cells, not 2"),
        (b"n,kind\n1,a\n\n\n2,b\n3\n", "line 6 has 1 cells"),
        (b'n,kind\n"1\n1",a\n"2\r\n2",b\n3\n', "line 6 has 1 cells"),
        (b"n,kind\r1,a\r2\r", "line 3 has 1 cells"),
        (b'sep=,\nn,kind\n"1\n",a\n2\n', "line 5 has 1 cells"),
        (b'n,kind\n1,a\n"2,b\n3,c\n', "row that begins on line 3 is not readable as CSV"),
        (b'n,kind\n1,"a"b\n', "row that begins on line 2 is not readable as CSV"),
        (b"n,kind\n1,a\n2,caf\xe9\n", "line 3: byte 0xe9 is not UTF-8.*'2,caf\u00e9'"),
        ("n,kind\n1,a\n".encode("utf-16-le"), "holds zero bytes"),
    ],
)
def test_a_file_that_cannot_be_read_is_refused_with_its_line(content: bytes, text: str) -> None:
    with pytest.raises(UsageError, match=text):
        parse_table(content, name="birds.csv")


def test_half_a_character_is_refused() -> None:
    with pytest.raises(UsageError, match=r"is not readable as unicode_escape: .*surrogates"):
        parse_table(b"n,kind\n\\ud800,a\n", name="birds.csv", encoding="unicode_escape")


def test_an_encoding_that_does_not_fit_is_refused() -> None:
    with pytest.raises(UsageError, match="is not readable as ascii"):
        parse_table(as_text().encode(), name="birds.csv", encoding="ascii")


def test_rows_know_the_line_they_begin_on() -> None:
    table = parse_table(b'\nn,kind\n"1\n1",a\n\n2,b\n')
    assert table.lines == (3, 6)


@pytest.mark.parametrize("header", [",n,kind", '"",n,kind', "n,,,kind"])
def test_columns_may_have_no_name(header: str) -> None:
    row = ",".join("1" for _ in header.split(","))
    assert parse_table(f"{header}\n{row}\n".encode()).columns == tuple(
        name.strip('"') for name in header.split(",")
    )


@given(
    st.binary()
    | st.builds(lambda cells: ",".join(cells).encode(), st.lists(st.text(max_size=4)))
    | st.binary().map(gzip.compress)
    | st.binary().map(lambda tail: b"PK\x03\x04" + tail),
    st.sampled_from([None, "utf-16", "cp1252", "utf-7", "idna"]),
)
def test_any_bytes_are_read_or_refused(content: bytes, encoding: str | None) -> None:
    for separator in (None, ",", "\t"):
        with contextlib.suppress(UsageError):
            table = parse_table(content, separator=separator, encoding=encoding)
            assert write_csv(table.columns, table.rows)
            assert all(len(row) == len(table.columns) for row in table.rows)
