"""Names of files as people write them, and other formats from the door to the store: the same tables, the same rows."""

import csv
import gzip
import io
import shutil
import zipfile
from pathlib import Path

import openpyxl
import pytest

from pipelines import arrivals, names
from pipelines.inbox import Source, find_submissions, open_source
from pipelines.keys import spine_key
from pipelines.ledger import State, open_ledger
from pipelines.load import check_path, check_path_into, load, reprocess
from pipelines.verdict import state_of
from pipelines.zones import zones
from tests.fixtures.extracts import open_document
from tests.fixtures.submission import RIGHT, submission, write
from tests.pipelines.test_inbox import opened, rules


def said(source: Source) -> list[tuple[str, str | None, str | None]]:
    return [row for frame in source.findings for row in frame.select("rule_id", "table", "found").rows()]


@pytest.mark.parametrize(
    ("name", "table"),
    [
        ("IDS101", "IDS101"), ("ids101referral", "IDS101"), ("IDS101 Referral", "IDS101"), ("IDS101_Referral", "IDS101"),
        ("IDS101Referral_202504", "IDS101"), ("IDS101Referral202504", "IDS101"), ("IDS101Referral_2025-04", "IDS101"),
        ("IDS101Referral_April2025", "IDS101"), ("IDS101 Referral Apr 25", "IDS101"), ("IDS101Referral (1)", "IDS101"),
        ("IDS101Referral - Copy", "IDS101"), ("Copy of IDS101Referral (2)", "IDS101"), ("dbo.IDS101Referral", "IDS101"),
        ("RW5_2025-04_IDS101Referral", "IDS101"), ("IDS101Referral_20250506_final_v2", "IDS101"),
        ("IDS101 12 03 54", "IDS101"), ("IDS101 99 90 00 00 18", "IDS101"), ("IDS101Referral_202513", None),
        ("IDS101Referral_19540312", None), ("IDS101Referral Ann Lee", None),
        ("IDS101 IDS201", None), ("IDS101Patients", None), ("Referral", None), ("[I]DS101", None), ("", None),
    ],
)  # fmt: skip
def test_a_name_is_read_where_all_that_stands_around_it_is_understood(name: str, table: str | None) -> None:
    known = names.table_of(name)
    assert (known and known.table.id) == table
    if known is not None:
        assert known.is_exact == (name.lower() in ("ids101", "ids101referral"))
        # A name that may hold a provider, a day of birth or an NHS number is read, and only its shape is shown.
        assert known.is_understood == (not name.startswith(("RW5", "IDS101 12", "IDS101 99")))


@pytest.mark.parametrize(
    ("name", "is_made", "is_hidden"),
    [
        ("Thumbs.db", True, False), ("x/DESKTOP.INI", True, False), ("~$IDS101Referral.xlsx", True, False),
        ("__MACOSX/._x.csv", True, True), (".DS_Store", True, True), (".x.csv", False, True), ("x.db", False, False),
    ],
)  # fmt: skip
def test_debris_is_known_by_its_name(name: str, is_made: bool, is_hidden: bool) -> None:
    assert ((names.debris(name) is not None), names.is_hidden(name)) == (is_made, is_hidden)
    assert names.is_ignored(name) == (is_made or is_hidden)


def test_two_files_for_a_table_are_refused_and_both_are_named(tmp_path: Path) -> None:
    folder = submission(tmp_path)
    shutil.copy(folder / "IDS101Referral.csv", folder / "IDS101Referral (1).csv")
    found = [each for each in said(opened(folder, tmp_path)) if each[0] == "GATE-TABLE-TWICE"]
    assert found == [("GATE-TABLE-TWICE", "IDS101", "IDS101Referral (1).csv and IDS101Referral.csv")]


@pytest.mark.parametrize(
    ("name", "rule", "shown"),
    [
        ("README.txt", "GATE-NOT-READ", "README.txt"), ("Read me.docx", "GATE-NOT-READ", "Read me.docx"),
        ("readme Ann Lee.txt", "GATE-NOT-READ", "aaaaaa Aaa Aaa.txt (shape of 18 characters)"),
        ("Ann Lee.docx", "GATE-TABLE-UNKNOWN", "Aaa Aaa.docx (shape of 12 characters)"),
        ("notes.txt", "GATE-TABLE-UNKNOWN", "aaaaa.txt (shape of 9 characters)"),
    ],
)  # fmt: skip
def test_a_note_for_people_is_not_read_and_any_other_document_is_refused(
    tmp_path: Path, name: str, rule: str, shown: str
) -> None:
    folder = submission(tmp_path)
    (folder / name).write_text("x")
    assert said(opened(folder, tmp_path, keep=True)) == [(rule, None, shown)]
    assert {path.name for path in (tmp_path / "workspace").iterdir()} == {
        "IDS000.csv", "IDS001.csv", "IDS002.csv", "IDS101.csv"
    }  # fmt: skip


def test_names_and_debris_change_no_content(tmp_path: Path) -> None:
    folder = submission(tmp_path)
    before = opened(folder, tmp_path).content_sha256
    (folder / "Thumbs.db").write_bytes(b"x")
    (folder / "IDS101Referral.csv").rename(folder / "IDS101Referral_202504.txt")
    assert opened(folder, tmp_path).content_sha256 == before


def test_a_folder_in_a_folder_and_a_zip_of_windows_are_opened(tmp_path: Path) -> None:
    inner = submission(tmp_path / "RW5_2025-04")
    assert find_submissions(tmp_path / "RW5_2025-04") == [inner]
    plain = opened(inner, tmp_path).content_sha256
    assert opened(tmp_path / "RW5_2025-04", tmp_path).content_sha256 == plain
    with zipfile.ZipFile(tmp_path / "x.zip", "w") as archive:
        for file in inner.iterdir():
            info = zipfile.ZipInfo("x")
            info.filename = f"RW5_2025-04\\{file.name}"
            archive.writestr(info, file.read_bytes())
    source = opened(tmp_path / "x.zip", tmp_path)
    assert (rules(source), source.content_sha256) == (["GATE-READ-FORM"], plain)


@pytest.mark.parametrize(
    ("content", "said_of_it"),
    [
        (b"\0\1\0\0Standard ACE DB\0", "by its content it is an Access database, not a zip"),
        (b"\xd0\xcf\x11\xe0", "by its content it is a file of Office with a password or of before 2007, not a zip"),
        (b"PAR1", "by its content it is a Parquet file, not a zip"),
        (
            b"LocalPatientId,DisabCode\n",
            "it is no format that is read, or its list of files is damaged or too long",
        ),
    ],
)
def test_what_is_called_a_zip_and_is_none_is_named(tmp_path: Path, content: bytes, said_of_it: str) -> None:
    path = tmp_path / "x.zip"
    path.write_bytes(content)
    assert said(opened(path, tmp_path)) == [("GATE-ZIP", None, said_of_it)]


def test_a_single_table_is_read_and_the_others_are_missing(tmp_path: Path) -> None:
    path = submission(tmp_path) / "IDS101Referral.csv"
    checked = check_path(path)
    assert checked.tables["IDS101"].rows_in == 3
    assert set(checked.findings["rule_id"]) == {"GATE-TABLE-MISSING"}


# Workbooks


def workbook(path: Path, tables: dict[str, str] = RIGHT, **more: str) -> Path:
    """A workbook with a sheet for each table, and sheets of one cell."""
    made = openpyxl.Workbook()
    made.remove(made.active)
    for name, text in tables.items():
        sheet = made.create_sheet(name)
        for row in csv.reader(io.StringIO(text)):
            sheet.append(row)
    for name, value in more.items():
        made.create_sheet(name)["A1"] = value
    path.parent.mkdir(parents=True, exist_ok=True)
    made.save(path)
    return path


def test_a_workbook_is_checked_loaded_and_processed_again_like_its_tables(tmp_path: Path, home: Path) -> None:
    """Of a workbook only its tables are kept. The same workbook again is known."""
    path = workbook(
        tmp_path / "RW5_2025-04.xlsx",
        RIGHT | {"IDS101Referral": RIGHT["IDS101Referral"] + "R4,P9,QE1,2025-04-04,A1,,,,\n"},
    )
    checked = check_path(path)
    assert state_of(checked) is State.ACCEPTED_WITH_REJECTIONS
    (row,) = checked.findings.filter(checked.findings["table"] == "IDS101")["row_number"].unique()
    assert (row, dict(checked.received["IDS101"].columns)["LocalPatientId"]) == (5, 1)
    found, key = zones(home), spine_key()
    ledger = open_ledger(found.ledger)
    loaded = load(path, found, ledger, key)
    assert (loaded.state, loaded.verdict.counts) == (State.ACCEPTED_WITH_REJECTIONS, checked.counts())
    kept = {each.name for each in (found.received / loaded.receipt.submission_id).iterdir()}
    assert {"IDS000.csv", "IDS001.csv", "IDS002.csv", "IDS101.csv"} <= kept
    assert not any(name.endswith(".xlsx") for name in kept)
    assert load(path, found, ledger, key).is_repeat
    assert reprocess(loaded.receipt, found, ledger, key).verdict.counts == checked.counts()


def test_a_workbook_for_each_table_and_a_workbook_in_a_folder_are_read(tmp_path: Path) -> None:
    folder = tmp_path / "RW5_2025-04"
    for name, text in RIGHT.items():
        workbook(folder / f"{name}.xlsx", {"Sheet1": text})
    assert state_of(check_path(folder)) is State.ACCEPTED
    one = workbook(tmp_path / "RV5" / "RW5_2025-04" / "extract of May.xlsx")
    assert find_submissions(one.parent) == [one.parent]
    assert state_of(check_path(one.parent)) is State.ACCEPTED


@pytest.mark.parametrize(
    ("sheets", "found"),
    [
        ({"Notes": "x"}, [("GATE-NOT-READ", None, "Aaaaa (shape of 5 characters) of RW5_2025-04.xlsx")]),
        ({"Ann Lee": "x"}, [("GATE-TABLE-UNKNOWN", None, "Sheet Aaa Aaa (shape of 7 characters)")]),
        ({"Sheet3": ""}, []),
        ({"IDS101": "x"}, [("GATE-TABLE-TWICE", "IDS101", "IDS101Referral of RW5_2025-04.xlsx and IDS101 of RW5_2025-04.xlsx")]),
    ],
)  # fmt: skip
def test_other_sheets_are_named_or_refused(tmp_path: Path, sheets: dict[str, str], found: list[object]) -> None:
    path = workbook(tmp_path / "RW5_2025-04.xlsx", **sheets)
    assert [(rule, table, text and text.replace("AA9_9999-99.xlsx (shape of 16 characters)", "RW5_2025-04.xlsx"))
            for rule, table, text in said(opened(path, tmp_path))] == found  # fmt: skip


def test_a_workbook_without_a_table_says_so(tmp_path: Path) -> None:
    path = workbook(tmp_path / "x.xlsx", {}, Sheet1="x")
    assert rules(opened(path, tmp_path)) == ["GATE-TABLE-UNKNOWN"]


def test_a_workbook_in_the_inbox_is_a_submission_if_its_name_says_whose(tmp_path: Path, home: Path) -> None:
    found = zones(home)
    workbook(found.inbox / "RW5_2025-04.xlsx"), workbook(found.inbox / "April.xlsx")
    assert [path.name for path in arrivals.entries(found)] == ["RW5_2025-04.xlsx"]
    assert [path.name for path in arrivals.strays(found)] == ["April.xlsx"]


def test_text_of_another_kind_is_kept_as_csv_and_known_when_it_comes_again(tmp_path: Path, home: Path) -> None:
    folder = write(tmp_path / "RW5_2025-04", {name: text.replace(",", ";") for name, text in RIGHT.items()})
    (folder / "IDS002GP.csv").write_bytes((folder / "IDS002GP.csv").read_text().encode("utf-16"))
    found, key = zones(home), spine_key()
    ledger = open_ledger(found.ledger)
    loaded = load(folder, found, ledger, key)
    assert loaded.state is State.ACCEPTED
    kept = found.received / loaded.receipt.submission_id
    assert {name: (kept / f"{name[:6]}.csv").read_text() for name in RIGHT} == RIGHT
    assert load(folder, found, ledger, key).is_repeat
    assert not load(submission(tmp_path / "plain"), found, ledger, key).is_repeat


FILES = Path(__file__).parents[1] / "fixtures" / "files"
"""RIGHT as other programs write it: .xls by xlwt, .xlsb by pyxlsbwriter, Access 2010 and 2003 by Jackcess."""


def as_it_is(path: Path, folder: Path) -> dict[str, list[tuple[object, ...]]]:
    """Every row of every table of a submission, as text."""
    folder.mkdir()
    received = check_path_into(path, folder).received
    return {
        table: got.rows.select(list(got.table.by_name)).collect().rows()
        for table, got in received.items()
        if got.rows is not None
    }


@pytest.mark.parametrize("ending", ["xls", "xlsb", "ods", "accdb", "mdb", "xlsx called xls"])
def test_a_file_of_another_program_has_every_value_of_its_tables(tmp_path: Path, ending: str) -> None:
    """Days and numbers are cells of their own kind in the workbooks and in Access 2010; text is padded in 2003."""
    path = tmp_path / f"RW5_2025-04.{ending.split()[-1]}"
    if ending in ("accdb", "mdb"):
        if shutil.which("mdb-export") is None:
            pytest.skip("mdbtools, which reads such a file, is not installed here")
        path.write_bytes(gzip.decompress((FILES / f"{path.name}.gz").read_bytes()))
    elif ending == "ods":
        open_document(path, {name: list(csv.reader(io.StringIO(text))) for name, text in RIGHT.items()})
    elif ending == "xlsx called xls":
        workbook(tmp_path / "x.xlsx").rename(path)
    else:
        shutil.copy(FILES / path.name, path)
    assert state_of(check_path(path)) is State.ACCEPTED
    assert as_it_is(path, tmp_path / "other") == as_it_is(submission(tmp_path / "csv"), tmp_path / "plain")


def test_a_check_leaves_nothing_of_a_workbook_in_its_folder(tmp_path: Path) -> None:
    path, workspace = workbook(tmp_path / "RW5_2025-04.xlsx"), tmp_path / "w"
    workspace.mkdir()
    open_source(path, workspace, keep=False, is_hashed=False)
    assert sorted(each.name for each in workspace.iterdir()) == [
        "IDS000.csv",
        "IDS001.csv",
        "IDS002.csv",
        "IDS101.csv",
    ]
    assert path.exists()
