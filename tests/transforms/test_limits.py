"""The limits of the door: what is just small enough is read, and one more of anything is refused, unread."""

import io
import struct
from contextlib import suppress
from pathlib import Path

import polars as pl
import pyarrow as pa
import pyarrow.parquet as pq
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from schemas import limits
from schemas.dataset import TABLES
from schemas.versions import Version
from tests.campaign import examples
from tests.fixtures.footer import footer, parquet_of
from tests.transforms.test_gate import DISABILITY, NAMES, found, receive, values
from tests.transforms.test_survey import Dribble
from transforms.receive.parquet_file import receive_parquet
from transforms.receive.parquet_footer import Damaged, Footer, read_footer
from transforms.receive.table import Received
from transforms.survey import survey

LONGEST = "x" * limits.ROW_BYTES


def said(received: Received) -> list[tuple[str, str | None]]:
    return [row for frame in received.findings for row in frame.select("rule_id", "found").iter_rows()]


def long_row(content: bytes, at_once: int = 1 << 20) -> int | None:
    return survey(Dribble(content, at_once)).long_row


@pytest.mark.parametrize("at_once", [1, 7, 1 << 16, 1 << 20])
@pytest.mark.parametrize("end", [b"\n", b"\r\n", b"\r"])
def test_a_row_up_to_the_limit_is_read_and_a_longer_one_is_named(
    monkeypatch: pytest.MonkeyPatch, end: bytes, at_once: int
) -> None:
    monkeypatch.setattr(limits, "ROW_BYTES", 20)
    row = end.join([b"a", b"x" * 20, b"b"])
    assert long_row(row + end, at_once) is None
    assert long_row(row, at_once) is None
    longer = end.join([b"a", b"b", b"x" * 21, b"c"]) + end
    # Lines that end in returns alone are not counted before they are read one by one.
    assert long_row(longer, at_once) == (1 if end == b"\r" else 3)


@pytest.mark.parametrize("at_once", [1, 7, 1 << 20])
def test_a_last_row_that_is_too_long_is_named_whether_or_not_its_line_ends(
    monkeypatch: pytest.MonkeyPatch, at_once: int
) -> None:
    monkeypatch.setattr(limits, "ROW_BYTES", 20)
    assert long_row(b"a\n" + b"x" * 20, at_once) is None
    assert long_row(b"a\n" + b"x" * 21, at_once) == 2
    assert long_row(b"a\n" + b"x" * 21 + b"\n", at_once) == 2
    assert long_row(b"x" * 21, at_once) == 1
    assert long_row(b"\n" + b"x" * 21, at_once) == 2
    assert long_row(b"\n\n" + b"x" * 21, at_once) == 3
    assert long_row(b"", at_once) is None


@settings(max_examples=examples(100))
@given(st.lists(st.integers(0, 12), max_size=40), st.integers(1, 30), st.booleans())
def test_whatever_the_pieces_a_long_row_is_found(lengths: list[int], at_once: int, has_end: bool) -> None:
    content = b"\n".join(b"x" * length for length in lengths) + (b"\n" if has_end else b"")
    expected = next((number for number, length in enumerate(lengths, start=1) if length > 10), None)
    with pytest.MonkeyPatch.context() as patched:
        patched.setattr(limits, "ROW_BYTES", 10)
        assert long_row(content, at_once) == expected


def test_a_value_too_long_is_not_taken_for_an_open_quotation_mark(tmp_path: Path) -> None:
    """It used to be, in the last row."""
    for content in (f"P1,01\n{LONGEST},02\n", f'P1,01\n"{LONGEST}",02\n', f"P1,01\nP2,{LONGEST}"):
        assert said(receive(tmp_path, NAMES + content.encode())) == [("GATE-LIMIT-LENGTH", "Row 3")]
    # Over several lines it is a line break, wherever it stands.
    lines = "\n".join(["x" * 1000] * 100)
    for content in (f'P1,01\n"{lines}",02\n', f'"{lines}",02\nP1,01\n'):
        assert {rule for rule, _ in found(receive(tmp_path, NAMES + content.encode()))} == {"GATE-LINE-BREAK"}
    # Only a mark that is open at the end of the file is an open mark.
    assert found(receive(tmp_path, NAMES + b'P1,01\n"P2,02\n')) == [("GATE-QUOTE", None)]


@pytest.mark.parametrize("has_other_names", [False, True])
def test_columns_are_counted_before_any_is_named(tmp_path: Path, has_other_names: bool) -> None:
    def wide(count: int) -> bytes:
        names = ["c" if has_other_names else ""] * (count - 2) + ["LocalPatientId", "DisabCode"]
        return ",".join(names).encode() + b"\n" + b"," * (count - 1) + b"\n"

    assert ("GATE-LIMIT-COLUMNS", None) not in found(receive(tmp_path, wide(limits.COLUMNS)))
    received = receive(tmp_path, wide(limits.COLUMNS + 1))
    assert (said(received), received.rows_in) == ([("GATE-LIMIT-COLUMNS", "257")], 1)
    # Without any name nothing is counted.
    received = receive(tmp_path, b"," * (limits.COLUMNS - 1) + b"\nx\n")
    assert (found(received), received.rows_in) == ([("GATE-NO-COLUMNS", None)], 0)


@pytest.mark.parametrize("end", [b"\n", b"\r"])
def test_rows_are_counted_before_they_are_read(tmp_path: Path, monkeypatch: pytest.MonkeyPatch, end: bytes) -> None:
    monkeypatch.setattr(limits, "ROWS", 3)
    content = NAMES.replace(b"\n", end) + b"P1,01" + end + b"P2,01" + end + b"P3,01" + end
    assert len(values(receive(tmp_path, content))) == 3
    assert said(receive(tmp_path, content + b"P4,01" + end)) == [("GATE-LIMIT-ROWS", "4")]


# Parquet


def of_parquet(path: Path) -> Received:
    return receive_parquet(path, DISABILITY, Version.IAPT_2_0)


def patients(count: int) -> pl.DataFrame:
    return pl.DataFrame({"LocalPatientId": [f"P{i}" for i in range(count)], "DisabCode": ["01"] * count})


@pytest.mark.parametrize("rows", [0, 1, 5])
@pytest.mark.parametrize("group", [2, 100])
def test_the_footer_says_what_other_readers_find_in_it(tmp_path: Path, rows: int, group: int) -> None:
    patients(rows).write_parquet(tmp_path / "polars.parquet", row_group_size=group)
    pq.write_table(patients(rows).to_arrow(), tmp_path / "arrow.parquet", row_group_size=group)
    for name in ("polars", "arrow"):
        path = tmp_path / f"{name}.parquet"
        read = pq.read_metadata(path)
        largest = max((read.row_group(i).num_rows for i in range(read.num_row_groups)), default=0)
        assert read_footer(path) == Footer(read.num_rows, 2, largest, is_nested=False, is_elsewhere=False)


@pytest.mark.parametrize(
    "column",
    [
        pa.array([{"a": "x"}]), pa.array([["x"]]), pa.array([[{"a": 1}]]),
        pa.array([[("a", 1)]], type=pa.map_(pa.string(), pa.int32())),
    ],
    ids=["structure", "list", "list of structures", "map"],
)  # fmt: skip
def test_a_column_with_columns_in_it_is_refused(tmp_path: Path, column: pa.Array) -> None:
    pq.write_table(pa.table({"LocalPatientId": ["P1"], "DisabCode": column}), tmp_path / "x.parquet")
    assert read_footer(tmp_path / "x.parquet").is_nested
    assert said(of_parquet(tmp_path / "x.parquet")) == [("GATE-PARQUET", "a column has columns in it")]


@pytest.mark.parametrize(
    ("rows", "columns", "groups", "size", "refusal"),
    [
        (limits.ROWS + 1, 2, None, 0, ("GATE-LIMIT-ROWS", "25,000,001")),
        (5, limits.COLUMNS + 1, None, 0, ("GATE-LIMIT-COLUMNS", "257")),
        (limits.GROUP_ROWS + 1, 2, [limits.GROUP_ROWS + 1], 3_000_000, ("GATE-LIMIT-ROW-GROUP", "2,097,153")),
        (2_500_000, 2, [1_250_000] * 2, 125_000, ("GATE-LIMIT-ROWS-PER-BYTE", "20.0")),
    ],
)
def test_a_footer_that_says_too_much_is_refused_before_anything_else_is_read(
    tmp_path: Path, rows: int, columns: int, groups: list[int] | None, size: int, refusal: tuple[str, str]
) -> None:
    path = parquet_of(tmp_path, footer(rows, columns, groups), size)
    assert said(of_parquet(path)) == [refusal]


@pytest.mark.parametrize(
    ("rows", "columns", "groups", "size"),
    [
        (limits.ROWS, 2, None, limits.ROWS),
        (5, limits.COLUMNS, None, 100),
        (limits.GROUP_ROWS, 2, [limits.GROUP_ROWS], limits.GROUP_ROWS),
        (limits.ROWS_PER_BYTE_FROM, 2, [limits.ROWS_PER_BYTE_FROM], 0),
        (2_000_000, 2, [1_000_000] * 2, 200_000),
    ],
)
def test_a_footer_just_within_the_limits_is_no_reason_to_refuse(
    tmp_path: Path, rows: int, columns: int, groups: list[int] | None, size: int
) -> None:
    """Here nothing stands behind it, so the file is damaged."""
    path = parquet_of(tmp_path, footer(rows, columns, groups), size)
    assert [rule for rule, _ in found(of_parquet(path))] in (
        ["GATE-PARQUET"],
        ["GATE-COLUMN-UNKNOWN"] * columns + ["GATE-COLUMN-MISSING"],
    )


@pytest.mark.parametrize(
    "content",
    [
        b"", b"\x00", b"\x15\x02", b"\xff" * 20, b"\x19\xfc\xff\xff\xff\xff\x0f", b"\x29\xfc\xff\xff\xff\xff\x7f",
        b"\x1b\x01\x11", b"\x1c" * 100, b"\x28\xff\xff\xff\xff\x0f", footer(5, 2, [4]), footer(-1, 2, []),
        footer(5, 2, [6, -1]), footer(5, 2)[:-10],
    ],
)  # fmt: skip
def test_a_footer_that_is_none_is_damage(tmp_path: Path, content: bytes) -> None:
    with pytest.raises(Damaged, match="damaged"):
        read_footer(parquet_of(tmp_path, content))


@settings(max_examples=examples(200))
@given(st.binary(max_size=80) | st.tuples(st.integers(0, 200), st.integers(0, 255)))
def test_whatever_stands_in_a_footer_it_is_read_or_damage(
    tmp_path_factory: pytest.TempPathFactory, drawn: bytes | tuple[int, int]
) -> None:
    content = drawn if isinstance(drawn, bytes) else bytearray(footer(5, 2))
    if isinstance(content, bytearray):
        place, byte = drawn
        content[int(place) % len(content)] = int(byte)
    path = parquet_of(tmp_path_factory.mktemp("footer"), bytes(content))
    with suppress(Damaged):
        assert read_footer(path).rows >= 0


@pytest.mark.parametrize("name", ["PARE", "PAR2", "\0\0\0\0"])
def test_another_mark_at_the_end_is_damage_or_encryption(tmp_path: Path, name: str) -> None:
    path = parquet_of(tmp_path, footer(5, 2))
    path.write_bytes(path.read_bytes()[:-4] + name.encode())
    with pytest.raises(Damaged, match="encrypted" if name == "PARE" else "damaged"):
        read_footer(path)


def test_a_footer_longer_than_is_read_or_than_its_file_is_refused(tmp_path: Path) -> None:
    path = tmp_path / "x.parquet"
    with path.open("wb") as file:
        file.seek(limits.FOOTER_BYTES + 5)
        file.write(struct.pack("<I", limits.FOOTER_BYTES + 1) + b"PAR1")
    with pytest.raises(Damaged, match="its footer has 4,194,305 bytes"):
        read_footer(path)
    path.write_bytes(b"PAR1" + struct.pack("<I", 1) + b"PAR1")
    with pytest.raises(Damaged, match="damaged"):
        read_footer(path)


def test_a_column_whose_values_lie_in_another_file_is_refused(tmp_path: Path) -> None:
    path = parquet_of(tmp_path, footer(5, 2, elsewhere="/etc/passwd"))
    assert read_footer(path).is_elsewhere
    assert said(of_parquet(path)) == [("GATE-PARQUET", "it refers to another file")]


def test_a_value_up_to_the_limit_is_read_and_a_longer_one_is_named(tmp_path: Path) -> None:
    path = tmp_path / "x.parquet"
    pl.DataFrame({"LocalPatientId": ["P1", LONGEST], "DisabCode": [None, "01"]}).write_parquet(path)
    assert [row[0] for row in values(of_parquet(path))] == [2, 3]
    # A line break in it is not what is said first: it may be what makes it so long.
    for longer in (f"{LONGEST}x", f"{LONGEST}\n"):
        pl.DataFrame({"LocalPatientId": ["P1", "P2", longer], "DisabCode": ["01", None, "01"]}).write_parquet(path)
        assert said(of_parquet(path)) == [("GATE-LIMIT-LENGTH", "A value in row 4")]


@pytest.mark.parametrize(("copies", "is_category"), [(100_000, False), (2_000, True)])
def test_copies_of_one_long_value_are_refused_without_being_made(
    tmp_path: Path, copies: int, is_category: bool
) -> None:
    """100,000 copies of 1 MB would be 100 GB: the file has a few hundred bytes. Polars looks at each category of a
    row anew, which takes time but no room.
    """
    path, table = tmp_path / "x.parquet", TABLES["IDS007"]
    indices = pa.array([0] * copies, type=pa.int32())
    pq.write_table(
        pa.table(
            {
                "LocalPatientId": pa.DictionaryArray.from_arrays(indices, pa.array(["P1"])),
                "DisabCode": pa.DictionaryArray.from_arrays(indices, pa.array(["x" * (1 << 20)])),
            }
        ),
        path,
        compression="zstd",
        store_schema=is_category,
    )
    assert path.stat().st_size < 1 << 20
    assert said(receive_parquet(path, table, Version.IAPT_2_0)) == [("GATE-LIMIT-LENGTH", "A value in row 2")]


def test_the_survey_of_nothing_is_of_no_record() -> None:
    assert survey(io.BytesIO(b"")).long_row is None


@pytest.mark.parametrize(
    ("column", "texts"),
    [
        (pa.array([-719_162, 0, 2_932_896], type=pa.date32()), ["0001-01-01", "1970-01-01", "9999-12-31"]),
        (pa.array([-719_163, None, 2_932_897], type=pa.date32()), ["-719163", None, "2932897"]),
        (pa.array([0, 253_402_300_799], type=pa.timestamp("s")), ["1970-01-01T00:00:00", "9999-12-31T23:59:59"]),
        (pa.array([253_402_300_800], type=pa.timestamp("s")), ["253402300800000"]),
        (pa.array([253_402_300_799_999_999], type=pa.timestamp("us")), ["9999-12-31T23:59:59"]),
        (pa.array([253_402_300_800_000_000], type=pa.timestamp("us")), ["253402300800000000"]),
        (pa.array([2**63 - 1], type=pa.timestamp("us")), [str(2**63 - 1)]),
        (pa.array([2**63 - 1], type=pa.timestamp("ns")), ["2262-04-11T23:47:16"]),
    ],
)
def test_a_day_beyond_the_year_9999_is_no_date_and_no_panic(
    tmp_path: Path, column: pa.Array, texts: list[str | None]
) -> None:
    pq.write_table(pa.table({"LocalPatientId": ["P1"] * len(column), "DisabCode": column}), tmp_path / "x.parquet")
    assert [row[2] for row in values(of_parquet(tmp_path / "x.parquet"))] == texts
