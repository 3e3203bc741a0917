"""Parquet at the gate: typed columns to text, as a site would have written them in a CSV file.

Belongs here: reading Parquet. Does not belong here: matching columns (``transforms.receive.table``).
"""

from collections.abc import Mapping
from pathlib import Path

import polars as pl

from schemas.gate import GATE
from schemas.table import Table
from schemas.versions import Version
from transforms.findings import file_finding
from transforms.receive.table import ROW, Format, Received, as_declared, match_columns, places_of


def receive_parquet(path: Path, table: Table, version: Version | None) -> Received:
    """The rows of a Parquet file as text, or the findings that reject it. Rows are numbered as in a CSV: from 2."""
    try:
        scan = pl.scan_parquet(path, glob=False)
        schema = scan.collect_schema()
        rows_in = int(scan.select(pl.len()).collect().item())
    except (pl.exceptions.PolarsError, OSError):
        return _damaged(table)
    mapping, findings, is_fatal = match_columns(list(schema), table, version)
    if is_fatal:
        return Received(table, None, rows_in, findings)
    # By position: a name such as "^.*$" would be read as a pattern.
    as_text = [_text_at(index, dtype).alias(str(index)) for index, dtype in enumerate(schema.values())]
    numbered = scan.select(as_text).with_row_index(ROW, offset=2)
    try:
        broken = _line_breaks(numbered, schema)
    except (pl.exceptions.PolarsError, OSError):
        return _damaged(table)
    if broken:
        return Received(table, None, rows_in, [*findings, file_finding(GATE["GATE-LINE-BREAK"], table.id, broken)])
    declared = as_declared(numbered, table, mapping, True)
    return Received(table, declared, rows_in, findings, lambda: _damaged(table), places_of(mapping))


def _line_breaks(rows: pl.LazyFrame, schema: Mapping[str, pl.DataType]) -> str | None:
    """Where values have a line break, in words; ``None`` if none has. Numbers and dates have none."""
    texts = [str(i) for i, dtype in enumerate(schema.values()) if not (dtype.is_numeric() or dtype.is_temporal())]
    if not texts:
        return None
    has_break = pl.any_horizontal(pl.col(name).str.contains("[\r\n]") for name in texts)
    found = rows.filter(has_break).select(pl.col(ROW).min().alias("first"), pl.len().alias("rows"))
    first, count = found.collect(engine="streaming").row(0)
    if not count:
        return None
    return f"in row {first}" + (f", and in {count - 1} more" if count > 1 else "")


def _damaged(table: Table) -> Received:
    detail = "its structure is damaged, or it is another format"
    return Received(table, None, 0, [file_finding(GATE["GATE-PARQUET"], table.id, detail)])


def _text_at(index: int, dtype: pl.DataType) -> pl.Expr:
    value = pl.nth(index)
    return value.dt.strftime("%Y-%m-%dT%H:%M:%S") if isinstance(dtype, pl.Datetime) else value.cast(pl.String)


FORMAT = Format(
    ".parquet", False, lambda path, table, seen, version, workspace: receive_parquet(path, table, version)
)
