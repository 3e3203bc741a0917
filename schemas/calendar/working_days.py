"""Working days in England: Monday to Friday without bank holidays.

Belongs here: the calendar. Does not belong here: how much more or less comes on a working day of some month
(``seasons``).
"""

from collections.abc import Iterator
from datetime import date, timedelta
from functools import cache

from schemas.month import last_day

_DAY = timedelta(days=1)
_MONDAY, _FRIDAY = 0, 4
# Bank holidays by proclamation, and days that were moved: (day that fell away, days that came).
_MOVED: dict[int, tuple[tuple[date, ...], tuple[date, ...]]] = {
    2020: ((date(2020, 5, 4),), (date(2020, 5, 8),)),
    2022: ((date(2022, 5, 30),), (date(2022, 6, 2), date(2022, 6, 3), date(2022, 9, 19))),
    2023: ((), (date(2023, 5, 8),)),
}


@cache
def working_days(month: date) -> int:
    """Days of the month of ``month`` from Monday to Friday that are no bank holiday in England."""
    return sum(is_working_day(month.replace(day=1) + n * _DAY) for n in range(last_day(month).day))


def is_working_day(day: date) -> bool:
    """Whether a day is from Monday to Friday and no bank holiday in England."""
    return day.weekday() <= _FRIDAY and day not in bank_holidays(day.year)


@cache
def bank_holidays(year: int) -> frozenset[date]:
    """The bank holidays of England in a year (Banking and Financial Dealings Act 1971; gov.uk/bank-holidays)."""
    away, came = _MOVED.get(year, ((), ()))
    return frozenset({*_usual(year), *came} - {*away})


def _usual(year: int) -> Iterator[date]:
    sunday = easter_sunday(year)
    yield sunday - 2 * _DAY
    yield sunday + _DAY
    yield _monday_from(date(year, 5, 1))
    yield _monday_from(date(year, 5, 25))
    yield _monday_from(date(year, 8, 25))
    yield _weekday_from(date(year, 1, 1))
    # Two days in a row: the second is never the substitute of the first.
    christmas = _weekday_from(date(year, 12, 25))
    boxing = _weekday_from(date(year, 12, 26))
    yield christmas
    yield boxing if boxing != christmas else _weekday_from(christmas + _DAY)


def easter_sunday(year: int) -> date:
    """Easter Sunday of the Gregorian calendar (the anonymous algorithm, Nature, 20 April 1876)."""
    century, rest = divmod(year, 100)
    golden = year % 19
    correction = (century - (century + 8) // 25 + 1) // 3
    epact = (19 * golden + century - century // 4 - correction + 15) % 30
    weekday = (32 + 2 * (century % 4) + 2 * (rest // 4) - epact - rest % 4) % 7
    late = (golden + 11 * epact + 22 * weekday) // 451
    month, day = divmod(epact + weekday - 7 * late + 114, 31)
    return date(year, month, day + 1)


def _monday_from(day: date) -> date:
    return day + ((_MONDAY - day.weekday()) % 7) * _DAY


def _weekday_from(day: date) -> date:
    return day if day.weekday() <= _FRIDAY else _monday_from(day)
