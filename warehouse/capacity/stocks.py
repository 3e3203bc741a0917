"""The backlog of past months, reckoned with today's assumptions: how it moved says how far a forecast may stray.

Belongs here: reading who was under way at the end of each month, and the backlog that follows. Does not belong
here: the backlog of today (``reckoning``), the forecast (``coming``).

What is asked for less what is given is not how a backlog moves. People who were expected to take nine sessions
take three, or leave the list. That is found out month by month. In the demonstration it moves a
backlog more than the forecasts of referrals and of sessions err (decision 0056).
"""

from collections.abc import Mapping, Sequence
from datetime import date
from itertools import pairwise

import duckdb

from schemas.month import months_after
from warehouse.capacity.assumptions import Assumption, Month
from warehouse.capacity.expected import Lengths
from warehouse.capacity.reckoning import backlog
from warehouse.capacity.reference import MONTHS_OF_REFERRALS, programme

UnderWay = Mapping[date, Mapping[str, Mapping[int, int]]]
"""By month and step: courses under way at its end, by sessions so far."""


def read_under_way(con: duckdb.DuckDBPyConnection) -> dict[str, dict[date, dict[str, dict[int, int]]]]:
    """Courses under way by provider, month, step and sessions so far (``monthly_count.course_under_way``)."""
    rows = con.execute(
        """
        SELECT l.current_provider, c.month, c.step, c.sessions, CAST(sum(c.courses) AS BIGINT)
        FROM monthly_count.course_under_way AS c
        INNER JOIN ref.provider_place AS l ON l.provider = c.provider
        WHERE c.month >= (SELECT max(month) FROM mart.capacity_month) - to_months(?)
        GROUP BY ALL
        """,
        [MONTHS_OF_REFERRALS],
    ).fetchall()
    found: dict[str, dict[date, dict[str, dict[int, int]]]] = {}
    for provider, month, step, sessions, courses in rows:
        found.setdefault(provider, {}).setdefault(month, {}).setdefault(step, {})[sessions] = courses
    return found


def backlogs(
    provider: str, months: Mapping[str, Sequence[Month]], assumptions: Sequence[Assumption], under_way: UnderWay,
    lengths: Lengths,
) -> dict[date, float]:  # fmt: skip
    """The backlog at the end of each of the last 12 submitted months, by month; empty where it is not known.

    ``months`` are those of all steps by programme. A service's first month is left out: whom it treats, and how
    many sessions they had, is not known before.
    """
    waiting = {name: {m.month: m.waiting for m in past} for name, past in months.items()}
    known = sorted({month for of in waiting.values() for month in of})[1:][-MONTHS_OF_REFERRALS:]
    at: dict[str, dict[str, float | None]] = {}
    for each in assumptions:
        at.setdefault(each.step, {})[each.name] = each.value
    found: dict[date, float] = {}
    for month in known:
        running = under_way.get(month, {})
        courses = {step: sum(of.values()) for step, of in running.items()}
        total = 0.0
        for step in at:
            then = {
                "people_waiting": waiting.get(programme(step), {}).get(month, 0),
                "courses_under_way": courses.get(step, 0),
                "sessions_left": lengths.left_on_average(provider, step, running.get(step, {})),
                "courses_to_come": lengths.moving_to(step, courses),
            }
            still = backlog(at[step] | then)
            if still is None:
                return {}
            total += still
        found[month] = total
    return found


def changes(stocks: Mapping[date, float]) -> list[float]:
    """By how much a backlog changed from month to month; a month that was not submitted has none."""
    return [
        stocks[after] - stocks[before]
        for before, after in pairwise(sorted(stocks))
        if months_after(before, 1) == after
    ]
