"""Months, and the pair of provider and month.

Belongs here: arithmetic with months, a month as text, and the pair that names a submission. Does not belong here:
deadlines (``schemas.windows``), months in SQL (``ref.month`` in the warehouse).

A month is the date of its first day.
"""

import calendar
import re
from dataclasses import dataclass
from datetime import date
from typing import Self

_MONTH = re.compile(r"^[0-9]{4}-(?:0[1-9]|1[0-2])$")
# The name of a submission: an ODS code of 3 to 6 characters and a month of this century.
_PROVIDER_MONTH = re.compile(
    r"^(?P<provider>[A-Z0-9]{3,6})_(?P<month>20[0-9]{2}-(?:0[1-9]|1[0-2]))$", re.IGNORECASE
)


def month_of(day: date) -> date:
    """The month of ``day``: its first day."""
    return day.replace(day=1)


def last_day(month: date) -> date:
    """The last day of the month of ``month``."""
    return month.replace(day=calendar.monthrange(month.year, month.month)[1])


def months_after(month: date, count: int) -> date:
    """The month ``count`` months after ``month``; a negative ``count`` goes back."""
    year, of_year = divmod(month.year * 12 + month.month - 1 + count, 12)
    return date(year, of_year + 1, 1)


def months_between(first: date, last: date) -> list[date]:
    """The months from that of ``first`` to that of ``last``, both included."""
    count = (last.year - first.year) * 12 + last.month - first.month
    return [months_after(first, number) for number in range(count + 1)]


def month_text(month: date) -> str:
    """The month as ``2025-04``."""
    return f"{month:%Y-%m}"


def parse_month(text: str) -> date:
    """The month written as ``2025-04``. Raises ValueError for any other text."""
    if not _MONTH.match(text):
        raise ValueError(f"{text!r} is not a month as YYYY-MM")
    return date.fromisoformat(f"{text}-01")


@dataclass(frozen=True, order=True)
class ProviderMonth:
    """The provider and month of a submission. Ordered by provider, then month.

    ``str()`` gives ``RW5_2025-04``, the name of a submission's folder or zip. Raises ValueError if ``month`` is
    not the first day of a month.
    """

    provider: str
    month: date

    def __post_init__(self) -> None:
        if self.month.day != 1:
            raise ValueError(f"a month is given by its first day, not by {self.month}")

    def __str__(self) -> str:
        return f"{self.provider}_{month_text(self.month)}"

    @property
    def as_typed(self) -> str:
        """``RW5 2025-04``, as commands take it."""
        return f"{self.provider} {month_text(self.month)}"

    @classmethod
    def parse(cls, text: str) -> Self | None:
        """From a name such as ``RW5_2025-04``, in capitals or not; ``None`` for any other text."""
        match = _PROVIDER_MONTH.match(text)
        return cls(match["provider"].upper(), parse_month(match["month"])) if match else None
