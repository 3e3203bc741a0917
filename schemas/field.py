"""What a field is: one data element of the minimum dataset, declared once.

Belongs here: the element's name, format, mandation, code list, meaning and whether it identifies a person, and
what follows from the format alone (type, lexical pattern). Does not belong here: rules across fields
(``schemas.rule`` and the table's own module).
"""

import re
from dataclasses import dataclass
from dataclasses import field as dataclass_field
from enum import StrEnum
from functools import cached_property

import polars as pl


class Mandation(StrEnum):
    """The NHS Data Dictionary's mandation letters."""

    MANDATORY = "M"
    REQUIRED = "R"
    OPTIONAL = "O"
    PILOT = "P"


class Identity(StrEnum):
    """What becomes of a field's values when they leave the identifiable zone. Every field declares it.

    KEEP: a code, a number or an organisation, passes unchanged. DATE: a day or time of care, passes unchanged to
    analysts, and what is published has months. PERSON: the NHS number, becomes ``person_id``. LOCAL: an identifier
    with a meaning only at its provider, becomes a keyed token. BIRTH_DATE: becomes ages in whole years. POSTCODE:
    becomes the postcode district, of which core keeps the decile of deprivation. DROP: free text or an identifier
    that no later step needs; the column is removed.
    """

    KEEP = "keep"
    DATE = "date"
    PERSON = "person"
    LOCAL = "local"
    BIRTH_DATE = "birth_date"
    POSTCODE = "postcode"
    DROP = "drop"


# Lexical pattern first, cast second: TRY_CAST accepts '2026/01/02' in one engine and not the other.
_DATE = r"^(19|20)[0-9]{2}-(0[1-9]|1[0-2])-(0[1-9]|[12][0-9]|3[01])$"
_TIME = r"^([01][0-9]|2[0-3]):[0-5][0-9]:[0-5][0-9]$"
_NOTATION: dict[str, tuple[pl.DataType, str, str]] = {
    "an10 CCYY-MM-DD": (pl.Date(), _DATE, "a date as CCYY-MM-DD, such as 2026-04-01"),
    "an8 HH:MM:SS": (pl.String(), _TIME, "a time as HH:MM:SS, such as 09:30:00"),
    "an19 YYYY-MM-DDThh:mm:ss": (
        pl.Datetime("us"),
        _DATE[:-1] + "T" + _TIME[1:],
        "a date and time as YYYY-MM-DDThh:mm:ss, such as 2026-05-06T09:30:00",
    ),
    "an7 YYYY-MM": (pl.String(), r"^(19|20)[0-9]{2}-(0[1-9]|1[0-2])$", "a year and month as YYYY-MM"),
    "max n2.max n2": (pl.String(), r"^[0-9]{1,2}\.[0-9]{1,2}$", "a version number such as 2.1"),
}
_OF_TIME = {"an10 CCYY-MM-DD", "an8 HH:MM:SS", "an19 YYYY-MM-DDThh:mm:ss"}
_SIZED = re.compile(r"^(?:min (?P<kind_a>an?|n)(?P<low>\d+) )?(?P<most>max )?(?P<kind>an|n)(?P<high>\d+)$")


@dataclass(frozen=True)
class Field:
    """One data element.

    ``format`` is the notation of the NHS Data Dictionary ("max an20", "min an3 max an6", "n10", "max n4", "an10
    CCYY-MM-DD" ...). Type and lexical pattern are derived from it. ``identity`` says what becomes of its values; it
    has no default, so that nothing leaves because nobody thought of it. ``codes`` names a code list in
    ``schemas/codes``. ``low`` and ``high`` are inclusive bounds of a number. ``pattern`` narrows the format
    further (an anchored regular expression that both engines accept), and ``pattern_says`` describes it.
    ``unlike`` is a pattern that a value must not have, although ``pattern`` allows it: that of a postcode or name.
    ``aliases`` are other accepted spellings of the column name (case is ignored). ``warn_if_blank`` makes a blank
    a severe warning. ``blank_with`` is (element, code): beside this code of another element a blank is right.
    ``warn_if_wrong`` makes a wrong value a warning where the national rules do not reject it.
    """

    name: str
    format: str
    mandation: str
    meaning: str
    codes: str | None = None
    identity: Identity = dataclass_field(kw_only=True)
    low: int | None = None
    high: int | None = None
    pattern: str | None = None
    pattern_says: str | None = None
    unlike: str | None = None
    aliases: tuple[str, ...] = ()
    warn_if_blank: bool = False
    blank_with: tuple[str, str] | None = None
    warn_if_wrong: bool = False
    title: str = ""

    def __post_init__(self) -> None:
        """Refuse a declaration that cannot be read."""
        Mandation(self.mandation)
        if self.format not in _NOTATION and not _SIZED.match(self.format):
            raise ValueError(f"{self.name}: format {self.format!r} is not in the data dictionary's notation")
        if (self.format in _OF_TIME and self.identity is Identity.KEEP) or (
            self.format not in _OF_TIME and self.identity in (Identity.DATE, Identity.BIRTH_DATE)
        ):
            raise ValueError(f"{self.name}: {self.identity} is not what becomes of {self.format!r}")

    @cached_property
    def dtype(self) -> pl.DataType:
        """Polars type of the value once read."""
        if self.format in _NOTATION:
            return _NOTATION[self.format][0]
        return pl.Int32() if self.format.startswith("max n") else pl.String()

    @cached_property
    def lexical(self) -> str:
        """Anchored regular expression that a submitted, non-blank value must match."""
        if self.pattern:
            return self.pattern
        if self.format in _NOTATION:
            return _NOTATION[self.format][1]
        size = self._size()
        atom = "[0-9]" if size["kind"] == "n" else "."
        low = size["low"] or ("1" if size["most"] else size["high"])
        return f"^{atom}{{{low},{size['high']}}}$"

    def has_form(self, text: str) -> bool:
        """Whether a submitted, non-blank value has the form declared."""
        return re.match(self.lexical, text) is not None and not (self.unlike and re.match(self.unlike, text))

    @cached_property
    def expected(self) -> str:
        """The format in words, for a person who must correct a value."""
        if self.pattern_says:
            return self.pattern_says
        if self.format in _NOTATION:
            return _NOTATION[self.format][2]
        size = self._size()
        what = "digits" if size["kind"] == "n" else "characters"
        if size["low"]:
            return f"{size['low']} to {size['high']} {what}"
        return f"at most {size['high']} {what}" if size["most"] else f"exactly {size['high']} {what}"

    @cached_property
    def lengths(self) -> tuple[int, int] | None:
        """Minimum and maximum number of characters, if the format requires nothing else. ``None`` otherwise."""
        if self.pattern or self.format in _NOTATION:
            return None
        size = self._size()
        if size["kind"] == "n":
            return None
        high = int(size["high"] or 0)
        return (int(size["low"]) if size["low"] else 1 if size["most"] else high), high

    @property
    def is_date(self) -> bool:
        """Whether it is a date, a date and time, or a year and month."""
        return self.dtype in (pl.Date(), pl.Datetime("us")) or self.format == "an7 YYYY-MM"

    @property
    def is_identifying(self) -> bool:
        """Whether its values must stay inside the identifiable zone."""
        return self.identity not in (Identity.KEEP, Identity.DATE)

    def _size(self) -> dict[str, str | None]:
        match = _SIZED.match(self.format)
        assert match is not None, self.format  # ensured by __post_init__
        return match.groupdict()
