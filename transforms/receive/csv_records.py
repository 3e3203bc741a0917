"""CSV record by record: slow but exact, for files that are not regular.

Belongs here: Python's csv reader as the judge of what a record is, and reporting every row that is none. Does not
belong here: regular files, which Polars reads (``transforms.receive.csv_file``).
"""

import csv
import io
import re
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, field
from functools import cached_property
from pathlib import Path
from typing import IO, NamedTuple

import polars as pl

from schemas import limits
from schemas.gate import GATE
from schemas.links import looks_up, named_by
from schemas.table import Table
from schemas.versions import Version
from transforms.findings import file_finding
from transforms.receive.row_ends import RowEnds, row_ends, they_fit
from transforms.receive.structure import Names, is_footer, rows_said
from transforms.receive.table import KEYS, ROW, SHORT, Received, Refused, as_declared, places_of

# A value in quotation marks, and text behind it that should not be there.
_AFTER_A_QUOTE = re.compile(r'("(?:[^"]|"")*")[^,"\r\n]+')
# Why the csv reader rejects a record, by how its message begins.
_OPEN, _TOO_LONG = "unexpected end of data", "field larger than field limit"


def too_many_rows(table: Table, rows: int) -> pl.DataFrame:
    """The finding about a table with more rows than are read."""
    return file_finding(GATE["GATE-LIMIT-ROWS"], table.id, f"{rows:,}")


class Record(NamedTuple):
    """One record: its row number, its first and last line, its values; ``None`` if the csv reader rejects it, and
    then how its message begins, and its last line.
    """

    number: int
    first: int
    last: int
    values: list[str] | None
    error: str = ""
    text: str = ""


def records(file: io.TextIOBase) -> Iterator[Record]:
    """Every record of an open file, the first one included, and what is none."""
    csv.field_size_limit(limits.ROW_BYTES)
    last = [""]
    reader = csv.reader(_noted(file, last), strict=True)
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
        yield Record(number, first, reader.line_num, values, error, last[0] if error else "")


def _noted(lines: Iterable[str], last: list[str]) -> Iterator[str]:
    """The lines, each one noted in ``last`` before it is read: what is no record may still name others."""
    for line in lines:
        last[0] = line
        yield line


def breaks_in(value: str) -> int:
    """How many lines of a value end within it."""
    return len(value.splitlines()) - 1


def line_breaks(table: Table, where: list[tuple[int, int]]) -> pl.DataFrame:
    """The finding about values over several lines: the first and last row of the first such value, no value."""
    first, last = where[0]
    more = f", and {len(where) - 1} more" if len(where) > 1 else ""
    return file_finding(GATE["GATE-LINE-BREAK"], table.id, f"from row {first} to row {last}{more}")


@dataclass
class _Read:
    """What was found so far, record by record."""

    table: Table
    names: Names
    ends: RowEnds
    rows_in: int = 0
    bad: list[tuple[int, str]] = field(default_factory=list)
    broken: list[tuple[int, int]] = field(default_factory=list)
    empty: list[int] = field(default_factory=list)
    below: list[tuple[int, int]] = field(default_factory=list)
    again: list[int] = field(default_factory=list)
    last: int = 0
    last_count: int = 0
    keys: list[tuple[int, str, str]] = field(default_factory=list)

    @property
    def width(self) -> int:
        """How many values a record has."""
        return len(self.names.values)

    def good(self, record: Record) -> list[str] | None:
        """The values of a record that is one, or may be meant as one; ``None`` for any other row. Of every row that
        is none a note is taken.
        """
        values = record.values
        if record.last > record.first:
            self.broken.append((record.first, record.last))
        # A blank line is not a record, but uses up a number, as in a spreadsheet.
        if values == [] or (values is not None and self._is_beside(record.number, values)):
            return None
        for number, count in self.below:  # records follow, so it was no footer
            self.bad.append((number, self._other_number(count)))
            self.ends.note_other()
        self.last, self.last_count = record.number, len(values or [])
        self.rows_in += 1 + len(self.below)
        self.below.clear()
        if values is None:
            self.ends.note_other()
            self.bad.append((record.number, _rejected(record.error)))
            for text in (record.text, _AFTER_A_QUOTE.sub(r"\1", record.text)):
                self._note_keys(record.number, next(csv.reader([text]), []))
            return None
        fitted = self.ends.fitted(record.number, values)
        if fitted is None or len(values) > self.width or len(values) < self.ends.named:
            self.bad.append((record.number, self._other_number(len(values))))
            self._note_keys(record.number, values)
        return fitted

    def _note_keys(self, number: int, values: Sequence[str]) -> None:
        """The values by which a row that is no record may name others, or others it.

        With values missing or too many it is not known which one is the key: those are taken that may be.
        """
        for place, name in self.key_places:
            surplus = len(values) - self.width
            near = values[max(place + min(surplus, 0), 0) : place + max(surplus, 0) + 1]
            self.keys += [(number, name, value) for each in near if (value := each.strip("\ufeff \t"))]

    @cached_property
    def key_places(self) -> list[tuple[int, str]]:
        """Position and name of the elements by which records of this table name others, or others name them."""
        names = {here for here, _ in looks_up(self.table).values()} | {
            there for _, there in named_by(self.table.id).values()
        }
        return [(place, each.name) for place, each in self.ends.declared.items() if each.name in names]

    def _is_beside(self, number: int, values: list[str]) -> bool:
        """Whether a row is empty, has the names again, or is a footer."""
        if not any(value.strip() for value in values):
            self.empty.append(number)
            return True
        if (
            values[0].removeprefix("\ufeff") == self.names.values[0]
            and [value.strip("\ufeff ") for value in values] == self.names.values
        ):
            self.again.append(number)
            return True
        if is_footer(values):
            self.below.append((number, len(values)))
            return True
        return False

    def never_closed(self, record: Record, *, ends_a_line: bool) -> pl.DataFrame:
        """The finding about a quotation mark that is still open at the end of the file."""
        if record.first == record.last and not (self.bad or ends_a_line):
            within = f"row {record.number} ends within a value in quotation marks"
            return file_finding(GATE["GATE-CUT"], self.table.id, within)
        is_rest = any(why == _rejected(_TOO_LONG) for _, why in self.bad)  # of a value too long to be read whole
        if is_rest:
            return line_breaks(self.table, self.broken)
        return file_finding(GATE["GATE-QUOTE"], self.table.id, str(record.number))

    def cut(self) -> pl.DataFrame | None:
        """The finding about a last record that breaks off; ``None`` if the last one is whole, or others are not."""
        if len(self.bad) != 1 or self.bad[0][0] != self.last or not 0 < self.last_count < self.width:
            return None
        said = f"row {self.last} has {self.last_count} of {self.width} values, and no line end"
        return file_finding(GATE["GATE-CUT"], self.table.id, said)

    def findings(self) -> list[pl.DataFrame]:
        """The findings about the rows that are no records."""
        found, below = list[pl.DataFrame](), [number for number, _ in self.below]
        for rule, numbers in (
            ("GATE-NAMES-TWICE", self.again), ("GATE-EMPTY-ROWS", self.empty), ("GATE-FOOTER", below),
        ):  # fmt: skip
            if numbers:
                found.append(file_finding(GATE[rule], self.table.id, rows_said(numbers)))
        if self.broken:
            return [*found, line_breaks(self.table, self.broken)]
        if self.bad:
            why, numbers = [why for _, why in self.bad], [number for number, _ in self.bad]
            found.append(file_finding(GATE["GATE-FIELDS"], self.table.id, why, numbers))
        return found

    def _other_number(self, count: int) -> str:
        return f"{'1 value' if count == 1 else f'{count} values'}, but there are {self.width} column names"


def receive_irregular(
    path: Path,
    table: Table,
    names: Names,
    mapping: dict[str, str],
    version: Version | None,
    findings: list[pl.DataFrame],
    workspace: Path,
) -> Received:
    """Record by record: rows with another number of fields are rejected, the rest are kept.

    Rows are kept as well if they lack nothing but blank values at their end, and that is plain
    (``transforms.receive.row_ends``).
    """
    ends = row_ends(table, version, mapping, names)
    read = _Read(table, names, ends, again=names.rows_again)
    kept, kept_path = _nameless(workspace / f"{table.id}.regular.csv")
    with path.open(encoding="utf-8-sig", newline="") as file:
        writer = csv.writer(kept)
        writer.writerow([ROW, *(str(index) for index in range(read.width))])
        for record in records(file):
            if record.number <= names.before:
                continue
            values = read.good(record)
            if read.rows_in > limits.ROWS:  # lines that end in returns alone are not counted before
                return Received(table, None, read.rows_in, [*findings, too_many_rows(table, read.rows_in)])
            if record.error.startswith(_OPEN):
                return Received(
                    table,
                    None,
                    read.rows_in,
                    [*findings, read.never_closed(record, ends_a_line=_ends_a_line(path))],
                )
            if values is not None:
                writer.writerow([record.number, *values])
    kept.flush()
    is_ended = _ends_a_line(path)
    if (cut := read.cut()) is not None and not is_ended:
        return Received(table, None, read.rows_in, [*findings, cut])
    if read.broken:
        return Received(table, None, read.rows_in, [*findings, *read.findings()])
    scan = pl.scan_csv(kept_path, infer_schema=False, glob=False)
    declared = as_declared(scan, table, mapping, True)
    noted, left = _read_as_meant(read, declared, is_ended=is_ended)
    refused = Refused(
        pl.DataFrame(read.keys, schema=KEYS, orient="row"), pl.DataFrame(ends.short, schema=SHORT, orient="row")
    )
    return Received(
        table, left, read.rows_in, [*findings, *noted, *read.findings()], columns=places_of(mapping), kept=kept,
        refused=refused,
    )  # fmt: skip


def _read_as_meant(
    read: _Read, declared: pl.LazyFrame, *, is_ended: bool
) -> tuple[list[pl.DataFrame], pl.LazyFrame]:
    """The notes about rows that are read although their number of values is another one, and the rows without
    those that are not. ``is_ended``: the file ends with a line, so that its last row is whole.
    """
    ends, numbers = read.ends, [*read.ends.numbers, *read.ends.long]
    if not numbers:
        return [], declared
    is_cut = not is_ended and read.last in ends.numbers
    if ends.are_all_long and they_fit(declared, ends.long, ends.declared):
        note = file_finding(GATE["GATE-EMPTY-COLUMNS"], read.table.id, "after the last column of every row")
    elif ends.may_end_blank() and not is_cut and they_fit(declared, ends.numbers, ends.declared):
        note = file_finding(GATE["GATE-ROW-ENDS"], read.table.id, rows_said(ends.numbers))
    else:
        return [], declared.filter(~pl.col(ROW).is_in(pl.Series(numbers, dtype=pl.Int64).implode()))
    read.bad.clear()
    read.keys.clear()
    ends.short.clear()
    return [note], declared


def _ends_a_line(path: Path) -> bool:
    with path.open("rb") as file:
        file.seek(-1, 2)
        return file.read() in (b"\n", b"\r")


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
