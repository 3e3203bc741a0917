"""Workbooks that are no package of XML as Excel writes it since 2007: .xls, .xlsb and .ods.

Belongs here: telling the kind of a workbook by its content, and what is asked of the three others before a reader
makes room for their cells. Does not belong here: reading cells (``transforms.convert.workbook``), the usual kind
(``transforms.convert.workbook_package``).

A sheet of .xls has at most 65,536 rows and 256 columns, so there is always room. The two others are walked through.
"""

import re
import zipfile
from collections.abc import Iterator
from enum import StrEnum
from pathlib import Path
from typing import IO
from xml.parsers import expat

from schemas import limits
from transforms.archive import BROKEN, Sparing
from transforms.convert.converter import NotConverted
from transforms.convert.workbook_package import DAMAGED, OLE, held_to_limits

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
_REPEATED = ("table:number-columns-repeated", "table:number-rows-repeated")


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
        except BROKEN:
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


def errors_in(path: Path, kind: Kind) -> str:
    """Hold a workbook of another kind to the limits. Returns in words which cells show an error, if any do.

    Raises NotConverted for one that is too large or damaged.
    """
    try:
        if kind is Kind.XLS:
            errors = _in_pieces(path)
        else:
            with path.open("rb") as file, zipfile.ZipFile(Sparing(file)) as package:
                held_to_limits(package.infolist())
                errors = _binary(package) if kind is Kind.XLSB else _open_document(package)
    except (*BROKEN, KeyError, IndexError, expat.ExpatError):
        raise NotConverted("GATE-WORKBOOK", DAMAGED) from None
    if not errors:
        return ""
    return "a cell of the workbook" + (f", and {errors - 1:,} more" if errors > 1 else "")


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


def _hold(rows: int, columns: int) -> None:
    if columns > limits.COLUMNS:
        raise NotConverted("GATE-LIMIT-COLUMNS", f"more than {limits.COLUMNS}")
    if rows * columns > limits.CELLS:
        raise NotConverted("GATE-LIMIT-CELLS", f"{rows * columns:,}")


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
        _hold(rows, columns)
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


class _Sheets:
    """How far the sheets of an .ods reach: cells and rows may be said to be there many times."""

    def __init__(self) -> None:
        self.errors = self._rows = self._columns = self._column = self._times = 0
        self._is_filled = False

    def begin(self, name: str, attributes: dict[str, str]) -> None:
        """An element begins."""
        if name == "table:table":
            self._rows = self._columns = 0
        elif name == "table:table-row":
            self._column, self._is_filled = 0, False
            self._times = int(attributes.get(_REPEATED[1], 1))
        elif name in ("table:table-cell", "table:covered-table-cell"):
            self._column += int(attributes.get(_REPEATED[0], 1))
            if any(key.startswith("office:") for key in attributes):
                self._columns, self._is_filled = max(self._columns, self._column), True
            self.errors += attributes.get("calcext:value-type") == "error"

    def end(self, name: str) -> None:
        """An element ends. Empty rows below all others take no room."""
        if name == "table:table-row":
            self._rows += self._times
            if self._is_filled:
                _hold(self._rows, self._columns)


def _refused(*_: object) -> None:
    raise NotConverted("GATE-WORKBOOK", DAMAGED)


def _open_document(package: zipfile.ZipFile) -> int:
    """Walk through the sheets of an .ods. Returns how many cells show an error."""
    sheets, parser = _Sheets(), expat.ParserCreate()
    parser.StartElementHandler, parser.EndElementHandler = sheets.begin, sheets.end
    parser.StartDoctypeDeclHandler = _refused  # entities, which could stand for much more, are declared within one
    with package.open("content.xml") as file:
        while chunk := file.read(_CHUNK):
            parser.Parse(chunk, False)
    parser.Parse(b"", True)
    return sheets.errors
