"""What is shown of a value: a code, a short number or a form that is declared; of all else a shape and its length."""

from collections.abc import Sequence

import polars as pl
import pytest

from schemas.dataset import TABLES
from schemas.field import Field
from transforms.findings import printable
from transforms.shown import shown

REFERRAL = TABLES["IDS101"].by_name
CODE, DAY, MONTH, PLACE = (REFERRAL[name] for name in ("EndCode", "ServDischDate", "OnsetDate", "OrgIDComm"))
MOMENT = TABLES["IDS000"].by_name["DateTimeDatSetCreate"]
SHORT_OR_A_CODE = [
    "x", "é7", "1234", "-12", "12.5", "12,345", "9:05", "09:05", "09:05:30", "720433000", "F32.1", "F32", "01", None,
]  # fmt: skip
DAYS = ["2026-02-30", "31/04/2026", "1 May 2012", "2025-13", "2026-05-06T09:30:00"]
PLACES = ["RW512", "15ABC", "NTP1234", "12345"]
SHAPES = {
    "Ab 9-é": "Aa 9-? (shape of 6 characters)",
    "1234 5678": "9999 9999 (shape of 9 characters)",
    "999111111": "999999999 (shape of 9 characters)",  # without its check digit, which follows from the others
    "15061980": "99999999 (shape of 8 characters)",
    "150680": "999999 (shape of 6 characters)",
    "9990000018": "9999999999 (shape of 10 characters, looks like an NHS number)",
    "999 000 0018": "999 999 9999 (shape of 12 characters, looks like an NHS number)",
    "9990000019": "9999999999 (shape of 10 characters)",  # another check digit
    "99-90-00-00-18": "99-99-99-99-99 (shape of 14 characters)",  # the digits of a number in the form of none
    "LA1 4YW": "AA9 9AA (shape of 7 characters, looks like a postcode)",
    "M11AA": "A99AA (shape of 5 characters, looks like a postcode)",
    "1980-06-15": "9999-99-99 (shape of 10 characters, looks like a date)",
    "15/06/1980": "99/99/9999 (shape of 10 characters, looks like a date)",
    "x" * 24: "a" * 24 + " (shape of 24 characters)",
    "x" * 25: "a" * 24 + "… (shape of 25 characters)",
    "B" + "x" * 59: "A" + "a" * 23 + "… (shape of 60 characters)",
}


def as_shown(texts: Sequence[str | None], field: Field | None) -> list[str | None]:
    return pl.DataFrame({"x": texts}, schema={"x": pl.String}).select(shown(pl.col("x"), field))["x"].to_list()


def test_a_figure_of_the_datasets_own_is_shown() -> None:
    texts = ["9990000018", "LA1 4YW", "Ann", None]
    assert as_shown(texts, None) == texts


@pytest.mark.parametrize("field", [CODE, DAY, MONTH, MOMENT, PLACE], ids=lambda field: field.name)
def test_what_is_short_or_a_code_is_shown_in_any_element_and_of_anything_else_the_shape(field: Field) -> None:
    """Also in elements of time and of organisations: what was typed there may be anything."""
    assert as_shown(SHORT_OR_A_CODE, field) == SHORT_OR_A_CODE
    assert as_shown(list(SHAPES), field) == list(SHAPES.values())


@pytest.mark.parametrize(
    ("texts", "fields"), [(DAYS, (DAY, MONTH, MOMENT)), (PLACES, (PLACE,))], ids=["days", "organisations"]
)
def test_a_day_since_the_dataset_began_and_a_code_of_an_organisation_are_shown_in_their_elements_alone(
    texts: Sequence[str], fields: Sequence[Field]
) -> None:
    for field in (CODE, DAY, MONTH, MOMENT, PLACE):
        for text, said in zip(texts, as_shown(texts, field), strict=True):
            assert (said == text) is (field in fields), (field.name, text, said)


def test_a_name_from_a_file_is_cut_and_what_cannot_be_printed_is_a_dot() -> None:
    assert printable("x" * 60) == printable("x" * 61) == "x" * 60
    assert printable("a\tb\u200b\x07é") == "a·b··é"
