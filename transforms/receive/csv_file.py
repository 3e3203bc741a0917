"""CSV at the gate: from submitted bytes to rows of text with row numbers, or to the reason for a rejection.

Belongs here: reading CSV. The module gets the path (an opaque name, or the site's own folder for a check) and
writes only to the given workspace. Does not belong here: matching columns (``transforms.receive.table``), bytes
(``transforms.survey``).

Every row is counted twice, by the byte survey and by Polars, because Polars pads a short row with nulls without
notice. If the two disagree, or Polars rejects the file, it is read record by record
(``transforms.receive.csv_records``).
"""

import re
from itertools import islice, takewhile
from pathlib import Path

import polars as pl

from schemas import limits
from schemas.gate import GATE
from schemas.table import Table
from schemas.versions import Version
from transforms.findings import file_finding
from transforms.normalise.cells import Around
from transforms.receive.csv_records import breaks_in, line_breaks, receive_irregular, records, too_many_rows
from transforms.receive.structure import (
    FIRST_ROWS,
    NO_NAMES,
    NOTHING,
    NUMBERING,
    Names,
    columns_said,
    is_footer,
    is_of_names,
    names_among,
    rows_said,
)
from transforms.receive.table import (
    ROW,
    Format,
    Received,
    as_declared,
    match_columns,
    places_of,
    without_empty_rows,
)  # fmt: skip
from transforms.survey import Survey

# A word that a footer has.
_A_FOOTER = re.compile("row|time|total|count", re.IGNORECASE)
# No NHS number and no telephone number is so short.
_SHORT_NUMBER = re.compile(r"^[0-9]{1,8}$")
# A file up to this size is parsed once and kept: almost all of the 23 tables of a monthly extract. Each pass over
# a file costs 2 ms before the first byte.
IN_MEMORY = 16 << 20
# Rows up to so many are checked at once and not in pieces: to begin with pieces takes a sixth of a small check.
_FEW_ROWS = 20_000
# Where a footer is looked for.
_FOOTER_BYTES = 2048


def receive_csv(path: Path, table: Table, seen: Survey, version: Version | None, workspace: Path) -> Received:
    """The rows of a CSV file, or the findings that reject it.

    ``seen`` is the survey of the file. Without a ``version`` only elements of all versions are expected. If some
    rows are not records, the good ones are rewritten to a file in ``workspace`` with their own row numbers. The
    content of a file never raises an exception.
    """
    rows_in = max(seen.records - 1, 0)
    if (refusal := _refusal(table, seen)) is not None:
        return Received(table, None, 0 if seen.bad_bytes else rows_in, [refusal])
    found = _names(path, table)
    if isinstance(found, pl.DataFrame):
        has_names = "GATE-LIMIT-COLUMNS" in found["rule_id"]
        return Received(table, None, rows_in if has_names else 0, [found])
    return _Layout(path, table, seen, version, workspace, found).received()


class _Layout:
    """A file whose row of names is known."""

    def __init__(
        self, path: Path, table: Table, seen: Survey, version: Version | None, workspace: Path, names: Names
    ) -> None:
        self._path, self._table, self._seen, self._workspace, self._names = path, table, seen, workspace, names
        self._version = version
        self._before = names.before
        self._mapping, self._findings, self._is_fatal = _columns(path, names, table, version)

    def received(self) -> Received:
        """The rows, read by Polars where every line is a record."""
        rows_in = max(self._seen.records - self._before, 0)
        if self._is_fatal:
            return Received(self._table, None, rows_in, self._findings)
        if not _is_regular(self._path, self._seen, len(self._names.values)):
            return self._judged()
        scan = _scan(self._path, self._names.values, self._before)
        is_in_memory = self._seen.size <= IN_MEMORY
        if is_in_memory:
            rows = _read(scan)
            if rows is None or rows.height != rows_in:
                return self._judged()
            scan = rows.lazy()
        numbered, empty = scan.with_row_index(ROW, offset=self._before + 1), list[int]()
        if self._seen.has_blank_starts:
            numbered, empty = without_empty_rows(numbered)
        again = self._names.rows_again
        noted = [
            file_finding(GATE[rule], self._table.id, rows_said(numbers))
            for rule, numbers in (("GATE-NAMES-TWICE", again), ("GATE-EMPTY-ROWS", empty))
            if numbers
        ]
        declared = as_declared(numbered, self._table, self._mapping, self._seen.needs_trim)
        return Received(
            self._table, declared, rows_in - len(empty), [*self._findings, *noted], self._judged,
            places_of(self._mapping),
            around=Around(self._seen.has_quotes, self._seen.has_apostrophes, self._seen.is_beyond_ascii),
            is_in_memory=is_in_memory and rows_in <= _FEW_ROWS,
        )  # fmt: skip

    def _judged(self) -> Received:
        return receive_irregular(
            self._path,
            self._table,
            self._names,
            self._mapping,
            self._version,
            self._findings,
            self._workspace,
        )


def _columns(
    path: Path, names: Names, table: Table, version: Version | None
) -> tuple[dict[str, str], list[pl.DataFrame], bool]:
    """As ``match_columns``, with what is said of columns that are left out."""
    empty, numbering = _columns_left_out(path, names)
    kept = [None if index in (*empty, *numbering) else name for index, name in enumerate(names.values)]
    mapping, findings, is_fatal = match_columns(kept, table, version)
    if names.lines:
        findings.append(file_finding(GATE["GATE-FOOTER"], table.id, f"row {names.before}"))
    if numbering:
        findings.append(file_finding(GATE["GATE-ROW-NUMBERS"], table.id, columns_said(numbering)))
    if empty:
        findings.append(file_finding(GATE["GATE-EMPTY-COLUMNS"], table.id, columns_said(empty)))
    return mapping, findings, is_fatal


def _is_regular(path: Path, seen: Survey, width: int) -> bool:
    """Whether every line is a record of ``width`` values, so that Polars reads the file as Python's reader does."""
    return (
        seen.is_balanced
        and not (seen.has_lone_returns or seen.has_breaks or seen.has_names_again)
        and seen.delimiters == seen.records * (width - 1)
        and not _has_footer(path)
    )


def _refusal(table: Table, seen: Survey) -> pl.DataFrame | None:
    """The finding why a file is not read, by its bytes; ``None`` if it may be read."""
    rows = seen.records - 1
    if seen.bad_bytes:
        return file_finding(GATE["GATE-BYTES"], table.id, seen.bad_bytes)
    if seen.long_row is not None:
        return file_finding(GATE["GATE-LIMIT-LENGTH"], table.id, f"Row {seen.long_row}")
    if rows > limits.ROWS:
        return too_many_rows(table, rows)
    return None


def _names(path: Path, table: Table) -> Names | pl.DataFrame:
    """The row of names of a file, or the finding that refuses it."""
    with path.open(encoding="utf-8-sig", newline="") as file:
        first = list(islice(records(file), FIRST_ROWS))
    readable = list(takewhile(lambda record: record.values is not None, first))
    rows = [(record.number, record.values or []) for record in readable]
    if not any(any(values) for _, values in rows):
        if len(readable) < len(first):
            return file_finding(GATE["GATE-QUOTE"], table.id, str(first[len(readable)].number))
        return file_finding(GATE["GATE-NO-COLUMNS"], table.id, NOTHING)
    found = names_among(rows, table)
    if found is not None and found.is_title:
        return file_finding(GATE["GATE-TITLE-ROW"], table.id, str(found.row))
    number, values = next((number, values) for number, values in rows if any(values))
    if found is None and len(values) <= limits.COLUMNS and not is_of_names(values):
        return file_finding(GATE["GATE-NO-COLUMNS"], table.id, NO_NAMES)
    names = found or Names(number, [value.strip() for value in values], 0, is_title=False)
    if len(names.values) > limits.COLUMNS:
        return file_finding(GATE["GATE-LIMIT-COLUMNS"], table.id, f"{len(names.values):,}")
    if any("\n" in name or "\r" in name for name in names.values):
        return line_breaks(table, [(names.row, names.row + sum(map(breaks_in, names.values)))])
    return names


def _has_footer(path: Path) -> bool:
    """Whether the last lines have a footer, asked of the last few bytes."""
    with path.open("rb") as file:
        file.seek(max(file.seek(0, 2) - _FOOTER_BYTES, 0))
        lines = file.read().decode("utf-8", "replace").splitlines()[1:]
    return any(is_footer(line.replace('"', "").split(",")) for line in lines if _A_FOOTER.search(line))


def _columns_left_out(path: Path, names: Names) -> tuple[list[int], list[int]]:
    """Columns without a name and without any value, and the first column if it numbers the rows; counted from 0."""
    nameless = {index for index, name in enumerate(names.values) if not name}
    is_numbering = names.values[0] in NUMBERING and len(names.values) > 1
    if not (nameless or is_numbering):
        return [], []
    last = -1
    with path.open(encoding="utf-8-sig", newline="") as file:
        for record in records(file):
            values = record.values or []
            if record.number <= names.before or not any(values) or is_footer(values):
                continue
            nameless -= {index for index, value in enumerate(values) if value.strip()}
            is_numbering = is_numbering and _SHORT_NUMBER.match(values[0]) is not None and int(values[0]) > last
            if not (nameless or is_numbering):
                break
            last = int(values[0]) if is_numbering else last
    return sorted(nameless), [0] if is_numbering and last >= 0 else []


def _scan(path: Path, names: list[str], before: int) -> pl.LazyFrame:
    """All text, with columns named by position: the names in a file never reach an expression."""
    return pl.scan_csv(
        path,
        has_header=False,
        skip_lines=before,
        schema={str(index): pl.String() for index in range(len(names))},
        glob=False,  # a file called *.csv is one file
    )


def _read(scan: pl.LazyFrame) -> pl.DataFrame | None:
    """The rows in memory; ``None`` if Polars rejects the file."""
    try:
        return scan.collect()
    except pl.exceptions.PolarsError:
        return None


def _receive(path: Path, table: Table, seen: Survey | None, version: Version | None, workspace: Path) -> Received:
    assert seen is not None, table.id  # every text file is surveyed
    return receive_csv(path, table, seen, version, workspace)


FORMAT = Format(".csv", True, _receive, also=(".txt", ".tsv", ".tab"))
