"""Every element of the IAPT Data Set v2.0, held against the NHS Data Dictionary's specification.

What differs on purpose stands here with its reason, and nothing else may.
"""

import csv
import re
from datetime import date
from pathlib import Path

import pytest

from schemas.codes import code_list
from schemas.field import Field
from schemas.table import Table
from schemas.versions import Version, tables_of

SPECIFICATION = Path(__file__).parents[3] / "shared" / "domain" / "iapt_v2_0_datadictionary_spec.tsv"
pytestmark = pytest.mark.skipif(not SPECIFICATION.is_file(), reason="the specification of IAPT v2.0 is not here")

# Version 2.0 was collected for these months.
FIRST, LAST = date(2020, 9, 1), date(2022, 3, 31)
_SNOMED = "the dictionary says «See SNOMED CT CODE»: 6 to 18 digits"
# element: (format in the specification, format here, why)
OTHER_FORMATS = {
    "ORGANISATION IDENTIFIER (LOCAL PATIENT IDENTIFIER)": (
        "min an3 max an5", "min an3 max an6", "mostly the provider, whose own identifier has up to 6 characters"),
    "POSTCODE OF USUAL ADDRESS": ("See POSTCODE", "max an8", "a postcode has at most 8 characters with its blank"),
    "ETHNIC CATEGORY": ("an2", "max an2", "the national code is one character; the second, local one may be absent"),
    "NUMBER OF GROUP THERAPY PARTICIPANTS": ("max an3", "max n3", "a count is read as a number"),
    "NUMBER OF GROUP THERAPY FACILITATORS": ("max an2", "max n2", "a count is read as a number"),
    "SOCIAL AND PERSONAL CIRCUMSTANCE (SNOMED CT)": ("See SNOMED CT CODE", "min an6 max an18", _SNOMED),
    "CODED OBSERVATION (SNOMED CT)": ("See SNOMED CT CODE", "min an6 max an18", _SNOMED),
    "CODED ASSESSMENT TOOL TYPE (SNOMED CT)": (
        "See SNOMED CT CODE", "min an3 max an20", "measures without a code are submitted under their short name"),
}  # fmt: skip
# One list serves several elements, so its «Yes» does not say to what.
SHARED_LISTS = {"yes_no", "yes_no_unknown", "yes_no_if_employed", "employment_support"}

_CODE = re.compile(r"(?:^|; )([A-Z0-9]{1,6})=(.*?)(?=; [A-Z0-9]{1,6}=|$)")
_RETIRED = re.compile(r" *\(Retired ([^)]*)\)")
_RETIRED_ON = {"1 April 2012": date(2012, 3, 31), "1 April 2020": date(2020, 3, 31)}


def specified() -> list[dict[str, str]]:
    if not SPECIFICATION.is_file():
        return []
    with SPECIFICATION.open(encoding="utf-8") as file:
        return list(csv.DictReader(file, delimiter="\t"))


ELEMENTS = specified()
EVERY = pytest.mark.parametrize("element", ELEMENTS, ids=lambda e: f"{e['group']}-{e['data_element']}")
TABLES: dict[str, Table] = {table.title.lower(): table for table in tables_of(Version.IAPT_2_0).values()}


def declared(element: dict[str, str]) -> Field:
    """The field of version 2.0 that stands for an element of the specification."""
    fields = TABLES[element["group"].lower()].fields
    return next(field for field in fields if field.title == element["data_element"])


def codes(element: dict[str, str]) -> list[tuple[str, str]]:
    return _CODE.findall(element["national_and_default_codes"])


def in_words(meaning: str) -> str:
    """A meaning without capitals, punctuation and the note of its retirement."""
    return re.sub(r"[^a-z0-9]", "", _RETIRED.sub("", meaning).lower())


def test_the_specification_has_130_elements_and_version_2_0_has_those_and_no_other() -> None:
    assert len(ELEMENTS) == 130
    ours = [(title, field.title) for title, table in TABLES.items() for field in table.fields]
    assert sorted((e["group"].lower(), e["data_element"]) for e in ELEMENTS) == sorted(ours)


@EVERY
def test_an_element_has_the_mandation_of_the_specification(element: dict[str, str]) -> None:
    assert declared(element).mandation == element["mandation"]


@EVERY
def test_an_element_has_the_format_of_the_specification_or_a_reason(element: dict[str, str]) -> None:
    theirs, ours = element["format_length"], declared(element).format
    known = OTHER_FORMATS.get(element["data_element"])
    assert (theirs, ours) == (known[:2] if known else (theirs, theirs))


@EVERY
def test_the_codes_of_an_element_are_accepted_in_its_months(element: dict[str, str]) -> None:
    field = declared(element)
    listed = {code.code: code for code in code_list(field.codes)} if field.codes else {}
    for code, meaning in codes(element):
        retired = _RETIRED.search(meaning)
        if not field.codes:
            assert re.search(field.lexical, code), code
        elif retired:
            assert listed[code].valid_to == _RETIRED_ON[retired[1]], code
        else:
            assert (listed[code].valid_from or FIRST) <= FIRST, code
            assert (listed[code].valid_to or LAST) >= LAST, code


@EVERY
def test_the_codes_of_an_element_mean_what_the_specification_says(element: dict[str, str]) -> None:
    field = declared(element)
    listed = {code.code: code.meaning for code in code_list(field.codes)} if field.codes else {}
    for code, meaning in codes(element):
        if field.codes in SHARED_LISTS:
            assert listed[code][:2].lower() == meaning[:2].lower()
        elif field.codes:
            assert in_words(listed[code]) == in_words(meaning)


def test_every_difference_listed_is_one() -> None:
    elements = {element["data_element"] for element in ELEMENTS}
    assert set(OTHER_FORMATS) <= elements
    assert all(theirs != ours and why for theirs, ours, why in OTHER_FORMATS.values())
    assert {declared(element).codes for element in ELEMENTS} >= SHARED_LISTS


def test_the_codes_of_the_specification_are_all_read() -> None:
    """The pattern that takes them apart loses none: as many as there are equals signs."""
    for element in ELEMENTS:
        assert len(codes(element)) == element["national_and_default_codes"].count("="), element["data_element"]
