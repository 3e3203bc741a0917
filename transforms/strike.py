"""Striking the rows of erased people from submitted files, so that no other row changes its number.

Belongs here: which rows are a person's, and rewriting a file without them. Does not belong here: who was erased
(``pipelines.custody.tombstones``), which files (``pipelines.custody.erase``).

A struck row becomes a blank line. That is no record, but keeps its number: the site's report and the site's own
file still speak of the same rows. A Parquet file has no blank rows, so it becomes a CSV file.
"""

import csv
import io
import re
import sys
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import IO

from schemas.dataset import TABLES
from schemas.nhs_number import PLACEHOLDERS, SEPARATORS
from schemas.table import Table
from transforms.normalise.reading import plain_text
from transforms.receive.parquet_file import as_submitted

NUMBER, PATIENT = "NHSNumber", "LocalPatientId"
# Whose a row is, the most telling first. A row with a patient is that patient's, whatever referral it names.
CHAIN = (PATIENT, "ServiceRequestId", "CareContactId", "CareActId", "ServiceUseId", "PauseID")
_STATUS, _VERIFIED = "NHSNumberStatus", "01"
_DIGITS = 10
_PLAIN = {ord(separator): None for separator in SEPARATORS}
_LONG = re.compile("[0-9](?:[ -]?[0-9]){9,}")


@dataclass
class Identifiers:
    """What names people: NHS numbers as ten digits, and a provider's own identifiers by element."""

    numbers: set[str] = field(default_factory=set)
    own: dict[str, set[str]] = field(default_factory=lambda: {name: set() for name in CHAIN})

    def __bool__(self) -> bool:
        """Whether there is anybody."""
        return bool(self.numbers) or any(self.own.values())

    def copy(self) -> "Identifiers":
        """One that may grow without this one."""
        return Identifiers(set(self.numbers), {name: set(values) for name, values in self.own.items()})


@dataclass(frozen=True)
class Row:
    """One record of a file: its text as it stands there, and its values by element, without blanks around them.
    ``cells`` are all values. ``is_nameless``: the table says whose a row is, and no column of the file does.
    """

    text: str
    cells: Sequence[str]
    elements: Mapping[str, str]
    is_nameless: bool


def find(
    files: Mapping[str, Path], known: Identifiers, is_erased: Callable[[str, str], bool] | None = None
) -> Identifiers:
    """``known``, and every identifier of the same people in the tables ``files`` of one submission.

    A row with a known NHS number anywhere is the person's. ``is_erased`` says of an element and value whether it is
    known in another way (a tombstone): such people are in the result too. A verified NHS number beside a known
    identifier of the provider is the person's own. Raises Unreadable.
    """
    found = known.copy()
    for table in _in_order(files):
        named = table.key[0] if table.key and table.key[0] in CHAIN else None
        mine: set[str] = set()
        others: set[str] = set()
        for row in rows(files[table.id], table):
            if is_erased is not None:
                _recognise(row, table, found, is_erased)
            if not is_of(row, found):
                others.add(row.elements.get(named or "", ""))
                continue
            if patient := row.elements.get(PATIENT):
                found.own[PATIENT].add(patient)
            if row.elements.get(_STATUS) == _VERIFIED:
                numbers = numbers_in(row.elements.get(NUMBER, ""))
                found.numbers |= numbers - set(PLACEHOLDERS) if len(numbers) == 1 else set()
            mine.add(row.elements.get(named or "", ""))
        if named is not None:  # what is known from another month may be another person's here
            found.own[named] = (found.own[named] - (others - mine)) | mine - {""}
    return found


def _recognise(row: Row, table: Table, found: Identifiers, is_erased: Callable[[str, str], bool]) -> None:
    if table.id == "IDS001":
        found.numbers |= {number for cell in row.cells for number in numbers_in(cell) if is_erased(NUMBER, number)}
    for name in (PATIENT, "ServiceRequestId"):
        if (value := row.elements.get(name)) and is_erased(name, value):
            found.own[name].add(value)


def strike(path: Path, table: Table, people: Identifiers) -> tuple[Path, int]:
    """Rewrite the file without the rows of ``people``. Returns where it lies now, and how many rows were struck.

    A file without such rows is left as it is. Raises Unreadable.
    """
    beside = path.with_name(f".{path.stem}.struck")
    struck = 0
    with beside.open("w", encoding="latin-1", newline="") as kept:
        for row in rows(path, table):
            if is_of(row, people):
                struck += 1
                kept.write("\n")
            else:
                kept.write(row.text)
    if not struck:
        beside.unlink()
        return path, 0
    target = path.with_suffix(".csv")
    beside.replace(target)
    if target != path:
        path.unlink()
    return target, struck


def is_readable(path: Path, table: Table) -> bool:
    """Whether the rows of a file can be told apart. One in another encoding or damaged was rejected by the gate."""
    if path.suffix.lower() == ".parquet":
        return as_submitted(path, table) is not None
    with path.open("rb") as file:
        return not any(b"\0" in chunk for chunk in iter(lambda: file.read(1 << 20), b""))


class Unreadable(Exception):
    """The rows of a file cannot be told apart."""


def is_of(row: Row, people: Identifiers) -> bool:
    """Whether a row is one of theirs."""
    if people.numbers and any(not people.numbers.isdisjoint(numbers_in(cell)) for cell in row.cells):
        return True
    for name in CHAIN:
        if value := row.elements.get(name):
            return value in people.own[name]
    return row.is_nameless and any(cell in values for values in people.own.values() for cell in row.cells)


def numbers_in(text: str) -> set[str]:
    """Ten digits in a text, however they are spaced, that may be an NHS number."""
    if len(text) < _DIGITS:
        return set()
    plain = (found.translate(_PLAIN) for found in _LONG.findall(text))
    return {digits[start : start + _DIGITS] for digits in plain for start in range(len(digits) - _DIGITS + 1)}


def rows(path: Path, table: Table) -> Iterator[Row]:
    """Every record of a table's file, the row of names included. Raises Unreadable for a damaged file."""
    if path.suffix.lower() == ".parquet":
        yield from _of_parquet(path, table)
        return
    # Every byte is a character here, and is written back as the same byte.
    with path.open(encoding="latin-1", newline="") as file:
        yield from _of_text(file, table)


def _of_text(file: IO[str], table: Table) -> Iterator[Row]:
    csv.field_size_limit(sys.maxsize)
    taken: list[str] = []

    def lines() -> Iterator[str]:
        for line in file:
            if "\0" in line:  # another encoding: a number in it cannot be found
                raise Unreadable
            taken.append(line)
            yield line

    names: list[str | None] | None = None
    is_nameless = False
    reader = csv.reader(lines())
    while True:
        try:
            values = next(reader)
        except StopIteration:
            return
        except csv.Error:  # the lines are taken as they are
            values = list(taken)
        cells = [_plain(value) for value in values]
        if names is None and any(cells):
            names = _names(cells, table)
            is_nameless = not set(CHAIN).isdisjoint(table.by_name) and set(CHAIN).isdisjoint(names)
        elements = {name: cell for name, cell in zip(names or (), cells, strict=False) if name and cell}
        yield Row("".join(taken), cells, elements, is_nameless)
        taken.clear()


def _plain(cell: str) -> str:
    """A value as the gate reads it: without what programs put around it. Text in another encoding stays."""
    if cell.isalnum() and cell.isascii():
        return cell
    try:  # before blanks are stripped: the second byte of a character may look like one
        return plain_text(cell.encode("latin-1").decode().strip())
    except UnicodeDecodeError:
        return cell.strip()


def _names(cells: Sequence[str], table: Table) -> list[str | None]:
    """The element of each column, from the first row."""
    declared = [table.named(cell) for cell in cells]
    return [field.name if field else None for field in declared]


def _of_parquet(path: Path, table: Table) -> Iterator[Row]:
    read = as_submitted(path, table)
    if read is None:
        raise Unreadable
    text = read.write_csv().encode().decode("latin-1")
    yield from _of_text(io.StringIO(text, newline=""), table)


def _in_order(files: Mapping[str, Path]) -> list[Table]:
    """The tables in the order of the dataset, in which a record comes after the one it names."""
    return [table for table in TABLES.values() if table.id in files]
