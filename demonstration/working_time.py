"""The time that a service works: no day off, fewer hours in December, more in May.

Belongs here: on which day an appointment comes, so many days after another. Does not belong here: how many days lie
between appointments (``pathways``, ``employment``), England's working days and season (``schemas.calendar``).
"""

from datetime import date, timedelta
from functools import cache

import numpy as np

from demonstration.draws import Integers, Numbers
from schemas.calendar.seasons import seasons
from schemas.calendar.working_days import is_working_day

# Days of a year, and its working days at a season of 1: a year of own time is as long as a year.
_DAYS, _WORKING_DAYS = 365.25, 253.0
_EPOCH = date(1970, 1, 1)


def appointment_days(start: Integers, elapsed: Integers) -> Integers:
    """The working days on which appointments come, ``elapsed`` days of a service's own time after ``start``.

    Days count from 1970-01-01. Own time stands still on weekends and bank holidays. A working day is as much longer
    or shorter as England's season of contacts says for its month: so December has fewer appointments, and what is
    not given then is given later. Over a year own time is as long as the calendar's. The day is the one that begins
    nearest: so waits are neither longer nor shorter than was drawn.
    """
    if not len(start):
        return start
    first = int(start.min())
    # The season shifts own time by less than a month against the calendar's.
    last = int(start.max()) + int(elapsed.max()) + 60
    years = range((_EPOCH + timedelta(first)).year, (_EPOCH + timedelta(last)).year + 1)
    begins = _day(date(years.start, 1, 1))
    own_time = np.concatenate([_own_time(year) for year in years])
    passed = np.append(0.0, np.cumsum(own_time))
    working = np.flatnonzero(own_time)
    nearer_the_next = passed[working] + own_time[working] / 2
    return begins + working[np.searchsorted(nearer_the_next, passed[start - begins] + elapsed, side="right")]


@cache
def _own_time(year: int) -> Numbers:
    """How many days of own time each day of a year has."""
    factors = seasons()["contacts"]
    days = (date(year, 1, 1) + timedelta(n) for n in range(_day(date(year + 1, 1, 1)) - _day(date(year, 1, 1))))
    each = [factors[day.month - 1] * is_working_day(day) for day in days]
    return np.array(each) * _DAYS / _WORKING_DAYS


def _day(day: date) -> int:
    return (day - _EPOCH).days
