"""``mart.trajectory`` and ``mart.trajectory_target``: what came, what the present rate gives, and the targets.

Belongs here: the two tables. Does not belong here: reading (``reading``), forecasting (``warehouse.forecasting``,
``staff``), and how it is said on a page (``reports.pages``).
"""

from collections import Counter
from collections.abc import Callable, Iterable, Iterator, Mapping
from dataclasses import dataclass
from datetime import date
from functools import partial
from typing import Any

import duckdb

from schemas.month import months_after, months_between
from warehouse.forecasting.forecast import (
    FEWEST_MONTHS,
    RECENT_MONTHS,
    TOO_FEW_MONTHS,
    Forecast,
    Likely,
    forecast,
)
from warehouse.kept import PLACED, digest, note, take_over
from warehouse.staging import insert_rows
from warehouse.trajectories import reading, staff
from warehouse.trajectories.reading import ENGLAND, Place
from warehouse.trajectories.series import FLOWS, IN_POST, TRAINED, TRAINEES, YEAR, Series

MARTS = ("mart.trajectory", "mart.trajectory_target")
# A year ahead, and further to a target: beyond two years the interval says that anything may come.
_AHEAD, _FURTHEST = 12, 24
_PART, _MISSING = "part of the nation", "a month is missing"
# In these states it is unknown what is still needed.
_UNKNOWN = (_PART, _MISSING)
# Of some 180 services of NHS Talking Therapies. A national target says nothing of a part of them.
_NATION = 100

_LIMITS = "median BIGINT, lower_80 BIGINT, upper_80 BIGINT, lower_95 BIGINT, upper_95 BIGINT"
_DDL = f"""
CREATE TABLE IF NOT EXISTS mart.trajectory (source VARCHAR, level VARCHAR, organisation VARCHAR, series VARCHAR,
    month DATE, actual BIGINT, {_LIMITS}, target BIGINT, state VARCHAR);
CREATE TABLE IF NOT EXISTS mart.trajectory_target (source VARCHAR, level VARCHAR, organisation VARCHAR,
    series VARCHAR, due DATE, target BIGINT, reached BIGINT, {_LIMITS}, monthly_so_far BIGINT,
    monthly_needed BIGINT, state VARCHAR, target_source VARCHAR, target_confidence VARCHAR);
"""
COLUMNS = f"""
Columns of mart.trajectory: One row per level, organisation, series and month: what came, and for the months to come
    what the present rate gives (decision 0053).
  source, key: submitted: from the submissions.
  level, key: England, region, ICB or provider.
  organisation, key: Code of the organisation (ref.organisation); ENG is England; a merged provider counts in its
      successor.
  series, key: access (people who start treatment, measure ACCESS), finished courses (measure FINISHED), staff in
      post, trained staff, or trainees. Staff lie where their provider lies, people where their commissioner does.
  month [month], key: First day of the month; of staff its last day counts.
  actual: What came; NULL in a month that is forecast or not known, never 0 for that.
  median: Forecast: as likely more as less. NULL for a month that came and where nothing can be forecast.
  lower_80: Forecast: 10 of 100 come below it.
  upper_80: Forecast: 10 of 100 come above it.
  lower_95: Forecast: 2.5 of 100 come below it.
  upper_95: Forecast: 2.5 of 100 come above it.
  target: Target for this month (ref.target). Of access and finished courses it is for the 12 months that end here.
  state: actual; unsettled (came, and no history for a forecast: a provider began); incomplete (a provider did not
      submit); not submitted; forecast; too few months (fewer than {FEWEST_MONTHS} of the last {RECENT_MONTHS} are
      known).

Columns of mart.trajectory_target: One row per level, organisation, series and month of a target: what the present
    rate gives by then.
  source, key: submitted: from the submissions.
  level, key: England, region, ICB or provider.
  organisation, key: Code of the organisation; ENG is England.
  series, key: As in mart.trajectory.
  due [month], key: First day of the month by which it is to be reached.
  target: Target: of access and finished courses for the 12 months that end with due, of staff for its last day.
  reached: What came by then: of access and finished courses in those of the 12 months that are known; of staff the
      number of the newest month. Of a month that is past, what came.
  median: What the present rate gives: of access and finished courses what came and what is forecast, together.
  lower_80: 10 of 100 come below it.
  upper_80: 10 of 100 come above it.
  lower_95: 2.5 of 100 come below it.
  upper_95: 2.5 of 100 come above it.
  monthly_so_far: Access and finished courses: mean of the known months of the last 12, rounded.
  monthly_needed: Access and finished courses: what each month to come needs for the target, rounded up; 0 where it
      is reached. NULL where no month is left.
  state: past (due lies in the months that came); forecast; too few months; too far ahead (more than {_FURTHEST}
      months); part of the nation (a national target, and fewer than {_NATION} services submit); a month is missing
      (of the 12, a month that is past is not known).
  target_source: Where the target is from.
  target_confidence: F: found in the source; R: recalled or estimated, to be confirmed.
"""


@dataclass(frozen=True)
class _Known:
    """A series of a place: what came, the state of each month, what is forecast (None: too few months)."""

    name: str
    place: Place
    came: Mapping[date, int]
    states: Mapping[date, str]
    coming: Forecast | None

    def history(self) -> dict[date, int]:
        """What came in the months that are known."""
        return {month: count for month, count in self.came.items() if self.states[month] == "actual"}


@dataclass(frozen=True)
class _Asked:
    """Series of a place that are made together: from what (``warehouse.kept.digest``), and how."""

    place: Place
    made_from: object
    make: Callable[[], Iterable[_Known]]


def build_trajectories(con: duckdb.DuckDBPyConnection) -> None:
    """Write ``mart.trajectory`` and ``mart.trajectory_target``.

    Rows of places whose series and targets are what they were stay (``warehouse.kept``). Needs
    ``mart.service_measure``, ``mart.submission_punctuality`` and ``ref.target``.
    """
    months = [month for (month,) in con.execute("SELECT month FROM ref.month ORDER BY month").fetchall()]
    targets = {
        (organisation, series, due): (target, source, confidence)
        for organisation, series, due, target, source, confidence in con.execute("FROM ref.target").fetchall()
    }
    ((services,),) = con.execute("SELECT count(DISTINCT current_provider) FROM ref.provider_place").fetchall()
    asked = list(_series(con, months, targets)) if months else []
    made_from: dict[str, list[object]] = {}
    for each in asked:
        is_part, own = each.place == ENGLAND and services < _NATION, sorted(_of(targets, each.place).items())
        made_from.setdefault("|".join(each.place), [months, is_part, own]).append(each.made_from)
    now = {place: digest(of) for place, of in made_from.items()}
    made = take_over(con, MARTS, PLACED, now)
    con.execute(_DDL)
    rows: list[tuple[Any, ...]] = []
    due_rows: list[tuple[Any, ...]] = []
    for known in (known for each in asked if "|".join(each.place) in made for known in each.make()):
        own_targets = {due: value for (name, due), value in _of(targets, known.place).items() if name == known.name}
        rows += _rows(known, own_targets)
        due_rows += [
            _due(known, due, value, months[-1], is_part=known.place == ENGLAND and services < _NATION)
            for due, value in sorted(own_targets.items())
        ]
    insert_rows(con, "mart.trajectory", rows)
    insert_rows(con, "mart.trajectory_target", due_rows)
    note(con, MARTS, made, now)


def _of(targets: Mapping[Any, Any], place: Place) -> dict[tuple[str, date], Any]:
    """The targets of a place, by series and month."""
    return {(name, due): value for (organisation, name, due), value in targets.items() if organisation == place[1]}


def _series(con: duckdb.DuckDBPyConnection, months: list[date], targets: Mapping[Any, Any]) -> Iterator[_Asked]:
    """What there is to be made: the flows of each place, and its staff."""
    known = reading.months_known(con)
    of = {each.name: each for each in FLOWS}
    for name, place, submitted in reading.counts(con):
        states = {
            month: _state(known.get(place, known[ENGLAND]), month, month in submitted, of[name].settles_after)
            for month in months
        }
        ahead = _ahead(name, place, months[-1], targets)
        made_from = (name, sorted(submitted.items()), sorted(states.items()), ahead)
        yield _Asked(place, made_from, partial(_flow, of[name], place, submitted, states, ahead))
    missing = reading.staff_missing(con, months[-1])
    for place, read in reading.staff(con, months[-1]).items():
        without = missing.get(place, set())
        lists = [_in_order(each) for each in vars(read).values()]
        make = partial(_staff, place, read, without, months, targets)
        yield _Asked(place, ("staff", lists, sorted(without)), make)


def _in_order(of: object) -> object:
    """Counts and sets in the order of what is counted, so that they print alike when they are alike."""
    return sorted(of.items()) if isinstance(of, Counter) else sorted(of) if isinstance(of, set) else of


def _flow(
    of: Series, place: Place, submitted: Mapping[date, int], states: Mapping[date, str], ahead: int
) -> Iterator[_Known]:
    history = {month: submitted.get(month) if state == "actual" else None for month, state in states.items()}
    coming = forecast(history, ahead, season=of.season, key=f"{of.name}|{place[0]}|{place[1]}")
    yield _Known(of.name, place, submitted, states, coming)


def _state(known: reading.Months, month: date, has_count: bool, settles_after: int) -> str:
    if not has_count:
        return "not submitted"
    if month in known.missing:
        return "incomplete"
    return "actual" if known.is_known(month, settles_after) else "unsettled"


def _staff(
    place: Place, read: staff.Moves, missing: set[date], months: list[date], targets: Mapping[Any, Any]
) -> Iterator[_Known]:
    """The three series of staff. A month without a list of a provider that sends lists is not known."""
    listed = read.months - missing
    states = {
        month: "actual" if month in listed else "incomplete" if month in read.months else "not submitted"
        for month in months
    }
    ahead = max(_ahead(name, place, months[-1], targets) for name in (IN_POST, TRAINED, TRAINEES))
    found = (
        staff.ahead(read, months[-1], ahead, f"staff|{place[0]}|{place[1]}")
        if staff.enough_lists(listed, months[-1], FEWEST_MONTHS)
        else {}
    )
    for name in (IN_POST, TRAINED, TRAINEES):
        number = {
            TRAINED: read.trained, TRAINEES: read.in_training, IN_POST: read.trained + read.in_training
        }[name]  # fmt: skip
        yield _Known(name, place, {month: number[month] for month in read.months}, states, found.get(name))


def _ahead(name: str, place: Place, last: date, targets: Mapping[Any, Any]) -> int:
    """Months to forecast: a year, and as far as the last target of the series within two."""
    dues = (due for organisation, series, due in targets if organisation == place[1] and series == name)
    return max([_AHEAD, *(gap for due in dues if (gap := _gap(last, due)) <= _FURTHEST)])


def _gap(first: date, second: date) -> int:
    return (second.year - first.year) * 12 + second.month - first.month


def _rows(known: _Known, targets: Mapping[date, tuple[int, str, str]]) -> Iterator[tuple[Any, ...]]:
    last = max(known.states)
    ahead = len(known.coming.months) if known.coming else _AHEAD
    for month, state in known.states.items():
        target = targets[month][0] if month in targets else None
        yield ("submitted", *known.place, known.name, month, known.came.get(month), *[None] * 5, target, state)
    for month in months_between(months_after(last, 1), months_after(last, ahead)):
        target = targets[month][0] if month in targets else None
        limits = _limits(known.coming.month(month) if known.coming else None)
        state = "forecast" if known.coming else TOO_FEW_MONTHS
        yield ("submitted", *known.place, known.name, month, None, *limits, target, state)


def _limits(likely: Likely | None) -> tuple[int | None, ...]:
    if likely is None:
        return (None,) * 5
    return likely.median, likely.lower_80, likely.upper_80, likely.lower_95, likely.upper_95


def _due(known: _Known, due: date, value: tuple[int, str, str], last: date, *, is_part: bool) -> tuple[Any, ...]:
    """One row of ``mart.trajectory_target``."""
    target, source, confidence = value
    is_flow = any(each.name == known.name for each in FLOWS)
    history = known.history()
    window = months_between(months_after(due, 1 - YEAR), due) if is_flow else [due]
    past, left = [m for m in window if m <= last], [m for m in window if m > last]
    came = sum(history.get(month, 0) for month in past)
    if is_flow:
        reached: int | None = came
    else:
        reached = history.get(due) if due <= last else history[max(history)] if history else None
    state, likely = _by_then(known, past, left, last, is_part=is_part)
    if likely is not None and is_flow:
        likely = Likely(*(each + came for each in vars(likely).values()))
    recent = [history[m] for m in months_between(months_after(last, 1 - RECENT_MONTHS), last) if m in history]
    so_far = round(sum(recent) / len(recent)) if is_flow and recent else None
    needed = max(0, -(-(target - came) // len(left))) if is_flow and left and state not in _UNKNOWN else None
    return (
        "submitted", *known.place, known.name, due, target, reached, *_limits(likely), so_far, needed, state,
        source, confidence,
    )  # fmt: skip


def _by_then(
    known: _Known, past: list[date], left: list[date], last: date, *, is_part: bool
) -> tuple[str, Likely | None]:
    """The state of a target, and what the months that are left give."""
    if is_part:
        return _PART, None
    if any(known.states.get(month) != "actual" for month in past):
        return _MISSING, None
    if not left:
        return "past", None
    if _gap(last, left[-1]) > _FURTHEST:
        return "too far ahead", None
    if known.coming is None:
        return TOO_FEW_MONTHS, None
    return "forecast", known.coming.total(left[0], left[-1])
