"""CSV at the gate: from submitted bytes to rows of text with row numbers, or to the reason for a rejection.

Belongs here: reading CSV. The module gets the path (an opaque name, or the site's own folder for a check) and
writes only to the given workspace. Does not belong here: matching columns (``transforms.receive.table``), bytes
(``transforms.survey``).

Every row is counted twice, by the byte survey and by Polars, because Polars pads a short row with nulls without
notice. If the two disagree, or Polars rejects the file, the Python csv reader reads it record by record. It is
slow but exact, and reports every row that is not a record.
"""

import csv
import io
from collections.abc import Iterator
from pathlib import Path
from typing import IO, NamedTuple

import polars as pl

from schemas.gate import GATE
from schemas.table import Table
from schemas.versions import Version
from transforms.findings import file_finding
from transforms.receive.table import ROW, Format, Received, as_declared, match_columns, places_of
from transforms.survey import Survey

# A file up to this size is parsed once and kept: almost all of the 23 tables of a monthly extract. Each pass over
# a file costs 2 ms before the first byte.
IN_MEMORY = 16 << 20
# No valid record is longer than this: the widest table has 23 fields of at most 56 characters.
_FIELD_LIMIT = 1 << 17


def receive_csv(path: Path, table: Table, seen: Survey, version: Version | None, workspace: Path) -> Received:
    """The rows of a CSV file, or the findings that reject it.

    ``seen`` is the survey of the file. Without a ``version`` only elements of all versions are expected. If some
    rows are not records, the good ones are rewritten to a file in ``workspace`` with their own row numbers. The
    content of a file never raises an exception.
    """
    if seen.bad_bytes:
        return Received(table, None, 0, [file_finding(GATE["GATE-BYTES"], table.id, seen.bad_bytes)])
    names = _header_names(path)
    if names is None:
        return Received(table, None, 0, [file_finding(GATE["GATE-QUOTE"], table.id, "1")])
    if not any(names):
        return Received(table, None, 0, [file_finding(GATE["GATE-NO-COLUMNS"], table.id)])
    if any("\n" in name or "\r" in name for name in names):
        return Received(table, None, 0, [_line_breaks(table, [(1, 1 + sum(map(_breaks, names)))])])
    mapping, findings, is_fatal = match_columns(names, table, version)
    if is_fatal:
        return Received(table, None, max(seen.records - 1, 0), findings)
    rows_in = seen.records - 1
    scan = _scan(path, names)
    is_regular = (
        seen.is_balanced
        and not (seen.has_lone_returns or seen.has_breaks)
        and seen.delimiters == seen.records * (len(names) - 1)
    )

    def judged() -> Received:
        return _receive_irregular(path, table, names, mapping, findings, workspace)

    if not is_regular:
        return judged()
    if seen.size <= IN_MEMORY:
        rows = _read(scan)
        if rows is None or rows.height != rows_in:
            return judged()
        scan = rows.lazy()
    declared = as_declared(scan.with_row_index(ROW, offset=2), table, mapping, seen.needs_trim)
    return Received(table, declared, rows_in, findings, judged, places_of(mapping))


def _header_names(path: Path) -> list[str] | None:
    """The names in the first row; ``None`` if a quotation mark in it is never closed."""
    with path.open(encoding="utf-8-sig", newline="") as file:
        first = next(_records(file), None)
    if first is None:
        return []
    return None if first.values is None else [name.strip() for name in first.values]


def _scan(path: Path, names: list[str]) -> pl.LazyFrame:
    """All text, with columns named by position: the names in a file never reach an expression."""
    return pl.scan_csv(
        path,
        has_header=False,
        skip_lines=1,
        schema={str(index): pl.String() for index in range(len(names))},
        glob=False,  # a file called *.csv is one file
    )


def _read(scan: pl.LazyFrame) -> pl.DataFrame | None:
    """The rows in memory; ``None`` if Polars rejects the file."""
    try:
        return scan.collect()
    except pl.exceptions.PolarsError:
        return None


class _Record(NamedTuple):
    """One record: its row number, its first and last line, its values; ``None`` if the csv reader rejects it."""

    number: int
    first: int
    last: int
    values: list[str] | None


def _records(file: io.TextIOBase) -> Iterator[_Record]:
    csv.field_size_limit(_FIELD_LIMIT)
    reader = csv.reader(file, strict=True)
    number = 0
    while True:
        number += 1
        first = reader.line_num + 1
        try:
            values: list[str] | None = next(reader)
        except StopIteration:
            return
        except csv.Error:
            values = None
        yield _Record(number, first, reader.line_num, values)


def _breaks(value: str) -> int:
    return len(value.splitlines()) - 1


def _line_breaks(table: Table, where: list[tuple[int, int]]) -> pl.DataFrame:
    """The finding about values over several lines: the first and last row of the first such value, no value."""
    first, last = where[0]
    more = f", and {len(where) - 1} more" if len(where) > 1 else ""
    return file_finding(GATE["GATE-LINE-BREAK"], table.id, f"from row {first} to row {last}{more}")


def _receive_irregular(
    path: Path,
    table: Table,
    names: list[str],
    mapping: dict[str, str],
    findings: list[pl.DataFrame],
    workspace: Path,
) -> Received:
    """Record by record: rows with another number of fields are rejected, the rest are kept."""
    bad: list[tuple[int, str]] = []
    broken: list[tuple[int, int]] = []
    rows_in = 0
    last = 1
    kept, kept_path = _nameless(workspace / f"{table.id}.regular.csv")
    with path.open(encoding="utf-8-sig", newline="") as file:
        writer = csv.writer(kept)
        writer.writerow([ROW, *(str(index) for index in range(len(names)))])
        records = _records(file)
        next(records, None)
        for number, first, end, values in records:
            last = number
            if values == []:  # a blank line is not a record, but uses up a number, as in a spreadsheet
                continue
            rows_in += 1
            if end > first:
                broken.append((first, end))
            if values is None:
                bad.append((number, "text after a closing quotation mark, or an opening one never closed"))
            elif len(values) != len(names):
                has = "1 value" if len(values) == 1 else f"{len(values)} values"
                bad.append((number, f"{has}, but there are {len(names)} column names"))
            else:
                writer.writerow([number, *values])
    kept.flush()
    if bad and bad[-1][0] == last and "never closed" in bad[-1][1]:
        findings.append(file_finding(GATE["GATE-QUOTE"], table.id, str(last)))
        return Received(table, None, rows_in, findings)
    if broken:
        findings.append(_line_breaks(table, broken))
        return Received(table, None, rows_in, findings)
    if bad:
        findings.append(file_finding(GATE["GATE-FIELDS"], table.id, [why for _, why in bad], [n for n, _ in bad]))
    scan = pl.scan_csv(kept_path, infer_schema=False, glob=False)
    declared = as_declared(scan, table, mapping, True)
    return Received(table, declared, rows_in, findings, columns=places_of(mapping), kept=kept)


def _nameless(place: Path) -> tuple[IO[str], str]:
    """An open file, and the path by which Polars opens it. It has identifiers in it: where the system allows it, it
    has no name, so that nothing is left of a killed process.
    """
    kept = place.open("x+", encoding="utf-8", newline="")
    nameless = Path(f"/proc/self/fd/{kept.fileno()}")
    if not nameless.exists():
        return kept, str(place)
    place.unlink()
    return kept, str(nameless)


def _receive(path: Path, table: Table, seen: Survey | None, version: Version | None, workspace: Path) -> Received:
    assert seen is not None, table.id  # every text file is surveyed
    return receive_csv(path, table, seen, version, workspace)


FORMAT = Format(".csv", True, _receive)
