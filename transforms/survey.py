"""One pass over the bytes of a file: its hash, its encoding and its number of records.

Belongs here: the survey of every incoming table file. Does not belong here: columns and rows
(``transforms.receive``).
"""

import hashlib
from dataclasses import dataclass
from typing import IO, Any, Protocol

from schemas import limits

_CHUNK = 1 << 20
# Searched at once. Room for what is found of a whole chunk would take longer than to find it.
_BLOCK = 1 << 16
# A tab is white space, and every kind of line end ends a value, as a comma does.
_EDGES = bytes.maketrans(b"\t\n\r", b" ,,")
# How a row begins whose first value is blank.
_BLANK_STARTS = (b"\n,", b"\n ", b"\n\t", b'\n""', b'\n" ', b'\n"\t')
# In a chunk. Up to so many, importing numpy would take longer than it saves.
_MANY_QUOTES = 20_000
# Every control character except tab and line ends; text has none of them.
_CONTROLS = tuple(bytes([code]) for code in range(32) if code not in b"\t\n\r")


@dataclass(frozen=True)
class Survey:
    """The result of one pass over the bytes of a file.

    ``records`` includes the header row. ``records`` and ``delimiters`` are counted outside quotation marks.
    ``has_lone_returns``: a carriage return without a line feed, which ends a line only for some readers.
    ``needs_trim`` is false only if no value can begin or end with white space. ``bad_bytes`` says, in words, where
    the file is not UTF-8 text or has a control character. ``has_breaks``: a line ends inside quotation marks.
    ``long_row`` is the first row that is longer than is read (``limits.ROW_BYTES``), the row of names being 1.
    ``has_blank_starts``: a row begins with a blank value, so that there may be rows without any value.
    ``is_beyond_ascii``: a character is not ASCII. ``has_names_again``: a line begins as the first line does, which
    may be the row of names.
    """

    sha256: str
    size: int
    records: int
    delimiters: int
    has_quotes: bool
    has_lone_returns: bool
    is_balanced: bool
    needs_trim: bool
    bad_bytes: str | None
    has_breaks: bool = True  # not known of a survey by 0.3 or earlier: then rows are read one by one
    long_row: int | None = None  # not known of a survey by 0.5 or earlier
    has_blank_starts: bool = True  # this and the next: not known of a survey by 0.9 or earlier
    has_apostrophes: bool = True
    is_beyond_ascii: bool = True
    has_names_again: bool = False  # not known of a survey by 0.10 or earlier


class Readable(Protocol):
    """Something bytes can be read from."""

    def read(self, size: int, /) -> bytes:
        """At most ``size`` bytes; empty at the end."""
        ...


def survey(source: Readable, copy_to: IO[bytes] | None = None, *, is_hashed: bool = True) -> Survey:
    """Read ``source`` once, at the speed of the hash (about 0.8 GB/s on one core).

    ``copy_to`` writes the bytes in the same pass, so that the stored bytes are the hashed ones. A check keeps
    nothing and needs no hash, which saves a third of the time.
    """
    digest, text, structure = hashlib.sha256(), _Text(), _Structure()
    size = 0
    while chunk := source.read(_CHUNK):
        if is_hashed:
            digest.update(chunk)
        if copy_to is not None:
            copy_to.write(chunk)
        text.feed(chunk)
        structure.feed(chunk)
        size += len(chunk)
    return Survey(
        digest.hexdigest() if is_hashed else "",
        size,
        structure.records + structure.has_open_record,
        structure.delimiters,
        structure.has_quotes,
        structure.has_lone_returns or structure.ended_in_return,
        not structure.is_inside,
        text.has_edges or text.before.endswith((b" ", b"\t")) or structure.has_quotes,
        text.verdict(),
        structure.has_breaks,
        structure.long_row,
        text.has_blank_starts,
        text.has_apostrophes,
        text.is_beyond_ascii,
        text.has_names_again,
    )


class _Text:
    """Whether the bytes so far are UTF-8 text without control characters other than tab and line ends."""

    def __init__(self) -> None:
        self.has_edges = self.has_blank_starts = self.has_apostrophes = self.is_beyond_ascii = False
        self.has_names_again = False
        self._names: bytes | None = None  # the first line, once it was looked for
        self._cut = b""  # the end of a chunk, in which it may begin again
        self.before = b"\n"  # the last two bytes; what stands before the first value ends a line
        self._bad: str | None = None
        self._tail = b""  # the start of a character that a chunk's end cut in two
        self._read = 0

    def feed(self, chunk: bytes) -> None:
        joined, is_ascii = self.before + chunk, chunk.isascii()
        self.has_edges = self.has_edges or not is_ascii or _has_edges(joined)
        self.has_blank_starts = self.has_blank_starts or any(_has(joined, start) for start in _BLANK_STARTS)
        self.before = joined[-2:]
        self._look_for_names(chunk)
        self.has_apostrophes = self.has_apostrophes or b"'" in chunk
        self.is_beyond_ascii = self.is_beyond_ascii or not is_ascii
        if self._bad is None and (self._tail or not is_ascii):
            self._decode(self._tail + chunk, self._read - len(self._tail))
        if self._bad is None and _has_controls(chunk):
            self._bad = _first_control(chunk, self._read)
        self._read += len(chunk)

    def _look_for_names(self, chunk: bytes) -> None:
        if self.has_names_again:
            return
        joined = self._cut + chunk
        if self._names is None:
            line = joined[: limits.ROW_BYTES].removeprefix(b"\xef\xbb\xbf").lstrip(b"\r\n").splitlines()
            self._names = line[0] if len(line) > 1 and b"," in line[0] else b""
        if self._names:
            self.has_names_again = b"\n" + self._names in joined or b"\n\xef\xbb\xbf" + self._names in joined
            self._cut = joined[-len(self._names) - 4 :]

    def verdict(self) -> str | None:
        if self._bad is None and self._tail:
            return f"the last character, at byte {self._read}, is cut short"
        return self._bad

    def _decode(self, chunk: bytes, offset: int) -> None:
        self._tail = b""
        try:
            chunk.decode("utf-8")
        except UnicodeDecodeError as error:
            if error.reason == "unexpected end of data":
                self._tail = chunk[error.start :]
                return
            self._bad = f"byte {offset + error.start + 1} is not part of a character"
            if _has_controls(chunk[: error.start]):
                self._bad = _first_control(chunk, offset)


def _has_controls(chunk: bytes) -> bool:
    """Whether there is a control character. 29 searches for one byte take a twelfth of one search for a pattern."""
    return any(control in chunk for control in _CONTROLS)


def _first_control(chunk: bytes, offset: int) -> str:
    place = min(place for control in _CONTROLS if (place := chunk.find(control)) >= 0)
    what = "zero byte" if chunk[place] == 0 else "control character"
    return f"there is a {what} at byte {offset + place + 1}"


def _has_edges(chunk: bytes) -> bool:
    """Whether a blank or tab stands beside a comma or the end of a line. A character that is not ASCII may be a
    blank of another kind, and is not looked for here.
    """
    if b" " not in chunk and b"\t" not in chunk:
        return False
    plain = chunk.translate(_EDGES)
    return _has(plain, b" ,") or _has(plain, b", ")


def _has(chunk: bytes, piece: bytes) -> bool:
    """Whether ``piece``, of a few bytes, is in ``chunk``. In a large one numpy finds it in a tenth of the time."""
    if not all(byte in chunk for byte in piece):
        return False
    if len(chunk) < _CHUNK:
        return piece in chunk
    numbers, step = _numbers(chunk), _BLOCK - len(piece)
    return any(_is_in(numbers[start : start + _BLOCK], piece) for start in range(0, len(chunk), step))


def _is_in(numbers: Any, piece: bytes) -> bool:
    last = len(numbers) - len(piece) + 1
    is_here = numbers[:last] == piece[0]
    for place, byte in enumerate(piece[1:], 1):
        is_here &= numbers[place : last + place] == byte
    return bool(is_here.any())


def _count(piece: bytes, byte: bytes) -> int:
    """How often ``byte`` occurs in ``piece``. In a large piece numpy finds it in a fifth of the time."""
    if len(piece) < _CHUNK:
        return piece.count(byte)
    return int(_numpy().count_nonzero(_numbers(piece) == ord(byte)))


def _numbers(piece: bytes) -> Any:
    return _numpy().frombuffer(piece, dtype="u1")


def _numpy() -> Any:
    import numpy  # here, since importing it takes as long as checking a small extract

    return numpy


class _Structure:
    """Records and delimiters outside quotation marks, so far. A doubled quotation mark opens and closes."""

    def __init__(self) -> None:
        self.records = self.delimiters = 0
        self.has_quotes = self.is_inside = self.has_open_record = self.has_lone_returns = self.has_breaks = False
        self.ended_in_return = False
        self.long_row: int | None = None
        self._open = 0  # bytes so far of the row that a chunk's end cut in two

    def feed(self, chunk: bytes) -> None:
        if self.long_row is None:
            self.long_row = self._long_row(chunk)
        if b"\r" in chunk or self.ended_in_return:
            paired = chunk.count(b"\r\n") + (self.ended_in_return and chunk.startswith(b"\n"))
            returns = chunk.count(b"\r") + self.ended_in_return
            self.ended_in_return = chunk.endswith(b"\r")
            self.has_lone_returns |= returns - self.ended_in_return != paired
        self.has_open_record = not chunk.endswith(b"\n")
        if b'"' not in chunk:
            self._count(chunk)
            return
        self.has_quotes = True
        if chunk.count(b'"') > _MANY_QUOTES:
            self._count_all(chunk)
            return
        outside, *rest = chunk.split(b'"')
        self._count(outside)
        for piece in rest:
            self.is_inside = not self.is_inside
            self._count(piece)

    def _count(self, piece: bytes) -> None:
        if self.is_inside:
            self.has_breaks |= b"\n" in piece or b"\r" in piece
        else:
            self.records += _count(piece, b"\n")
            self.delimiters += _count(piece, b",")

    def _count_all(self, chunk: bytes) -> None:
        """As ``_count``, of all pieces between quotation marks at once: where every value is quoted, there are a
        hundred thousand of them in a chunk, and one by one they take twenty times as long.
        """
        numpy = _numpy()
        numbers = _numbers(chunk)
        # A sum of eight bits overflows, and stays odd or even.
        inside = (numpy.cumsum(numbers == ord(b'"'), dtype="u1") & 1).astype(bool) ^ self.is_inside
        ends = numbers == ord(b"\n")
        self.records += int(numpy.count_nonzero(ends & ~inside))
        self.delimiters += int(numpy.count_nonzero((numbers == ord(b",")) & ~inside))
        self.has_breaks |= bool((ends & inside).any() or ((numbers == ord(b"\r")) & inside).any())
        self.is_inside = bool(inside[-1])

    def _long_row(self, chunk: bytes) -> int | None:
        """The first row that is too long. Other rows end within the limit, so few places are looked at."""
        start = -self._open
        while len(chunk) - start > limits.ROW_BYTES:
            end = _line_end(chunk, start, start + limits.ROW_BYTES + 1)
            if end < 0:
                return self.records + chunk.count(b"\n", 0, max(start, 0)) + 1
            start = end + 1
        end = _line_end(chunk, start, len(chunk))
        self._open = len(chunk) - (end + 1 if end >= 0 else start)
        return None


def _line_end(chunk: bytes, start: int, stop: int) -> int:
    """The last end of a line between two places; -1 if there is none."""
    end = chunk.rfind(b"\n", max(start, 0), stop)
    return end if end >= 0 else chunk.rfind(b"\r", max(start, 0), stop)
