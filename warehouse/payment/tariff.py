"""What a tariff is: prices for activity, and measures with weights for the outcome part.

Belongs here: the parts of a tariff and when it holds. Does not belong here: reading a file (``tariff_file``), what
a tariff comes to (``amounts``).

The form follows «Developing an outcomes-based payment approach for IAPT services» (NHS England and NHS Improvement,
January 2017): an activity part (assessment, and an episode or package of care), and an outcome part over ten
national measures. Weights, prices, floors and caps are agreed locally. Decision 0054 says what was found and what
is recalled.
"""

import csv
from dataclasses import dataclass
from datetime import date, timedelta
from decimal import Decimal
from functools import cache
from importlib.resources import files

from schemas.month import months_after
from schemas.periods import FINANCIAL_YEAR, MONTH, PERIODS, QUARTER

CONTRACT_PERIODS = (MONTH, QUARTER, FINANCIAL_YEAR)
"""Periods that a tariff may be for."""
# What becomes of a measure with fewer people than the tariff asks for.
FULL, NOTHING, AS_OTHERS = "paid in full", "not paid", "as the others"
IF_FEWER = (FULL, NOTHING, AS_OTHERS)
LOCAL = "local"


@dataclass(frozen=True)
class Counted:
    """Which figure of the marts a line is of: a measure, or groups of one of its breakdowns.

    Of a count the share is that of ``groups`` among ``of_groups`` (every group where there are none). Of a share it
    is the share within ``groups``.
    """

    measure: str
    breakdown: str = ""
    groups: tuple[str, ...] = ()
    of_groups: tuple[str, ...] = ()


@dataclass(frozen=True)
class Priced:
    """A line of the activity part: each one counted has a price in pence."""

    line: str
    counted: Counted
    price_pence: int


@dataclass(frozen=True)
class Weighed:
    """A line of the outcome part. Nothing is paid up to ``floor``, all from ``cap`` on, in proportion between.

    ``weight`` is its share of the outcome part. With a denominator under ``fewest``, ``if_fewer`` decides.
    """

    line: str
    national_measure: str
    counted: Counted
    weight: Decimal
    floor: Decimal
    cap: Decimal
    fewest: int
    if_fewer: str


@dataclass(frozen=True)
class Tariff:
    """One version of a tariff: from ``valid_from`` to ``valid_until`` (None: until further notice).

    ``outcome_share`` of the price of all activity is paid by outcome. Of that part at least ``least_paid`` and at
    most ``most_paid`` are paid, whatever the measures say. ``providers`` are those it is for, all when empty.
    ``pathway`` is the one whose people it pays for, or ``all``.
    """

    name: str
    valid_from: date
    valid_until: date | None
    period: str
    outcome_share: Decimal
    least_paid: Decimal
    most_paid: Decimal
    providers: tuple[str, ...]
    pathway: str
    set_by: str
    source: str
    confidence: str
    priced: tuple[Priced, ...]
    weighed: tuple[Weighed, ...]

    @property
    def lines(self) -> tuple[Priced | Weighed, ...]:
        """All lines, those of activity first."""
        return (*self.priced, *self.weighed)

    def holds_in(self, period_start: date) -> bool:
        """Whether the period of a contract that begins on this day lies in the days of this version."""
        return self.valid_from <= period_start and (
            self.valid_until is None or last_day_of(self.period, period_start) <= self.valid_until
        )

    def is_for(self, provider: str) -> bool:
        """Whether this provider is one of those that it is for."""
        return not self.providers or provider in self.providers


def begins_a_period(period: str, day: date) -> bool:
    """Whether a month, quarter or financial year begins on this day."""
    return day.day == 1 and day.month in PERIODS[period][1]


def period_of(period: str, month: date) -> date:
    """The first day of the month, quarter or financial year that a month lies in."""
    return next(
        start for back in range(12) if begins_a_period(period, start := months_after(month.replace(day=1), -back))
    )


def last_day_of(period: str, period_start: date) -> date:
    """The last day of a month, quarter or financial year."""
    return months_after(period_start, PERIODS[period][0]) - timedelta(days=1)


@cache
def national_measures() -> dict[str, dict[str, str]]:
    """The ten national measures and ``local``, by id: title, meaning, source and confidence."""
    with (files("warehouse.payment") / "national_measures.csv").open(encoding="utf-8") as file:
        return {row.pop("national_measure"): row for row in csv.DictReader(file)}
