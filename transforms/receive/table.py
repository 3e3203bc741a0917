"""One table at the gate: the common result of all formats, and matching a file's columns to the declaration.

Belongs here: what the formats share. Does not belong here: reading a format (one module each, next to this one),
rules (``transforms.validate``).
"""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import IO

import polars as pl

from schemas.field import Field, Mandation
from schemas.gate import GATE
from schemas.shapes import column_shown
from schemas.table import Table
from schemas.versions import Version, asked_for, came_later, tables_of
from transforms.findings import file_finding, note, printable
from transforms.normalise.cells import ANYTHING_AROUND, Around
from transforms.survey import Survey

ROW = "row_number"
KEYS: dict[str, pl.DataType] = {ROW: pl.Int64(), "field": pl.String(), "value": pl.String()}
SHORT: dict[str, pl.DataType] = {ROW: pl.Int64(), "values": pl.Int64()}


@dataclass(frozen=True)
class Refused:
    """What is known of rows that are no records.

    ``keys`` (``KEYS``) are the values by which each may name other records, or others it. ``short`` (``SHORT``)
    says how many values those have that lack some.
    """

    keys: pl.DataFrame = field(default_factory=lambda: pl.DataFrame(schema=KEYS))
    short: pl.DataFrame = field(default_factory=lambda: pl.DataFrame(schema=SHORT))


NOTHING_REFUSED = Refused()


@dataclass(frozen=True)
class Received:
    """One table at the gate.

    ``rows`` is lazy: ``row_number`` (Int64; as submitted, header row = 1) and one String column per declared
    field. Columns absent from the file are null. ``None`` if the file is rejected. ``rows_in`` is the number of
    submitted data records. ``findings`` has the gate's own findings. A large file is read only together with the
    rules: ``otherwise`` handles the case that Polars then rejects it or reads another number of rows than were
    counted. ``columns`` gives each field's position in the file, 0 the first, without fields that the file does
    not have. ``kept`` is an open file without a name that the rows are read from: it must stay as long as they do.
    ``around`` says what of the file may stand around its values. ``refused`` says what is known of rows that are no
    records. ``is_in_memory``: the rows are, and are not many.
    """

    table: Table
    rows: pl.LazyFrame | None
    rows_in: int
    findings: list[pl.DataFrame] = field(default_factory=list)
    otherwise: Callable[[], "Received"] | None = None
    columns: Mapping[str, int] = field(default_factory=dict)
    kept: IO[str] | None = None
    around: Around = ANYTHING_AROUND
    refused: Refused = NOTHING_REFUSED
    is_in_memory: bool = False


@dataclass(frozen=True)
class Format:
    """A file format: the ending of its file names, and how its rows are read. Files with an ending of ``also`` are
    read in the same way, and kept under the first one.

    ``is_text``: the survey of the bytes applies to this format (encoding, records, quotation marks) and is passed
    to ``receive``. ``receive`` gets the path, the table, that survey or ``None``, the dataset version and a folder
    for its own files. It never raises for the content of a file: problems become findings.
    """

    ending: str
    is_text: bool
    receive: Callable[[Path, Table, Survey | None, Version | None, Path], Received]
    also: tuple[str, ...] = ()


def match_columns(
    names: Sequence[str | None], table: Table, version: Version | None
) -> tuple[dict[str, str], list[pl.DataFrame], bool]:
    """Column position (as text) to declared name, the findings, and whether they reject the file.

    A column whose name is ``None`` is left out.
    """
    mapping: dict[str, str] = {}
    findings: list[pl.DataFrame] = []
    respelled: list[str] = []
    for index, name in enumerate(names):
        if name is None:
            continue
        declared = table.named(name)
        if declared is None:
            shown = column_shown(name, index + 1)
            findings.append(file_finding(GATE["GATE-COLUMN-UNKNOWN"], table.id, shown))
        elif declared.name in mapping.values():
            findings.append(file_finding(GATE["GATE-COLUMN-TWICE"], table.id, declared.name))
        else:
            mapping[str(index)] = declared.name
            if name.lower() not in table.by_spelling:
                respelled.append(f"«{printable(name)}» as {declared.name}")
    if respelled:
        findings.append(note(GATE["GATE-COLUMN-SPELLING"], table.id, _some(respelled)))
    for declared in asked_for(table.id, version):
        if declared.name not in mapping.values():
            findings.append(file_finding(GATE[_absence(declared)], table.id, declared.name))
    if version is not None:
        findings += _of_another_version(mapping, table, version)
    effects = {effect for frame in findings for effect in frame["effect"]}
    return mapping, findings, GATE["GATE-COLUMN-UNKNOWN"].effect in effects


# A row without any value. The row number is no value.
_IS_EMPTY = pl.all_horizontal(pl.all().exclude(ROW).fill_null("").str.strip_chars() == "")


def without_empty_rows(numbered: pl.LazyFrame) -> tuple[pl.LazyFrame, list[int]]:
    """The rows with a value, and the numbers of those without. A file that Polars rejects is rejected later."""
    try:
        empty = numbered.filter(_IS_EMPTY).select(ROW).collect(engine="streaming")[ROW].to_list()
    except (pl.exceptions.PolarsError, pl.exceptions.PanicException):
        empty = []
    return (numbered.filter(~_IS_EMPTY) if empty else numbered), empty


def _of_another_version(mapping: Mapping[str, str], table: Table, version: Version) -> list[pl.DataFrame]:
    if table.id not in tables_of(version):
        return [file_finding(GATE["GATE-TABLE-VERSION"], table.id)]
    later = came_later(version, table.id)
    return [file_finding(GATE["GATE-COLUMN-VERSION"], table.id, name) for name in mapping.values() if name in later]


def places_of(mapping: Mapping[str, str]) -> dict[str, int]:
    """Each field's position in the file, 0 the first, from ``match_columns``."""
    return {name: int(index) for index, name in mapping.items()}


def _some(said: list[str]) -> str:
    """How many there are, and the first as an example."""
    return said[0] if len(said) == 1 else f"{len(said)} columns, such as {said[0]}"


def _absence(declared: Field) -> str:
    is_mandatory = declared.mandation == Mandation.MANDATORY
    return "GATE-COLUMN-MISSING" if is_mandatory else "GATE-COLUMN-ABSENT"


def as_declared(scan: pl.LazyFrame, table: Table, mapping: dict[str, str], needs_trim: bool) -> pl.LazyFrame:
    """``row_number`` and every declared field as text, blank as null, in declared order."""
    position = {name: index for index, name in mapping.items()}
    columns = []
    for declared in table.fields:
        if declared.name not in position:
            columns.append(pl.lit(None, dtype=pl.String).alias(declared.name))
            continue
        value = pl.col(position[declared.name])
        if needs_trim:
            value = value.str.strip_chars()
            value = pl.when(value != "").then(value)
        columns.append(value.alias(declared.name))
    return scan.select(pl.col(ROW).cast(pl.Int64), *columns)
