"""Code lists: complete, dated, sourced; and the therapies that procedure codes stand for."""

import csv
import re
from datetime import date
from pathlib import Path

import polars as pl
import pytest

import schemas.codes
from demonstration.frequencies import ETHNICITY
from pipelines.load import check_path
from schemas.codes import code_list, valid_codes
from schemas.dataset import TABLES
from schemas.instruments import by_code
from schemas.tools import tools
from schemas.versions import Version
from tests.fixtures.submission import RIGHT, submission

CODES = Path(schemas.codes.__file__).parent / "codes"
# Lists no field names: what a rule looks a score's code up in, an analyst joins to a question or procedure code.
REFERENCE_LISTS = {"assessment_tool", "experience_question", "therapy_snomed"}
FIELDS = [field for table in TABLES.values() for field in table.fields]
CODED = sorted({field.codes for field in FIELDS if field.codes})


def passes_verhoeff(code: str) -> bool:
    """SNOMED CT's check digit: the last digit, by Verhoeff's dihedral scheme."""
    state = 0
    for position, digit in enumerate(int(character) for character in reversed(code)):
        for _ in range(position % 8):
            digit = (1, 5, 7, 6, 2, 8, 3, 0, 9, 4)[digit]
        turned, rest = divmod(state, 5)
        other, step = divmod(digit, 5)
        state = (turned ^ other) * 5 + (rest + (-step if turned else step)) % 5
    return state == 0


def test_the_module_is_not_hidden_by_the_folder_of_the_same_name() -> None:
    assert schemas.codes.__file__.endswith("codes.py")


def test_every_list_belongs_to_a_field_and_every_coded_field_has_its_list() -> None:
    assert {path.stem for path in CODES.glob("*.csv")} == set(CODED) | REFERENCE_LISTS


@pytest.mark.parametrize("name", [*CODED, "assessment_tool", "experience_question"])
def test_a_code_list_has_codes_once_each_with_meaning_and_source(name: str) -> None:
    codes = code_list(name)
    assert codes
    assert len({code.code for code in codes}) == len(codes)
    for code in codes:
        assert code.meaning
        assert code.source
        assert code.confidence in ("F", "R")
        assert code.code == code.code.strip()
        assert code.valid_from is None or code.valid_to is None or code.valid_from <= code.valid_to


def test_every_code_fits_the_format_of_its_field() -> None:
    for coded in FIELDS:
        for code in code_list(coded.codes) if coded.codes else ():
            assert re.search(coded.lexical, code.code), (coded.name, code.code)


def test_a_retired_source_of_referral_holds_until_march_2020() -> None:
    retired = {code.code for code in code_list("source_of_referral") if code.valid_to == date(2020, 3, 31)}
    assert retired == {"J1", "J2", "J3", "J4", "K1", "K2", "K3", "K4", "K5", "L1", "L2"}
    assert retired <= set(valid_codes("source_of_referral", date(2019, 4, 1), date(2019, 4, 30)))
    assert retired <= set(valid_codes("source_of_referral", date(2020, 3, 1), date(2020, 3, 31)))
    assert not retired & set(valid_codes("source_of_referral", date(2020, 4, 1), date(2020, 4, 30)))
    assert not retired & set(valid_codes("source_of_referral", date(2026, 4, 1), date(2026, 4, 30)))


def test_a_code_of_a_later_version_holds_from_its_first_month() -> None:
    assert "N4" not in valid_codes("source_of_referral", date(2022, 3, 1), date(2022, 3, 31))
    assert {"A1", "N3", "N4"} <= set(valid_codes("source_of_referral", date(2022, 4, 1), date(2022, 4, 30)))


def test_end_codes_of_version_1_5_hold_until_august_2020() -> None:
    retired = {"40", "41", "42", "43", "44", "45", "97", "98", "15"}
    assert {code.code for code in code_list("end_code") if code.valid_to} == retired
    assert retired <= set(valid_codes("end_code", date(2020, 8, 1), date(2020, 8, 31)))
    assert not retired & set(valid_codes("end_code", date(2020, 9, 1), date(2020, 9, 30)))
    assert {"46", "47", "48", "49", "96"} <= set(valid_codes("end_code", date(2026, 4, 1), date(2026, 4, 30)))


@pytest.mark.parametrize(
    ("name", "default"),
    [
        ("gender", "X"), ("weekly_hours_worked", "99"), ("yes_no_if_employed", "8"), ("employment_support", "NA"),
        ("settled_accommodation", "9"), ("educational_establishment", "8"), ("overseas_visitor_charging", "9"),
        ("onward_referral_reason", "98"), ("onward_referral_reason", "99"), ("appointment_type", "08"),
        ("interpreter", "X"), ("gender_same_at_birth", "X"),
    ],
)  # fmt: skip
def test_what_is_not_known_or_does_not_apply_has_a_code_where_the_dictionary_has_one(
    name: str, default: str
) -> None:
    assert default in {code.code for code in code_list(name)}


def test_accommodation_has_the_codes_of_the_mental_health_services_data_set() -> None:
    assert [code.code for code in code_list("accommodation_type")] == [*(f"{n:02}" for n in range(1, 22)), "98"]
    assert TABLES["IDS003"].by_name["AccommodationType"].warn_if_wrong


def test_a_version_counts_from_its_first_month() -> None:
    assert valid_codes("dataset_version", date(2022, 3, 1), date(2022, 3, 31)) == ("2.0", "1.0")
    assert valid_codes("dataset_version", date(2026, 4, 1), date(2026, 4, 30)) == ("2.0", "2.1", "1.0")
    assert {code.code for code in code_list("dataset_version")} == set(Version)


def test_a_misspelt_list_is_an_error() -> None:
    with pytest.raises(FileNotFoundError):
        code_list("no_such_list")


def therapies() -> list[dict[str, str]]:
    with (CODES / "therapy_snomed.csv").open(encoding="utf-8") as file:
        return list(csv.DictReader(file))


def test_every_procedure_names_a_therapy_an_intensity_and_known_pathways() -> None:
    types = {code.code for code in code_list("therapy_type")}
    pathways = {code.code for code in code_list("pathway")}
    rows = therapies()
    assert len({row["snomed"] for row in rows}) == len(rows)
    for row in rows:
        assert row["therapy_type"] in types
        assert set(row["pathways"].split()) <= pathways
        assert row["intensity"] in ("low", "high", "other")
        assert row["confidence"] in ("F", "R")
    assert {row["therapy_type"] for row in rows} == types


def test_a_therapy_has_one_name_whatever_its_procedure() -> None:
    names = {code.code: code.meaning for code in code_list("therapy_type")}
    assert {row["snomed"]: row["label"] for row in therapies() if row["label"] != names[row["therapy_type"]]} == {}


def test_employment_support_is_neither_low_nor_high_intensity() -> None:
    assert [row["intensity"] for row in therapies() if row["therapy_type"] == "EMS"] == ["other"]


def test_snomed_codes_carry_a_right_check_digit() -> None:
    assert passes_verhoeff("720433000")
    assert not passes_verhoeff("720433001")
    codes = {row["snomed"] for row in therapies()}
    named = (code.code for code in code_list("experience_question"))
    codes |= {code for code in (*by_code(), *(tool.code for tool in tools()), *named) if code.isdigit()}
    assert len(codes) > 400
    assert [code for code in codes if not passes_verhoeff(code)] == []


# ---- traps seen in others' code ---------------------------------------------------------------------------


@pytest.mark.parametrize("group", [*"ABCDEFGHJKLMNPRSZ", "99"])
def test_no_ethnic_group_is_missing_from_the_list(group: str) -> None:
    """A doubled quote once made one group «L'M» of two, which left both out."""
    assert re.search(TABLES["IDS001"].by_name["EthnicCategory"].lexical, group)
    assert group in ETHNICITY


def test_who_did_not_attend_did_not_attend() -> None:
    meanings = {code.code: code.meaning for code in code_list("attendance")}
    assert set(meanings) == {"0", "2", "3", "4", "5", "6", "7"}
    assert meanings["3"].startswith("Did not attend")
    assert "5 and 6 are attended" in TABLES["IDS201"].by_name["AttendOrDNACode"].meaning


def test_padded_codes_are_trimmed(tmp_path: Path) -> None:
    """The first national intake database padded text to its full width."""
    padded = "\n".join(
        ",".join(f" {value} " if value else "  " for value in line.split(","))
        for line in RIGHT["IDS101Referral"].split("\n")[1:-1]
    )
    names = RIGHT["IDS101Referral"].split("\n")[0]
    checked = check_path(submission(tmp_path / "padded", IDS101Referral=f"{names}\n{padded}\n"))
    assert checked.findings.equals(check_path(submission(tmp_path / "plain")).findings)
    assert checked.counts()["IDS101"] == {"rows_in": 3, "accepted": 3, "rejected": 0}


def test_no_code_has_a_second_spelling() -> None:
    """'2', '02' and ' 2' were all found in one column; here a code is written one way."""
    for name in CODED:
        numbers = [int(code.code) for code in code_list(name) if code.code.isdigit()]
        assert len(set(numbers)) == len(numbers), name


def test_an_indicator_is_y_or_n_and_never_true_or_false() -> None:
    for name in CODED:
        assert not {"True", "False", "TRUE", "FALSE", "true", "false"} & {code.code for code in code_list(name)}


def test_a_diagnosis_is_read_with_and_without_its_dot() -> None:
    lexical = re.compile(TABLES["IDS603"].by_name["PresComp"].lexical)
    assert all(lexical.search(code) for code in ("F400", "F40.0", "83482000", "723916001"))


def test_a_score_is_text_as_submitted() -> None:
    score = TABLES["IDS606"].by_name["PersScore"]
    assert score.dtype == pl.String()
    assert all(re.search(score.lexical, answer) for answer in ("Y", "NA", "99", "2.35", "-0.59", "3600"))
