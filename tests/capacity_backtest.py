"""Forecasts of sessions and backlog made at past months, held against what came.

Belongs here: counting how often a forecast held what came, of a simulated history and of a data root. ``python -m
tests.capacity_backtest ROOT`` builds a warehouse for every month of a data root and prints the shares. Does not belong
here: the forecast (``warehouse.capacity.coming``), what is asked of the shares (``tests/warehouse/test_capacity_forecast.py``).
"""

import sys
import tempfile
from collections import Counter
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import date
from pathlib import Path

import duckdb
import numpy as np

from schemas.month import ProviderMonth, last_day, months_after
from tests.fixtures.warehouse import some
from tests.references.coverage import Coverage, coverage
from warehouse.build import StagedSubmission, build_core, build_marts
from warehouse.capacity.assumptions import Assumption, Month
from warehouse.capacity.coming import BACKLOG, SESSIONS, coming, variance_ratios
from warehouse.capacity.expected import FEWEST, Courses, Lengths
from warehouse.capacity.lengths import curve
from warehouse.capacity.reckoning import of_step
from warehouse.capacity.reference import programme
from warehouse.capacity.simulation import ALL
from warehouse.capacity.stocks import UnderWay, backlogs, changes, read_under_way
from warehouse.capacity.tables import Service, assumptions_of, read_courses, read_services

HORIZONS = 6


@dataclass(frozen=True)
class View:
    """What is known at the end of a month: the services, all courses, and those under way at past month ends."""

    month: date
    services: Sequence[Service]
    courses: Sequence[Courses]
    under_way: Mapping[str, UnderWay]

    def service(self, provider: str) -> Service | None:
        return next((each for each in self.services if each.provider == provider), None)


@dataclass(frozen=True)
class Held:
    """A forecast of a service made in a month, and what came: whether its limits held it."""

    provider: str
    made: date
    quantity: str
    ahead: int
    in_80: bool
    in_95: bool


def held(views: Sequence[View]) -> Iterator[Held]:
    """Every forecast that can be held against a later view."""
    later = {view.month: view for view in views}
    for view in views:
        lengths = Lengths(view.courses, last_day(view.month))
        known = []
        for service in view.services:
            past = {name: of[ALL] for name, of in service.months.items()}
            own = [each.rounded() for each in assumptions_of(service, lengths)]
            stocks = backlogs(service.provider, past, own, view.under_way.get(service.provider, {}), lengths)
            known.append((service, past, own, changes(stocks)))
        ratios = variance_ratios([moved for *_, moved in known], HORIZONS)
        for service, past, own, moved in known:
            for each in coming(service.provider, past, own, moved, ratios, HORIZONS):
                then = later.get(each.month)
                after = then.service(service.provider) if then else None
                if then is None or after is None or each.quantity not in (SESSIONS, BACKLOG):
                    continue
                if each.quantity == SESSIONS:
                    came = float(sum(of[ALL][-1].sessions for of in after.months.values()))
                else:
                    came = _backlog(own, after, view, then)
                likely = each.likely
                ahead = (each.month.year - view.month.year) * 12 + each.month.month - view.month.month
                yield Held(
                    service.provider, view.month, each.quantity, ahead, likely.lower_80 <= round(came) <= likely.upper_80,
                    likely.lower_95 <= round(came) <= likely.upper_95,
                )  # fmt: skip


def _backlog(own: Sequence[Assumption], after: Service, view: View, then: View) -> float:
    """The backlog of a later month, with the lengths of courses and shares that were known at the forecast."""
    total = 0.0
    mine = [each for each in then.courses if each.provider == after.provider]
    running = [each for each in mine if each.ended_by == "goes on"]
    for step in dict.fromkeys(each.step for each in own):
        a = {each.name: each.value for each in own if each.step == step and each.value is not None}
        known = [each for each in view.courses if each.step == step and each.is_whole]
        ours = curve(each.length for each in known if each.provider == after.provider)
        of = ours if ours.ended >= FEWEST else curve(each.length for each in known)
        here = [each for each in running if each.step == step]
        left = sum(each.courses * of.left(each.sessions)[0] for each in here)
        a["people_waiting"] = float(after.months[programme(step)][ALL][-1].waiting)
        a["courses_under_way"], a["sessions_left"], a["courses_to_come"] = 1.0, left, _to_come(view, running, step)
        total += float(of_step(a, ())["backlog"])
    return total


def _to_come(view: View, running: Sequence[Courses], step: str) -> float:
    coming_here = 0.0
    for other in {each.step for each in running if each.step != step}:
        ended = [each for each in view.courses if each.step == other and each.ended_by != "goes on"]
        moved = sum(each.courses for each in ended if each.next_step == step)
        under_way = sum(each.courses for each in running if each.step == other)
        coming_here += under_way * moved / max(sum(each.courses for each in ended), 1)
    return coming_here


def shares(found: Sequence[Held]) -> dict[tuple[str, int], tuple[Coverage, Coverage]]:
    """By quantity and months ahead (0: all): the shares held by 80 and 95 % limits, with their 99 % intervals."""
    result = {}
    for quantity in (SESSIONS, BACKLOG):
        for ahead in range(HORIZONS + 1):
            of = [each for each in found if each.quantity == quantity and ahead in (0, each.ahead)]
            if of:
                result[quantity, ahead] = (
                    coverage([(each.provider, each.made, each.in_80) for each in of]),
                    coverage([(each.provider, each.made, each.in_95) for each in of]),
                )
    return result


# A simulated history ----------------------------------------------------------------------------------------------


@dataclass(frozen=True)
class _Person:
    """One referral: month in which it came, months until it started or left, and its sessions by month after."""

    came: int
    waited: int
    starts: bool
    sessions: tuple[int, ...]


def simulated(seed: int, services: int, months: int, origins: Sequence[int]) -> list[View]:
    """Views of a simulated nation at the ends of months ``origins``: rates drift, and months vary beyond chance."""
    rng = np.random.default_rng(seed)
    people = {f"R{n:02}": _people(rng, months) for n in range(services)}
    return [
        View(
            _month(at),
            [_service(who, own, at) for who, own in people.items()],
            [each for who, own in people.items() for each in _courses(who, own, at)],
            {who: {_month(n): _under_way(own, n) for n in range(at + 1)} for who, own in people.items()},
        )
        for at in origins
    ]


def _people(rng: np.random.Generator, months: int) -> list[_Person]:
    rate, mean_wait, mean_sessions = rng.uniform(15, 90), rng.uniform(0.5, 3), rng.uniform(4, 14)
    found = []
    for month in range(-6, months):
        rate *= float(np.exp(rng.normal(0, 0.02)))
        for _ in range(int(rng.poisson(rate * rng.gamma(100, 0.01)))):
            wanted, by_month = 1 + int(rng.poisson(mean_sessions * rng.gamma(2, 0.5))), []
            while sum(by_month) < wanted:
                by_month.append(int(min(rng.binomial(4, 0.75), wanted - sum(by_month))))
            waited = int(rng.exponential(mean_wait) + rng.uniform())
            found.append(_Person(month, waited, bool(rng.uniform() < 0.75), tuple(by_month)))
    return found


def _month(number: int) -> date:
    return months_after(date(2020, 4, 1), number)


def _service(who: str, people: Sequence[_Person], at: int) -> Service:
    rows = []
    for n in range(at + 1):
        ends = [p for p in people if p.came + p.waited == n]
        given = sum(
            p.sessions[n - p.came - p.waited] for p in people
            if p.starts and 0 <= n - p.came - p.waited < len(p.sessions)
        )  # fmt: skip
        rows.append(
            Month(
                _month(n), sum(p.came == n for p in people), sum(p.starts for p in ends),
                sum(not p.starts for p in ends), sum(p.came <= n < p.came + p.waited for p in people), given,
                staff_months=3.0, trained_sessions=float(given),
            )
        )  # fmt: skip
    step, name = "high intensity", programme("high intensity")
    waits: dict[int, int] = {}
    for p in people:
        if p.starts and at - 12 < p.came + p.waited <= at:
            waits[30 * p.waited] = waits.get(30 * p.waited, 0) + 1
    own = [replace(row, referred=0, started=0, left=0, waiting=0) for row in rows]
    return Service(who, {name: {ALL: rows, step: own}}, {name: waits})


def _courses(who: str, people: Sequence[_Person], at: int) -> list[Courses]:
    found = []
    for p in people:
        begun = p.came + p.waited
        if not p.starts or not 0 <= begun <= at:
            continue
        so_far = p.sessions[: at - begun + 1]
        has_ended = at - begun + 1 >= len(p.sessions)
        found.append(
            Courses(
                who, "05", "depression", "high intensity", True, sum(so_far), "ended" if has_ended else "goes on",
                "none", 1, int(begun > max(0, at - 12)), begun > 0,
            )
        )  # fmt: skip
    return found


def _under_way(people: Sequence[_Person], at: int) -> dict[str, dict[int, int]]:
    """Courses under way by sessions so far; what a course had before month 0 is not known."""
    found: Counter[int] = Counter()
    for p in people:
        begun = p.came + p.waited
        if p.starts and 0 <= begun <= at and at - begun + 1 < len(p.sessions):
            found[sum(p.sessions[: at - begun + 1])] += 1
    return {"high intensity": dict(found)}


# A data root ------------------------------------------------------------------------------------------------------


def views_of(root: Path, first: int) -> list[View]:
    """A view for every month of a data root from number ``first`` on, each from a warehouse of the months so far."""
    with duckdb.connect(str(root / "warehouse.duckdb"), read_only=True) as con:
        rows = con.execute("SELECT submission_id, provider, month FROM core.submission ORDER BY ALL").fetchall()
    folders = {each.name.partition(".")[0]: each for each in (root / "pseudonymised").iterdir()}
    months = sorted({month for *_, month in rows})
    views = []
    for last in months[first - 1 :]:
        current = [
            StagedSubmission(name, ProviderMonth(provider, month), folders[name])
            for name, provider, month in rows
            if month <= last
        ]
        with tempfile.TemporaryDirectory() as folder:
            draft, counted = Path(folder) / "draft.duckdb", some("REFERRALS", "RECOVERY")
            build_core(draft, current, measures=counted, reference=root / "reference")
            build_marts(draft, measures=counted)
            with duckdb.connect(str(draft), read_only=True) as con:
                services = read_services(con)
                views.append(View(last, services, read_courses(con, last), read_under_way(con)))
    return views


def _print(found: Sequence[Held]) -> None:
    for (quantity, ahead), (in_80, in_95) in shares(found).items():
        said = f"{ahead} months ahead" if ahead else "all"
        sys.stdout.write(f"{quantity}, {said}: 80 % held {in_80}, 95 % held {in_95}\n")


if __name__ == "__main__":
    if len(sys.argv) > 1:
        _print(list(held(views_of(Path(sys.argv[1]), 6))))
    else:
        _print(
            [
                replace(each, provider=f"{each.provider} {seed}")
                for seed in range(10)
                for each in held(simulated(seed, 8, 36, range(11, 36)))
            ]
        )
