"""What sites have, written as CSV: other encodings and separators, workbooks, databases, and what each may not do."""

import errno
import gzip
import os
import stat
import zipfile
from collections.abc import Sequence
from datetime import date, datetime, time
from pathlib import Path
from random import Random

import openpyxl
import pytest

from pipelines.load import check_path
from reports.site.report import as_json
from schemas import limits
from schemas.dataset import TABLES
from tests.fixtures.extracts import open_document
from tests.fixtures.submission import submission
from transforms.convert import converters, database, text, workbook, workbook_others, workbook_package
from transforms.convert.converter import NotConverted, Note
from transforms.survey import survey

DISABILITY = TABLES["IDS007"]
NAMES = "LocalPatientId,DisabCode\n"


def converted(tmp_path: Path, content: bytes) -> tuple[str | None, list[str]]:
    """A text file as CSV and what is noted; ``None`` where it needs no writing."""
    path, out = tmp_path / "x.csv", tmp_path / "out.csv"
    path.write_bytes(content)
    out.unlink(missing_ok=True)
    with path.open("rb") as opened:
        notes = text.as_csv(path, DISABILITY, survey(opened), out)
    return (None, []) if notes is None else (out.read_bytes().decode(), [each.found for each in notes])


def refusal(tmp_path: Path, content: bytes) -> tuple[str, str]:
    with pytest.raises(NotConverted) as refused:
        converted(tmp_path, content)
    return refused.value.rule.id, refused.value.found


@pytest.mark.parametrize(
    ("content", "written", "notes"),
    [
        (NAMES.encode(), None, []),
        (b"\xef\xbb\xbf" + NAMES.encode(), None, []),
        (b"LocalPatientId;DisabCode\r\nP;1;01\r\n", "LocalPatientId,DisabCode\nP,1,01\n", ["values between semicolons"]),
        (b'LocalPatientId;DisabCode\n"P;1";4,5\n', 'LocalPatientId,DisabCode\nP;1,"4,5"\n', ["values between semicolons"]),
        (b"LocalPatientId\tDisabCode\nP1\t\n", "LocalPatientId,DisabCode\nP1,\n", ["values between tabs"]),
        (b"LocalPatientId|DisabCode\n\nP1|01\n", "LocalPatientId,DisabCode\n\nP1,01\n", ["values between vertical bars"]),
        (b"sep=;\r\nLocalPatientId;DisabCode\n", "\nLocalPatientId,DisabCode\n", ["values between semicolons"]),
        (b"sep=,\nLocalPatientId,DisabCode\n", "\nLocalPatientId,DisabCode\n", []),
        (b"Run of May\nLocalPatientId;DisabCode\n", "Run of May\nLocalPatientId,DisabCode\n", ["values between semicolons"]),
        (b"Surname;Forename\n", None, []),
        (b'LocalPatientId;DisabCode\n"P1\rP2";01\n', f'{NAMES}"P1\nP2",01\n', ["values between semicolons"]),
        (b"LocalPatientId,DisabCode\nP;1,01\n", None, []),
        (f"{NAMES}P1,é\n".encode("utf-16"), f"{NAMES}P1,é\n", ["text in UTF-16"]),
        (f"{NAMES}P1,01\n".encode("utf-16-le"), f"{NAMES}P1,01\n", ["text in UTF-16"]),
        (f"{NAMES}P1,01\n".encode("utf-16-be"), f"{NAMES}P1,01\n", ["text in UTF-16"]),
        (
            "LocalPatientId\tDisabCode\nP1\t01\n".encode("utf-16"), f"{NAMES}P1,01\n",
            ["text in UTF-16", "values between tabs"],
        ),
        (NAMES.encode() + b"P\x961,0\xa01\n", f"{NAMES}P–1,0\xa01\n", ["text in Windows-1252"]),
        (b"", None, []),
    ],
)  # fmt: skip
def test_text_of_another_kind_is_written_with_commas_in_utf_8(
    tmp_path: Path, content: bytes, written: str | None, notes: list[str]
) -> None:
    """Every line keeps its number."""
    assert converted(tmp_path, content) == (written, notes)


@pytest.mark.parametrize(
    ("content", "found"),
    [
        (b"P1,Lee\x92s caf\xe9\n", "row 2, DisabCode has characters of Windows-1252 (’, é)"),
        (b"P1,01\nP\xe92,01\n", "row 3, LocalPatientId has characters of Windows-1252 (é)"),
        (
            b"P1,\xe1\xe2\xe3\xe4\xe5\xe6\n",
            "row 2, DisabCode has characters of Windows-1252 (á, â, ã, ä and 2 more)",
        ),
        (b"P1,\x81\xe9\n", "row 2, DisabCode has the byte 81, in an encoding that is not known"),
        (b"P1,0\x001\n", "row 2, DisabCode has a zero byte"),
        (b"P1,01\nP2,\x07\n", "row 3, DisabCode has a control character"),
        ("P1,é".encode()[:-1], "row 2, DisabCode ends within a character"),
    ],
)
def test_text_that_leaves_doubt_is_refused_with_row_and_column_and_no_value(
    tmp_path: Path, content: bytes, found: str
) -> None:
    assert refusal(tmp_path, NAMES.encode() + content) == ("GATE-BYTES", found)


def test_an_encoding_or_a_quotation_mark_that_breaks_off_is_refused(tmp_path: Path) -> None:
    assert refusal(tmp_path, NAMES.encode("utf-32")) == ("GATE-BYTES", "it is text in UTF-32")
    broken = f"{NAMES}P1,01\n".encode("utf-16") + b"\x00"
    assert refusal(tmp_path, broken)[0] == "GATE-BYTES"
    assert refusal(tmp_path, b'LocalPatientId;DisabCode\n"P"1;01\n') == ("GATE-SEPARATOR", "semicolons")


def write(ending: str, path: Path, name: str | None = None) -> tuple[str, list[Note]]:
    out = path.with_name("out.csv")
    out.unlink(missing_ok=True)
    notes = converters()[ending].write(path, name, out)
    return out.read_text(encoding="utf-8"), notes


def test_a_packed_table_is_unpacked_up_to_the_limits(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    path = tmp_path / "x.csv.gz"
    path.write_bytes(gzip.compress(NAMES.encode()))
    assert write(".csv.gz", path)[0] == NAMES
    monkeypatch.setattr(limits, "FILE_BYTES", 10)
    with pytest.raises(NotConverted, match="a file that grows"):
        write(".csv.gz", path)
    monkeypatch.undo()
    monkeypatch.setattr(limits, "RATIO_FROM", 1000)
    path.write_bytes(gzip.compress(b"0" * 500_000))
    with pytest.raises(NotConverted, match="more than 200"):
        write(".csv.gz", path)
    for content in (b"", b"no gzip", gzip.compress(b"a" * 500)[:-9]):
        path.write_bytes(content)
        if content:
            with pytest.raises(NotConverted, match="damaged or not packed"):
                write(".csv.gz", path)


# Workbooks


def book(path: Path, sheets: dict[str, Sequence[Sequence[object]]]) -> Path:
    made = openpyxl.Workbook()
    made.remove(made.active)
    for name, rows in sheets.items():
        sheet = made.create_sheet(name)
        for row in rows:
            sheet.append(list(row))
    made.save(path)
    return path


def test_a_sheet_is_written_as_it_is_seen(tmp_path: Path) -> None:
    """Numbers with the 15 digits that Excel keeps, text as typed, days, times and moments as the dataset has them."""
    cells = [
        ("01", "01"), (45, "45"), (45.0, "45"), (4.5, "4.5"), (9990000018, "9990000018"),
        (720433000000106010, "720433000000106000"), ("720433000000106010", "720433000000106010"),
        (date(2025, 4, 7), "2025-04-07"), (datetime(2025, 4, 7, 9, 5), "2025-04-07T09:05:00"),  # noqa: DTZ001  a cell has no zone
        (time(9, 30), "09:30:00"), ("2025-04-07 00:00:00", "2025-04-07"), ("a,b", '"a,b"'), (None, ""), (" x ", " x "),
        ("07/04/2025", "07/04/2025"), ("A very long text", "A very long text"),
    ]  # fmt: skip
    path = book(tmp_path / "x.xlsx", {"IDS007": [["LocalPatientId"], *([value] for value, _ in cells)]})
    written, notes = write(".xlsx", path, "IDS007")
    assert written.splitlines() == ["LocalPatientId", *(said for _, said in cells)]
    assert notes == []


def test_a_sheet_keeps_its_rows_and_columns_wherever_its_table_begins(tmp_path: Path) -> None:
    rows = [[], ["", None], [None, "LocalPatientId", "DisabCode"], [None, "P1", "01"], [], [None, "P2", "02"]]
    path = book(tmp_path / "x.xlsx", {"Empty": [], "IDS007": rows, "Blank": [[None]]})
    assert workbook.sheets(path) == ["IDS007"]
    assert write(".xlsx", path, "IDS007")[0].splitlines() == [
        ",,", ",,", ",LocalPatientId,DisabCode", ",P1,01", ",,", ",P2,02",
    ]  # fmt: skip


def test_a_code_in_text_keeps_its_digits_beside_a_number_that_excel_has_rounded(tmp_path: Path) -> None:
    """Text of 16 digits is a code, whether typed or from a formula. A number of 16 digits has 15 that count."""
    cells = "".join(
        f'<row r="{row}"><c {attributes}>{value}</c></row>'
        for row, (attributes, value) in enumerate(
            [
                ('r="A1" t="inlineStr"', "<is><t>1085911000000103</t></is>"),
                ('r="A2"', "<v>1085911000000103</v>"),
                ('r="A3" t="str"', "<f>A1</f><v>1085911000000103</v>"),
                ('t="n" r="A4"', "<f>A2</f><v>1.085911000000103E+15</v>"),
            ],
            1,
        )
    )
    written, _ = write(".xlsx", sheet_xml(tmp_path / "x.xlsx", cells), "IDS007")
    assert written.splitlines() == ["1085911000000103", "1085911000000100", "1085911000000103", "1085911000000100"]


def test_a_sheet_with_a_prefix_before_its_names_is_read(tmp_path: Path) -> None:
    """The Open XML SDK writes <x:c>. Such a sheet has values, and its cells with an error are named."""
    sheet = (
        '<x:worksheet xmlns:x="http://schemas.openxmlformats.org/spreadsheetml/2006/main"><x:sheetData>'
        "<x:row r='1'><x:c r='A1'><x:v>1</x:v></x:c><x:c t='e' r='B1'><x:v>#REF!</x:v></x:c></x:row>"
        "</x:sheetData></x:worksheet>"
    )
    path = sheet_xml(tmp_path / "x.xlsx", "", **{"xl/worksheets/sheet1.xml": sheet})
    assert workbook.sheets(path) == ["IDS007"]
    assert write(".xlsx", path, "IDS007") == ("1,\n", [Note("GATE-CELL-ERROR", "cell B1")])


def test_a_cell_that_shows_an_error_is_named(tmp_path: Path) -> None:
    path = book(tmp_path / "x.xlsx", {"IDS007": [["LocalPatientId", "DisabCode"], ["P1", "#N/A"], ["P2", "#REF!"]]})
    assert write(".xlsx", path, "IDS007")[1] == [Note("GATE-CELL-ERROR", "cell B2, and 1 more")]


def part_of(path: Path, name: str) -> bytes:
    with zipfile.ZipFile(path) as package:
        return package.read(name)


def packed_again(path: Path, **parts: bytes) -> Path:
    """A zip with these parts in place of its own, or beside them."""
    with zipfile.ZipFile(path) as package:
        kept = {name: package.read(name) for name in package.namelist()}
    with zipfile.ZipFile(path, "w", zipfile.ZIP_DEFLATED) as package:
        for name, content in (kept | parts).items():
            package.writestr(name, content)
    return path


def with_errors(ending: str, folder: Path) -> Path:
    """A workbook whose sheet IDS007 shows errors in D6 and D7, and whose other sheet shows none."""
    path = folder / f"RW5_2025-04{ending}"
    rows = [
        *[[""] * 4] * 3,
        ["", "", *NAMES.strip().split(",")],
        ["", "", "P1", "01"],
        ["", "", "P2", "E"],
        ["", "", "", "E"],
    ]
    if ending == ".xls":  # no library that is needed here writes these
        path.write_bytes((FILES / f"errors{ending}").read_bytes())
        return path
    open_document(path, {"IDS 0 & 7": [["x"]], "IDS007": rows, "IDS101": [["x"], ["y"]]})
    cell = '<table:table-cell office:value-type="string"><text:p>E</text:p></table:table-cell>'
    shows = (
        '<table:table-cell table:formula="of:=NA()" office:value-type="string" office:string-value="" '
        'calcext:value-type="error"><text:p>#N/A</text:p></table:table-cell>'
    )
    blank = "<table:table-cell/>"
    twice = '<table:table-cell table:number-columns-repeated="2"/>'
    content = (
        part_of(path, "content.xml")
        .decode()
        .replace(cell, shows)
        .replace(blank * 3, twice + blank)
        .replace(blank * 2, twice)
    )
    content = content.replace(" xmlns:text=", ' xmlns:calcext="urn:org:documentfoundation" xmlns:text=')
    assert (content.count("repeated"), content.count("error")) == (10, 2)
    return packed_again(path, **{"content.xml": content.encode()})


@pytest.mark.parametrize("ending", [".xls", ".ods"])
def test_a_cell_that_shows_an_error_is_named_in_other_workbooks_too(tmp_path: Path, ending: str) -> None:
    """By the sheet it is in: a sheet without one is not said to have one."""
    path = with_errors(ending, tmp_path)
    written, notes = write(ending, path, "IDS007")
    assert notes == [Note("GATE-CELL-ERROR", "cell D6, and 1 more")]
    assert written.splitlines()[3:] == [",,LocalPatientId,DisabCode", ",,P1,01", ",,P2,", ",,,"]
    assert write(ending, path, "IDS101")[1] == []


def test_a_cell_that_shows_an_error_is_named_in_a_binary_workbook(tmp_path: Path) -> None:
    path = below_and_beside(".xlsb", tmp_path)
    sheet = part_of(path, part := "xl/worksheets/sheet1.bin")
    at = sheet.rfind(b"\x07\x0c\x02\x00\x00\x00")  # the last cell with text, in column C
    changed = sheet[:at] + b"\x03\x09\x02\x00\x00\x00" + sheet[at + 6 : at + 10] + b"\x2a" + sheet[at + 14 :]
    packed_again(path, **{part: changed})
    (name,) = workbook.sheets(path)
    assert write(".xlsb", path, name)[1] == [Note("GATE-CELL-ERROR", "cell C6")]


def sheet_xml(path: Path, cells: str, **parts: str) -> Path:
    """A workbook whose one sheet has these cells."""
    book(path, {"IDS007": [["x"]]})
    sheet = (
        '<worksheet xmlns="http://schemas.openxmlformats.org/spreadsheetml/2006/main"><sheetData>'
        f"{cells}</sheetData></worksheet>"
    )
    written = {"xl/worksheets/sheet1.xml": sheet} | parts
    return packed_again(path, **{name: content.encode() for name, content in written.items()})


def test_a_sheet_of_more_than_a_megabyte_packed_is_read(tmp_path: Path) -> None:
    values = [Random(row).randbytes(1000).hex() for row in range(1500)]
    cells = "".join(
        f'<row r="{row}"><c r="A{row}" t="inlineStr"><is><t>{value}</t></is></c></row>'
        for row, value in enumerate(values, 1)
    )
    path = sheet_xml(tmp_path / "x.xlsx", cells)
    assert path.stat().st_size > 1 << 20
    assert write(".xlsx", path, "IDS007")[0].splitlines() == values


# More honest cells than are looked at one by one, and more than one piece of them.
ROWS_BEFORE = "".join(f'<row r="{row}"><c r="A{row}"><v>1</v></c></row>' for row in range(1, 60_000))


@pytest.mark.parametrize(
    ("cells", "rule"),
    [
        ('<row r="1"><c r="A1"><v>1</v></c></row><row r="1048576"><c r="XFD1048576"><v>1</v></c></row>', "GATE-LIMIT-COLUMNS"),
        ('<row r="1"><c r="A1"><v>1</v></c><c r="IW1"><v>1</v></c></row>', "GATE-LIMIT-COLUMNS"),
        ('<row r="1"><c r="A1"><v>1</v></c></row><row r="4000000000"><c r="A4000000000"><v>1</v></c></row>', "GATE-LIMIT-CELLS"),
        ('<row r="1"><c r="A1"><v>1</v></c><c r="IV900000"><v>1</v></c></row>', "GATE-LIMIT-CELLS"),
        ('<row r="1"><c r="a1"><v>1</v></c><c r="xfd1048576"><v>1</v></c></row>', "GATE-LIMIT-COLUMNS"),
        ('<row r="1"><c r="A1"><v>1</v></c><c r = "IV900000"><v>1</v></c></row>', "GATE-LIMIT-CELLS"),
        (f"{ROWS_BEFORE}<c r='iv900000'><v>1</v></c>", "GATE-LIMIT-CELLS"),
        (f'{ROWS_BEFORE}<c\tr="XFD1"><v>1</v></c>', "GATE-LIMIT-COLUMNS"),
        (f'<row r="1"><c r="A900000"><v>1</v></c></row>{ROWS_BEFORE}<c r="IV1"><v>1</v></c>', "GATE-LIMIT-CELLS"),
        (f'{ROWS_BEFORE}<row r="900000"><c r="A900000"><v>1</v></c></row>{ROWS_BEFORE}<c r="IV1"><v>1</v></c>', "GATE-LIMIT-CELLS"),
    ],
)  # fmt: skip
def test_a_sheet_with_a_cell_far_away_is_refused_before_room_is_made(tmp_path: Path, cells: str, rule: str) -> None:
    path = sheet_xml(tmp_path / "x.xlsx", cells)
    with pytest.raises(NotConverted) as refused:
        write(".xlsx", path, "IDS007")
    assert refused.value.rule.id == rule


@pytest.mark.parametrize(
    ("content", "said"),
    [
        (b"", "damaged"), (b"PK\x03\x04 half", "damaged"), (b"LocalPatientId,DisabCode\n", "it is text, such as CSV"),
        (b"<html><table><tr><td>1</td></tr></table></html>", "it is a web page"),
        (b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1" + bytes(600), "a password, or Excel of before 2007"),
    ],
)  # fmt: skip
def test_what_only_calls_itself_a_workbook_is_refused(tmp_path: Path, content: bytes, said: str) -> None:
    path = tmp_path / "x.xlsx"
    path.write_bytes(content)
    with pytest.raises(NotConverted, match=said):
        workbook.sheets(path)


def test_a_workbook_that_swells_or_declares_entities_is_refused(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    path = sheet_xml(tmp_path / "x.xlsx", '<row r="1"><c r="A1"><v>1</v></c></row>' + " " * 900_000)
    monkeypatch.setattr(limits, "RATIO_FROM", 1000)
    with pytest.raises(NotConverted) as refused:
        workbook.sheets(path)
    assert refused.value.rule.id == "GATE-LIMIT-RATIO"
    monkeypatch.undo()
    bomb = '<!DOCTYPE x [<!ENTITY a "aaaaaaaaaa">]><workbook/>'
    with pytest.raises(NotConverted, match="damaged"):
        workbook.sheets(sheet_xml(path, "", **{"xl/workbook.xml": bomb}))


def test_a_declaration_of_a_document_type_is_found_over_two_pieces(tmp_path: Path) -> None:
    """A comment before it moves it to where one piece ends and the next begins."""
    piece = workbook_package._CHUNK
    declared = f"<!--{'x' * (piece - 11)}--><!DOCTYPE x SYSTEM 'elsewhere'>"
    assert declared.index("<!DOCTYPE") < piece < declared.index(" x SYSTEM")
    path = sheet_xml(tmp_path / "x.xlsx", "", **{"xl/worksheets/sheet1.xml": declared + "<worksheet/>"})
    with pytest.raises(NotConverted, match="damaged"):
        workbook.sheets(path)
    path = open_document(tmp_path / "x.ods", {"IDS007": [["x"], ["y"]]})
    with zipfile.ZipFile(path) as package:
        content = package.read("content.xml").partition(b"?>")[2]
    with zipfile.ZipFile(path, "w") as package:
        package.writestr("content.xml", declared.encode() + content)
    with pytest.raises(NotConverted, match="damaged"):
        workbook.sheets(path)


@pytest.mark.parametrize("before", [0, 20, 33, 40, 43, 44, 60])
def test_a_cell_with_an_error_is_counted_once_wherever_a_piece_ends(tmp_path: Path, before: int) -> None:
    cell = b"\x05\x02\x08\x00" + bytes(6) + b"\x07\x01"
    (path := tmp_path / "x.xls").write_bytes(bytes(workbook_package._CHUNK - before) + cell + bytes(100))
    assert workbook_others.errors_in(path, workbook_others.Kind.XLS).cells == 1


@pytest.mark.parametrize(
    ("attributes", "rule"),
    [
        ('table:number-columns-repeated="16384"', "GATE-LIMIT-COLUMNS"),
        ('table:number-columns-repeated="200"', "GATE-LIMIT-CELLS"),
    ],
)
def test_an_open_document_that_says_a_cell_many_times_is_refused_before_room_is_made(
    tmp_path: Path, attributes: str, rule: str
) -> None:
    path = open_document(tmp_path / "x.ods", {"IDS007": [["x"], ["y"]]})
    with zipfile.ZipFile(path) as package:
        kept = {name: package.read(name) for name in package.namelist()}
    many = kept["content.xml"].replace(
        b"<table:table-row>", b'<table:table-row table:number-rows-repeated="500000">'
    )
    kept["content.xml"] = many.replace(b"<table:table-cell ", f"<table:table-cell {attributes} ".encode())
    with zipfile.ZipFile(path, "w") as package:
        for name, content in kept.items():
            package.writestr(name, content)
    with pytest.raises(NotConverted) as refused:
        workbook.sheets(path)
    assert refused.value.rule.id == rule


def test_a_binary_workbook_with_a_cell_far_away_is_refused_before_room_is_made(tmp_path: Path) -> None:
    """Records of a row and a cell: their kind, the size of what follows, and the number of the row or column."""

    def sheet(row: int, column: int) -> bytes:
        return b"\x00\x04" + row.to_bytes(4, "little") + b"\x05\x04" + column.to_bytes(4, "little")

    for cells, rule in (
        (sheet(0, 0) + sheet(0, 16_383), "GATE-LIMIT-COLUMNS"),
        (sheet(0, 0) + sheet(1_048_575, 200), "GATE-LIMIT-CELLS"),
    ):
        path = tmp_path / "x.xlsb"
        with zipfile.ZipFile(path, "w") as package:
            package.writestr("xl/workbook.bin", b"")
            package.writestr("xl/worksheets/sheet1.bin", cells)
        with pytest.raises(NotConverted) as refused:
            workbook.sheets(path)
        assert refused.value.rule.id == rule


# Databases


@pytest.fixture
def programs(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A folder of programs that answer as mdbtools does of a database with the table IDS007."""
    folder = tmp_path / "bin"
    folder.mkdir()
    answers = {
        "mdb-tables": "printf 'IDS007\\nLookups\\n'",
        "mdb-export": """printf 'LocalPatientId,From,At\\n"P1  ","2025-04-07T00:00:00","1899-12-30T09:30:00"\\n'""",
        "mdb-count": "echo 1",
    }
    for name, answer in answers.items():
        (folder / name).write_text(f"#!/bin/sh\n{answer}\n")
        (folder / name).chmod(stat.S_IRWXU)
    monkeypatch.setenv("PATH", f"{folder}:/usr/bin:/bin")
    return folder


def test_a_table_of_a_database_is_written_with_its_days_and_times(tmp_path: Path, programs: Path) -> None:
    path = tmp_path / "x.accdb"
    path.write_bytes(b"x")
    assert database.tables(path) == ["IDS007", "Lookups"]
    assert write(".accdb", path, "IDS007")[0] == 'LocalPatientId,From,At\n"P1  ",2025-04-07,09:30:00\n'


@pytest.mark.parametrize(
    ("program", "answer", "said"),
    [
        ("mdb-count", "echo 2", "1 rows of a table can be read"),
        ("mdb-export", "exit 1", "damaged"),
        ("mdb-tables", "true", "damaged"),
        ("mdb-tables", "exit 1", "damaged"),
    ],
)
def test_a_database_of_which_a_row_is_lost_is_refused(
    tmp_path: Path, programs: Path, program: str, answer: str, said: str
) -> None:
    path = tmp_path / "x.accdb"
    path.write_bytes(b"x")
    (programs / program).write_text(f"#!/bin/sh\n{answer}\n")
    with pytest.raises(NotConverted, match=said):
        write(".accdb", path, database.tables(path)[0])


@pytest.mark.parametrize("program", ["mdb-tables", "mdb-export", "mdb-count"])
def test_a_database_that_could_not_be_read_once_is_read_again(tmp_path: Path, programs: Path, program: str) -> None:
    path, once = tmp_path / "x.accdb", tmp_path / "once"
    path.write_bytes(b"x")
    answers = (programs / program).read_text().removeprefix("#!/bin/sh\n")
    (programs / program).write_text(f"#!/bin/sh\n[ -e {once} ] || {{ : > {once}; exit 1; }}\n{answers}")
    assert write(".accdb", path, database.tables(path)[0])[0].startswith("LocalPatientId,")
    assert once.exists()


def test_a_database_on_a_disk_that_does_not_answer_is_not_said_to_be_damaged(
    tmp_path: Path, programs: Path
) -> None:
    path = tmp_path / "x.accdb"
    path.symlink_to("/proc/self/mem")  # reading it at its beginning fails with EIO
    (programs / "mdb-tables").write_text("#!/bin/sh\nexit 1\n")
    with pytest.raises(OSError, match=os.strerror(errno.EIO)):
        database.tables(path)


def test_without_mdbtools_a_database_is_refused_with_a_word_why(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    path = tmp_path / "x.mdb"
    path.write_bytes(b"\0\1\0\0Standard Jet DB\0")
    monkeypatch.setenv("PATH", str(tmp_path))
    with pytest.raises(NotConverted, match="mdbtools, which reads such a file, is not installed here"):
        database.tables(path)
    monkeypatch.undo()
    monkeypatch.setattr(limits, "DATABASE_BYTES", 5)
    with pytest.raises(NotConverted) as refused:
        database.tables(path)
    assert refused.value.rule.id == "GATE-LIMIT-BYTES"


# Where a table stands in its sheet

FILES = Path(__file__).parents[1] / "fixtures" / "files"
BESIDE = [
    ["", "", ""],
    ["", "", ""],
    ["", *NAMES.strip().split(",")],
    ["", "P1", "01"],
    ["", "", ""],
    ["", "P2", "Q9"],
]


def below_and_beside(ending: str, folder: Path) -> Path:
    """A workbook whose table begins in column B, below two empty rows, and has one between its rows."""
    path = folder / f"IDS007{ending}"
    if ending in (".xls", ".xlsb"):  # no library that is needed here writes these
        path.write_bytes((FILES / f"below_and_beside{ending}").read_bytes())
    elif ending == ".xlsx":
        book = openpyxl.Workbook()
        sheet = book.active
        assert sheet is not None
        sheet.title = "IDS007"
        for row, values in enumerate(BESIDE, 1):
            for column, value in enumerate(values, 1):
                if value:
                    sheet.cell(row, column, value)
        book.save(path)
    else:
        open_document(path, {"IDS007": BESIDE})
    return path


def as_libre_office_writes(path: Path) -> Path:
    """An .ods with empty rows and cells said once, and how often each is there."""
    cells = "<table:table-cell/>" * 3
    rows = f"<table:table-row>{cells}</table:table-row>"
    once = (
        '<table:table-row table:number-rows-repeated="2"><table:table-cell table:number-columns-repeated="16384"/>'
        "</table:table-row>"
    )
    below = '<table:table-row table:number-rows-repeated="1048570"><table:table-cell/></table:table-row>'
    changed = (
        part_of(path, "content.xml")
        .decode()
        .replace(rows * 2, once)
        .replace("</table:table>", f"{below}</table:table>")
    )
    assert changed.count("repeated") == 3
    return packed_again(path, **{"content.xml": changed.encode()})


@pytest.mark.parametrize("ending", [".xlsx", ".xls", ".xlsb", ".ods", "LibreOffice"])
def test_a_message_names_the_cell_that_the_person_sees(tmp_path: Path, ending: str) -> None:
    is_of_libre_office = ending == "LibreOffice"
    folder = submission(tmp_path)
    path = below_and_beside(".ods" if is_of_libre_office else ending, folder)
    if is_of_libre_office:
        as_libre_office_writes(path)
    checked = check_path(folder)
    (rule,) = [rule for rule in as_json(checked, "")["rules"] if rule["rule_id"] == "IDS007-DisabCode-CODE"]
    assert (rule["cells"], rule["rows"]) == ("C6", "6")
    assert checked.counts()["IDS007"]["rows_in"] == 2
    assert not workbook._LAST, "a workbook stays in memory"


@pytest.mark.parametrize("hidden", ["<!-- x -->", "<![CDATA[x]]>", "<?x y?>"])
def test_an_open_document_in_which_a_cell_could_hide_is_refused(tmp_path: Path, hidden: str) -> None:
    path = open_document(tmp_path / "x.ods", {"IDS007": [["x"], ["y"]]})
    with zipfile.ZipFile(path) as package:
        content = package.read("content.xml").decode()
    with zipfile.ZipFile(path, "w") as package:
        package.writestr("content.xml", content.replace("<text:p>y", f"<text:p>{hidden}y"))
    with pytest.raises(NotConverted, match="damaged"):
        workbook.sheets(path)
