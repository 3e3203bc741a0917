"""The footer of a Parquet file, byte by byte: what is skipped, what is asked for, and what is no footer."""

from pathlib import Path

import pytest

from schemas import limits
from tests.fixtures.footer import footer, many, number, parquet_of, text, varint
from transforms.receive.parquet_footer import Damaged, Footer, read_footer

READ = Footer(5, 2, 5, is_nested=False, is_elsewhere=False)


def after(kind: int, value: bytes) -> bytes:
    """A footer with a field of this type and value before those that are asked for. No footer has a field 0."""
    return bytes([kind]) + number(0) + value + footer(5, 2)


def structures(deep: int) -> bytes:
    """So many structures in one another."""
    return (b"\x1c" * deep)[1:] + b"\x00" * deep


def lists(deep: int, of: int) -> bytes:
    """So many lists in one another; the innermost has one element of a byte."""
    return b"\x19" * (deep - 1) + bytes([0x10 | of, 0x7F])


@pytest.mark.parametrize(
    ("kind", "value"),
    [
        (1, b""), (2, b""), (3, b"\x7f"), (4, number(300)), (5, number(-70_000)), (6, number(2**63 - 1)),
        (6, number(-(2**63))), (7, b"\x7f" * 8), (8, text("a name")), (8, text("")), (9, many([number(1)] * 20, 5)),
        (9, many([b"\x01", b"\x02"], 1)), (9, many([b"\x01", b"\x02"], 2)), (9, many([])),
        (10, many([text("a"), text("b")], 8)), (12, b"\x15" + number(1) + b"\x11\x12\x00"), (13, b"\x7f" * 16),
    ],
)  # fmt: skip
def test_a_field_of_any_type_that_is_not_asked_for_is_skipped(tmp_path: Path, kind: int, value: bytes) -> None:
    """Types of Thrift's compact protocol: truths 1 and 2, byte 3, numbers 4 to 6, double 7, text 8, list 9, set 10,
    structure 12, UUID 13.
    """
    assert read_footer(parquet_of(tmp_path, after(kind, value))) == READ


@pytest.mark.parametrize(
    ("kind", "value"),
    [(11, b"\x00"), (14, b""), (15, b""), (6, varint(2**70)), (8, varint(1000)), (9, many([b"\x00"], 11)), (12, b"")],
    ids=["map", "no type", "no type either", "eleven bytes", "a long text", "a list of maps", "a structure that goes on"],
)  # fmt: skip
def test_what_no_footer_has_is_damage(tmp_path: Path, kind: int, value: bytes) -> None:
    with pytest.raises(Damaged, match="damaged"):
        read_footer(parquet_of(tmp_path, after(kind, value)))


@pytest.mark.parametrize(
    ("kind", "value", "deeper"),
    [(12, structures(17), structures(18)), (9, lists(16, of=3), lists(17, of=3)), (9, lists(16, of=1), lists(17, of=1))],
    ids=["structures", "lists", "lists of truths"],
)  # fmt: skip
def test_sixteen_levels_are_read_and_one_more_is_damage(
    tmp_path: Path, kind: int, value: bytes, deeper: bytes
) -> None:
    assert read_footer(parquet_of(tmp_path, after(kind, value))) == READ
    with pytest.raises(Damaged, match="damaged"):
        read_footer(parquet_of(tmp_path, after(kind, deeper)))


def test_as_many_columns_as_are_read_are_counted_and_of_more_nothing_else_is_looked_at(tmp_path: Path) -> None:
    most = limits.COLUMNS
    assert read_footer(parquet_of(tmp_path, footer(5, most))) == Footer(5, most, 5, False, False)
    assert read_footer(parquet_of(tmp_path, footer(5, most + 1))) == Footer(0, most + 1, 0, False, False)


def test_the_first_column_too_may_have_columns_in_it(tmp_path: Path) -> None:
    """The first element is the table, which always has."""

    def element(children: int) -> bytes:
        return b"\x55" + number(children) + b"\x00"

    def told(*children: int) -> Footer:
        schema = b"\x29" + many([element(each) for each in children])
        return read_footer(parquet_of(tmp_path, schema + b"\x16" + number(0) + b"\x00"))

    assert told(2, 0, 0) == Footer(0, 2, 0, is_nested=False, is_elsewhere=False)
    assert told(2, 1, 0) == Footer(0, 2, 0, is_nested=True, is_elsewhere=False)


def test_rows_without_columns_lie_in_no_other_file(tmp_path: Path) -> None:
    """A row group may say no more than how many rows it has."""
    group = b"\x36" + number(5) + b"\x00"
    content = b"\x29" + many([b"\x00"]) + b"\x16" + number(5) + b"\x19" + many([group]) + b"\x00"
    assert read_footer(parquet_of(tmp_path, content)) == Footer(5, 0, 5, is_nested=False, is_elsewhere=False)


def test_a_footer_as_long_as_is_read_is_read(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    content = footer(5, 2)
    monkeypatch.setattr(limits, "FOOTER_BYTES", len(content))
    assert read_footer(parquet_of(tmp_path, content)) == READ
    with pytest.raises(Damaged, match=f"its footer has {len(content) + 3} bytes"):
        read_footer(parquet_of(tmp_path, after(3, b"\x7f")))


@pytest.mark.parametrize("length", [1, 4, 12, 23, 24])
def test_a_footer_that_would_begin_before_its_file_is_damage(tmp_path: Path, length: int) -> None:
    path = tmp_path / "x.parquet"
    path.write_bytes(b"PAR1" + length.to_bytes(4, "little") + b"PAR1")
    with pytest.raises(Damaged, match="damaged"):
        read_footer(path)


def test_the_last_eight_bytes_alone_say_that_a_file_is_encrypted(tmp_path: Path) -> None:
    path = tmp_path / "x.parquet"
    path.write_bytes(b"\0\0\0\0PARE")
    with pytest.raises(Damaged, match="encrypted"):
        read_footer(path)
