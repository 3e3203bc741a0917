"""Workbooks that are no package of XML as Excel writes it since 2007: .xls, .xlsb and .ods.

Belongs here: telling the kind of a workbook by its content, and what is asked of the three others before a reader
makes room for their cells. Does not belong here: reading cells (``transforms.convert.workbook``), the usual kind
(``transforms.convert.workbook_package``).

A sheet of .xls has at most 65,536 rows and 256 columns, so there is always room. The two others are walked through.
"""

import re
import zipfile
from collections.abc import Iterator, Mapping
from enum import StrEnum
from html import unescape
from itertools import pairwise
from pathlib import Path
from types import MappingProxyType
from typing import IO, NamedTuple

from schemas import limits
from schemas.letters import letters_of_column
from transforms.archive import BROKEN, Sparing
from transforms.convert.converter import NotConverted
from transforms.convert.workbook_package import DAMAGED, OLE, held_to_limits, hold, others_said
from transforms.disk_fault import pass_on

_CHUNK = limits.DIRECTORY_BYTES
_WEB_PAGE = re.compile(rb"<(!doctype html|html|table|meta|style)\b", re.IGNORECASE)
# Cells of .xls that show an error: typed, or the result of a formula. Both end a record of a fixed form.
_XLS_ERROR = re.compile(
    rb"\x05\x02\x08\x00.{6}[\x00\x07\x0f\x17\x1d\x24\x2a]\x01|\x06\x00[\x16-\xff].{7}\x02.[\x00\x07\x0f\x17\x1d\x24\x2a].{3}\xff\xff",
    re.DOTALL,
)
_XLS_LENGTH = 32
# Records of .xlsb: a row, and cells, of which two kinds show an error.
_ROW, _CELLS, _ERRORS = 0, range(1, 12), (3, 11)
# Rows and cells of .ods, and what would hide some of them.
_SHEET_ENDS = b"</table:table>"
_ROW_BEGINS, _ENDS_A_NAME = b"<table:table-row", (b" ", b"\t", b"\n", b"\r", b"/", b">")
_TIMES = {
    what: re.compile(rb"table:number-" + what + rb"-repeated\s*=\s*[\"']([0-9]{1,9})[\"']")
    for what in (b"columns", b"rows")
}
_ODS_ERROR = re.compile(rb"calcext:value-type\s*=\s*[\"']error[\"']")
_ODS_NAME = re.compile(rb"<table:table\s[^>]*?table:name\s*=\s*(\"[^\"]*\"|'[^']*')")
_CELL_BEGINS = re.compile(rb"<table:(?:covered-)?table-cell\b")
_UTF_8_MARK = b"\xef\xbb\xbf"
_OTHER_ENCODING = re.compile(rb"(\xef\xbb\xbf)?<\?xml [^>]*encoding\s*=\s*[\"'](?!utf-8|us-ascii)", re.IGNORECASE)
# Bytes of one row, or of all that stands before the first one.
_LONGEST = 32 << 20


class Kind(StrEnum):
    """The kinds of workbooks, each read by the same reader."""

    XLSX = "xlsx"
    XLSB = "xlsb"
    XLS = "xls"
    ODS = "ods"


def kind_of(path: Path) -> Kind:
    """The kind of a workbook by its content, whatever it is called. Raises NotConverted for what is none."""
    with path.open("rb") as file:
        start = file.read(4096)
        if start.startswith(OLE):
            if path.suffix.lower() != ".xls":
                raise NotConverted("GATE-WORKBOOK", "it has a password, or Excel of before 2007 wrote it")
            return Kind.XLS
        if not start.startswith(b"PK"):
            raise NotConverted("GATE-WORKBOOK", _what_else(start))
        try:
            with zipfile.ZipFile(Sparing(file)) as package:
                names = set(package.namelist())
        except BROKEN as error:
            pass_on(error)
            raise NotConverted("GATE-WORKBOOK", DAMAGED) from None
    if "xl/workbook.bin" in names:
        return Kind.XLSB
    return Kind.ODS if "content.xml" in names else Kind.XLSX


def _what_else(start: bytes) -> str:
    if _WEB_PAGE.search(start):
        return "by its content it is a web page that is only called a workbook"
    if start and not re.search(rb"[\x00-\x08\x0e-\x1f]", start):
        return "by its content it is text, such as CSV, that is only called a workbook"
    return DAMAGED


class Errors(NamedTuple):
    """Cells of a workbook that show an error: how many, and those of each sheet in words.

    ``of_sheets`` is known of an .ods only: its reader gives such a cell as one without a value. Readers of the two
    other kinds name them.
    """

    cells: int
    of_sheets: Mapping[str, str] = MappingProxyType({})


def errors_in(path: Path, kind: Kind) -> Errors:
    """Hold a workbook of another kind to the limits. Returns its cells that show an error.

    Raises NotConverted for one that is too large or damaged.
    """
    try:
        if kind is Kind.XLS:
            errors = Errors(_in_pieces(path))
        else:
            with path.open("rb") as file, zipfile.ZipFile(Sparing(file)) as package:
                held_to_limits(package.infolist())
                errors = Errors(_binary(package)) if kind is Kind.XLSB else _open_document(package)
    except (*BROKEN, KeyError, IndexError) as error:
        pass_on(error)
        raise NotConverted("GATE-WORKBOOK", DAMAGED) from None
    return errors


def _in_pieces(path: Path) -> int:
    if path.stat().st_size > limits.WORKBOOK_BYTES:
        raise NotConverted("GATE-LIMIT-BYTES", f"a workbook of more than {limits.WORKBOOK_BYTES >> 30} GB")
    found, rest = 0, b""
    with path.open("rb") as file:
        while chunk := file.read(_CHUNK):
            piece = rest + chunk
            until = max(len(piece) - _XLS_LENGTH, 0)  # a cell that begins later may go on in the next piece
            found += sum(cell.start() < until for cell in _XLS_ERROR.finditer(piece))
            rest = piece[until:]
    return found + len(_XLS_ERROR.findall(rest))


def _binary(package: zipfile.ZipFile) -> int:
    """Walk through every sheet of an .xlsb. Returns how many cells show an error."""
    errors = 0
    for member in package.infolist():
        if not member.filename.startswith("xl/worksheets/") or not member.filename.endswith(".bin"):
            continue
        rows = columns = row = 0
        with package.open(member) as file:
            for kind, content in _records(file):
                if kind == _ROW:
                    row = int.from_bytes(content[:4], "little") + 1
                elif kind in _CELLS:
                    rows, columns = max(rows, row), max(columns, int.from_bytes(content[:4], "little") + 1)
                    errors += kind in _ERRORS
        hold(rows, columns)
    return errors


def _records(file: IO[bytes]) -> Iterator[tuple[int, bytes]]:
    """The records of a part: the number of its kind, and up to eight bytes of its content."""
    held, at = file.read(_CHUNK), 0
    while True:
        if len(held) - at < 16:
            held, at = held[at:] + file.read(_CHUNK), 0
        if at >= len(held):
            return
        kind = held[at]
        at += 1
        if kind & 0x80:
            kind, at = (kind & 0x7F) | held[at] << 7, at + 1
        size = shift = 0
        for _ in range(4):
            byte = held[at]
            at += 1
            size |= (byte & 0x7F) << shift
            shift += 7
            if not byte & 0x80:
                break
        yield kind, held[at : at + 8]
        while at + size > len(held):
            size -= len(held) - at
            held, at = file.read(_CHUNK), 0
            if not held:
                return
        at += size


def _open_document(package: zipfile.ZipFile) -> Errors:
    """Walk through the sheets of an .ods, row by row. Returns the cells that show an error."""
    sheets, rest, is_first = _Sheets(), b"", True
    with package.open("content.xml") as file:
        while chunk := file.read(_CHUNK):
            piece = rest + chunk
            cut = max(piece.rfind(_ROW_BEGINS), 0)
            sheets.add(piece[:cut], is_first=is_first)
            rest, is_first = piece[cut:], is_first and not cut
            if len(rest) > _LONGEST:
                raise NotConverted("GATE-WORKBOOK", DAMAGED)
    sheets.add(rest, is_first=is_first)
    return sheets.errors


class _Sheets:
    """How far the sheets of an .ods reach: cells and rows may be said to be there many times.

    Counted in the bytes, since a parser that calls Python for each element takes eight times as long as the reader
    does. A name or number that stands in a text makes the count too high, and none can make it too low: whatever
    could hide an element (a comment, a part that is not parsed, another encoding) is refused.
    """

    def __init__(self) -> None:
        self._errors = self._rows = self._filled = self._columns = 0
        self._sheet = ""
        self._of_sheets: dict[str, tuple[str, int]] = {}

    @property
    def errors(self) -> Errors:
        """The cells that show an error. One before the first row is counted, and not named."""
        said = {name: others_said(f"cell {first}", count) for name, (first, count) in self._of_sheets.items()}
        return Errors(self._errors, said)

    def add(self, piece: bytes, *, is_first: bool) -> None:
        """A piece that begins with a row, or with what stands before all rows (``is_first``)."""
        hidden = piece.removeprefix(_UTF_8_MARK).removeprefix(b"<?xml ") if is_first else piece
        if b"<!" in piece or b"<?" in hidden or b"\0" in piece or (is_first and _OTHER_ENCODING.match(piece)):
            raise NotConverted("GATE-WORKBOOK", DAMAGED)
        errors = len(_ODS_ERROR.findall(piece)) if b"error" in piece else 0
        self._errors += errors
        has_end, is_repeated = _SHEET_ENDS in piece, b"-repeated" in piece
        before, *rows = piece.split(_ROW_BEGINS)
        self._name(before)
        for row in rows:
            if row[:1] in _ENDS_A_NAME:  # else an element whose name is longer, such as a group of rows
                self._add(row, is_repeated=is_repeated)
                if errors:
                    self._note_errors(row)
            if has_end and _SHEET_ENDS in row:
                self.end()
                self._name(row)
        hold(self._filled, self._columns)

    def end(self) -> None:
        """A sheet ends."""
        hold(self._filled, self._columns)
        self._rows = self._filled = self._columns = 0

    def _name(self, between: bytes) -> None:
        """Take the name of the sheet that begins in what stands between two rows, if one does."""
        if names := _ODS_NAME.findall(between):
            self._sheet = unescape(names[-1][1:-1].decode(errors="replace"))

    def _note_errors(self, row: bytes) -> None:
        """Add the cells of a row that show an error. The row was added before."""
        if (error := _ODS_ERROR.search(row)) is None:
            return
        # The cell begins before its attributes.
        cells = [cell.start() for cell in _CELL_BEGINS.finditer(row, 0, error.start())]
        column = sum(_times(row[start:end], b"columns", 1) for start, end in pairwise(cells))
        first_row = self._rows - _times(row.partition(b"<")[0], b"rows", 1) + 1
        first, count = self._of_sheets.get(self._sheet, (f"{letters_of_column(column)}{first_row}", 0))
        self._of_sheets[self._sheet] = first, count + len(_ODS_ERROR.findall(row))

    def _add(self, row: bytes, *, is_repeated: bool) -> None:
        """The rest of a row, behind the name of its element. Empty rows below all others take no room."""
        self._rows += _times(row.partition(b"<")[0], b"rows", 1) if is_repeated else 1
        if (last := row.rfind(b"office:")) < 0:
            return
        self._filled = self._rows
        end = row.find(b"<", last)
        filled = row if end < 0 else row[:end]  # up to the last cell with a value
        columns = filled.count(b"<table:table-cell") + filled.count(b"<table:covered-table-cell")
        if is_repeated:
            columns += _times(filled, b"columns", 0) - filled.count(b"table:number-columns-repeated")
        if columns > self._columns:
            self._columns = columns


def _times(part: bytes, what: bytes, unsaid: int) -> int:
    """How often cells or rows are said to be there, all together; ``unsaid`` if nothing is said.

    Raises NotConverted for what is no number.
    """
    if b"-repeated" not in part:
        return unsaid
    found = [int(number) for number in _TIMES[what].findall(part)]
    if len(found) != part.count(b"table:number-" + what + b"-repeated"):
        raise NotConverted("GATE-WORKBOOK", DAMAGED)
    return sum(found) if found else unsaid
