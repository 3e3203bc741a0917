"""The tables ``mart.expected_sessions``, ``mart.capacity_assumption``, ``mart.capacity`` and its forecast.

Belongs here: reading what they are made from, and writing them. Does not belong here: estimates (``assumptions``,
``expected``), formulas (``reckoning``), intervals (``simulation``), the next months (``coming``).
"""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import astuple, dataclass
from datetime import date
from math import isinf
from typing import Any

import duckdb

from schemas.month import last_day
from warehouse.capacity.assumptions import (
    NO_STAFF,
    NOBODY_TRAINED,
    Assumption,
    Month,
    in_order,
    of_programme,
    of_work,
)
from warehouse.capacity.coming import coming, variance_ratios
from warehouse.capacity.expected import Courses, Kind, Lengths
from warehouse.capacity.reckoning import QUANTITIES
from warehouse.capacity.reference import MONTHS_OF_REFERRALS, Standard, named, programme, standards, why_no_standard
from warehouse.capacity.simulation import ALL, Reckoned, england, limits, reckoned
from warehouse.capacity.stocks import backlogs, changes, read_under_way
from warehouse.comparison.statistics import Z_95
from warehouse.staging import insert_rows

ENGLAND = "ENG"
_MADE = ("mart.expected_sessions", "mart.capacity_assumption", "mart.capacity", "mart.capacity_forecast")
NEVER = "never: no more sessions are given than are asked for"
# What is divided by sessions given, where none is given.
_NONE_GIVEN = {
    "clearance_months": "never: no session is given",
    "load": "no ratio: no session is given",
    "extra_wte_6": "no number of staff: a member of staff gives no session",
    "extra_wte_18": "no number of staff: a member of staff gives no session",
}
_STAFF = frozenset({"capacity", "rate", "balance", "load", "clearance_months", "months_to_clear"})


@dataclass(frozen=True)
class Service:
    """What a service's tables are made from: by programme and step its months, and waits of people who started."""

    provider: str
    months: Mapping[str, Mapping[str, Sequence[Month]]]
    waits: Mapping[str, Mapping[int, int]]

    @property
    def last(self) -> date:
        """The last submitted month."""
        return max(of[ALL][-1].month for of in self.months.values())


def build_capacity(con: duckdb.DuckDBPyConnection) -> None:
    """Write the four tables from ``mart.capacity_month``, ``monthly_count.course_length`` and ``course_wait``."""
    con.execute(_DDL)
    services = read_services(con)
    if not services:
        return
    last = max(service.last for service in services)
    lengths = Lengths(read_courses(con, last), last_day(last))
    every: list[Reckoned] = []
    own: dict[str, tuple[dict[str, Sequence[Month]], list[Assumption], list[float]]] = {}
    under_way = read_under_way(con)
    # Rows of all services go in together: a statement takes 5 ms, however few they are.
    made: dict[str, list[tuple[Any, ...]]] = {table: [] for table in _MADE}
    for service in services:
        found = [a.rounded() for a in assumptions_of(service, lengths)]
        steps = list(dict.fromkeys(a.step for a in found))
        if not steps:
            continue
        who, targets = service.provider, targets_of(steps, service.last)
        result = reckoned(found, who, targets)
        every.append(result)
        made["mart.expected_sessions"] += [_kind(k) for step in steps for k in lengths.kinds(who, step)]
        made["mart.capacity_assumption"] += [_assumption(who, a) for a in found]
        made["mart.capacity"] += rows_of(who, service.last, result, found, targets)
        months = {name: of[ALL] for name, of in service.months.items()}
        own[who] = months, found, changes(backlogs(who, months, found, under_way.get(who, {}), lengths))
    ratios = variance_ratios([moved for *_, moved in own.values()])
    for who, of in own.items():
        ahead = coming(who, *of, ratios)
        made["mart.capacity_forecast"] += [(who, c.month, c.quantity, *astuple(c.likely)) for c in ahead]
    total, number = england(every)
    made["mart.capacity"] += _of_england(last, total, number)
    for table, rows in made.items():
        insert_rows(con, table, rows)


def targets_of(steps: Sequence[str], month: date) -> dict[str, tuple[Standard, ...]]:
    """The waiting standards by step, as valid at the end of a month."""
    return {step: standards(programme(step), last_day(month)) for step in steps}


def assumptions_of(service: Service, lengths: Lengths) -> list[Assumption]:
    """All assumptions of a service, ``in_order``."""
    found: list[Assumption] = []
    for step in lengths.steps(service.provider):
        of = service.months.get(programme(step), {})
        if not of or step not in of:
            continue
        day = last_day(service.last)
        found += [
            *of_programme(of[ALL], service.waits.get(programme(step), {}), standards(programme(step), day), step),
            *of_work(step, of[step], of[ALL]),
            *lengths.assumptions(service.provider, step),
        ]
    return in_order(found)


def rows_of(
    provider: str, month: date, result: Reckoned, assumptions: Sequence[Assumption],
    targets: Mapping[str, Sequence[Standard]],
) -> list[tuple[Any, ...]]:  # fmt: skip
    """Rows of ``mart.capacity`` of a service: every quantity of every step, with words where it has no value."""
    known = {(each.step, each.quantity): each for each in result.results()}
    rows: list[tuple[Any, ...]] = []
    for step in result.at:
        no_capacity = _why_no_capacity(a for a in assumptions if step in (a.step, ALL))
        for quantity in QUANTITIES:
            found = known.get((step, quantity.name))
            key = (provider, step, month, quantity.name)
            if found is None:
                why = _why_not(step, quantity.name, no_capacity, targets, month)
                rows.append((*key, None, quantity.unit, None, None, None, None, None, 1, why))
                continue
            ends = (found.lower_80, found.upper_80, found.lower_95, found.upper_95)
            never = _NONE_GIVEN.get(quantity.name, NEVER) if isinf(found.value) else None
            rows.append(
                (*key, _finite(found.value), quantity.unit, *map(_finite, ends), round(found.never, 4), 1, never)
            )
    return rows


def _of_england(month: date, total: Reckoned, number: Mapping[tuple[str, str], int]) -> list[tuple[Any, ...]]:
    units = {quantity.name: quantity.unit for quantity in QUANTITIES}
    return [
        (
            ENGLAND, each.step, month, each.quantity, _finite(each.value), units[each.quantity],
            *map(_finite, (each.lower_80, each.upper_80, each.lower_95, each.upper_95)), 0,
            number[each.step, each.quantity], None,
        )
        for each in total.results()
        if each.quantity != "balance"  # one service's sessions do not answer another's demand (decision 0052)
    ]  # fmt: skip


def _why_not(
    step: str, quantity: str, no_capacity: str, targets: Mapping[str, Sequence[Standard]], month: date
) -> str:
    if quantity.endswith(("_6", "_18")):
        if step == ALL and not all(targets.values()):
            return "not every step has this standard"
        if step != ALL and not targets[step]:
            return f"no standard: {why_no_standard(programme(step), last_day(month))}"
    if no_capacity and (quantity in _STAFF or quantity.startswith("extra_")):
        return no_capacity
    return "too few courses to know"


def _why_no_capacity(assumptions: Iterable[Assumption]) -> str:
    """Why it is not known what trained staff can give; empty where it is."""
    unknown = {a.name for a in assumptions if a.value is None}
    if "staff_trained" in unknown:
        return NO_STAFF
    return NOBODY_TRAINED if "appointments_per_wte" in unknown else ""


def _finite(value: float) -> float | None:
    return None if isinf(value) else round(value, 4)


def _assumption(provider: str, a: Assumption) -> tuple[Any, ...]:
    ends = (None, None) if a.value is None else tuple(round(each, 4) for each in limits(a, provider))
    return (provider, a.step, a.name, a.value, named()[a.name].unit, a.source, a.n, a.spread, a.error, *ends)


def _kind(k: Kind) -> tuple[Any, ...]:
    reach = Z_95 * k.error
    ends = (None, None) if k.expected is None else (max(0.0, k.expected - reach), k.expected + reach)
    numbers = (k.own, k.england, k.expected, *ends, k.weight)
    return (
        k.provider, k.step, k.pathway, k.problem, k.begun, k.ended,
        *(None if each is None else round(each, 4) for each in numbers), k.source,
    )  # fmt: skip


def read_services(con: duckdb.DuckDBPyConnection) -> list[Service]:
    """Every service with its months (``mart.capacity_month``), and the waits that ended in the last 12 of them."""
    rows = con.execute(
        "SELECT provider, measure_set, step, month, referred, started, left_waiting, waiting_at_end, sessions, "
        "missed, cancelled, staff_months, trainee_months, trained_sessions, trainee_sessions, unnamed_sessions "
        "FROM mart.capacity_month ORDER BY provider, measure_set, step, month"
    ).fetchall()
    waited = con.execute(
        """
        SELECT l.current_provider, p.measure_set, w.wait_days, CAST(sum(w.people) AS BIGINT)
        FROM monthly_count.course_wait AS w
        INNER JOIN ref.provider_place AS l ON l.provider = w.provider
        INNER JOIN ref.pathway AS p ON p.pathway = w.pathway
        INNER JOIN (SELECT provider, min(month) AS first_month FROM mart.capacity_month GROUP BY provider) AS s
            ON s.provider = l.current_provider AND w.month > s.first_month
        WHERE w.month > (SELECT max(month) FROM mart.capacity_month) - to_months(?)
        GROUP BY ALL
        """,
        [MONTHS_OF_REFERRALS],
    ).fetchall()
    found: dict[str, dict[str, dict[str, list[Month]]]] = {}
    for provider, measure_set, step, *numbers in rows:
        of_step = found.setdefault(provider, {}).setdefault(measure_set, {}).setdefault(step, [])
        of_step.append(Month(numbers[0], *(n or 0 for n in numbers[1:8]), *map(float, numbers[8:])))
    waits: dict[str, dict[str, dict[int, int]]] = {}
    for provider, measure_set, days, people in waited:
        waits.setdefault(provider, {}).setdefault(measure_set, {})[days] = people
    return [
        Service(
            provider, {name: _shared(steps) for name, steps in of.items()}, waits.get(provider, {})
        )
        for provider, of in found.items()
    ]  # fmt: skip


def _shared(steps: Mapping[str, Sequence[Month]]) -> dict[str, list[Month]]:
    """The months of every step, all months of the programme in each; what was missed before the first session
    shared.

    A step bears of it what it has of the month's sessions.
    """
    before = {month.month: month for month in steps.get("not started", ())}
    found = {ALL: list(steps[ALL])}
    for step, own in steps.items():
        if step in (ALL, "not started"):
            continue
        by_month = {month.month: month for month in own}
        found[step] = []
        for every in steps[ALL]:
            mine = by_month.get(every.month, Month(every.month))
            part = mine.sessions / every.sessions if every.sessions else 0.0
            unplaced = before.get(every.month, Month(every.month))
            found[step].append(
                Month(
                    every.month, sessions=mine.sessions, missed=mine.missed + part * unplaced.missed,
                    cancelled=mine.cancelled + part * unplaced.cancelled, staff_months=mine.staff_months,
                    trainee_months=mine.trainee_months, trained_sessions=mine.trained_sessions,
                    trainee_sessions=mine.trainee_sessions, unnamed_sessions=mine.unnamed_sessions,
                )
            )  # fmt: skip
    return found


def read_courses(con: duckdb.DuckDBPyConnection, last: date) -> list[Courses]:
    """The lengths of all courses (``monthly_count.course_length``); lately is the 12 months up to ``last``."""
    rows = con.execute(
        """
        SELECT
            l.current_provider, c.pathway, c.problem, c.step, c.is_first, c.sessions, c.ended_by, c.next_step,
            CAST(sum(c.courses) AS BIGINT),
            CAST(coalesce(sum(c.courses) FILTER (
                WHERE c.month > s.first_month AND c.month > ? - to_months(?)), 0) AS BIGINT),
            c.month > s.first_month
        FROM monthly_count.course_length AS c
        INNER JOIN ref.provider_place AS l ON l.provider = c.provider
        INNER JOIN (SELECT provider, min(month) AS first_month FROM mart.capacity_month GROUP BY provider) AS s
            ON s.provider = l.current_provider
        GROUP BY ALL
        """,
        [last, MONTHS_OF_REFERRALS],
    ).fetchall()
    return [Courses(*row) for row in rows]


_N = "DECIMAL(18, 4)"
_DDL = f"""
CREATE TABLE mart.expected_sessions (
    provider VARCHAR, step VARCHAR, pathway VARCHAR, problem VARCHAR, begun BIGINT, ended BIGINT, own_sessions {_N},
    england_sessions {_N}, expected_sessions {_N}, lower_95 {_N}, upper_95 {_N}, weight {_N}, source VARCHAR);
CREATE TABLE mart.capacity_assumption (
    provider VARCHAR, step VARCHAR, name VARCHAR, value {_N}, unit VARCHAR, source VARCHAR, n BIGINT,
    spread VARCHAR, error DECIMAL(18, 6), lower_95 {_N}, upper_95 {_N});
CREATE TABLE mart.capacity (
    provider VARCHAR, step VARCHAR, month DATE, quantity VARCHAR, value {_N}, unit VARCHAR, lower_80 {_N},
    upper_80 {_N}, lower_95 {_N}, upper_95 {_N}, never_share DECIMAL(5, 4), services BIGINT, why_not VARCHAR);
CREATE TABLE mart.capacity_forecast (
    provider VARCHAR, month DATE, quantity VARCHAR, median BIGINT, lower_80 BIGINT, upper_80 BIGINT,
    lower_95 BIGINT, upper_95 BIGINT);
"""
COLUMNS = """
Columns of mart.expected_sessions: How many sessions a course takes: one row per provider, step of care, pathway and
    problem with a course begun in the last 12 months.
  provider, key: ODS code of the provider.
  step, key: Step of care (core.step_of_care).
  pathway, key: Pathway code.
  problem, key: Problem descriptor in Talking Therapies; 'all' for severe mental illness.
  begun: Courses of the step that began in the last 12 months.
  ended: Courses that ended, of all months: what the service's own mean rests on.
  own_sessions [sessions]: The service's own mean, with courses that still run (Kaplan-Meier); NULL where none
      ended.
  england_sessions [sessions]: The same of all services; NULL where England has fewer than 10 that ended.
  expected_sessions [sessions]: What is reckoned with: the service's mean drawn to England's; NULL where nothing is
      known.
  lower_95 [sessions]: Lower 95 % limit of expected_sessions.
  upper_95 [sessions]: Upper 95 % limit.
  weight [share]: Weight of the service's own mean; 0 with fewer than 10 courses that ended.
  source: observed; observed, drawn to England; England; NICE (ref.expected_sessions); England, fewer than 10
      courses; or not known.

Columns of mart.capacity_assumption: What demand and capacity rest on: one row per provider, step of care and
    assumption (ref.capacity_assumption). A service changes them with parity capacity.
  provider, key: ODS code of the provider.
  step, key: Step of care (core.step_of_care). What is one value for all of Talking Therapies stands in each of its
      steps.
  name, key: Name (ref.capacity_assumption).
  value: Value; NULL where nothing is known.
  unit: Unit of the value.
  source: observed, England, NICE, convention, or assumed; in which mixture; no staff records; or no session
      names trained staff.
  n: What it was counted from: months, people, appointments, or courses that ended.
  spread: How intervals draw it: share, mean, variance, or none.
  error: Standard error, of spread mean.
  lower_95: Lower limit of what the value is likely to be; the value itself where it has no spread.
  upper_95: Upper limit.

Columns of mart.capacity: Demand, capacity and backlog: one row per provider (ENG: England), step of care ('all'
    too) and quantity, as at the last submitted month. For the service and the centre.
  provider, key: ODS code of the provider; ENG is England, the sum of its services.
  step, key: Step of care (core.step_of_care), or 'all' for all together.
  month [month]: First day of the service's last submitted month.
  quantity, key: demand, capacity, rate, balance, backlog, months_to_clear … (GLOSSARY, decision 0052).
  value: Value at the assumptions as they are; NULL where why_not says why.
  unit: Unit of value and limits.
  lower_80: Lower limit of 80 %, by simulation from the service's own variation; NULL where it is never.
  upper_80: Upper limit of 80 %; NULL where it is never.
  lower_95: Lower limit of 95 %.
  upper_95: Upper limit of 95 %.
  never_share [share]: Share of simulations in which the backlog is never cleared.
  services [services]: Services that are added up: 1, or more for England.
  why_not: Why there is no value: never, no ratio as nothing is given, no staff records, no session names
      trained staff, no standard, too few courses to know.

Columns of mart.capacity_forecast: What the next six months bring at the present rate: one row per provider, month
    and quantity, all steps together. None for a service with too few months. For the service and the centre.
  provider, key: ODS code of the provider.
  month [month], key: First day of the month.
  quantity, key: demand (sessions asked for by those referred in the month), sessions (given), or backlog (still to
      give on its last day).
  median [sessions]: As likely more as less.
  lower_80 [sessions]: Lower limit of 80 %.
  upper_80 [sessions]: Upper limit of 80 %.
  lower_95 [sessions]: Lower limit of 95 %.
  upper_95 [sessions]: Upper limit of 95 %.
"""
