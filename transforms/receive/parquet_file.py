"""Parquet at the gate: typed columns to text, as a site would have written them in a CSV file.

Belongs here: reading Parquet. Does not belong here: matching columns (``transforms.receive.table``).
"""

from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path

import polars as pl

from schemas import limits
from schemas.gate import GATE
from schemas.table import Table
from schemas.versions import Version
from transforms.disk_fault import pass_on
from transforms.findings import file_finding
from transforms.receive.parquet_footer import Damaged, Footer, read_footer
from transforms.receive.structure import NOTHING, NUMBERING, columns_said, rows_said
from transforms.receive.table import (
    ROW,
    Format,
    Received,
    as_declared,
    match_columns,
    places_of,
    without_empty_rows,
)  # fmt: skip

# The first and the last day of the years 1 to 9999, from 1970-01-01 on.
_FIRST_DAY, _LAST_DAY = -719_162, 2_932_896
_PER_SECOND = {"ms": 1_000, "us": 1_000_000, "ns": 1_000_000_000}


def receive_parquet(path: Path, table: Table, version: Version | None) -> Received:
    """The rows of a Parquet file as text, or the findings that reject it. Rows are numbered as in a CSV: from 2.

    Raises OSError if the file cannot be read: that is a fault of the disk, and another time it may be read.
    """
    try:
        footer = read_footer(path)
    except Damaged as damaged:
        return _damaged(table, str(damaged))
    if (refusal := _over_a_limit(footer, table, path.stat().st_size)) is not None:
        return Received(table, None, 0, [refusal])  # nobody has counted its rows
    if not footer.columns:
        return Received(table, None, 0, [file_finding(GATE["GATE-NO-COLUMNS"], table.id, NOTHING)])
    if footer.is_nested or footer.is_elsewhere:
        return _damaged(table, "a column has columns in it" if footer.is_nested else "it refers to another file")
    rows_in = footer.rows
    try:
        with _told_apart():
            scan = pl.scan_parquet(path, glob=False)
            schema = scan.collect_schema()
    except Damaged:
        return _damaged(table)
    mapping, findings, is_fatal = _columns(schema, table, version)
    if is_fatal:
        return Received(table, None, rows_in, findings)
    # By position: a name such as "^.*$" would be read as a pattern.
    as_text = [_text_at(index, dtype).alias(str(index)) for index, dtype in enumerate(schema.values())]
    numbered = scan.select(as_text).with_row_index(ROW, offset=2)
    try:
        with _told_apart():
            refusal = _long_or_broken(scan, schema, table)
    except Damaged:
        return _damaged(table)
    if refusal is not None:
        return Received(table, None, rows_in, [*findings, refusal])
    declared, empty = without_empty_rows(as_declared(numbered, table, mapping, True))
    findings += [file_finding(GATE["GATE-EMPTY-ROWS"], table.id, rows_said(empty))] if empty else []
    return Received(table, declared, rows_in - len(empty), findings, lambda: _damaged(table), places_of(mapping))


def _columns(
    schema: Mapping[str, pl.DataType], table: Table, version: Version | None
) -> tuple[dict[str, str], list[pl.DataFrame], bool]:
    """As ``match_columns``, without the column in which pandas keeps the number of a row."""
    numbering = [i for i, (name, kind) in enumerate(schema.items()) if name in NUMBERING and kind.is_integer()]
    kept = [None if index in numbering else name for index, name in enumerate(schema)]
    mapping, findings, is_fatal = match_columns(kept, table, version)
    if numbering:
        findings.append(file_finding(GATE["GATE-ROW-NUMBERS"], table.id, columns_said(numbering)))
    return mapping, findings, is_fatal


def as_submitted(path: Path, table: Table) -> pl.DataFrame | None:
    """Every column of the file as text, under the name it has there; ``None`` if the gate would not read it.

    Raises OSError as ``receive_parquet`` does.
    """
    try:
        footer = read_footer(path)
        if footer.is_nested or footer.is_elsewhere or _over_a_limit(footer, table, path.stat().st_size) is not None:
            return None
        with _told_apart():
            scan = pl.scan_parquet(path, glob=False)
            schema = scan.collect_schema()
            if _long_or_broken(scan, schema, table) is not None:
                return None
            return scan.select(_text_at(index, dtype) for index, dtype in enumerate(schema.values())).collect()
    except Damaged:
        return None


@contextmanager
def _told_apart() -> Iterator[None]:
    """Raise Damaged for what Polars says of a damaged file. What the operating system says of the disk passes."""
    try:
        yield
    except (pl.exceptions.PolarsError, pl.exceptions.PanicException, OSError) as error:
        pass_on(error)
        raise Damaged from None


def _over_a_limit(footer: Footer, table: Table, size: int) -> pl.DataFrame | None:
    """The finding about the first limit that a file exceeds by its footer; ``None`` if it exceeds none."""
    for rule, found, most in (
        ("GATE-LIMIT-COLUMNS", footer.columns, limits.COLUMNS),
        ("GATE-LIMIT-ROWS", footer.rows, limits.ROWS),
        ("GATE-LIMIT-ROW-GROUP", footer.group_rows, limits.GROUP_ROWS),
    ):
        if found > most:
            return file_finding(GATE[rule], table.id, f"{found:,}")
    if footer.rows > max(limits.ROWS_PER_BYTE_FROM, limits.ROWS_PER_BYTE * size):
        return file_finding(GATE["GATE-LIMIT-ROWS-PER-BYTE"], table.id, f"{footer.rows / size:,.1f}")
    return None


def _long_or_broken(scan: pl.LazyFrame, schema: Mapping[str, pl.DataType], table: Table) -> pl.DataFrame | None:
    """The finding about values that are too long or have a line break; ``None`` if there are none.

    Numbers and dates are neither. Lengths are asked first: one long value that a file names a million times takes
    no room until each of them is made a text.
    """
    texts = [i for i, dtype in enumerate(schema.values()) if not (dtype.is_numeric() or dtype.is_temporal())]
    if not texts:
        return None
    row, kinds = pl.int_range(pl.len()) + 2, list(schema.values())
    lengths = [_length_at(index, kinds[index]) > limits.ROW_BYTES for index in texts]
    long = scan.select(row.filter(pl.any_horizontal(lengths)).min()).collect(engine="streaming").item()
    if long is not None:
        return file_finding(GATE["GATE-LIMIT-LENGTH"], table.id, f"A value in row {long}")
    has_break = pl.any_horizontal(_text_at(index, kinds[index]).str.contains("[\r\n]") for index in texts)
    found = scan.select(row.filter(has_break).min().alias("first"), has_break.sum().alias("rows"))
    first, broken = found.collect(engine="streaming").row(0)
    if not broken:
        return None
    more = f", and in {broken - 1} more" if broken > 1 else ""
    return file_finding(GATE["GATE-LINE-BREAK"], table.id, f"in row {first}{more}")


def _length_at(index: int, dtype: pl.DataType) -> pl.Expr:
    """Bytes of each value of a column, without making a text of it where it is not one."""
    value = pl.nth(index)
    if isinstance(dtype, pl.Categorical | pl.Enum):
        return value.cat.len_bytes()
    return value.bin.size() if isinstance(dtype, pl.Binary) else value.cast(pl.String).str.len_bytes()


def _damaged(table: Table, why: str = "its structure is damaged, or it is another format") -> Received:
    return Received(table, None, 0, [file_finding(GATE["GATE-PARQUET"], table.id, why)])


def _text_at(index: int, dtype: pl.DataType) -> pl.Expr:
    value = pl.nth(index)
    if not isinstance(dtype, pl.Date | pl.Datetime):
        return value.cast(pl.String)
    # Polars panics when it writes a year of more than four digits. Such a day is shown as its number: no date.
    number = value.to_physical().cast(pl.Int64)
    per_day = 1 if isinstance(dtype, pl.Date) else 86_400 * _PER_SECOND[dtype.time_unit]
    is_written = number.is_between(_FIRST_DAY * per_day, (_LAST_DAY + 1) * per_day - 1)
    written = pl.when(is_written).then(value)
    text = written.cast(pl.String) if isinstance(dtype, pl.Date) else written.dt.strftime("%Y-%m-%dT%H:%M:%S")
    return pl.coalesce(text, number.cast(pl.String))


FORMAT = Format(
    ".parquet", False, lambda path, table, seen, version, workspace: receive_parquet(path, table, version)
)
