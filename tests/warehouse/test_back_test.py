"""Forecasts made in the past, and what came: intervals of 80 and 95 % hold what came as often as they claim.

The series are NHS England's monthly statistics of 180 services, January 2021 to March 2026
(``tests/fixtures/monthly_statistics.parquet``), and services of a process that is known. A service in the published
figures is rounded to the nearest 5. Decision 0053 says what «as claimed» means: the 99 % interval of a coverage, which
allows for what forecasts of one service and of one month share, comes within 2 points of the claim. The claim is for
services as they are. A process without any drift is held more often, one with more drift than most less often.
"""

from collections import defaultdict
from collections.abc import Callable
from datetime import date
from functools import cache
from pathlib import Path

import numpy as np
import polars as pl
import pytest

from schemas.calendar.seasons import NONE, exposure
from schemas.month import months_after, months_between
from tests import campaign
from tests.references.coverage import Coverage, Trial, coverage
from warehouse.forecasting.forecast import Likely, enough, forecast

PUBLISHED = Path(__file__).parents[1] / "fixtures" / "monthly_statistics.parquet"
AHEAD = (1, 3, 6, 12)
# Published counts are rounded to 5, and limits are whole numbers: neither can be met to the point.
MARGIN = 0.02
FIRST, LAST = date(2021, 1, 1), date(2026, 3, 1)
# Made in every sixth month with a year after it: then no two sums of 12 months share more than six.
MADE_IN = [month for month in months_between(date(2021, 12, 1), months_after(LAST, -12)) if month.month in (6, 12)]

Held = dict[tuple[str, int], list[Trial]]


@cache
def published(measure: str) -> dict[str, dict[date, int]]:
    """Counts by organisation and month, without England; months without a figure are absent."""
    found: dict[str, dict[date, int]] = {}
    frame = pl.read_parquet(PUBLISHED).drop_nulls(measure)
    for organisation, month, count in frame.select("organisation", "month", measure).iter_rows():
        if organisation != "ENG":
            found.setdefault(organisation, {})[month] = count
    return found


def look_back(series: dict[str, dict[date, int]], season: str, history: int, made_in: list[date]) -> Held:
    """Whether what came was held, by horizon (``1``, ``12``, ``sum``) and claim (80, 95), for every service."""
    held: Held = defaultdict(list)
    for name, counts in series.items():
        for last in made_in:
            known = {month: counts.get(month) for month in months_between(months_after(last, 1 - history), last)}
            coming = [counts.get(months_after(last, n)) for n in range(1, 13)]
            if not enough(known) or None in coming:
                continue
            made = forecast(known, 12, season=season, key=f"{name} {last}")
            assert made is not None
            for n in AHEAD:
                _note(held, f"{n}", name, last, made.month(months_after(last, n)), coming[n - 1])
            total = made.total(made.months[0], made.months[-1])
            _note(held, "sum", name, last, total, sum(count or 0 for count in coming))
    return held


def _note(held: Held, ahead: str, service: str, made_in: date, likely: Likely, came: int | None) -> None:
    assert came is not None
    held[ahead, 80].append((service, made_in, likely.lower_80 <= came <= likely.upper_80))
    held[ahead, 95].append((service, made_in, likely.lower_95 <= came <= likely.upper_95))


def coverages(held: Held) -> dict[tuple[str, int], Coverage]:
    return {key: coverage(trials) for key, trials in held.items()}


@pytest.mark.parametrize("measure", ["referrals", "access"])
def test_published_services_came_in_as_often_as_claimed(measure: str) -> None:
    """Small and large, with 6, 12 and 24 months of history; every tenth service in a sample."""
    every = published(measure)
    chosen = campaign.one_of_each(
        f"services of the back-test, {measure}", sorted(every), lambda name: hash_of(name)
    )
    series = {name: every[name] for name in chosen}
    for history in (6, 12, 24) if campaign.is_whole() else (12,):
        for (ahead, claim), found in coverages(look_back(series, measure, history, MADE_IN)).items():
            is_as_claimed = found.lower - MARGIN <= claim / 100 <= found.upper + MARGIN
            assert is_as_claimed, f"{measure}, {history} months, {ahead}: {found}"


def hash_of(name: str) -> int:
    """One of 18 groups: a sample takes one service of each."""
    return sum(map(ord, name)) % 18


def test_england_is_held_too() -> None:
    """One series: of 10 forecasts for each horizon the 95 % interval may miss two."""
    frame = pl.read_parquet(PUBLISHED).filter(pl.col("organisation") == "ENG")
    for measure in ("referrals", "access"):
        counts = dict(zip(frame["month"].to_list(), frame[measure].to_list(), strict=True))
        held = look_back({"ENG": counts}, measure, 24, months_between(date(2022, 12, 1), date(2025, 3, 1))[::3])
        for (ahead, claim), trials in held.items():
            missed = [held for *_, held in trials].count(False)
            assert claim == 80 or missed <= 2, f"{measure} {ahead}: {missed} of {len(trials)} missed"


Process = Callable[[np.random.Generator, int], list[int]]


def poisson(mean: float) -> Process:
    return lambda lot, months: lot.poisson(mean, months).tolist()


def noisy(mean: float, noise: float) -> Process:
    """Over-dispersed: negative binomial."""
    return lambda lot, months: lot.poisson(mean * lot.gamma(noise**-2, noise**2, months)).tolist()


def drifting(mean: float, noise: float, drift: float) -> Process:
    """A level that moves by a share each month."""

    def draw(lot: np.random.Generator, months: int) -> list[int]:
        level = mean * np.exp(np.cumsum(lot.normal(0, drift, months)))
        return lot.poisson(level * lot.gamma(noise**-2, noise**2, months)).tolist()

    return draw


PROCESSES: dict[str, tuple[Process, bool]] = {
    "hardly anybody": (poisson(0.3), False),
    "few": (poisson(3), False),
    "chance alone": (poisson(60), False),
    "noise": (noisy(60, 0.25), False),
    "drift": (drifting(100, 0.1, 0.04), True),
    "drift of many": (drifting(2_000, 0.06, 0.05), True),
}


@pytest.mark.parametrize("name", PROCESSES)
def test_a_known_process_is_held_as_claimed(name: str) -> None:
    """Without drift, or with counts too small to hold 80 % exactly, at least so; with drift within 5 points."""
    process, drifts = PROCESSES[name]
    lot = np.random.default_rng(53)
    months = months_between(date(2024, 1, 1), date(2025, 12, 1))
    series = {f"{name} {n}": dict(zip(months, process(lot, 24), strict=True)) for n in range(campaign.examples(25))}
    for (ahead, claim), found in coverages(look_back(series, NONE, 12, [months[11]])).items():
        assert found.upper >= claim / 100 - 0.05 * drifts, f"{name}, {ahead}: {found}"
        if drifts and claim == 80:
            assert found.lower <= 0.85, f"{name}, {ahead}: {found}"


def test_a_service_with_the_season_of_england_is_held_in_december() -> None:
    lot = np.random.default_rng(53)
    months = months_between(date(2024, 1, 1), date(2025, 12, 1))
    held: list[Trial] = []
    for n in range(campaign.examples(15)):
        counts = {month: int(lot.poisson(80 * exposure(month, "referrals"))) for month in months}
        made = forecast({month: counts[month] for month in months[:12]}, 12, season="referrals", key=str(n))
        assert made is not None
        likely = made.month(date(2025, 12, 1))
        held.append((n, months[11], likely.lower_80 <= counts[date(2025, 12, 1)] <= likely.upper_80))
    assert coverage(held).upper >= 0.8
