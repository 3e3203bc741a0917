"""The nearest code of a list, and the check digit of SNOMED CT: names, slips, rounded codes, and what is none."""

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from schemas.dataset import TABLES
from schemas.nearest import has_list, meanings, nearest
from schemas.snomed import before_rounding, checks_out, is_right, with_check_digit
from schemas.tools import tools
from tests.campaign import examples

TOOL = TABLES["IDS606"].by_name["CodedAssToolType"]
GENDER = TABLES["IDS001"].by_name["Gender"]
CODES = [tool.code for tool in tools() if tool.code.isdigit()]


@pytest.mark.parametrize(
    ("text", "code"),
    [
        ("PHQ9", "720433000"), ("phq-9", "720433000"), ("Patient Health Questionnaire-9", "720433000"),
        ("PCL-5", "491581000000104"), ("72043300", "720433000"), ("702433000", "720433000"), ("720433001", "720433000"),
        ("7204330000", "720433000"), ("720433000", None), ("9990000018", None), ("anything", None), ("", None),
    ],
)  # fmt: skip
def test_a_measure_is_named_by_its_names_and_one_slip_away(text: str, code: str | None) -> None:
    assert nearest(text, TOOL) == code


@pytest.mark.parametrize(("text", "code"), [("Female", "2"), ("M", None), ("2", None), ("LA1 4YW", None)])
def test_a_code_is_named_by_its_meaning(text: str, code: str | None) -> None:
    assert nearest(text, GENDER) == code


def test_a_lost_zero_is_named() -> None:
    assert nearest("1", TABLES["IDS201"].by_name["AppType"]) == "01"


def test_identifiers_and_elements_without_a_list_have_no_nearest_value() -> None:
    """Otherwise a mistyped NHS number would be answered with another one."""
    for table in TABLES.values():
        for field in table.fields:
            if field.is_identifying:
                assert not has_list(field)
                assert nearest("PHQ9", field) is None
    assert nearest("9990000018", TABLES["IDS001"].by_name["NHSNumber"]) is None


@settings(max_examples=examples(200), deadline=None)
@given(st.sampled_from(CODES), st.integers(0, 17), st.sampled_from("0123456789"))
def test_one_wrong_digit_is_found_by_the_check_digit_and_means_the_code(code: str, place: int, digit: str) -> None:
    place %= len(code)
    wrong = code[:place] + digit + code[place + 1 :]
    assert is_right(wrong) == (wrong == code)
    if wrong != code:
        assert nearest(wrong, TOOL) in (code, None)  # none where two codes are as near
        assert nearest(wrong, TOOL) is None or meanings(TOOL)[nearest(wrong, TOOL) or ""]


@settings(max_examples=examples(200), deadline=None)
@given(st.sampled_from(CODES), st.integers(0, 16))
def test_two_digits_that_changed_places_are_found(code: str, place: int) -> None:
    place %= len(code) - 1
    wrong = code[:place] + code[place + 1] + code[place] + code[place + 2 :]
    assert is_right(wrong) == (wrong == code)


def test_a_rounded_code_is_told_apart_and_says_what_it_was() -> None:
    for code in CODES:
        rounded = code[:15] + "0" * (len(code) - 15)
        assert before_rounding(rounded) == (code if rounded != code else None)
        assert before_rounding(code) is None


def test_a_mistyped_code_is_not_taken_for_a_rounded_one() -> None:
    assert before_rounding("1035441000000107") is None
    assert before_rounding("720433001") is None


def test_every_code_in_a_procedure_is_checked() -> None:
    assert checks_out("718026005:408730004=385658003")
    assert not checks_out("718026005:408730004=385658004")
    assert checks_out("F400")
    assert with_check_digit("71802600") == "718026005"
