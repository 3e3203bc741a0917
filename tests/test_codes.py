"""Code lists: complete, dated, sourced; and the therapies that procedure codes stand for."""

import csv
import re
from datetime import date
from pathlib import Path

import pytest

import schemas.codes
from schemas.codes import code_list, valid_codes
from schemas.dataset import TABLES
from schemas.field import Version
from schemas.instruments import by_snomed

CODES = Path(schemas.codes.__file__).parent / "codes"
# Lists no field names: what an analyst joins to a question or procedure code.
REFERENCE_LISTS = {"experience_question", "therapy_snomed"}
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


@pytest.mark.parametrize("name", [*CODED, "experience_question"])
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
    assert "J1" in valid_codes("source_of_referral", date(2019, 4, 1), date(2019, 4, 30))
    assert "J1" in valid_codes("source_of_referral", date(2020, 3, 1), date(2020, 3, 31))
    assert "J1" not in valid_codes("source_of_referral", date(2020, 4, 1), date(2020, 4, 30))
    assert "J1" not in valid_codes("source_of_referral", date(2026, 4, 1), date(2026, 4, 30))
    assert "A1" in valid_codes("source_of_referral", date(2026, 4, 1), date(2026, 4, 30))


def test_end_codes_of_version_1_5_hold_until_august_2020() -> None:
    retired = {"40", "41", "42", "43", "44", "45", "97", "98", "15"}
    assert retired <= set(valid_codes("end_code", date(2020, 8, 1), date(2020, 8, 31)))
    assert not retired & set(valid_codes("end_code", date(2020, 9, 1), date(2020, 9, 30)))
    assert {"46", "47", "48", "49", "96"} <= set(valid_codes("end_code", date(2026, 4, 1), date(2026, 4, 30)))


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


def test_employment_support_is_neither_low_nor_high_intensity() -> None:
    assert [row["intensity"] for row in therapies() if row["therapy_type"] == "EMS"] == ["other"]


def test_snomed_codes_carry_a_right_check_digit() -> None:
    assert passes_verhoeff("720433000")
    assert not passes_verhoeff("720433001")
    codes = {row["snomed"] for row in therapies()} | {code.code for code in code_list("experience_question")}
    codes |= set(by_snomed())
    assert [code for code in codes if not passes_verhoeff(code)] == []
