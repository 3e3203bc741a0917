"""How long people wait, by service, pathway, step and period of referral: ``mart.waiting`` and its curves.

Belongs here: which waits are put together, what is read off a curve, the tables. Does not belong here: the
estimates (``comparison.survival``), whose wait it is and how it ended (``monthly_count/wait.sql``).

Every row is of people who were referred in the period, followed to the last month submitted. For a step that is
known from the first day (SMI therapy, or not known yet in Talking Therapies) any start of treatment ends the
wait. Low and high intensity are steps in which a wait can end: a start in another step competes with it, as
leaving does.
"""

from collections.abc import Iterator, Mapping, Sequence

import duckdb

from schemas.sql import quoted
from warehouse.comparison.statistics import quantile
from warehouse.comparison.survival import Day, Point, at, day_started, day_waited, estimate, median_limits
from warehouse.kept import PLACED, digests, note, take_over
from warehouse.staging import insert_rows

MARTS = ("mart.waiting", "mart.waiting_curve")
# Six and 18 weeks: the national standards.
STANDARDS = (42, 126)
_WEEK = 7
# Step → the pathways whose waits it is of, and the steps that end them; None: all.
_STEPS: dict[str, tuple[str | None, str | None]] = {
    "all": (None, None),
    "SMI therapy": ("severe_mental_illness", None),
    "not known yet": ("talking_therapies", None),
    "low intensity": ("talking_therapies", "low intensity"),
    "high intensity": ("talking_therapies", "high intensity"),
}


def _text(value: str | None) -> str:
    return "NULL" if value is None else quoted(value)


# What ended the waits of every step, day by day.
# Of rolling years only the latest: curves of 12 of them would differ by a month each.
_VALUES = ", ".join(f"({_text(step)}, {_text(of)}, {_text(end)})" for step, (of, end) in _STEPS.items())
_DAYS = f"""
CREATE TABLE work.wait_day AS
WITH step AS (FROM (VALUES {_VALUES}) AS s(step, measure_set, ends_in)),
placed AS (
    SELECT
        w.level, w.organisation, t.period_type, t.period_start, m.pathway, k.measure_set, m.days,
        coalesce(m.ended_by, '') AS ended_by, m.referrals
    FROM monthly_count.wait AS m
    INNER JOIN ref.pathway AS k ON k.pathway = m.pathway
    INNER JOIN work.period_month AS t ON t.month = m.month AND t.period_type <> 'month' AND t.is_for_groups
    INNER JOIN work.commissioned_place AS w
        ON w.provider = m.provider AND w.commissioner = m.commissioner AND w.level <> 'sub-ICB'
),
ended AS (
    SELECT
        level, organisation, period_type, period_start,
        CASE WHEN grouping(pathway) = 1 THEN 'all' ELSE pathway END AS pathway, measure_set, days, ended_by,
        CAST(sum(referrals) AS BIGINT) AS referrals
    FROM placed
    GROUP BY GROUPING SETS (
        (level, organisation, period_type, period_start, measure_set, days, ended_by, pathway),
        (level, organisation, period_type, period_start, measure_set, days, ended_by)
    )
)
SELECT
    level, organisation, period_type, period_start, pathway, step, days,
    coalesce(CAST(sum(referrals) FILTER (WHERE ended_by NOT IN ('left', 'waiting', 'lost')
        AND coalesce(ended_by = ends_in, true)) AS BIGINT), 0) AS started,
    coalesce(CAST(sum(referrals) FILTER (WHERE ended_by NOT IN ('left', 'waiting', 'lost')
        AND ended_by <> ends_in) AS BIGINT), 0) AS other,
    coalesce(CAST(sum(referrals) FILTER (WHERE ended_by = 'left') AS BIGINT), 0) AS left_waiting,
    coalesce(CAST(sum(referrals) FILTER (WHERE ended_by = 'waiting') AS BIGINT), 0) AS waiting,
    coalesce(CAST(sum(referrals) FILTER (WHERE ended_by = 'lost') AS BIGINT), 0) AS lost
FROM ended
INNER JOIN step ON coalesce(ended.measure_set = step.measure_set, true)
GROUP BY ALL
"""
# As lists in the order of days.
_WAITS = f"""
SELECT
    level, organisation, period_type, period_start, pathway, step, list(days ORDER BY days),
    list(started ORDER BY days), list(other ORDER BY days), list(left_waiting ORDER BY days),
    list(waiting ORDER BY days), list(lost ORDER BY days)
FROM work.wait_day
WHERE {PLACED} IN (SELECT unnest(?))
GROUP BY ALL
ORDER BY ALL
"""


def build_waiting(con: duckdb.DuckDBPyConnection) -> None:
    """Write ``mart.waiting`` and ``mart.waiting_curve`` from ``monthly_count.wait``.

    Curves are kept week by week, and not of quarters: they are drawn. Needs ``work.commissioned_place`` and
    ``work.period_month``. Rows of organisations whose waits are what they were stay (``warehouse.kept``).
    """
    # Added up by day and step in the file: 340,000 single ends of waits took longer to read than to add up.
    con.execute(_DAYS)
    now = digests(con, "work.wait_day", PLACED)
    made = take_over(con, MARTS, PLACED, now)
    con.execute(_DDL)
    figures: list[tuple[object, ...]] = []
    curves: list[tuple[object, ...]] = []
    for *keys, step, days, started, other, left, waiting, lost in (
        con.execute(_WAITS, [sorted(made)]).fetchall() if made else ()
    ):
        followed = [w + n for w, n in zip(waiting, lost, strict=True)]
        points = estimate(map(Day, days, started, other, left, followed))
        is_of_all = _STEPS[step][1] is None
        sums = [*map(sum, (started, other, left, waiting, lost))]
        waits_still = {day: n for day, n in zip(days, waiting, strict=True) if n}
        figures.append(
            (
                "submitted", *keys, step, sum(sums), *sums, median(dict(zip(days, started, strict=True))),
                *_figures(points, is_of_all), *_still_waiting(waits_still),
            )
        )  # fmt: skip
        if keys[2] != "quarter":
            curves += (("submitted", *keys, step, *row) for row in _weekly(points, is_of_all))
    insert_rows(con, "mart.waiting", figures)
    insert_rows(con, "mart.waiting_curve", curves)
    note(con, MARTS, made, now)


def _figures(points: Sequence[Point], is_of_all: bool) -> Iterator[object]:
    """The columns of ``mart.waiting`` read off the curves. Kaplan-Meier is of waits that any start ends."""
    yield from (day_waited(points, 1 - share) if is_of_all else None for share in (0.25, 0.5, 0.75))
    yield from median_limits(points) if is_of_all else (None, None)
    for standard in STANDARDS:
        yield from _waited(at(points, standard)) if is_of_all else (None, None, None)
    yield from (day_started(points, share) for share in (0.25, 0.5, 0.75))
    for standard in STANDARDS:
        yield from _started(at(points, standard))
    yield from (point.left if (point := at(points, standard)) else None for standard in STANDARDS)


def _still_waiting(waiting: Mapping[int, int]) -> Iterator[object]:
    """The last columns of ``mart.waiting``: the days that those who wait still have waited so far."""
    yield median(waiting)
    yield from (sum(n for day, n in waiting.items() if day > standard) for standard in STANDARDS)


def _waited(point: Point | None) -> tuple[float | None, float | None, float | None]:
    """The share begun by Kaplan-Meier, with its limits: one minus those still waiting."""
    if point is None:
        return None, None, None
    low, high = point.still_waiting_interval or (None, None)
    return 1 - point.still_waiting, 1 - high if high is not None else None, 1 - low if low is not None else None


def _started(point: Point | None) -> tuple[float | None, float | None, float | None]:
    return (point.started, *(point.started_interval or (None, None))) if point else (None, None, None)


def _weekly(points: Sequence[Point], is_of_all: bool) -> Iterator[tuple[object, ...]]:
    """The columns of ``mart.waiting_curve`` after its keys, at the end of every week somebody was followed."""
    later = 0  # the first point of that day or a later one
    for day in range(0, points[-1].day + _WEEK, _WEEK):
        point = at(points, day)
        if point is None:
            return
        while later < len(points) and points[later].day < day:
            later += 1
        at_risk = points[later].at_risk if later < len(points) else 0
        yield (
            day, at_risk, *_started(point), point.other, point.left,
            *(_waited(point) if is_of_all else (None, None, None)),
        )  # fmt: skip


def median(counts: Mapping[int, int]) -> float | None:
    """The continuous median of values with their counts; None of nothing."""
    return quantile(counts, 0.5) if any(counts.values()) else None


_KEYS = (
    "source VARCHAR, level VARCHAR, organisation VARCHAR, period_type VARCHAR, period_start DATE, pathway VARCHAR, "
    "step VARCHAR"
)
_DDL = f"""
CREATE TABLE IF NOT EXISTS mart.waiting (
    {_KEYS}, referrals BIGINT, started BIGINT, started_elsewhere BIGINT, left_waiting BIGINT, still_waiting BIGINT,
    lost BIGINT, treated_median_days DECIMAL(15, 1),
    km_lower_quartile_days INTEGER, km_median_days INTEGER, km_upper_quartile_days INTEGER,
    km_median_lower_95 INTEGER, km_median_upper_95 INTEGER,
    km_started_42 DOUBLE, km_started_42_lower_95 DOUBLE, km_started_42_upper_95 DOUBLE,
    km_started_126 DOUBLE, km_started_126_lower_95 DOUBLE, km_started_126_upper_95 DOUBLE,
    ci_lower_quartile_days INTEGER, ci_median_days INTEGER, ci_upper_quartile_days INTEGER,
    ci_started_42 DOUBLE, ci_started_42_lower_95 DOUBLE, ci_started_42_upper_95 DOUBLE,
    ci_started_126 DOUBLE, ci_started_126_lower_95 DOUBLE, ci_started_126_upper_95 DOUBLE,
    ci_left_42 DOUBLE, ci_left_126 DOUBLE,
    still_waiting_median_days DECIMAL(15, 1), still_waiting_over_42 BIGINT, still_waiting_over_126 BIGINT);
CREATE TABLE IF NOT EXISTS mart.waiting_curve (
    {_KEYS}, day INTEGER, at_risk BIGINT, ci_started DOUBLE, ci_started_lower_95 DOUBLE, ci_started_upper_95 DOUBLE,
    ci_started_elsewhere DOUBLE, ci_left DOUBLE, km_started DOUBLE, km_started_lower_95 DOUBLE,
    km_started_upper_95 DOUBLE);
"""
COLUMNS = """
Columns of mart.waiting: How long people wait for the first treatment contact, of all who were referred: one row
    per organisation, period of referral, pathway and step of care. Those who left or wait still are in it.
  source, key: submitted: our own count.
  level, key: England, region, ICB (by commissioner) or provider.
  organisation, key: Code of the organisation (ref.organisation); ENG is England; a merged provider counts in its
      successor.
  period_type, key: quarter, financial year, or the latest rolling 12 months, of referral.
  period_start [date], key: First day of the period.
  pathway, key: Pathway code (ref.pathway), or 'all'.
  step, key: all, SMI therapy and not known yet (all of Talking Therapies): the wait for any treatment. low
      intensity, high intensity: the wait of all of Talking Therapies for a start in that step.
  referrals: Referrals received in the period.
  started: Of these, whose treatment began (in this step).
  started_elsewhere: Of these, whose treatment began in another step; 0 where any start counts.
  left_waiting: Of these, discharged before any treatment contact.
  still_waiting: Of these, who wait still at the end of the last month.
  lost: Of these, no longer submitted, without a discharge. They count until their last month.
  treated_median_days [days]: Median wait of those whose treatment began. It leaves out those who left or wait
      still, and so it flatters.
  km_lower_quartile_days [days]: By Kaplan-Meier, the day by which a quarter would have begun if nobody left. NULL
      where that many are not seen to begin, and for low and high intensity.
  km_median_days [days]: Likewise, by which half would have begun.
  km_upper_quartile_days [days]: Likewise, by which three quarters would have begun.
  km_median_lower_95 [days]: Lower 95 % limit of km_median_days.
  km_median_upper_95 [days]: Upper 95 % limit of km_median_days; NULL where it is not reached.
  km_started_42 [share]: By Kaplan-Meier, the share that would have begun within 6 weeks if nobody left. NULL
      where nobody was followed that long.
  km_started_42_lower_95 [share]: Lower 95 % limit of km_started_42 (Greenwood, log-log).
  km_started_42_upper_95 [share]: Upper 95 % limit of km_started_42.
  km_started_126 [share]: Likewise within 18 weeks.
  km_started_126_lower_95 [share]: Lower 95 % limit of km_started_126.
  km_started_126_upper_95 [share]: Upper 95 % limit of km_started_126.
  ci_lower_quartile_days [days]: By cumulative incidence, the day by which a quarter of all referred had begun.
      NULL where fewer ever did.
  ci_median_days [days]: Likewise half.
  ci_upper_quartile_days [days]: Likewise three quarters.
  ci_started_42 [share]: By cumulative incidence, the share of all referred that had begun (in this step) within 6
      weeks. Who left, or began in another step, has not. NULL where nobody was followed that long.
  ci_started_42_lower_95 [share]: Lower 95 % limit of ci_started_42 (delta method, log-log).
  ci_started_42_upper_95 [share]: Upper 95 % limit of ci_started_42.
  ci_started_126 [share]: Likewise within 18 weeks.
  ci_started_126_lower_95 [share]: Lower 95 % limit of ci_started_126.
  ci_started_126_upper_95 [share]: Upper 95 % limit of ci_started_126.
  ci_left_42 [share]: By cumulative incidence, the share of all referred that had left within 6 weeks without
      treatment.
  ci_left_126 [share]: Likewise within 18 weeks.
  still_waiting_median_days [days]: Median of the days that those who wait still have waited so far.
  still_waiting_over_42: Of those who wait still, who have waited more than 6 weeks.
  still_waiting_over_126: Of those who wait still, who have waited more than 18 weeks.

Columns of mart.waiting_curve: The curves behind mart.waiting, week by week: one row per organisation, period of
    referral, pathway, step of care and day. Quarters have none.
  source, key: submitted: our own count.
  level, key: England, region, ICB (by commissioner) or provider.
  organisation, key: Code of the organisation (ref.organisation); ENG is England.
  period_type, key: financial year, or the latest rolling 12 months, of referral.
  period_start [date], key: First day of the period.
  pathway, key: Pathway code (ref.pathway), or 'all'.
  step, key: Step of care, as in mart.waiting.
  day [days], key: Days since the referral: 0, 7, 14 …
  at_risk: Referrals that still waited, and were followed, when the day began.
  ci_started [share]: Share of all referred whose treatment had begun (in this step) by the end of the day.
  ci_started_lower_95 [share]: Lower 95 % limit of ci_started; NULL where it is 0 or 1.
  ci_started_upper_95 [share]: Upper 95 % limit of ci_started.
  ci_started_elsewhere [share]: Share whose treatment had begun in another step.
  ci_left [share]: Share that had left without treatment. What remains waits.
  km_started [share]: Share that would have begun if nobody left (Kaplan-Meier); NULL for low and high intensity.
  km_started_lower_95 [share]: Lower 95 % limit of km_started (Greenwood, log-log); NULL where it is 0 or 1.
  km_started_upper_95 [share]: Upper 95 % limit of km_started.
"""
