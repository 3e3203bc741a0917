"""Text that is not UTF-8 with commas: UTF-16, Windows-1252, other separators, a ``sep=`` line.

Belongs here: telling the encoding and the separator of a text file, and writing it as UTF-8 CSV. Does not belong
here: compressed text (``transforms.convert.compressed``), rows (``transforms.receive.csv_file``).

Windows-1252 is read only where it leaves no doubt: quotation marks, dashes and no-break spaces, which Office puts
in the place of typed ones. Any other character may belong to another encoding, and the file is refused with the
place of the first one.
"""

import csv
import re
from collections.abc import Iterator
from pathlib import Path

from schemas import limits
from schemas.shapes import column_shown
from schemas.table import Table
from transforms.convert.converter import NotConverted, Note
from transforms.receive.structure import counts_names
from transforms.survey import Survey

_CHUNK, _START = 1 << 20, 1 << 16
# What people's programs write between values instead of a comma.
_SEPARATORS = {";": "semicolons", "\t": "tabs", "|": "vertical bars"}
# The first line by which Excel is told what stands between the values.
_SEP_LINE = re.compile(r'^"?sep=(.)"?\s*$', re.IGNORECASE)
_UTF_8, _WINDOWS = "utf-8-sig", "cp1252"
# The marks that a file in UTF-16 begins with, and a part of a file without one that tells it all the same.
_UTF_16 = {b"\xff\xfe": "utf-16", b"\xfe\xff": "utf-16"}
_HALF_OF_ZEROS = 0.9
# What Office writes in the place of what was typed: ‘ ’ “ ” – — and the no-break space.
_WITHOUT_DOUBT = frozenset(b"\x91\x92\x93\x94\x96\x97\xa0")
# How files begin that are no text, whatever they are called.
_BEGINNINGS = {
    b"PK\x03\x04": "an Excel workbook or a zip",
    b"\x1f\x8b": "packed by gzip",
    b"\xd0\xcf\x11\xe0": "a file of Office",
    b"%PDF": "a PDF",
    b"PAR1": "a Parquet file",
    b"\x00\x01\x00\x00Standard": "an Access database",
}
# Bytes that Windows-1252 does not have.
_UNDEFINED = frozenset(b"\x81\x8d\x8f\x90\x9d")
_BEYOND_ASCII = re.compile(rb"[\x80-\xff]")
_DOS_END = b"\x1a"
_CONTROLS = re.compile(rb"[\x00-\x08\x0b\x0c\x0e-\x1f]")
_CHARACTERS_SHOWN = 4


def as_csv(path: Path, table: Table, seen: Survey, out: Path) -> list[Note] | None:
    """Write a text file as UTF-8 CSV to ``out``, and say what it was read as; ``None`` if it needs no writing.

    Raises NotConverted for text in an encoding that leaves doubt, and for values that cannot be told apart.
    """
    if seen.long_row is not None:
        return None  # refused for that
    if seen.bad_bytes is not None and _without_mark(path, out):
        return [Note("GATE-READ-FORM", "text with the mark of DOS at its end")]
    encoding = _UTF_8 if seen.bad_bytes is None else _encoding(path)
    separator, has_sep_line = _separator(path, encoding, table)
    notes = []
    if encoding != _UTF_8:
        name = "Windows-1252" if encoding == _WINDOWS else "UTF-16"
        notes.append(Note("GATE-READ-FORM", f"text in {name}"))
    if separator != ",":
        notes.append(Note("GATE-READ-FORM", f"values between {_SEPARATORS[separator]}"))
    if not (notes or has_sep_line):
        return None
    _write(path, encoding, separator, has_sep_line, out)
    return notes


def _without_mark(path: Path, out: Path) -> bool:
    """Whether a file ends with the mark that DOS puts there, as «copy a+b» does. Then it is copied without it."""
    with path.open("rb") as file:
        size = file.seek(0, 2)
        file.seek(max(size - 1, 0))
        if file.read() != _DOS_END:
            return False
        file.seek(0)
        with out.open("xb") as written:
            while chunk := file.read(min(_CHUNK, size - 1 - file.tell())):
                written.write(chunk)
    return True


def _encoding(path: Path) -> str:
    """The encoding of a file that is not UTF-8. Raises NotConverted for one that leaves doubt."""
    with path.open("rb") as file:
        start = file.read(_START)
    if start[:4] == b"\xff\xfe\x00\x00":  # begins as UTF-16 does, and every second character would be a zero
        raise NotConverted("GATE-BYTES", "it is text in UTF-32")
    if start[:2] in _UTF_16:
        return _UTF_16[start[:2]]
    for first, encoding in ((1, "utf-16-le"), (0, "utf-16-be")):
        half, other = start[first::2], start[1 - first :: 2]
        if half and half.count(0) > _HALF_OF_ZEROS * len(half) and not other.count(0):
            return encoding
    others = _beyond_ascii(path)
    if others is None:
        if (
            kind := next((kind for begins, kind in _BEGINNINGS.items() if start.startswith(begins)), None)
        ) is not None:
            raise NotConverted("GATE-BYTES", f"by its content it is {kind}")
        _refuse_zeros_at_the_end(path)
    if others is None or others - _WITHOUT_DOUBT:
        raise NotConverted("GATE-BYTES", _refused(path, others))
    return _WINDOWS


def _refuse_zeros_at_the_end(path: Path) -> None:
    """Raise NotConverted for a file whose end is zeros alone: Windows made room for it, and nobody filled it."""
    with path.open("rb") as file:
        size, zeros = file.seek(0, 2), 0
        at = size
        while at > 0:
            begins = max(at - _CHUNK, 0)
            file.seek(begins)
            chunk = file.read(at - begins)
            left = len(chunk.rstrip(b"\0"))
            zeros += len(chunk) - left
            at = begins if not left else 0
        file.seek(0)
        is_text = zeros and not any(
            b"\0" in file.read(min(_CHUNK, size - zeros - place)) for place in range(0, size - zeros, _CHUNK)
        )
    if is_text:
        raise NotConverted("GATE-CUT", f"its last {zeros:,} bytes are zeros, where text should be")


def _beyond_ascii(path: Path) -> set[int] | None:
    """Every byte beyond ASCII in a file; ``None`` if it has a control character, so that it is no text at all."""
    found: set[int] = set()
    with path.open("rb") as file:
        while chunk := file.read(_CHUNK):
            if _CONTROLS.search(chunk):
                return None
            found.update(chunk.translate(None, bytes(range(0x80))))
    return found


def _refused(path: Path, others: set[int] | None) -> str:
    """Where the first byte is that is not UTF-8, and which characters such bytes are in Windows-1252.

    Single characters are shown, never a value.
    """
    place, first, is_cut = _first_bad(path)
    if is_cut:
        return f"{place} ends within a character"
    if others is None:
        return f"{place} has a {'zero byte' if first == 0 else 'control character'}"
    if others & _UNDEFINED:
        return f"{place} has the byte {first:02X}, in an encoding that is not known"
    said = [bytes([byte]).decode(_WINDOWS) for byte in sorted(others)]
    more = f" and {len(said) - _CHARACTERS_SHOWN} more" if len(said) > _CHARACTERS_SHOWN else ""
    return f"{place} has characters of Windows-1252 ({', '.join(said[:_CHARACTERS_SHOWN])}{more})"


def _first_bad(path: Path) -> tuple[str, int, bool]:
    """Row and column, in words, of the first byte that is no UTF-8; the byte; whether the file ends there."""
    names: list[str] = []
    with path.open(encoding="latin-1") as file:  # each byte a character; every kind of line end
        for row, text in enumerate(file, 1):
            line = text.encode("latin-1")
            if row == 1:
                names = next(csv.reader([text.removeprefix("\xef\xbb\xbf")]), [])
            at, is_cut = len(line), False
            try:
                line.decode()
            except UnicodeDecodeError as error:
                at, is_cut = error.start, error.reason == "unexpected end of data"
            if (control := _CONTROLS.search(line, 0, at)) is not None:
                at, is_cut = control.start(), False
            if at < len(line):
                place = line[:at].count(b",")
                is_named = row > 1 and place < len(names)
                name = column_shown(names[place].strip(), place + 1) if is_named else f"column {place + 1}"
                return f"row {row}, {name}", line[at], is_cut
    raise AssertionError("the survey found such a byte")


def _separator(path: Path, encoding: str, table: Table) -> tuple[str, bool]:
    """What stands between the values, and whether a first line says so."""
    try:
        with path.open(encoding=encoding) as file:
            first, second = file.readline(limits.ROW_BYTES), file.readline(limits.ROW_BYTES)
    except UnicodeError:
        raise NotConverted("GATE-BYTES", "it begins as UTF-16 and does not go on so") from None
    if said := _SEP_LINE.match(first):
        return (said[1] if said[1] in (",", *_SEPARATORS) else _by_names([second], table)), True
    return _by_names([first, second], table), False


def _by_names(lines: list[str], table: Table) -> str:
    """The separator by which the most of a line are names of elements; the comma where none is better."""
    counts = {
        separator: max(
            counts_names([name.strip().strip('"') for name in line.split(separator)], table) for line in lines
        )
        for separator in (",", *_SEPARATORS)
    }
    best = max(counts, key=lambda separator: counts[separator])
    return best if counts[best] > max(counts[","], 0) and any(best in line for line in lines) else ","


def _write(path: Path, encoding: str, separator: str, has_sep_line: bool, out: Path) -> None:
    with path.open(encoding=encoding, newline="") as file, out.open("x", encoding="utf-8", newline="") as written:
        if has_sep_line:
            file.readline()
            written.write("\n")
        try:
            if separator == ",":
                while text := file.read(_CHUNK):
                    written.write(text)
            else:
                csv.writer(written, lineterminator="\n").writerows(_records(file, separator))
        except UnicodeError:
            raise NotConverted("GATE-BYTES", "it begins as UTF-16 and does not go on so") from None
        except csv.Error:
            raise NotConverted("GATE-SEPARATOR", _SEPARATORS[separator]) from None


def _records(file: Iterator[str], separator: str) -> Iterator[list[str]]:
    """The records. A carriage return within a value becomes a line feed: the writer does not quote the former, so
    one record would become two. A value with a line feed is refused.
    """
    csv.field_size_limit(limits.ROW_BYTES)
    for record in csv.reader(file, delimiter=separator, strict=True):
        yield [value.replace("\r", "\n") for value in record] if "\r" in "".join(record) else record
