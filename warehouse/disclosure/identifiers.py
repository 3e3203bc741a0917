"""What in a text may point at one person: identifiers by their form, pseudonyms, days.

Belongs here: those forms inside any text, however it is written. Does not belong here: columns of the warehouse
(``warehouse.identifying``), what may stay in a message (``schemas.shapes``), reading files (``screener``).

A form is searched for inside longer texts, where ``schemas.shapes`` is about whole values. Blanks, dashes, digits
of other scripts and characters without width are made plain first, so that none of them hides an identifier.
"""

import re
import unicodedata
from collections.abc import Iterator
from datetime import date

from schemas import token
from schemas.month import last_day
from schemas.nhs_number import CHECK_WEIGHTS

# The letters that begin a postcode (Royal Mail, postcode areas).
_AREAS = (
    "AB|AL|BA|BB|BD|BH|BL|BN|BR|BS|BT|B|CA|CB|CF|CH|CM|CO|CR|CT|CV|CW|DA|DD|DE|DG|DH|DL|DN|DT|DY|EC|EH|EN|EX|E|FK|FY|"
    "GL|GU|GY|G|HA|HD|HG|HP|HR|HS|HU|HX|IG|IM|IP|IV|JE|KA|KT|KW|KY|LA|LD|LE|LL|LN|LS|LU|L|ME|MK|ML|M|NE|NG|NN|NP|NR|"
    "NW|N|OL|OX|PA|PE|PH|PL|PO|PR|RG|RH|RM|SA|SE|SG|SK|SL|SM|SN|SO|SP|SR|SS|ST|SW|SY|S|TA|TD|TF|TN|TQ|TR|TS|TW|UB|WA|"
    "WC|WD|WF|WN|WR|WS|WV|W|YO|ZE"
)
_MONTHS = "jan|feb|mar|apr|may|jun|jul|aug|sep|oct|nov|dec"
# Not part of a longer number, nor of its decimals.
_ALONE, _END = r"(?<![0-9.,])", r"(?![0-9]|[.,][0-9])"
_NHS_NUMBER = re.compile(rf"{_ALONE}[0-9]{{3}}[ -]?[0-9]{{3}}[ -]?[0-9]{{4}}{_END}")
_SHAPES = {
    "a postcode": re.compile(
        rf"(?<![0-9A-Z])(?:{_AREAS})[0-9][0-9A-Z]? ?[0-9][ABD-HJLNP-UW-Z]{{2}}(?![0-9A-Z])", re.IGNORECASE
    ),
    # The unique property reference number has up to 12 digits, those of homes mostly 11 or 12.
    "a property number (UPRN)": re.compile(rf"{_ALONE}[0-9]{{11,12}}{_END}"),
    "a telephone number": re.compile(
        r"(?<![0-9.,A-Za-z])(?:\+44 ?|0)[1-9][0-9]{1,4} ?[0-9]{3,4} ?[0-9]{3,4}(?![0-9])"
    ),
    "an e-mail address": re.compile(r"[\w.+-]+@[\w-]+\.[A-Za-z]{2,}"),
    "a National Insurance number": re.compile(
        r"(?<![0-9A-Za-z])[A-CEGHJ-PR-TW-Z][A-CEGHJ-NPR-TW-Z](?: ?[0-9]{2}){3} ?[A-D](?![0-9A-Za-z])", re.IGNORECASE
    ),
    "a pseudonym": re.compile(rf"(?<![0-9A-Za-z]){token.TEXT}(?![0-9A-Za-z])"),
}
_DAYS = (
    re.compile(rf"{_ALONE}(?P<y>(?:19|20)[0-9]{{2}})[-/.](?P<m>[0-9]{{1,2}})[-/.](?P<d>[0-9]{{1,2}})(?![0-9])"),
    re.compile(rf"{_ALONE}(?P<y>(?:19|20)[0-9]{{2}})(?P<m>0[1-9]|1[0-2])(?P<d>[0-3][0-9]){_END}"),
    re.compile(rf"{_ALONE}(?P<d>[0-9]{{1,2}})[-/.](?P<m>[0-9]{{1,2}})[-/.](?P<y>(?:19|20)?[0-9]{{2}}){_END}"),
    re.compile(
        rf"{_ALONE}(?P<d>[0-9]{{1,2}})(?:st|nd|rd|th)?(?: of)?[ .-]?(?P<m>{_MONTHS})[a-z]*[ .,-]*"
        r"(?P<y>(?:19|20)[0-9]{2})(?![0-9])", re.IGNORECASE
    ),
    re.compile(
        rf"(?<![a-z])(?P<m>{_MONTHS})[a-z]* (?P<d>[0-9]{{1,2}})(?:st|nd|rd|th)?,? "
        r"(?P<y>(?:19|20)[0-9]{2})(?![0-9])",
        re.IGNORECASE,
    ),
)  # fmt: skip
# Names of our own that may look like one: of 8 releases 3 are named 2026-03-7a1b2c3d or the like, and a hash has
# digits in a row. Neither has room for an identifier.
_OURS = re.compile(
    r"(?<![0-9A-Za-z])(?:(?:20[0-9]{2}-[0-9]{2}|published)-[0-9a-f]{8}|(?:sha256:)?[0-9a-f]{64})(?![0-9A-Za-z])"
)
# A postcode has two digits, a day four: shorter texts, of which pages are full, need not be searched.
_FEWEST, _FEWEST_OF_A_DAY, _NHS_DIGITS = 2, 4, 10
# No figure and no definition is older.
_FIRST_YEAR = 2010
_DASHES = dict.fromkeys(map(ord, "‐‑‒–—−﹣－"), "-")


def identifiers(text: str, last: date = date.max) -> Iterator[str]:
    """What ``text`` contains that may point at a person, in words: «an NHS number», «a day».

    A day is a date with its day, other than the first or the last of a month: periods have those. Before the first
    year of any figure it is one in any case: somebody's birth. After ``last``, the last day that the figures are
    about, it is none of a person: a release was made then.
    """
    digits = sum(map(str.isdigit, text))
    if digits < _FEWEST and "@" not in text:
        return
    plain = _OURS.sub(" ", _plain(text))
    if digits >= _NHS_DIGITS and any(_is_nhs_number(found[0]) for found in _NHS_NUMBER.finditer(plain)):
        yield "an NHS number"
    yield from (what for what, shape in _SHAPES.items() if shape.search(plain))
    if digits >= _FEWEST_OF_A_DAY and any(
        _is_a_day(found, last) for shape in _DAYS for found in shape.finditer(plain)
    ):
        yield "a day"


def _plain(text: str) -> str:
    if text.isascii():
        return text
    text = unicodedata.normalize("NFKC", text).translate(_DASHES)
    return "".join(
        str(unicodedata.digit(each)) if each.isdigit() else " " if each.isspace() and each != "\n" else each
        for each in text
        if unicodedata.category(each) != "Cf"
    )


def _is_nhs_number(text: str) -> bool:
    digits = re.sub("[^0-9]", "", text)
    weights = (*CHECK_WEIGHTS, 1)
    total: int = sum(weight * int(digit) for weight, digit in zip(weights, digits, strict=True))
    return total % 11 == 0


def _is_a_day(found: re.Match[str], last: date) -> bool:
    year, month = int(found["y"]), found["m"].lower()
    number = int(month) if month.isdigit() else _MONTHS.split("|").index(month) + 1
    try:
        day = date(year if year > 99 else _century(year) + year, number, int(found["d"]))
    except ValueError:
        return False
    return day.year < _FIRST_YEAR or (day <= last and day.day not in (1, last_day(day).day))


def _century(year: int) -> int:
    return 1900 if year > 40 else 2000
