"""The footer of a Parquet file: how many rows, columns and row groups it has, read before anything else of it.

Belongs here: the few numbers of a footer that limits ask for. Does not belong here: the limits
(``transforms.receive.parquet_file``), rows.

A few hundred kilobytes of Parquet can hold millions of rows, and only the footer says so. It is a structure of
Apache Thrift, in its compact protocol. Field numbers are those of ``parquet.thrift`` (Apache Parquet format 2.11).
"""

from collections.abc import Iterator
from pathlib import Path
from typing import NamedTuple

from schemas import limits

_MAGIC, _ENCRYPTED = b"PAR1", b"PARE"
# Types of the compact protocol, and how many bytes those of one length have.
_TRUE, _FALSE, _BYTE, _I16, _I32, _I64, _BINARY, _LIST, _SET, _STRUCT = 1, 2, 3, 4, 5, 6, 8, 9, 10, 12
_FIXED = {_TRUE: 0, _FALSE: 0, _BYTE: 1, 7: 8, 13: 16}  # 7 is a double, 13 a UUID
# Structures in structures: four levels in real footers.
_DEEPEST = 16
_VARINT_BITS = 63


class Damaged(Exception):
    """The footer cannot be read. The message says why, in words that stand after a colon."""


class Footer(NamedTuple):
    """What a footer says: rows in all, columns, and rows of the largest row group.

    ``is_nested``: a column has columns in it. ``is_elsewhere``: values of a column lie in another file.
    If there are more columns than are read, nothing after them is looked at: all else is 0.
    """

    rows: int
    columns: int
    group_rows: int
    is_nested: bool
    is_elsewhere: bool


def read_footer(path: Path) -> Footer:
    """The footer of the file at ``path``. Raises Damaged if it is no Parquet file or its footer is too large."""
    with path.open("rb") as file:
        size = file.seek(0, 2)
        file.seek(max(size - 8, 0))
        end = file.read(8)
        if end[4:] == _ENCRYPTED:
            raise Damaged("it is encrypted")
        length = int.from_bytes(end[:4], "little")
        if end[4:] != _MAGIC or length + 12 > size:
            raise Damaged("its structure is damaged, or it is another format")
        if length > limits.FOOTER_BYTES:
            raise Damaged(f"its footer has {length:,} bytes; at most {limits.FOOTER_BYTES:,} are read")
        file.seek(size - 8 - length)
        content = file.read(length)
    try:
        return _Thrift(content).footer()
    except (IndexError, ValueError):
        raise Damaged("its structure is damaged, or it is another format") from None


class _Thrift:
    """A reader of the compact protocol that understands what it is asked for and skips the rest.

    Reading past the end raises IndexError; what is no such structure raises ValueError.
    """

    def __init__(self, content: bytes) -> None:
        self._content, self._at = content, 0

    def footer(self) -> Footer:
        """FileMetaData: 2 schema, 3 num_rows, 4 row_groups."""
        rows, columns = -1, -1
        is_nested = False
        groups: list[tuple[int, bool]] = []
        for field, kind in self._fields():
            if (field, kind) == (2, _LIST):
                elements = self._size_of_list()
                columns = elements - 1  # the first is the table itself
                if columns > limits.COLUMNS:
                    return Footer(0, columns, 0, is_nested=False, is_elsewhere=False)
                is_nested = any([self._has_children() for _ in range(elements)][1:])
            elif (field, kind) == (3, _I64):
                rows = self._number()
            elif (field, kind) == (4, _LIST):
                groups = [self._row_group() for _ in range(self._size_of_list())]
            else:
                self._skip(kind)
        heights = [height for height, _ in groups]
        if columns < 0 or min([rows, *heights]) < 0 or sum(heights) != rows:
            raise ValueError
        return Footer(rows, columns, max(heights, default=0), is_nested, any(other for _, other in groups))

    def _has_children(self) -> bool:
        """SchemaElement: 5 num_children."""
        children = 0
        for field, kind in self._fields():
            if (field, kind) == (5, _I32):
                children = self._number()
            else:
                self._skip(kind)
        return children > 0

    def _row_group(self) -> tuple[int, bool]:
        """RowGroup: 1 columns, 3 num_rows; its rows, and whether a column's values lie in another file."""
        rows, is_elsewhere = -1, False
        for field, kind in self._fields():
            if (field, kind) == (1, _LIST):
                columns = [self._has_file_path() for _ in range(self._size_of_list())]
                is_elsewhere = any(columns)
            elif (field, kind) == (3, _I64):
                rows = self._number()
            else:
                self._skip(kind)
        return rows, is_elsewhere

    def _has_file_path(self) -> bool:
        """ColumnChunk: 1 file_path."""
        found = False
        for field, kind in self._fields():
            found = found or field == 1
            self._skip(kind)
        return found

    def _fields(self) -> Iterator[tuple[int, int]]:
        """Number and type of each field of a structure. Its value must be read before the next one is asked for."""
        number = 0
        while head := self._byte():
            step = head >> 4
            number = number + step if step else self._number()
            yield number, head & 15

    def _size_of_list(self) -> int:
        head = self._byte()
        size = head >> 4 if head >> 4 < 15 else self._varint()
        if size > len(self._content):  # an element takes a byte or more
            raise ValueError
        return size

    def _skip(self, kind: int, depth: int = 0) -> None:
        if depth > _DEEPEST:
            raise ValueError
        if kind in _FIXED:
            self._move(_FIXED[kind])
        elif kind in (_I16, _I32, _I64):
            self._varint()
        elif kind == _BINARY:
            self._move(self._varint())
        elif kind in (_LIST, _SET):
            of = self._content[self._at] & 15
            for _ in range(self._size_of_list()):
                # In a list a truth value takes a byte; in a structure it is in the type.
                self._skip(_BYTE if of in (_TRUE, _FALSE) else of, depth + 1)
        elif kind == _STRUCT:
            for _, inner in self._fields():
                self._skip(inner, depth + 1)
        else:  # maps: a footer has none
            raise ValueError

    def _number(self) -> int:
        """A signed number, zigzag."""
        value = self._varint()
        return (value >> 1) ^ -(value & 1)

    def _varint(self) -> int:
        value = shift = 0
        while (byte := self._byte()) & 0x80:
            value |= (byte & 0x7F) << shift
            shift += 7
            if shift > _VARINT_BITS:
                raise ValueError
        return value | byte << shift

    def _byte(self) -> int:
        byte = self._content[self._at]
        self._at += 1
        return byte

    def _move(self, size: int) -> None:
        self._at += size
        if self._at > len(self._content):
            raise IndexError
