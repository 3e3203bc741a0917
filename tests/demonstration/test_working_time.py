"""When appointments come: on working days of England, fewer in December, and over a year as many as without a season."""

from datetime import date, timedelta
from itertools import pairwise

import numpy as np

from demonstration.draws import Integers
from demonstration.pathways import TREATMENT, Cohort, history
from demonstration.sites import service
from demonstration.working_time import appointment_days
from schemas.calendar.seasons import seasons
from schemas.calendar.working_days import is_working_day, working_days

EPOCH = date(1970, 1, 1)


def days(*each: date) -> Integers:
    return np.array([(day - EPOCH).days for day in each])


def test_an_appointment_is_on_a_working_day_and_none_comes_twice_on_one() -> None:
    start = days(*(date(2025, 1, 1) + timedelta(n) for n in range(900)))
    found = [appointment_days(start, np.full(900, gap)) for gap in (0, 4, 8, 12)]
    assert all(is_working_day(EPOCH + timedelta(int(day))) for each in found for day in each)
    assert all((later > earlier).all() for earlier, later in pairwise(found))
    assert not len(appointment_days(days(), days()))


def test_by_hand_over_christmas() -> None:
    """Friday 19 December 2025. A working day of December is 0.833 x 365.25 / 253 = 1.203 days long, one of January 1.530.

    A week is 7 / 1.203 = 5.8 working days, so 6: after the 19th come the 22nd to 24th, and the 29th to 31st.
    """
    friday = days(date(2025, 12, 19))
    assert appointment_days(friday, np.array([0])) == friday
    assert appointment_days(friday, np.array([7])) == days(date(2025, 12, 31))
    # Seven working days of December are 8.42 days of own time, and the first of January is a bank holiday.
    assert appointment_days(friday, np.array([9])) == days(date(2026, 1, 2))


def test_waits_are_neither_longer_nor_shorter_than_drawn() -> None:
    every = (date(2025, 1, 2) + timedelta(n) for n in range(365 * 4))
    start = days(*(day for day in every if is_working_day(day)))
    for wait in (6, 16, 42, 200):
        moved = appointment_days(start, np.full(len(start), wait)) - start - wait
        assert abs(moved.mean()) < 0.5, wait


def test_a_year_of_own_time_is_as_long_as_a_year() -> None:
    for year in range(2023, 2030):
        start = days(date(year, 1, 6))
        moved = appointment_days(start, np.array([365])) - start - 365
        assert abs(int(moved[0])) <= 7, year


def test_sessions_of_a_month_follow_the_season_of_england() -> None:
    """Of a service as large as a region, three years long: what is left is the season of its own referrals."""
    first, large = (2023 - 1970) * 12, service(8, 1, size=40)
    contacts = history(large, Cohort(first, 48), np.random.default_rng(1)).contacts
    given = contacts.day[contacts.attended & (contacts.purpose == TREATMENT)]
    month = given.astype("datetime64[D]").astype("datetime64[M]").astype(int) - first
    counts = np.bincount(month, minlength=48)[12:48]
    a_day = np.array([n / working_days(date(2024 + at // 12, at % 12 + 1, 1)) for at, n in enumerate(counts)])
    a_day = a_day.reshape(3, 12).mean(axis=0) / a_day.mean()
    assert np.abs(a_day / seasons()["contacts"] - 1).max() < 0.05
    assert a_day.argmin() == 11
