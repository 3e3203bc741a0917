"""Parquet files with other types, damaged structure, or other contents than they say.

Belongs here: the format. Does not belong here: Parquet that is too much (``corpus.sizes``).
"""

import io
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import polars as pl
import pyarrow as pa
import pyarrow.feather as feather
import pyarrow.parquet as pq

from tests.corpus import Case
from tests.fixtures.example import example
from tests.fixtures.footer import footer, parquet_of

CONTACTS = "IDS201CareContact"
MINUTES, DAY, KEY = "ClinContDurOfCareCont", "CareContDate", "CareContactId"


def parquet_cases() -> Iterator[Case]:
    """A case per type and per damage."""
    for name, column, make in _TYPES:
        yield Case(f"parquet column of {name}", lambda root, column=column, make=make: _typed(root, column, make))
    for name, options in _WRITTEN:
        yield Case(f"parquet written {name}", lambda root, options=options: _written(root, options))
    for name, change in _DAMAGED:
        yield Case(f"parquet {name}", lambda root, change=change: _damaged(root, change))
    for name, content in _FOOTERS:
        yield Case(f"parquet with a footer {name}", lambda root, content=content: _footer(root, content))


def _rows(root: Path) -> tuple[Path, pl.DataFrame]:
    folder = example(root)
    rows = pl.read_csv(folder / f"{CONTACTS}.csv", infer_schema=False)
    (folder / f"{CONTACTS}.csv").unlink()
    return folder, rows


def _typed(root: Path, column: str, make: Callable[[int], pa.Array]) -> Path:
    folder, rows = _rows(root)
    table = rows.to_arrow()
    values = make(rows.height)
    place = rows.columns.index(column) if column in rows.columns else len(rows.columns)
    table = (
        table.set_column(place, column, values)
        if place < len(rows.columns)
        else table.append_column(column, values)
    )
    pq.write_table(table, folder / f"{CONTACTS}.parquet")
    return folder


def _written(root: Path, options: dict[str, Any]) -> Path:
    folder, rows = _rows(root)
    pq.write_table(rows.to_arrow(), folder / f"{CONTACTS}.parquet", **options)
    return folder


def _damaged(root: Path, change: Callable[[bytes], bytes]) -> Path:
    folder, rows = _rows(root)
    made = io.BytesIO()
    rows.write_parquet(made)
    (folder / f"{CONTACTS}.parquet").write_bytes(change(made.getvalue()))
    return folder


def _footer(root: Path, content: bytes) -> Path:
    folder, _ = _rows(root)
    parquet_of(folder, content).rename(folder / f"{CONTACTS}.parquet")
    return folder


def _same(value: Any, kind: pa.DataType | None = None) -> Callable[[int], pa.Array]:
    return lambda count: pa.array([value] * count, type=kind)


_TYPES: tuple[tuple[str, str, Callable[[int], pa.Array]], ...] = (
    ("whole numbers", MINUTES, _same(50, pa.int64())),
    ("small whole numbers", MINUTES, _same(50, pa.uint8())),
    ("huge whole numbers", MINUTES, _same(2**64 - 1, pa.uint64())),
    ("negative whole numbers", MINUTES, _same(-50, pa.int64())),
    ("numbers with a point", MINUTES, _same(50.0, pa.float64())),
    ("numbers that are none", MINUTES, _same(float("nan"), pa.float64())),
    ("endless numbers", MINUTES, _same(float("inf"), pa.float64())),
    ("half numbers", MINUTES, _same(50.0, pa.float16())),
    ("decimals", MINUTES, _same(50, pa.decimal128(10, 2))),
    ("truth values", MINUTES, _same(True)),
    ("nothing", MINUTES, lambda count: pa.nulls(count)),
    ("bytes", MINUTES, _same(b"50", pa.binary())),
    ("bytes that are no text", MINUTES, _same(b"\xff\xfe", pa.binary())),
    ("bytes of one length", MINUTES, _same(b"50", pa.binary(2))),
    ("categories", MINUTES, lambda count: pa.array(["50"] * count).dictionary_encode()),
    ("large text", MINUTES, _same("50", pa.large_string())),
    ("views of text", MINUTES, _same("50", pa.string_view())),
    ("lists", MINUTES, _same(["50"])),
    ("structures", MINUTES, _same({"a": "50"})),
    ("maps", MINUTES, _same([("a", 1)], pa.map_(pa.string(), pa.int32()))),
    ("lists of lists", MINUTES, _same([["50"]])),
    ("dates", DAY, _same(20_550, pa.date32())),
    ("dates far away", DAY, _same(2_000_000_000, pa.date32())),
    ("times of day", DAY, _same(1, pa.time64("us"))),
    ("moments", DAY, _same(1_775_000_000, pa.timestamp("s"))),
    ("moments of a place", DAY, _same(1_775_000_000, pa.timestamp("s", tz="Europe/London"))),
    ("moments of nowhere", DAY, _same(1_775_000_000_000_000_000, pa.timestamp("ns"))),
    ("durations", DAY, _same(1, pa.duration("s"))),
    ("text with a zero byte", KEY, _same("a\0b")),
    ("text with a line break", KEY, _same("a\nb")),
    ("text with a return", KEY, _same("a\rb")),
    ("text with an escape", KEY, _same("\x1b[31m9990000018")),
    ("numbers for keys", KEY, _same(9990000018, pa.int64())),
    ("a name that is a pattern", "^.*$", _same("x")),
    ("no name", "", _same("x")),
    ("a name that is a number of somebody", "9990000018", _same("x")),
    ("a name with a line break", "a\nb", _same("x")),
    ("a long name", "x" * 100_000, _same("x")),
    ("a name of an element in small letters", "carecontactid", _same("x")),
)
_WRITTEN: tuple[tuple[str, dict[str, Any]], ...] = (
    ("without compression", {"compression": "none"}),
    ("with gzip", {"compression": "gzip"}),
    ("with brotli", {"compression": "brotli"}),
    ("with lz4", {"compression": "lz4"}),
    ("with zstd", {"compression": "zstd"}),
    ("in row groups of one", {"row_group_size": 1}),
    ("without dictionaries and statistics", {"use_dictionary": False, "write_statistics": False}),
    ("with pages of version 2", {"data_page_version": "2.0"}),
    ("as version 1", {"version": "1.0"}),
    ("with checksums of pages", {"write_page_checksum": True}),
    ("without the schema of Arrow", {"store_schema": False}),
)


def _feather(content: bytes) -> bytes:
    made = io.BytesIO()
    feather.write_feather(pq.read_table(io.BytesIO(content)), made)
    return made.getvalue()


def _flipped(place: float) -> Callable[[bytes], bytes]:
    def change(content: bytes) -> bytes:
        at = int(len(content) * place)
        return content[:at] + bytes([content[at] ^ 0x55]) + content[at + 1 :]

    return change


_DAMAGED: tuple[tuple[str, Callable[[bytes], bytes]], ...] = (
    ("of no bytes", lambda _: b""),
    ("of its mark alone", lambda _: b"PAR1"),
    ("of its mark twice", lambda _: b"PAR1PAR1"),
    ("of zeros", lambda content: b"\0" * len(content)),
    ("without its beginning", lambda content: content[10:]),
    ("without its middle", lambda content: content[:100] + content[-400:]),
    ("without its end", lambda content: content[:-1]),
    ("cut in two", lambda content: content[: len(content) // 2]),
    ("with a damaged byte early", _flipped(0.1)),
    ("with a damaged byte in the middle", _flipped(0.5)),
    ("with a damaged byte late", _flipped(0.9)),
    ("twice in one file", lambda content: content + content),
    ("that says it is encrypted", lambda content: content[:-4] + b"PARE"),
    ("that is Feather", _feather),
    ("that is a page of HTML", lambda _: b"<html>Please log in</html>"),
)
_FOOTERS: tuple[tuple[str, bytes], ...] = (
    ("of no fields", b"\x00"),
    ("of nothing", b""),
    ("of all ones", b"\xff" * 100),
    ("that nests without end", b"\x1c" * 100_000),
    ("with a list of 2 thousand million", b"\x29\xfc\xff\xff\xff\xff\x07"),
    ("that says other rows than its groups", footer(5, 2, [4])),
    ("that says fewer rows than none", footer(-1, 2, [])),
    ("that has no rows and no columns", footer(0, 0, [])),
    ("that has values in another file", footer(5, 2, elsewhere="../../../etc/passwd")),
    ("that has rows without pages", footer(5, 2)),
)
