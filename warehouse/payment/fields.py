"""Values of one line of a tariff, each read or refused in words.

Belongs here: dates, shares, whole numbers, choices. Does not belong here: what a line means (``tariff_file``).
"""

import re
from collections.abc import Callable, Iterable, Mapping
from datetime import date
from decimal import Decimal
from difflib import get_close_matches
from typing import Any, Self

from warehouse.organisations.lines import CODE

_SHARE = re.compile(r"(0|1)(\.[0-9]{1,4})?|0?\.[0-9]{1,4}")
# 10 million pounds a course: a longer number is a slip, and sums of pence must fit into 64 bits.
_WHOLE = re.compile(r"[0-9]{1,9}")
_DAY = re.compile(r"[0-9]{4}-[0-9]{2}-[0-9]{2}")
# Some write 9999-12-31 for «no end». The financial year of that day would end in the year 10000.
_YEARS = range(1900, 2200)


class Refusal(ValueError):
    """What is wrong with a line, in words, one sentence per problem."""

    def __init__(self, *problems: str) -> None:
        super().__init__("; ".join(problems))
        self.problems = problems

    @classmethod
    def collect(cls: type[Self], **values: Callable[[], Any]) -> dict[str, Any]:
        """The values by name. Raises one Refusal with the problems of all of them."""
        found: dict[str, Any] = {}
        problems: list[str] = []
        for name, value in values.items():
            try:
                found[name] = value()
            except Refusal as refused:
                problems += refused.problems
        if problems:
            raise cls(*problems)
        return found


def shown(text: str) -> str:
    """A value of the file as a message shows it: its first 40 characters."""
    return repr(text[:40])


def some_text(row: Mapping[str, str], column: str) -> str:
    """The text of a column that must have one."""
    if not row[column]:
        raise Refusal(f"{column} is empty")
    return row[column]


def one_of(text: str, column: str, accepted: Iterable[str]) -> str:
    """One of the accepted words; the refusal names those that are near, else all."""
    known = list(accepted)
    if text in known:
        return text
    small = {word.lower(): word for word in known}
    near = [small[word] for word in get_close_matches(text.lower(), small, n=3)]
    said = f"{shown(text)} is no {column}" if text else f"{column} is empty"
    raise Refusal(f"{said}; nearest are {', '.join(near)}" if near else f"{said}; accepted are {', '.join(known)}")


def pieces(text: str) -> tuple[str, ...]:
    """The values of a list, which are separated by semicolons."""
    return tuple(piece.strip() for piece in text.split(";") if piece.strip())


def a_date(row: Mapping[str, str], column: str) -> date:
    """The day in a column, as yyyy-mm-dd."""
    text = some_text(row, column)
    try:
        if not _DAY.fullmatch(text):
            raise ValueError
        day = date.fromisoformat(text)
    except ValueError:
        raise Refusal(f"{shown(text)} in {column} is not a date as yyyy-mm-dd, such as 2026-04-01") from None
    if day.year not in _YEARS:
        raise Refusal(f"{text} in {column} is not in the years {_YEARS[0]} to {_YEARS[-1]}; an empty valid_until "
                      "means «until further notice»")  # fmt: skip
    return day


def a_share(row: Mapping[str, str], column: str) -> Decimal:
    """A share from 0 to 1 with at most four decimals."""
    text = some_text(row, column)
    if not _SHARE.fullmatch(text) or Decimal(text) > 1:
        raise Refusal(f"{shown(text)} in {column} is not a share from 0 to 1 with at most four decimals, such as "
                      "0.75 for 75 %")  # fmt: skip
    return Decimal(text)


def a_whole_number(row: Mapping[str, str], column: str, what: str, least: int = 0) -> int:
    """A whole number from ``least`` on, of at most nine digits."""
    text = some_text(row, column)
    if not _WHOLE.fullmatch(text) or int(text) < least:
        raise Refusal(f"{shown(text)} in {column} is not {what}")
    return int(text)


def a_code(text: str) -> str:
    """An ODS code."""
    if not re.fullmatch(CODE, text):
        raise Refusal(f"{shown(text)} in providers is not an ODS code; separate codes by blanks")
    return text
