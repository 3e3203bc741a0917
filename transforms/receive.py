"""The gate for one table: bytes as submitted to rows of text with their row numbers, or the reason why not.

Belongs here: matching a table file's columns to the declaration, and offering its rows lazily, all text,
trimmed, blank as null. It is the one module of this room that opens a file; it is
given the path (an opaque name, or the site's own folder for a dry run) and writes only where it is told.
Does not belong here: which files make a submission (``pipelines.inbox``), bytes (``transforms.survey``), rules
(``transforms.validate``).

Every row is counted twice, by the byte survey and by Polars, because Polars pads a short row with nulls
and says nothing. Where the two disagree, or Polars refuses the file, the Python csv reader goes through
it record by record, slow but exact, and names every row that is not one.
"""

import csv
import io
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, field
from pathlib import Path

import polars as pl

from schemas.field import Field, Mandation
from schemas.gate import GATE
from schemas.table import Table
from schemas.versions import Version, asked_for, came_later, tables_of
from transforms.findings import file_finding
from transforms.survey import Survey

ROW = "row_number"
# A file up to this many bytes is parsed once and kept: of a monthly extract's 23 tables all but a few, and each
# pass over a file costs 2 ms before the first byte.
IN_MEMORY = 16 << 20
# A row longer than this is no record of ours: the widest table is 23 fields of at most 56 characters.
_FIELD_LIMIT = 1 << 17


@dataclass(frozen=True)
class Received:
    """One table at the gate.

    ``rows`` is lazy: ``row_number`` (Int64; as submitted, header row = 1) and one String column per
    declared field, columns absent from the file included as null. ``None`` if the file is rejected.
    ``rows_in`` counts the data records as submitted, ``findings`` holds the gate's own. A large file is not
    read before the rules are: ``otherwise`` says what to make of it should Polars then refuse it or read another
    number of rows than were counted. ``columns`` gives each field's place in the file, 0 the first; fields that the
    file does not have are not in it.
    """

    table: Table
    rows: pl.LazyFrame | None
    rows_in: int
    findings: list[pl.DataFrame] = field(default_factory=list)
    otherwise: Callable[[], "Received"] | None = None
    columns: Mapping[str, int] = field(default_factory=dict)


def receive_csv(path: Path, table: Table, seen: Survey, version: Version | None, workspace: Path) -> Received:
    """The rows of a CSV file, or the findings that reject it.

    ``seen`` is the file's survey; without a ``version`` only what all versions have is asked for. Where rows are
    not records, the good ones are rewritten to a file in ``workspace`` with their own row numbers. Never raises
    for what is in the file.
    """
    if seen.bad_bytes:
        return Received(table, None, 0, [file_finding(GATE["GATE-BYTES"], table.id, seen.bad_bytes)])
    names = _header_names(path)
    if names is None:
        return Received(table, None, 0, [file_finding(GATE["GATE-QUOTE"], table.id, "1")])
    if not any(names):
        return Received(table, None, 0, [file_finding(GATE["GATE-NO-COLUMNS"], table.id)])
    mapping, findings, is_fatal = _match_columns(names, table, version)
    if is_fatal:
        return Received(table, None, max(seen.records - 1, 0), findings)
    rows_in = seen.records - 1
    scan = _scan(path, names)
    is_regular = (
        seen.is_balanced and not seen.has_lone_returns and seen.delimiters == seen.records * (len(names) - 1)
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
    declared = _as_declared(scan.with_row_index(ROW, offset=2), table, mapping, seen.needs_trim)
    return Received(table, declared, rows_in, findings, judged, _places(mapping))


def receive_parquet(path: Path, table: Table, version: Version | None) -> Received:
    """The rows of a Parquet file as text, or the findings that reject it. Rows are numbered as in a CSV: from 2."""
    try:
        scan = pl.scan_parquet(path, glob=False)
        schema = scan.collect_schema()
        rows_in = int(scan.select(pl.len()).collect().item())
    except (pl.exceptions.PolarsError, OSError):
        return _damaged(table)
    mapping, findings, is_fatal = _match_columns(list(schema), table, version)
    if is_fatal:
        return Received(table, None, rows_in, findings)
    # By position: a name such as "^.*$" would be read as a pattern.
    as_text = [_text_at(index, dtype).alias(str(index)) for index, dtype in enumerate(schema.values())]
    numbered = scan.select(as_text).with_row_index(ROW, offset=2)
    declared = _as_declared(numbered, table, mapping, True)
    return Received(table, declared, rows_in, findings, lambda: _damaged(table), _places(mapping))


def _damaged(table: Table) -> Received:
    detail = "its structure is damaged, or it is another format"
    return Received(table, None, 0, [file_finding(GATE["GATE-PARQUET"], table.id, detail)])


def _text_at(index: int, dtype: pl.DataType) -> pl.Expr:
    value = pl.nth(index)
    return value.dt.strftime("%Y-%m-%dT%H:%M:%S") if isinstance(dtype, pl.Datetime) else value.cast(pl.String)


def _header_names(path: Path) -> list[str] | None:
    """The names in the first row; ``None`` where a quotation mark in it is never closed."""
    with path.open(encoding="utf-8-sig", newline="") as file:
        _, names = next(_records(file), (1, []))
    return None if names is None else [name.strip() for name in names]


def _match_columns(
    names: list[str], table: Table, version: Version | None
) -> tuple[dict[str, str], list[pl.DataFrame], bool]:
    """Column position (as text) to declared name, the findings, and whether they reject the file."""
    mapping: dict[str, str] = {}
    findings: list[pl.DataFrame] = []
    for index, name in enumerate(names):
        declared = table.by_spelling.get(name.lower())
        if declared is None:
            findings.append(file_finding(GATE["GATE-COLUMN-UNKNOWN"], table.id, name or "(blank)"))
        elif declared.name in mapping.values():
            findings.append(file_finding(GATE["GATE-COLUMN-TWICE"], table.id, declared.name))
        else:
            mapping[str(index)] = declared.name
    for declared in asked_for(table.id, version):
        if declared.name not in mapping.values():
            findings.append(file_finding(GATE[_absence(declared)], table.id, declared.name))
    if version is not None:
        findings += _of_another_version(mapping, table, version)
    effects = {effect for frame in findings for effect in frame["effect"]}
    return mapping, findings, GATE["GATE-COLUMN-UNKNOWN"].effect in effects


def _of_another_version(mapping: Mapping[str, str], table: Table, version: Version) -> list[pl.DataFrame]:
    if table.id not in tables_of(version):
        return [file_finding(GATE["GATE-TABLE-VERSION"], table.id)]
    later = came_later(version, table.id)
    return [file_finding(GATE["GATE-COLUMN-VERSION"], table.id, name) for name in mapping.values() if name in later]


def _places(mapping: Mapping[str, str]) -> dict[str, int]:
    return {name: int(index) for index, name in mapping.items()}


def _absence(declared: Field) -> str:
    is_mandatory = declared.mandation == Mandation.MANDATORY
    return "GATE-COLUMN-MISSING" if is_mandatory else "GATE-COLUMN-ABSENT"


def _scan(path: Path, names: list[str]) -> pl.LazyFrame:
    """All text, columns named by position: a file's own names never reach an expression."""
    return pl.scan_csv(
        path,
        has_header=False,
        skip_lines=1,
        schema={str(index): pl.String() for index in range(len(names))},
        glob=False,  # a file called *.csv is one file
    )


def _read(scan: pl.LazyFrame) -> pl.DataFrame | None:
    """The rows in memory; ``None`` where Polars refuses the file."""
    try:
        return scan.collect()
    except pl.exceptions.PolarsError:
        return None


def _as_declared(scan: pl.LazyFrame, table: Table, mapping: dict[str, str], trim: bool) -> pl.LazyFrame:
    """``row_number`` and every declared field as text, blank as null, in declared order."""
    position = {name: index for index, name in mapping.items()}
    columns = []
    for declared in table.fields:
        if declared.name not in position:
            columns.append(pl.lit(None, dtype=pl.String).alias(declared.name))
            continue
        value = pl.col(position[declared.name])
        if trim:
            value = value.str.strip_chars()
            value = pl.when(value != "").then(value)
        columns.append(value.alias(declared.name))
    return scan.select(pl.col(ROW).cast(pl.Int64), *columns)


def _records(file: io.TextIOBase) -> Iterator[tuple[int, list[str] | None]]:
    """Row number and values of every record; ``None`` where the csv reader refuses the row."""
    csv.field_size_limit(_FIELD_LIMIT)
    reader = csv.reader(file, strict=True)
    number = 0
    while True:
        number += 1
        try:
            yield number, next(reader)
        except StopIteration:
            return
        except csv.Error:
            yield number, None


def _receive_irregular(
    path: Path,
    table: Table,
    names: list[str],
    mapping: dict[str, str],
    findings: list[pl.DataFrame],
    workspace: Path,
) -> Received:
    """Record by record: rows with another number of fields are rejected, the rest are kept."""
    kept_path = workspace / f"{table.id}.regular.csv"
    bad: list[tuple[int, str]] = []
    rows_in = 0
    last = 1
    with path.open(encoding="utf-8-sig", newline="") as file, kept_path.open("w", newline="") as kept:
        writer = csv.writer(kept)
        writer.writerow([ROW, *(str(index) for index in range(len(names)))])
        records = _records(file)
        next(records, None)
        for number, values in records:
            last = number
            if values == []:  # a blank line is no record; its number is used up, as in a spreadsheet
                continue
            rows_in += 1
            if values is None:
                bad.append((number, "text after a closing quotation mark, or an opening one never closed"))
            elif len(values) != len(names):
                bad.append((number, f"{len(values)} values where the header row has {len(names)} names"))
            else:
                writer.writerow([number, *values])
    if bad and bad[-1][0] == last and "never closed" in bad[-1][1]:
        findings.append(file_finding(GATE["GATE-QUOTE"], table.id, str(last)))
        return Received(table, None, rows_in, findings)
    if bad:
        findings.append(file_finding(GATE["GATE-FIELDS"], table.id, [why for _, why in bad], [n for n, _ in bad]))
    scan = pl.scan_csv(kept_path, infer_schema=False, glob=False)
    declared = _as_declared(scan, table, mapping, True)
    return Received(table, declared, rows_in, findings, columns=_places(mapping))
