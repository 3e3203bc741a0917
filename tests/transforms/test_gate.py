"""The gate: which bytes become rows, which rows are no records, and what the site is told."""

import csv
import io
from collections.abc import Callable
from dataclasses import asdict
from datetime import date, datetime
from pathlib import Path
from typing import Literal

import polars as pl
import pytest
from hypothesis import assume, given, settings
from hypothesis import strategies as st

from schemas import limits
from schemas.dataset import TABLES
from schemas.versions import Version, tables_of
from tests.campaign import examples
from transforms.receive.csv_file import receive_csv
from transforms.receive.parquet_file import as_submitted, receive_parquet
from transforms.receive.table import Received, match_columns
from transforms.survey import Survey, survey

DISABILITY = TABLES["IDS007"]  # two columns: LocalPatientId, DisabCode
NAMES = b"LocalPatientId,DisabCode\n"


def receive(folder: Path, content: bytes, table: str = "IDS007") -> Received:
    path = folder / "as_submitted.csv"
    path.write_bytes(content)
    with path.open("rb") as file:
        seen = survey(file)
    workspace = folder / "workspace"
    workspace.mkdir(exist_ok=True)
    return receive_csv(path, TABLES[table], seen, Version.IAPT_2_0, workspace)


def is_read_record_by_record(received: Received) -> bool:
    """Only the slow way keeps rows of its own."""
    return received.kept is not None


def values(received: Received) -> list[tuple[object, ...]]:
    assert received.rows is not None
    return received.rows.collect().rows()


def found(received: Received) -> list[tuple[str, int | None]]:
    return [
        (rule_id, row)
        for frame in received.findings
        for rule_id, row in frame.select("rule_id", "row_number").iter_rows()
    ]


@pytest.mark.parametrize(
    ("content", "rows"),
    [
        (b"P1,01\nP2,02\n", [(2, "P1", "01"), (3, "P2", "02")]),
        (b"P1,01\nP2,02", [(2, "P1", "01"), (3, "P2", "02")]),
        (b"P1,01\r\nP2,02\r\n", [(2, "P1", "01"), (3, "P2", "02")]),
        (b"P1,01\r\nP2,02\n", [(2, "P1", "01"), (3, "P2", "02")]),
        (b'"P1","01"\n', [(2, "P1", "01")]),
        (b'"P,1",01\n', [(2, "P,1", "01")]),
        (b'"P""1",01\n', [(2, 'P"1', "01")]),
        (b" P1 ,01  \n", [(2, "P1", "01")]),
        (b'"   ",01\n', [(2, None, "01")]),
        (b"P1,\n", [(2, "P1", None)]),
        (b"", []),
    ],
    ids=[
        "plain", "no final newline", "CRLF", "mixed line ends", "quoted", "comma in quotes",
        "doubled quote", "padded, as the first v2.1 database wrote text", "blank in quotes", "last value blank",
        "no records",
    ],
)  # fmt: skip
def test_rows_are_taken_as_submitted(tmp_path: Path, content: bytes, rows: list[object]) -> None:
    received = receive(tmp_path, NAMES + content)
    assert found(received) == []
    assert values(received) == rows
    assert received.rows_in == len(rows)


@pytest.mark.parametrize(
    ("content", "kept", "refused"),
    [
        (b"P1\nP2,02\n", [(3, "P2", "02")], [2]),
        (b"P1,01,x\nP2,02\n", [(3, "P2", "02")], [2]),
        (b"P1\nP2,02,x\nP3,03\n", [(4, "P3", "03")], [2, 3]),
        (b'"P1"x,01\nP2,02\n', [(3, "P2", "02")], [2]),
        (b'P1" x,01\nP2,02\n', [(2, 'P1" x', "01"), (3, "P2", "02")], []),
        (b"P1,01\n\nP2,02\n\n", [(2, "P1", "01"), (4, "P2", "02")], []),
        (b"P1,01\rP2,02\r", [(2, "P1", "01"), (3, "P2", "02")], []),
    ],
    ids=[
        "short row", "long row", "short and long that add up", "text after a closing quote",
        "quote inside plain text", "blank lines", "old Mac line ends",
    ],
)  # fmt: skip
def test_a_row_that_is_no_record_is_named_and_the_rest_stays(
    tmp_path: Path, content: bytes, kept: list[object], refused: list[int]
) -> None:
    received = receive(tmp_path, NAMES.replace(b"\n", b"\r" if b"\rP2" in content else b"\n") + content)
    assert values(received) == kept
    assert found(received) == [("GATE-FIELDS", row) for row in refused]
    assert received.rows_in == len(kept) + len(refused)


def test_why_a_row_is_no_record_is_said(tmp_path: Path) -> None:
    received = receive(tmp_path, NAMES + b'P1\nP2,02,x\nP3,03,x,y\n"P4"x,04\n')
    assert pl.concat(received.findings)["found"].to_list() == [
        "1 value, but there are 2 column names",
        "3 values, but there are 2 column names",
        "4 values, but there are 2 column names",
        "text after a closing quotation mark",
    ]


@pytest.mark.parametrize(
    ("content", "rule", "rows_in"),
    [
        (b"", "GATE-NO-COLUMNS", 0),
        (b"\n\n", "GATE-NO-COLUMNS", 0),
        (b'LocalPatientId,"DisabCode\nP1,01\n', "GATE-QUOTE", 0),
        (NAMES + b'P1,"01\nP2,02\nP3,03\n', "GATE-QUOTE", 1),
        (NAMES + b'P1\nP2,"02\n', "GATE-QUOTE", 2),
        (NAMES + b"P1,\xff\n", "GATE-BYTES", 0),
        (NAMES + b"P1,0\x001\n", "GATE-BYTES", 0),
        ("LocalPatientId,DisabCode\nP1,01\n".encode("utf-16"), "GATE-BYTES", 0),
        (NAMES + "P1,é".encode()[:-1], "GATE-BYTES", 0),
        (b"<html><body>Please log in</body></html>\n", "GATE-NO-COLUMNS", 0),
        (b"P1,01\nP2,02\n", "GATE-NO-COLUMNS", 0),
        (b"Extract run 06/05/2025,\n" + NAMES + b"P1,01\n", "GATE-TITLE-ROW", 0),
        (b"LocalPatientId,DisabCode,Surname\nP1,01,x\n", "GATE-COLUMN-UNKNOWN", 1),
        (b"LocalPatientId,DisabCode,disabcode\nP1,01,01\n", "GATE-COLUMN-TWICE", 1),
        (b"LocalPatientId\nP1\nP2", "GATE-COLUMN-MISSING", 2),
        (b"LocalPatientId\n", "GATE-COLUMN-MISSING", 0),
    ],
)
def test_a_file_that_cannot_be_read_completely_is_rejected_completely(
    tmp_path: Path, content: bytes, rule: str, rows_in: int
) -> None:
    """Records are counted as far as they can be told apart."""
    received = receive(tmp_path, content)
    assert received.rows is None
    assert rule in [rule_id for rule_id, _ in found(received)]
    assert received.rows_in == rows_in


@pytest.mark.parametrize("end", [b"\n", b"\r\n"])
@pytest.mark.parametrize("has_last_end", [True, False])
@pytest.mark.parametrize("mark", [b"", b"\xef\xbb\xbf"])
@pytest.mark.parametrize("value", [b"160245001", b" 160245001", b'"160245001"', b'"160,245,001"', b""])
def test_a_file_of_whole_records_is_read_by_polars_alone(
    tmp_path: Path, end: bytes, has_last_end: bool, mark: bytes, value: bytes
) -> None:
    """Whatever its line ends and quotation marks: record by record takes many times as long."""
    lines = [b"LocalPatientId,SocPerCircumstance,SocPerCircumstanceRecDate", b"P1,%b,2025-04-01" % value, b"P2,,"]
    received = receive(tmp_path, mark + end.join(lines) + (end if has_last_end else b""), "IDS011")
    text = value.strip(b' "').decode() or None
    assert values(received) == [(2, "P1", text, "2025-04-01"), (3, "P2", None, None)]
    assert received.rows_in == 2
    assert not is_read_record_by_record(received)


@pytest.mark.parametrize(
    ("rows", "where"),
    [
        (b'"P\n1",01\nP2,02\n', "from row 2 to row 3"),
        (b'P1,01\nP2,"02\r\n"\nP3,03\n', "from row 3 to row 4"),
        (b'P1,01\nP2,"0\r2"\n', "from row 3 to row 4"),
        (b'P1,"01\nP2,02\nP3,03\nP4,04"\nP5,05\n', "from row 2 to row 5"),
        (b'P1,"0\n1"\nP2,02\nP3,"0\n3"\n', "from row 2 to row 3, and 1 more"),
        (b'P1,"0\n1"\nP2,02\nP3,"0\n3"\nP4,"0\n4"\n', "from row 2 to row 3, and 2 more"),
    ],
    ids=["inside", "at the end", "a return", "records swallowed", "two", "several"],
)
def test_a_value_over_several_lines_rejects_the_file_and_only_its_rows_are_named(
    tmp_path: Path, rows: bytes, where: str
) -> None:
    received = receive(tmp_path, NAMES + rows)
    assert received.rows is None
    findings = pl.concat(received.findings).filter(pl.col("rule_id") == "GATE-LINE-BREAK")
    assert findings["found"].to_list() == [where]


def test_a_line_break_in_the_row_of_names_is_not_shown(tmp_path: Path) -> None:
    (finding,) = receive(tmp_path, b'LocalPatientId,"DisabCode\n9990000018"\nP1,01\n').findings
    assert finding.select("rule_id", "found").rows() == [("GATE-LINE-BREAK", "from row 1 to row 2")]


@pytest.mark.parametrize(
    ("disabilities", "where"),
    [
        (["01", "0\n2"], "in row 3"),
        (["0\r1", "02\n"], "in row 2, and in 1 more"),
        (["01", None], None),
        ([1, 2], None),
    ],
)
def test_parquet_may_hold_no_line_break_either(
    tmp_path: Path, disabilities: list[object], where: str | None
) -> None:
    path = tmp_path / "x.parquet"
    pl.DataFrame({"LocalPatientId": ["P1", "P2"], "DisabCode": disabilities}).write_parquet(path)
    received = receive_parquet(path, DISABILITY, Version.IAPT_2_0)
    assert (received.rows is None) == (where is not None)
    assert [frame["found"].to_list() for frame in received.findings] == ([[where]] if where else [])


def test_a_row_with_too_few_values_is_found_only_record_by_record(tmp_path: Path) -> None:
    received = receive(tmp_path, NAMES + b"P1\nP2,02\n")
    assert values(received) == [(3, "P2", "02")]
    assert is_read_record_by_record(received)


def test_a_folder_whose_name_is_a_pattern_is_one_folder(tmp_path: Path) -> None:
    folder = tmp_path / "April [1]*"
    folder.mkdir()
    received = receive(folder, NAMES + b"P2,02\n")
    assert values(received) == [(2, "P2", "02")]
    assert not is_read_record_by_record(received)
    assert values(receive(folder, NAMES + b"P1\nP2,02\n")) == [(3, "P2", "02")]
    pl.DataFrame({"LocalPatientId": ["P2"], "DisabCode": ["02"]}).write_parquet(folder / "x.parquet")
    assert values(receive_parquet(folder / "x.parquet", DISABILITY, Version.IAPT_2_0)) == [(2, "P2", "02")]


def test_a_column_without_a_name_is_called_by_its_place(tmp_path: Path) -> None:
    (finding,) = receive(tmp_path, b"LocalPatientId,DisabCode,\nP1,01,x\n").findings
    assert finding.select("rule_id", "found").rows() == [("GATE-COLUMN-UNKNOWN", "Column 3 (no name)")]


@pytest.mark.parametrize(
    ("version", "rules"),
    [(Version.IAPT_2_0, ["GATE-TABLE-VERSION"]), (Version.SMI_1_0, []), (None, [])],
    ids=["another version", "its own version", "no version known"],
)
def test_a_table_of_another_version_is_named_if_the_version_is_known(
    version: Version | None, rules: list[str]
) -> None:
    table = TABLES["SMI901"]
    _, findings, is_fatal = match_columns([field.name for field in table.fields], table, version)
    assert [rule for frame in findings for rule in frame["rule_id"]] == rules
    assert not is_fatal


def test_everything_wrong_with_the_columns_is_said_at_once(tmp_path: Path) -> None:
    received = receive(tmp_path, b"Surname,Forename\nx,y\n")
    assert [rule_id for rule_id, _ in found(received)] == [
        "GATE-COLUMN-UNKNOWN", "GATE-COLUMN-UNKNOWN", "GATE-COLUMN-MISSING", "GATE-COLUMN-MISSING",
    ]  # fmt: skip


def test_column_names_are_matched_in_any_case_order_and_known_spelling(tmp_path: Path) -> None:
    received = receive(tmp_path, b"\xef\xbb\xbfDISABCODE,localpatientid\n01,P1\n")
    assert values(received) == [(2, "P1", "01")]


@pytest.mark.parametrize(
    "name",
    ["Disab_Code", "disab code", "DISAB-CODE", "[DisabCode]", "\u200bDisabCode", "Disab\u00a0Code", "Disab.Code"],
)
def test_a_column_name_set_apart_otherwise_is_read_with_a_note(tmp_path: Path, name: str) -> None:
    received = receive(tmp_path, f"LocalPatientId,{name}\nP1,01\n".encode())
    assert values(received) == [(2, "P1", "01")]
    assert found(received) == [("GATE-COLUMN-SPELLING", None)]


@pytest.mark.parametrize("name", ["DisabCode2", "DisabCodeДмитрий", "Disab", "Disab Code of 9990000018", "_"])
def test_a_column_name_that_says_more_or_less_is_none_of_the_dataset(tmp_path: Path, name: str) -> None:
    received = receive(tmp_path, f"LocalPatientId,DisabCode,{name}\nP1,01,x\n".encode())
    assert found(received) == [("GATE-COLUMN-UNKNOWN", None)]
    shown = received.findings[0]["found"].item()
    assert "Дмитрий" not in shown and "9990000018" not in shown


def test_two_spellings_of_one_column_are_one_too_many(tmp_path: Path) -> None:
    received = receive(tmp_path, b"LocalPatientId,DisabCode,Disab_Code\nP1,01,02\n")
    assert found(received) == [("GATE-COLUMN-TWICE", None)]


def test_a_column_that_is_not_mandatory_may_be_absent_with_a_warning(tmp_path: Path) -> None:
    received = receive(tmp_path, b"LocalPatientId,SocPerCircumstance\nP1,160245001\n", "IDS011")
    assert values(received) == [(2, "P1", "160245001", None)]
    assert found(received) == [("GATE-COLUMN-ABSENT", None)]


def test_parquet_gives_the_rows_that_csv_gives(tmp_path: Path) -> None:
    """A row without any value is no record, and the column in which pandas numbers the rows is none of the table."""
    path = tmp_path / "x.parquet"
    pl.DataFrame(
        {"LocalPatientId": ["P1", None, "P2"], "SocPerCircumstance": [160245001, None, None],
         "SocPerCircumstanceRecDate": [date(2025, 4, 1), None, None], "__index_level_0__": [0, 1, 2]}
    ).write_parquet(path)  # fmt: skip
    received = receive_parquet(path, TABLES["IDS011"], Version.IAPT_2_0)
    assert values(received) == [(2, "P1", "160245001", "2025-04-01"), (4, "P2", None, None)]
    found = [row for each in received.findings for row in each.select("rule_id", "found").rows()]
    assert found == [("GATE-ROW-NUMBERS", "column 4"), ("GATE-EMPTY-ROWS", "row 3")]
    assert received.rows_in == 2


@pytest.mark.parametrize("unit", ["ms", "us", "ns"])
def test_a_moment_in_parquet_is_written_as_a_text_whatever_its_unit(
    tmp_path: Path, unit: Literal["ms", "us", "ns"]
) -> None:
    path, moments = tmp_path / "x.parquet", [datetime(1955, 12, 31, 23, 59, 59), datetime(2199, 12, 31)]  # noqa: DTZ001
    pl.DataFrame(
        {"LocalPatientId": pl.Series(moments, dtype=pl.Datetime(unit)), "DisabCode": ["01", "02"]}
    ).write_parquet(path)
    received = receive_parquet(path, DISABILITY, Version.IAPT_2_0)
    assert values(received) == [(2, "1955-12-31T23:59:59", "01"), (3, "2199-12-31T00:00:00", "02")]


def test_what_the_gate_would_not_read_of_parquet_is_not_read_elsewhere(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    path = tmp_path / "IDS0[0]7.parquet"  # one file, although its name is a pattern
    pl.DataFrame({"LocalPatientId": ["P1"], "DisabCode": ["01"]}).write_parquet(path)
    read = as_submitted(path, DISABILITY)
    assert read is not None and read.rows() == [("P1", "01")]
    with monkeypatch.context() as patched:
        patched.setattr(limits, "COLUMNS", 1)
        assert as_submitted(path, DISABILITY) is None
    pl.DataFrame({"LocalPatientId": [["P1"]], "DisabCode": ["01"]}).write_parquet(path)
    assert as_submitted(path, DISABILITY) is None


def test_text_in_parquet_is_trimmed_and_blank_text_is_no_value(tmp_path: Path) -> None:
    path = tmp_path / "x.parquet"
    pl.DataFrame({"LocalPatientId": [" P1 ", "P2", "P3"], "DisabCode": ["01", "  ", ""]}).write_parquet(path)
    received = receive_parquet(path, DISABILITY, Version.IAPT_2_0)
    assert values(received) == [(2, "P1", "01"), (3, "P2", None), (4, "P3", None)]
    assert received.rows_in == 3


def test_what_only_calls_itself_parquet_is_refused(tmp_path: Path) -> None:
    path = tmp_path / "x.parquet"
    path.write_bytes(b"PAR1 not really PAR1")
    received = receive_parquet(path, DISABILITY, Version.IAPT_2_0)
    assert [rule for rule, _ in found(received)] == ["GATE-PARQUET"]
    assert (received.rows, received.rows_in) == (None, 0)


cells = st.text(st.sampled_from('ab 1,"\n\r\té'), max_size=6)


@settings(max_examples=examples(150))
@given(records=st.lists(st.lists(cells, min_size=1, max_size=4), max_size=8), quoting=st.sampled_from([0, 1]))
def test_no_row_is_lost_or_invented(
    tmp_path_factory: pytest.TempPathFactory, records: list[list[str]], quoting: int
) -> None:
    """Against Python's csv reader, record by record: kept and refused rows are exactly those it sees."""
    text = io.StringIO()
    csv.writer(text, quoting=csv.QUOTE_ALL if quoting else csv.QUOTE_MINIMAL, lineterminator="\n").writerows(
        records
    )
    body = text.getvalue().encode()
    read = list(csv.reader(io.StringIO(body.decode(), newline="")))
    expected = [
        (number, tuple(cell.strip() or None for cell in record))
        for number, record in enumerate(read, start=2)
        if record
    ]
    received = receive(tmp_path_factory.mktemp("gate"), NAMES + body)
    if any("\n" in cell or "\r" in cell for record in read for cell in record):
        rules = {rule for rule, _ in found(received)} - {"GATE-EMPTY-ROWS"}
        assert (received.rows, rules) == (None, {"GATE-LINE-BREAK"})
        return
    expected = [(number, row) for number, row in expected if any(row)]
    # Commas after the last value of every row are a case of their own, below.
    assume(len(expected) < 3 or not all(len(row) > 2 and not any(row[2:]) for _, row in expected))
    assert [(row[0], row[1:]) for row in values(received)] == [e for e in expected if len(e[1]) == 2]
    refused = [row for rule, row in found(received) if rule == "GATE-FIELDS"]
    assert refused == [number for number, row in expected if len(row) != 2]
    assert received.rows_in == len(expected)


def test_a_file_that_an_earlier_release_surveyed_is_read_record_by_record(tmp_path: Path) -> None:
    """Until 0.3 nobody noted whether a line ends inside quotation marks."""
    path = tmp_path / "as_submitted.csv"
    path.write_bytes(NAMES + b"P1,01\n")
    with path.open("rb") as file:
        now = survey(file)
    noted = {name: value for name, value in asdict(now).items() if name not in ("has_breaks", "long_row")}
    for seen, is_slow in ((now, False), (Survey(**noted), True)):
        received = receive_csv(path, DISABILITY, seen, Version.IAPT_2_0, tmp_path)
        assert (is_read_record_by_record(received), values(received)) == (is_slow, [(2, "P1", "01")])


# Rows that end before their last column, or after it

REFERRAL = tables_of(Version.IAPT_2_0)["IDS101"]
PLACES = {name: place for place, name in enumerate(REFERRAL.by_name)}


def referrals(count: int, **values: str) -> list[list[str]]:
    """The names of a table of referrals, and ``count`` rows with what is mandatory and ``values``."""
    told = {"OrgIDComm": "QWO", "ReferralRequestReceivedDate": "2026-04-01"} | values
    rows = [
        [
            {"ServiceRequestId": f"R{number}", "LocalPatientId": f"P{number}"}.get(name, told.get(name, ""))
            for name in REFERRAL.by_name
        ]
        for number in range(count)
    ]
    return [list(REFERRAL.by_name), *rows]


def trimmed(row: list[str]) -> list[str]:
    """A row without the blank values at its end."""
    return row[: max(place for place, value in enumerate(row) if value) + 1]


def as_excel_saves(rows: list[list[str]]) -> list[list[str]]:
    """Rows as Excel writes them: of each 16 together, the commas that the longest one needs."""
    return [
        row[: max(len(trimmed(each)) for each in rows[number // 16 * 16 : number // 16 * 16 + 16])]
        for number, row in enumerate(rows)
    ]


def received_rows(folder: Path, rows: list[list[str]], *, end: str = "\n") -> Received:
    text = "\n".join(",".join(row) for row in rows) + end
    return receive(folder, text.encode(), "IDS101")


def test_rows_without_their_last_commas_are_read_with_a_note(tmp_path: Path) -> None:
    rows = referrals(40)
    for number in (3, 20):
        rows[number][PLACES["OnsetDate"]] = "2026-03"
    for name, short in (("Excel", as_excel_saves(rows)), ("every row", [rows[0], *map(trimmed, rows[1:])])):
        (folder := tmp_path / name).mkdir()
        received = received_rows(folder, short)
        numbers = [number for number, row in enumerate(short, 1) if len(row) < len(rows[0])]
        assert len(numbers) > 20
        said = f"{len(numbers)} rows, from row {numbers[0]} to row {numbers[-1]}"
        assert notes(received) == [("GATE-ROW-ENDS", said)]
        assert received.rows is not None
        assert received.rows.select(rows[0]).collect().rows() == [
            tuple(value or None for value in row) for row in rows[1:]
        ]
        assert (received.rows_in, received.refused.short.height) == (40, 0)


def one_lost(row: list[str]) -> list[str]:
    """A row in which a blank value in the middle is missing with its comma, as CONCAT_WS leaves it out."""
    return [value for value in row if value]


@pytest.mark.parametrize(
    ("change", "end"),
    [
        (lambda rows: [rows[0], *map(one_lost, rows[1:])], "\n"),
        (lambda rows: [rows[0], *(row[:-3] + row[-2:] for row in rows[1:])], "\n"),
        (lambda rows: [*map(trimmed, rows[:3]), *rows[3:]], "\n"),
        (lambda rows: [rows[0], *([*trimmed(row), ""] for row in rows[1:])], "\n"),
        (lambda rows: [rows[0], *map(trimmed, rows[1:-1]), [*rows[-1], "x"]], "\n"),
        (lambda rows: [rows[0], *(row[:1] for row in rows[1:])], "\n"),
        (lambda rows: [rows[0], *map(trimmed, rows[1:])], ""),
        (lambda rows: [rows[0], *(row[:2] + trimmed(row)[3:] for row in rows[1:])], "\n"),
    ],
    ids=[
        "blanks in the middle left out", "one blank in the middle left out", "two rows", "rows that end with a blank", "one row that is too long",
        "without what is mandatory", "a last row that may be cut", "values in the wrong columns",
    ],
)  # fmt: skip
def test_rows_of_which_it_is_not_plain_what_is_missing_are_refused(
    tmp_path: Path, change: Callable[[list[list[str]]], list[list[str]]], end: str
) -> None:
    rows = referrals(12, OnsetDate="2026-03")
    received = received_rows(tmp_path, change(rows), end=end)
    numbers = [number for number, row in enumerate(change(rows), 1) if len(row) != len(rows[0])]
    assert found(received) == [("GATE-FIELDS", number) for number in numbers] != []


def test_commas_after_the_last_value_of_every_row_are_left_out(tmp_path: Path) -> None:
    content = NAMES + b"P1,01,\nP2,02,\nP3,03,\n"
    received = receive(tmp_path, content)
    assert values(received) == [(2, "P1", "01"), (3, "P2", "02"), (4, "P3", "03")]
    assert notes(received) == [("GATE-EMPTY-COLUMNS", "after the last column of every row")]
    received = receive(tmp_path, content + b"P4,04\n")
    assert found(received) == [("GATE-FIELDS", 2), ("GATE-FIELDS", 3), ("GATE-FIELDS", 4)]


def test_a_row_may_end_with_the_last_column_that_has_a_name(tmp_path: Path) -> None:
    received = receive(tmp_path, b"LocalPatientId,DisabCode,,\nP1,01\nP2,02,\n")
    assert values(received) == [(2, "P1", "01"), (3, "P2", "02")]
    assert notes(received) == [("GATE-EMPTY-COLUMNS", "2 columns, from column 3 to column 4")]


# What stands around the records


def notes(received: Received) -> list[tuple[str, str | None]]:
    return [row for frame in received.findings for row in frame.select("rule_id", "found").rows()]


@pytest.mark.parametrize(
    ("content", "rows", "said"),
    [
        (NAMES + NAMES + b"P1,01\n", [(3, "P1", "01")], [("GATE-NAMES-TWICE", "row 2")]),
        (NAMES * 3 + b"P1,01\n", [(4, "P1", "01")], [("GATE-NAMES-TWICE", "2 rows, from row 2 to row 3")]),
        (NAMES + b"P1,01\n,\n , \n", [(2, "P1", "01")], [("GATE-EMPTY-ROWS", "2 rows, from row 3 to row 4")]),
        (NAMES + b',\n"",""\nP1,01\n', [(4, "P1", "01")], [("GATE-EMPTY-ROWS", "2 rows, from row 2 to row 3")]),
        (NAMES + b"P1,01\n,,,\n", [(2, "P1", "01")], [("GATE-EMPTY-ROWS", "row 3")]),
        (NAMES + b",01\n", [(2, None, "01")], []),
        (b",\n" + NAMES + b"P1,01\n", [(3, "P1", "01")], []),
        (b"\n" + NAMES + b"P1,01\n", [(3, "P1", "01")], []),
        (
            b"LocalPatientId,DisabCode,,\nP1,01,,\n", [(2, "P1", "01")],
            [("GATE-EMPTY-COLUMNS", "2 columns, from column 3 to column 4")],
        ),
        (b",LocalPatientId,DisabCode\n,P1,01\n", [(2, "P1", "01")], [("GATE-EMPTY-COLUMNS", "column 1")]),
        (
            NAMES + b"P1,01\n\n(1 row affected)\n\nCompletion time: 2025-05-06T09:14:22.1+01:00\n",
            [(2, "P1", "01")], [("GATE-FOOTER", "2 rows, from row 4 to row 6")],
        ),
        (NAMES + b"P1,01\n(1 row affected),\n", [(2, "P1", "01")], [("GATE-FOOTER", "row 3")]),
    ],
    ids=[
        "names twice", "names three times", "rows of commas", "rows of quotes", "another number of commas",
        "a first value that is blank", "commas above", "a blank line above", "columns without a name",
        "a column before", "a footer of SSMS", "a footer saved by Excel",
    ],
)  # fmt: skip
def test_what_stands_around_the_records_is_left_out_with_a_note(
    tmp_path: Path, content: bytes, rows: list[object], said: list[object]
) -> None:
    received = receive(tmp_path, content)
    assert (values(received), notes(received), received.rows_in) == (rows, said, len(rows))


def test_what_looks_like_a_footer_and_has_records_below_is_a_row_that_is_none(tmp_path: Path) -> None:
    received = receive(tmp_path, NAMES + b"(1 row affected)\nP1,01\n")
    assert found(received) == [("GATE-FIELDS", 2)]
    assert (values(received), received.rows_in) == ([(3, "P1", "01")], 2)


def test_a_large_file_has_its_empty_rows_left_out_too(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("transforms.receive.csv_file.IN_MEMORY", 0)
    received = receive(tmp_path, NAMES + b"P1,01\n,\nP2,02\n")
    assert values(received) == [(2, "P1", "01"), (4, "P2", "02")]
    assert (notes(received), received.rows_in) == ([("GATE-EMPTY-ROWS", "row 3")], 2)


@pytest.mark.parametrize(
    ("content", "said"),
    [
        (b"P1,01\nP2,02\n", "no value of the first rows is a name of an element"),
        (b"", "the file is empty"),
        (b"9990000018,1954-03-12\n", "no value of the first rows is a name of an element"),
    ],
)
def test_of_a_table_without_names_no_value_is_shown(tmp_path: Path, content: bytes, said: str) -> None:
    assert notes(receive(tmp_path, content)) == [("GATE-NO-COLUMNS", said)]


def test_the_row_of_names_below_a_title_is_named_by_its_number(tmp_path: Path) -> None:
    title = b"Patients of Ann Lee,\n,\n"
    assert notes(receive(tmp_path, title + NAMES + b"P1,01\n")) == [("GATE-TITLE-ROW", "3")]
