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

from schemas import limits
from schemas.gate import GATE
from schemas.table import Table
from schemas.versions import Version
from transforms.findings import file_finding
from transforms.receive.table import ROW, Format, Received, as_declared, match_columns, places_of
from transforms.survey import Survey

# A file up to this size is parsed once and kept: almost all of the 23 tables of a monthly extract. Each pass over
# a file costs 2 ms before the first byte.
IN_MEMORY = 16 << 20
# What people's programs write between values instead of a comma.
_SEPARATORS = {";": "semicolons", "\t": "tabs", "|": "vertical bars"}
# Why the csv reader rejects a record, by how its message begins.
_OPEN, _TOO_LONG = "unexpected end of data", "field larger than field limit"


def receive_csv(path: Path, table: Table, seen: Survey, version: Version | None, workspace: Path) -> Received:
    """The rows of a CSV file, or the findings that reject it.

    ``seen`` is the survey of the file. Without a ``version`` only elements of all versions are expected. If some
    rows are not records, the good ones are rewritten to a file in ``workspace`` with their own row numbers. The
    content of a file never raises an exception.
    """
    rows_in = max(seen.records - 1, 0)
    if (refusal := _refusal(path, table, seen)) is not None:
        return Received(table, None, 0 if seen.bad_bytes else rows_in, [refusal])
    names = _header_names(path)
    if (refusal := _refusal_of_names(names, table)) is not None:
        return Received(table, None, rows_in if names and len(names) > limits.COLUMNS else 0, [refusal])
    assert names is not None  # else refused
    mapping, findings, is_fatal = match_columns(names, table, version)
    if is_fatal:
        return Received(table, None, rows_in, findings)
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


def _refusal(path: Path, table: Table, seen: Survey) -> pl.DataFrame | None:
    """The finding why a file is not read, by its bytes; ``None`` if it may be read."""
    rows = seen.records - 1
    if seen.bad_bytes:
        return file_finding(GATE["GATE-BYTES"], table.id, seen.bad_bytes)
    if seen.long_row is not None:
        return file_finding(GATE["GATE-LIMIT-LENGTH"], table.id, f"Row {seen.long_row}")
    if rows > limits.ROWS:
        return _too_many_rows(table, rows)
    if (separator := _other_separator(path, table)) is not None:
        return file_finding(GATE["GATE-SEPARATOR"], table.id, separator)
    return None


def _refusal_of_names(names: list[str] | None, table: Table) -> pl.DataFrame | None:
    """The finding why a file is not read, by its first row; ``None`` if it may be read."""
    if names is None:
        return file_finding(GATE["GATE-QUOTE"], table.id, "1")
    if not any(names):
        return file_finding(GATE["GATE-NO-COLUMNS"], table.id)
    if len(names) > limits.COLUMNS:
        return file_finding(GATE["GATE-LIMIT-COLUMNS"], table.id, f"{len(names):,}")
    if any("\n" in name or "\r" in name for name in names):
        return _line_breaks(table, [(1, 1 + sum(map(_breaks, names)))])
    return None


def _too_many_rows(table: Table, rows: int) -> pl.DataFrame:
    return file_finding(GATE["GATE-LIMIT-ROWS"], table.id, f"{rows:,}")


def _other_separator(path: Path, table: Table) -> str | None:
    """What stands between the column names instead of commas, in words. Asked only if there is no comma."""
    with path.open(encoding="utf-8-sig") as file:
        first = file.readline(limits.ROW_BYTES)
    if "," in first:
        return None
    for separator, said in _SEPARATORS.items():
        names = [name.strip().strip('"').strip().lower() for name in first.split(separator)]
        if len(names) > 1 and any(name in table.by_spelling for name in names):
            return said
    return None


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
    """One record: its row number, its first and last line, its values; ``None`` if the csv reader rejects it, and
    then how its message begins.
    """

    number: int
    first: int
    last: int
    values: list[str] | None
    error: str = ""


def _records(file: io.TextIOBase) -> Iterator[_Record]:
    csv.field_size_limit(limits.ROW_BYTES)
    reader = csv.reader(file, strict=True)
    number = 0
    while True:
        number += 1
        first = reader.line_num + 1
        values, error = None, ""
        try:
            values = next(reader)
        except StopIteration:
            return
        except csv.Error as rejected:
            error = str(rejected)
        yield _Record(number, first, reader.line_num, values, error)


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
    kept, kept_path = _nameless(workspace / f"{table.id}.regular.csv")
    with path.open(encoding="utf-8-sig", newline="") as file:
        writer = csv.writer(kept)
        writer.writerow([ROW, *(str(index) for index in range(len(names)))])
        records = _records(file)
        next(records, None)
        for number, first, end, values, error in records:
            if values == []:  # a blank line is not a record, but uses up a number, as in a spreadsheet
                continue
            rows_in += 1
            if rows_in > limits.ROWS:  # lines that end in returns alone are not counted before
                return Received(table, None, rows_in, [*findings, _too_many_rows(table, rows_in)])
            if end > first:
                broken.append((first, end))
            if error.startswith(_OPEN):
                is_rest = any(why == _rejected(_TOO_LONG) for _, why in bad)  # of a value too long to be read whole
                findings.append(
                    _line_breaks(table, broken)
                    if is_rest
                    else file_finding(GATE["GATE-QUOTE"], table.id, str(number))
                )
                return Received(table, None, rows_in, findings)
            if values is None:
                bad.append((number, _rejected(error)))
            elif len(values) != len(names):
                has = "1 value" if len(values) == 1 else f"{len(values)} values"
                bad.append((number, f"{has}, but there are {len(names)} column names"))
            else:
                writer.writerow([number, *values])
    kept.flush()
    if broken:
        findings.append(_line_breaks(table, broken))
        return Received(table, None, rows_in, findings)
    if bad:
        findings.append(file_finding(GATE["GATE-FIELDS"], table.id, [why for _, why in bad], [n for n, _ in bad]))
    scan = pl.scan_csv(kept_path, infer_schema=False, glob=False)
    declared = as_declared(scan, table, mapping, True)
    return Received(table, declared, rows_in, findings, columns=places_of(mapping), kept=kept)


def _rejected(error: str) -> str:
    """Why a row is no record, in words."""
    if error.startswith(_TOO_LONG):
        return f"a value of more than {limits.ROW_BYTES:,} characters"
    return "text after a closing quotation mark"


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
