"""The package of an Excel workbook: a zip of XML, looked at before any cell of it is read.

Belongs here: the limits of the door, for a zip, and for what a sheet says of its size; where a sheet lies; what a
reader of cells does not say. Does not belong here: reading cells (``transforms.convert.workbook``).

A reader makes room for every cell between the first and the last. A sheet of two cells, A1 and XFD1048576, would
take 400 GB, so the last cell is looked for first.
"""

import re
import zipfile
from array import array
from collections import defaultdict
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import NamedTuple
from xml.etree import ElementTree

from schemas import limits
from schemas.letters import column_of_letters
from transforms.archive import BROKEN, Sparing, swells
from transforms.convert.converter import NotConverted
from transforms.disk_fault import pass_on

# No more at once than ``Sparing`` lets through.
_CHUNK = limits.DIRECTORY_BYTES
# How a file of Office begins that is no zip: with a password, or of before 2007.
OLE = b"\xd0\xcf\x11\xe0"
_BOOK, _LINKS = "xl/workbook.xml", "xl/_rels/workbook.xml.rels"
DAMAGED = "it is damaged, or it is another format"
# Cells up to which the place of each one is read: where a table begins.
_FIRST_CELLS = 20_000
_PLACE = re.compile(rb'\sr\s*=\s*"([A-Za-z]{1,7})([0-9]{1,10})"')
# Up to so many columns a sheet has room, however far down its last row: Excel has a million.
_NARROW = 26
# A column beyond Z, or row 1,000,000 or below. A reader takes small letters too.
_FAR = re.compile(rb' r="(?:[A-Za-z]{2}|[A-Za-z]?[0-9]{7})')
_ERROR = re.compile(rb'<c (?=[^>]*\bt="e")([^>]*)')
_ITS_PLACE = re.compile(rb'\br="([A-Z]+[0-9]+)"')
# The value of a cell of text, as most programs write it. The search for a long number takes four times as long.
_OF_TEXT = b't="s"><v>'
_LONG_VALUE = re.compile(rb"<v>-?(?:[0-9]{16}|[0-9.]{1,20}[eE]\+?1[5-9])")
# A long number in a cell of numbers. In a cell of text it is a code, with all its digits.
_LONG = re.compile(
    rb'<c (?![^>]*\bt="(?!n"))[^>]*?\br="([A-Z]+)([0-9]{1,7})"[^>]*>(?:<f[^>]*/>|<f[^>]*>[^<]*</f>)?'
    rb"<v>-?(?:[0-9]{16}|[0-9.]{1,20}[eE]\+?1[5-9])"
)
# Some programs write a prefix before every name, as <x:c>, and some put values between apostrophes.
_PREFIX = re.compile(rb"<([\w.-]+:)worksheet\b")
_SPACES = (b"\t", b"\n", b"\r")
_AS_BLANKS = bytes.maketrans(b"\t\n\r", b"   ")
_APOSTROPHES = re.compile(rb"='([^'\"<>]*)'")


def others_said(first: str, count: int) -> str:
    """The first of ``count`` in words, and how many more there are; empty if there is none."""
    if not count:
        return ""
    return first + (f", and {count - 1:,} more" if count > 1 else "")


def hold(rows: int, columns: int) -> None:
    """Raise NotConverted for a sheet that reaches further than is read."""
    if columns > limits.COLUMNS:
        raise NotConverted("GATE-LIMIT-COLUMNS", f"more than {limits.COLUMNS}")
    if rows * columns > limits.CELLS:
        raise NotConverted("GATE-LIMIT-CELLS", f"{rows * columns:,}")


class Sheet(NamedTuple):
    """A sheet: its name, and its file in the package."""

    name: str
    part: str


@dataclass
class Facts:
    """What is known of a sheet before it is read.

    ``long_numbers``: of each column, the rows with a number of more digits than Excel keeps, both counted from 0.
    ``rows`` and ``columns`` up to the last cell. ``errors`` is how
    many cells show an error, ``first_error`` one. In a narrow sheet, of at most 26 columns, ``rows`` are those of
    cells whose place was read.
    """

    rows: int = 0
    columns: int = 0
    cells: int = 0
    errors: int = 0
    first_error: str = ""
    long_numbers: dict[int, "array[int]"] = field(default_factory=lambda: defaultdict(lambda: array("L")))

    @property
    def errors_said(self) -> str:
        """The cells with an error in words; empty if there are none."""
        return others_said(f"cell {self.first_error}" if self.first_error else "a cell", self.errors)


class Workbook:
    """An open workbook whose package is within the limits."""

    def __init__(self, package: zipfile.ZipFile) -> None:
        self._package = package
        self.sheets = _sheets(package)

    def is_empty(self, sheet: Sheet) -> bool:
        """Whether no cell of a sheet has a value. Raises NotConverted."""
        return not any(b"<v" in piece or b"<is" in piece for piece in self._pieces(sheet))

    def facts(self, sheet: Sheet) -> Facts:
        """What is known of a sheet before it is read. Raises NotConverted for one that is too large."""
        found, is_exact = self._facts(sheet, is_exact=False)
        # A wide sheet, of which a cell further down may not have been looked at.
        if found.columns > _NARROW and not is_exact:
            found, _ = self._facts(sheet, is_exact=True)
        hold(found.rows, found.columns)
        return found

    def _facts(self, sheet: Sheet, *, is_exact: bool) -> tuple[Facts, bool]:
        """What is known of a sheet, and whether the place of every cell was read. ``is_exact`` asks for that."""
        found, columns = Facts(), set[int]()
        is_whole = True
        for piece in self._pieces(sheet):
            if is_exact or found.cells < _FIRST_CELLS or _has_other_places(piece):
                for column, row in set(_PLACE.findall(piece)):
                    columns.add(column_of_letters(column))
                    found.rows = max(found.rows, int(row))
            else:
                is_whole = False
            found.cells += piece.count(b"<c ")
            hold(0, max(columns, default=-1) + 1)
            _note_cells(piece, found)
        found.columns = max(columns, default=-1) + 1
        return found, is_whole

    def _pieces(self, sheet: Sheet) -> Iterator[bytes]:
        """The XML of a sheet in pieces, each of whole cells, as Excel itself would write its names and values."""
        rest, prefix, last = b"", None, b""
        try:
            with self._package.open(sheet.part) as file:
                while chunk := file.read(_CHUNK):
                    piece, met = rest + chunk, last + chunk  # a declaration may lie over two pieces
                    if b"<!DOCTYPE" in met or b"<!ENTITY" in met:
                        raise NotConverted("GATE-WORKBOOK", DAMAGED)
                    last = chunk[-len(b"<!DOCTYPE") :]
                    if prefix is None:
                        prefix = named[1] if (named := _PREFIX.search(piece)) else b""
                    piece = _as_excel(piece, prefix)
                    cut = max(piece.rfind(b"<c "), piece.rfind(b"<row "))
                    cut = cut if cut > 0 and len(piece) - cut < _CHUNK else len(piece)
                    yield piece[:cut]
                    rest = piece[cut:]
        except (*BROKEN, KeyError) as error:
            pass_on(error)
            raise NotConverted("GATE-WORKBOOK", DAMAGED) from None
        yield rest


def _note_cells(piece: bytes, found: Facts) -> None:
    """Add the cells of a piece that show an error, and those with a number that is too long for Excel."""
    if b't="e"' in piece:
        cells = _ERROR.findall(piece)
        place = next((place for cell in cells if (place := _ITS_PLACE.search(cell))), None)
        found.first_error = found.first_error or (place[1].decode() if place else "")
        found.errors += len(cells)
    if piece.count(_OF_TEXT) != piece.count(b"<v>") and _LONG_VALUE.search(piece):
        for column, row in _LONG.findall(piece):
            found.long_numbers[column_of_letters(column)].append(int(row) - 1)


@contextmanager
def opened(path: Path) -> Iterator[Workbook]:
    """The workbook at ``path``, a package of XML. Raises NotConverted for one that is damaged or too large."""
    with path.open("rb") as file:
        try:
            package = zipfile.ZipFile(Sparing(file))
            members = package.infolist()
        except BROKEN as error:
            pass_on(error)
            raise NotConverted("GATE-WORKBOOK", DAMAGED) from None
        with package:
            held_to_limits(members)
            yield Workbook(package)


def held_to_limits(members: list[zipfile.ZipInfo]) -> None:
    """Raise NotConverted for a package that has a password or unpacks to more than is read."""
    if sum(member.file_size for member in members) > limits.WORKBOOK_BYTES:
        raise NotConverted("GATE-LIMIT-BYTES", f"a workbook of more than {limits.WORKBOOK_BYTES >> 30} GB")
    if (ratio := swells(members)) is not None:
        raise NotConverted("GATE-LIMIT-RATIO", f"{ratio:,}")
    if any(member.flag_bits & 1 for member in members):
        raise NotConverted("GATE-WORKBOOK", "it is encrypted")


def _has_other_places(piece: bytes) -> bool:
    """Whether a piece has a cell far away, or one whose place is written otherwise than Excel writes it."""
    return _FAR.search(piece) is not None or piece.count(b' r="') != piece.count(b"<c ") + piece.count(b"<row ")


def _as_excel(piece: bytes, prefix: bytes) -> bytes:
    """A piece of a sheet without the prefix of its names, with values between quotation marks and blanks alone
    between attributes.
    """
    if any(space in piece for space in _SPACES):
        piece = piece.translate(_AS_BLANKS)
    if prefix:
        piece = piece.replace(b"<" + prefix, b"<").replace(b"</" + prefix, b"</")
    return _APOSTROPHES.sub(rb'="\1"', piece) if b"='" in piece else piece


def _sheets(package: zipfile.ZipFile) -> list[Sheet]:
    links = {
        each.get("Id"): each.get("Target", "")
        for each in _read(package, _LINKS)
        if each.get("Type", "").endswith("/worksheet")
    }
    found = []
    for each in _read(package, _BOOK).iter():
        if each.tag.rpartition("}")[2] != "sheet":
            continue
        link = next((value for name, value in each.items() if name.endswith("}id")), None)
        if link in links:
            target = links[link]
            part = target.lstrip("/") if target.startswith("/") else f"xl/{target}"
            found.append(Sheet(each.get("name", ""), part))
    if len(found) > limits.FILES:
        raise NotConverted("GATE-LIMIT-FILES", f"{len(found):,}")
    return found


def _read(package: zipfile.ZipFile, part: str) -> ElementTree.Element:
    """A small part of the package. One that declares entities is refused before they are replaced."""
    try:
        with package.open(part) as file:
            content = file.read(limits.DIRECTORY_BYTES + 1)
        if len(content) > limits.DIRECTORY_BYTES or b"<!" in content:
            raise NotConverted("GATE-WORKBOOK", DAMAGED)
        return ElementTree.fromstring(content)  # noqa: S314  no entities, at most 1 MB
    except (*BROKEN, KeyError, ElementTree.ParseError) as error:
        pass_on(error)
        raise NotConverted("GATE-WORKBOOK", DAMAGED) from None
