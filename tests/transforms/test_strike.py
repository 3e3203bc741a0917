"""Which rows are a person's, and that the others keep their text and their number."""

from pathlib import Path

import polars as pl
import pytest

from schemas.dataset import TABLES
from tests.fixtures.submission import RIGHT
from transforms.receive import format_of
from transforms.strike import CHAIN, Identifiers, Unreadable, find, is_readable, numbers_in, strike
from transforms.survey import survey

PATIENTS = "LocalPatientId,NHSNumber,NHSNumberStatus,Gender\nP1,9990000018,01,1\nP2,999 000 0026,02,2\nP3,,,1\n"
REFERRALS = "ServiceRequestId,LocalPatientId\nR1,P1\nR2,P2\nR3,P3\n"
CONTACTS = "CareContactId,ServiceRequestId\nC1,R1\nC2,R2\nC3,R1\nC4,R9\n"


def written(folder: Path, **texts: str) -> dict[str, Path]:
    files = {}
    for id_, text in texts.items():
        files[id_] = folder / f"{id_}.csv"
        files[id_].write_text(text, encoding="utf-8", newline="")
    return files


def people(*numbers: str, **own: str) -> Identifiers:
    return Identifiers(set(numbers), {name: {own[name]} if name in own else set() for name in CHAIN})


@pytest.mark.parametrize(
    ("known", "patients", "numbers"),
    [
        (people("9990000018"), {"P1"}, {"9990000018"}),
        (people("9990000026"), {"P2"}, {"9990000026"}),  # however it is spaced, whatever its status
        (people(LocalPatientId="P1"), {"P1"}, {"9990000018"}),  # verified: the same person everywhere
        (people(LocalPatientId="P2"), {"P2"}, set()),  # not verified: it may be somebody else's number
        (people(LocalPatientId="P3"), {"P3"}, set()),
        (people("9990000034"), set(), {"9990000034"}),
    ],
)
def test_a_person_is_found_under_every_name(
    tmp_path: Path, known: Identifiers, patients: set[str], numbers: set[str]
) -> None:
    found = find(written(tmp_path, IDS001=PATIENTS), known)
    assert (found.own["LocalPatientId"], found.numbers) == (patients, numbers)


@pytest.mark.parametrize(
    ("known", "patients", "numbers", "referrals"),
    [
        (("NHSNumber", "9990000018"), {"P1"}, {"9990000018"}, {"R1"}),
        (("NHSNumber", "9990000026"), {"P2"}, {"9990000026"}, {"R2"}),
        (("LocalPatientId", "P3"), {"P3"}, set(), {"R3"}),
        (("ServiceRequestId", "R9"), set(), set(), {"R9"}),  # its referral is not in this file: the contact tells
        (("ServiceRequestId", "R2"), set(), set(), {"R2"}),  # the referral, and not its patient
        (("CareContactId", "C1"), set(), set(), set()),  # nobody is known by a contact alone
    ],
)
def test_who_is_known_by_a_tombstone_is_found_too(
    tmp_path: Path, known: tuple[str, str], patients: set[str], numbers: set[str], referrals: set[str]
) -> None:
    def is_erased(name: str, value: str) -> bool:
        assert value
        return (name, value) == known

    files = written(tmp_path, IDS001=f"{PATIENTS},,,9\n", IDS101=REFERRALS, IDS201=CONTACTS)
    found = find(files, Identifiers(), is_erased)
    assert (found.own["LocalPatientId"], found.numbers, found.own["ServiceRequestId"]) == (
        patients, numbers, referrals,
    )  # fmt: skip
    assert find(files, Identifiers()) == Identifiers()


def test_a_table_whose_key_is_nobodys_identifier_adds_none(tmp_path: Path) -> None:
    files = written(tmp_path, SMI901="CarePersLocalId,StaffGroup\nP1,9990000018\n")
    assert find(files, people("9990000018")) == people("9990000018")


def test_there_is_somebody_where_there_is_a_number_or_an_identifier() -> None:
    assert people("9990000018") and people(LocalPatientId="P1") and not people()


def test_rows_are_followed_from_the_patient_to_referral_and_contact(tmp_path: Path) -> None:
    found = find(written(tmp_path, IDS001=PATIENTS, IDS101=REFERRALS, IDS201=CONTACTS), people("9990000018"))
    assert (found.own["ServiceRequestId"], found.own["CareContactId"]) == ({"R1"}, {"C1", "C3"})


def test_an_id_of_another_month_that_is_somebody_elses_here_stays(tmp_path: Path) -> None:
    """And one whose referral is not in this month's file is the person's."""
    files = written(tmp_path, IDS001=PATIENTS, IDS101=REFERRALS, IDS201=CONTACTS)
    known = people(LocalPatientId="P1")
    known.own["ServiceRequestId"] = {"R1", "R2", "R9"}
    found = find(files, known)
    assert found.own["ServiceRequestId"] == {"R1", "R9"}
    assert found.own["CareContactId"] == {"C1", "C3", "C4"}


def test_struck_rows_become_blank_lines_and_the_others_stay_byte_for_byte(tmp_path: Path) -> None:
    text = '\ufeffLocalPatientId,NHSNumber,Gender\r\nP1,9990000018,1\r\nP2,"a, ""é""",2\r\nP3,9990000018,1'
    (path,) = written(tmp_path, IDS001=text).values()
    assert strike(path, TABLES["IDS001"], people("9990000018")) == (path, 2)
    expected = '\ufeffLocalPatientId,NHSNumber,Gender\r\n\nP2,"a, ""é""",2\r\n\n'
    assert path.read_bytes() == expected.encode()
    assert strike(path, TABLES["IDS001"], people("9990000018")) == (path, 0)


@pytest.mark.parametrize("ending", [".csv", ".parquet"])
def test_rows_that_stay_keep_their_number_at_the_gate(tmp_path: Path, ending: str) -> None:
    (path,) = written(tmp_path, IDS001=RIGHT["IDS001MPI"]).values()
    if ending == ".parquet":
        frame = pl.read_csv(path, infer_schema=False)
        path.unlink()
        path = path.with_suffix(ending)
        frame.write_parquet(path)
    struck, count = strike(path, TABLES["IDS001"], people("9990000026"))
    assert (struck.suffix, count, path.exists()) == (".csv", 1, ending == ".csv")
    with struck.open("rb") as opened:
        seen = survey(opened)
    received = format_of(struck).receive(struck, TABLES["IDS001"], seen, None, tmp_path)
    assert received.rows is not None and received.rows_in == 2
    rows = received.rows.select("row_number", "LocalPatientId").collect().rows()
    assert rows == [(2, "P1"), (4, "P3")]


@pytest.mark.parametrize(
    ("text", "left"),
    [
        ("P1,9990000018,01,1\nP2,9990000026,01,2\n", "\nP2,9990000026,01,2\n"),  # no row of names
        ("Gender,NHSNumberStatus\n9990000018,1\n2,1\n", "Gender,NHSNumberStatus\n\n2,1\n"),  # swapped headings
        ("LocalPatientId,Gender\nP9,of 999-000-0018.\nP8,1\n", "LocalPatientId,Gender\n\nP8,1\n"),
        ('LocalPatientId,Gender\nP2,1\nP1,"9990000018\nP3,1\n', "LocalPatientId,Gender\nP2,1\n\n"),  # never closed
        ("LocalPatientId\nP1\nP11\n", "LocalPatientId\nP1\nP11\n"),  # by its number alone
    ],
)  # fmt: skip
def test_a_number_is_found_wherever_it_stands(tmp_path: Path, text: str, left: str) -> None:
    (path,) = written(tmp_path, IDS001=text).values()
    strike(path, TABLES["IDS001"], people("9990000018"))
    assert path.read_text() == left


def test_an_id_is_looked_for_in_every_column_only_where_no_column_is_named(tmp_path: Path) -> None:
    files = written(tmp_path, IDS101="R1,P1\nR2,P11\n", SMI901="CarePersLocalId,StaffGroup\nP1,1\n")
    assert strike(files["IDS101"], TABLES["IDS101"], people(LocalPatientId="P1"))[1] == 1
    assert strike(files["SMI901"], TABLES["SMI901"], people(LocalPatientId="P1"))[1] == 0  # a member of staff


@pytest.mark.parametrize("spelled", ["'P1", '"=""P1"""', "\u200bP1", "P1\u00a0"])
def test_an_id_is_found_however_it_is_spelled(tmp_path: Path, spelled: str) -> None:
    """As the gate reads it: else somebody who was erased would count again."""
    files = written(tmp_path, IDS101=f"Service_Request_Id,LocalPatientId\nR1,{spelled}\nR2,P11\n")
    assert strike(files["IDS101"], TABLES["IDS101"], people(LocalPatientId="P1"))[1] == 1


def test_ten_digits_are_found_within_more() -> None:
    assert numbers_in("9990000018") == numbers_in("999 000 0018") == numbers_in("x999-0000-018y") == {"9990000018"}
    assert "9990000018" in numbers_in("19990000018")
    assert numbers_in("999000001") == numbers_in("") == numbers_in("999.000.0018") == set()


def test_a_file_in_another_encoding_or_damaged_cannot_be_told_apart(tmp_path: Path) -> None:
    wide, damaged = tmp_path / "IDS001.csv", tmp_path / "IDS001.parquet"
    wide.write_text(PATIENTS, encoding="utf-16")
    damaged.write_bytes(b"PAR1 nothing")
    for path in (wide, damaged):
        assert not is_readable(path, TABLES["IDS001"])
        with pytest.raises(Unreadable):
            find({"IDS001": path}, people("9990000018"))
