"""Spellings: how programs and people write a value otherwise than the dataset declares it, where it is plain.

Belongs here: the spellings as patterns, in the order in which they are tried, and what is said of each. Does not
belong here: trying them (``transforms.normalise``), the rules of their notes (``schemas.gate``).

A spelling is read only if what comes out is what the element declares, and if it can mean nothing else. 03/04/2025
may be March or April, and 1 may have been 01: neither is here. All patterns use ASCII classes and are read alike by
Python and by Polars.
"""

from collections.abc import Sequence
from enum import StrEnum
from functools import cache
from typing import NamedTuple

from schemas.field import Field, Identity
from schemas.table import plain_name
from schemas.tables.shared import CLINICAL, ODS_UNLIKE


class Spelling(StrEnum):
    """The kinds, each a cause of its own: the end of the id of its note."""

    FORMULA = "FORMULA"
    QUOTED = "QUOTED"
    INVISIBLE = "INVISIBLE"
    TYPOGRAPHIC = "TYPOGRAPHIC"
    BLANK = "BLANK"
    MIDNIGHT = "MIDNIGHT"
    DATE = "DATE"
    TIME = "TIME"
    DECIMAL = "DECIMAL"
    POINT_ZERO = "POINT-ZERO"
    NHS_NUMBER = "NHS-NUMBER"
    CAPITALS = "CAPITALS"


SAYS = {
    Spelling.FORMULA: "Values that are written as a formula of a spreadsheet are read as the text in it.",
    Spelling.QUOTED: "Values with an apostrophe or quotation marks of their own are read without them.",
    Spelling.INVISIBLE: "Invisible characters and no-break spaces are left out.",
    Spelling.TYPOGRAPHIC: "Curly quotation marks and long dashes are read as plain ones.",
    Spelling.BLANK: "Words that stand for a missing value are read as blank.",
    Spelling.MIDNIGHT: "Dates with a time of midnight are read as dates.",
    Spelling.DATE: "Dates that are written in another way, and can mean one day only, are read as that day.",
    Spelling.TIME: "Times that are written in another way are read as times.",
    Spelling.DECIMAL: "Whole numbers that are written with .0 are read as whole numbers.",
    Spelling.POINT_ZERO: "Codes that a spreadsheet made whole numbers of are read with their .0.",
    Spelling.NHS_NUMBER: "NHS numbers with spaces or hyphens are read as ten digits.",
    Spelling.CAPITALS: "Codes in small letters are read as the codes in capital letters.",
}
"""What its note says of each (``schemas.gate``)."""


class Written(NamedTuple):
    """One way to write a value: a pattern, and what it means (``${1}`` is the first group)."""

    spelling: Spelling
    pattern: str
    means: str


_INVISIBLE = "[\u00ad\u034f\u061c\u180e\u200b-\u200f\u202a-\u202e\u2060-\u2064\u2066-\u206f\ufe00-\ufe0f\ufeff]"
_SPACE = "[\u00a0\u1680\u2000-\u200a\u2028\u2029\u202f\u205f\u3000]"
ODD_CHARACTER = f"{_INVISIBLE}|{_SPACE}"
"""A character that nobody sees, or that looks like a blank and is none."""

MARKS: tuple[Written, ...] = (
    Written(Spelling.INVISIBLE, _INVISIBLE, ""),
    Written(Spelling.INVISIBLE, _SPACE, " "),
    Written(Spelling.FORMULA, '^= *"(.*)"$', "${1}"),
    Written(Spelling.QUOTED, '^"+(.*?)"+$', "${1}"),
    Written(Spelling.QUOTED, "^'+(.*?)'*$", "${1}"),
)
"""What programs put around a value of any element. It is never a part of one."""

TYPOGRAPHIC: tuple[Written, ...] = (
    Written(Spelling.TYPOGRAPHIC, "[\u2018\u2019\u201a\u201b\u2032\u00b4`]", "'"),
    Written(Spelling.TYPOGRAPHIC, "[\u2010-\u2015\u2212\ufe58\ufe63\uff0d]", "-"),
    Written(Spelling.TYPOGRAPHIC, "[\u201c-\u201f\u2033]", '"'),
)
"""Signs that a word processor puts in place of plain ones."""

# Of databases, of pandas, of SAS, of spreadsheets, of people. Not none: it may be an answer.
_WORDS = (
    *("NULL", "null", "Null", "(null)", "(NULL)", "<NULL>", "<null>", "\\N", "#NULL!"),
    *("NaN", "nan", "NaT", "None", "<NA>"),
    *("#N/A", "N/A", "n/a", "N/a"),
    *("-", "--", "\u2013", "\u2014", "."),
)
# Of R. In an element that takes any text it may be a code of the provider.
_UNLESS_TEXT = ("NA",)

_MIDNIGHT = "(?:[T ]+(?:00:00(?::00(?:[.]0+)?)?(?:Z|[+]00:?00)?|12:00(?::00(?:[.:]0+)?)? ?AM))"
_YEAR, _MONTH, _DAY = "((?:19|20)[0-9]{2})", "(0[1-9]|1[0-2])", "(0[1-9]|[12][0-9]|3[01])"
_PLAIN_DAY = "((?:19|20)[0-9]{2}-(?:0[1-9]|1[0-2])-(?:0[1-9]|[12][0-9]|3[01]))"
_CLOCK = "((?:[01][0-9]|2[0-3]):[0-5][0-9])"
_SECONDS = "(:[0-5][0-9])(?:[.][0-9]+)?"
_MONTHS = (
    *("jan(?:uary)?", "feb(?:ruary)?", "mar(?:ch)?", "apr(?:il)?", "may", "june?", "july?", "aug(?:ust)?"),
    *("sept?(?:ember)?", "oct(?:ober)?", "nov(?:ember)?", "dec(?:ember)?"),
)


class _Day(NamedTuple):
    """One way to write a day that can mean one day only, and how many groups its pattern has."""

    pattern: str
    means: str
    groups: int


_DAYS: tuple[_Day, ...] = (
    _Day(f"{_YEAR}[/.]{_MONTH}[/.]{_DAY}", "${1}-${2}-${3}", 3),
    _Day(f"{_YEAR}[-/.]([1-9])[-/.]([0-9]{{2}})", "${1}-0${2}-${3}", 3),
    _Day(f"{_YEAR}[-/.]([0-9]{{2}})[-/.]([1-9])", "${1}-${2}-0${3}", 3),
    _Day(f"{_YEAR}[-/.]([1-9])[-/.]([1-9])", "${1}-0${2}-0${3}", 3),
    # Never a day that comes first: its year would begin with 19 or 20, and that is no month.
    _Day(f"{_YEAR}{_MONTH}{_DAY}", "${1}-${2}-${3}", 3),
    *(
        _Day(pattern, f"${{{year}}}-{number:02}-{zero}${{{day}}}", 2)
        for number, word in enumerate(_MONTHS, 1)
        for digits, zero in (("([1-9])", "0"), ("([0-9]{2})", ""))
        for pattern, day, year in (
            (f"(?i:{digits}(?:st|nd|rd|th)?[-/. ]+{word}[-/. ,]+{_YEAR})", 1, 2),
            (f"(?i:{word} +{digits},? +{_YEAR})", 1, 2),  # SQL Server: Apr  7 2025 12:00AM
            (f"(?i:{digits}{word}{_YEAR})", 1, 2),  # SAS: 07APR2025
        )
    ),
)
_DATE = (
    Written(Spelling.MIDNIGHT, f"^{_PLAIN_DAY}{_MIDNIGHT}$", "${1}"),
    *(Written(Spelling.DATE, f"^{day.pattern}{_MIDNIGHT}?$", day.means) for day in _DAYS),
)
_MOMENT = tuple(
    Written(Spelling.DATE, f"^{day.pattern}[T ]+{_CLOCK}{seconds}$", f"{day.means}T${{{day.groups + 1}}}{after}")
    for day in (_Day(_PLAIN_DAY, "${1}", 1), *_DAYS)
    for seconds, after in (("", ":00"), (_SECONDS, f"${{{day.groups + 2}}}"))
)
# Databases and spreadsheets keep a time as that time of their first day.
_FIRST_DAY = "(?:1899-12-3[01]|1900-01-0[01]|3[01]/12/1899|0[01]/01/1900)"
_TIME = tuple(
    Written(Spelling.TIME, f"^(?:{_FIRST_DAY}[T ]+)?{hour}{seconds}$", f"{zero}${{1}}{after}")
    for hour, zero in ((_CLOCK, ""), ("([0-9]:[0-5][0-9])", "0"))
    for seconds, after in (("", ":00"), (_SECONDS, "${2}"))
)
_OF_MONTH = (
    *(
        Written(Spelling.DATE, f"^{year}[-/.]({month})[-/.](?:{days}){_MIDNIGHT}?$", "${1}-${2}")
        for year, month, days in (
            (_YEAR, "0[1-9]|1[0-2]", "0[1-9]|1[0-9]|2[0-8]"),
            (_YEAR, "0[13-9]|1[0-2]", "29|30"),
            (_YEAR, "0[13578]|1[02]", "31"),
            ("((?:19|20)(?:[02468][048]|[13579][26]))", "02", "29"),
        )
    ),
    Written(Spelling.DATE, f"^{_YEAR}[/.]?{_MONTH}$", "${1}-${2}"),
    Written(Spelling.DATE, f"^{_MONTH}[-/.]{_YEAR}$", "${2}-${1}"),
    *(
        Written(Spelling.DATE, f"(?i)^{word}[-/. ]{_YEAR}$", f"${{1}}-{number:02}")
        for number, word in enumerate(_MONTHS, 1)
    ),
)
# A computer keeps 15 digits of a number with decimals exactly, and a code may have 18.
VERSIONS = "dataset_version"
"""The list of codes that are numbers with decimals: Excel makes 2 of 2.0."""
_WHOLE = Written(Spelling.DECIMAL, "^(-?[0-9]{1,15})[.]0+$", "${1}")
_BY_NOTATION = {
    "an10 CCYY-MM-DD": _DATE, "an19 YYYY-MM-DDThh:mm:ss": _MOMENT, "an8 HH:MM:SS": _TIME, "an7 YYYY-MM": _OF_MONTH,
}  # fmt: skip


# Five characters without a point may be a Read code: those of medicines begin with a small letter.
_ICD_10_ALONE = "^[A-Z][0-9]{2}([0-9X]?|[.][0-9X][0-9A-Z]{0,2})$"


@cache
def spellings(field: Field) -> tuple[Written, ...]:
    """The ways in which a value of the element is written that follow from its declaration, each tried alone."""
    if field.format in _BY_NOTATION:
        return _BY_NOTATION[field.format]
    if field.codes == VERSIONS:
        return (Written(Spelling.POINT_ZERO, "^([0-9])$", "${1}.0"),)
    if field.identity is Identity.PERSON:
        spaced = Written(Spelling.NHS_NUMBER, "^([0-9]{3})[ -]*([0-9]{3})[ -]*([0-9]{4})$", "${1}${2}${3}")
        return (spaced, _WHOLE)
    return (_WHOLE,)


def in_capitals(field: Field) -> str | None:
    """The form of what small letters may be read as, in capital ones; ``None`` where they are read as they are.

    A word alone is not read: it may be a name. Nor is a Read code, in which small letters are other ones.
    """
    if field.codes:
        return ""
    if field.pattern == CLINICAL:
        return _ICD_10_ALONE
    return "[0-9]" if field.unlike == ODS_UNLIKE else None


@cache
def blank_words(field: Field, codes: Sequence[str] = ()) -> tuple[str, ...]:
    """The words that stand for a missing value of an element that takes these codes: none that is, or may mean, one
    of them.
    """
    taken = {*codes, *(plain_name(code) for code in codes)} - {""}
    words = [*_WORDS, *(word for word in _UNLESS_TEXT if field.codes or not field.has_form(word))]
    return tuple(word for word in words if word not in taken and plain_name(word) not in taken)


@cache
def hidden_words(field: Field) -> tuple[str, ...]:
    """Of these words those that have the form of the element, so that no rule of its declaration finds them."""
    return () if field.codes else tuple(word for word in _WORDS if field.has_form(word))


def is_open(field: Field) -> bool:
    """Whether the element takes any text, so that no rule of its declaration finds what a program put around it."""
    return not field.codes and field.lengths is not None


def replaced_by(means: str) -> str:
    """``Written.means`` for Python's ``re``: it calls groups otherwise than Polars."""
    return means.replace("${", "\\g<").replace("}", ">")
