"""How often forecasts made in the past held what came: of a released warehouse, and of NHS England's statistics.

Belongs here: printing coverages. Does not belong here: what they must come to
(``tests/warehouse/test_back_test.py``). Run as ``python -m benchmarks.back_test WAREHOUSE.duckdb``: a forecast is
made in each past month of every provider and of England, and compared with all months that came after it.
"""

import sys
from datetime import date

import duckdb

from tests.references.coverage import Trial, coverage
from tests.warehouse.test_back_test import MADE_IN, coverages, look_back, published
from warehouse.forecasting.forecast import enough, forecast
from warehouse.trajectories.series import FLOWS

_COUNTS = """
SELECT organisation, period_start, numerator
FROM mart.service_measure
WHERE measure = ? AND pathway = 'all' AND period_type = 'month' AND level IN ('provider', 'England')
    AND state = 'value'
ORDER BY ALL
"""


def main() -> None:
    """Print a line for each series and claim."""
    with duckdb.connect(sys.argv[1], read_only=True) as con:
        for each in FLOWS:
            counts: dict[str, dict[date, int]] = {}
            for organisation, month, count in con.execute(_COUNTS, [each.measure]).fetchall():
                counts.setdefault(organisation, {})[month] = count
            _released(each.name, counts, each.season, each.settles_after)
    for measure in ("referrals", "access"):
        for history in (6, 12, 24):
            for (ahead, claim), found in coverages(
                look_back(published(measure), measure, history, MADE_IN)
            ).items():
                print(f"published {measure}, {history} months known, {ahead} ahead, {claim} %: {found}")


def _released(name: str, counts: dict[str, dict[date, int]], season: str, settles_after: int) -> None:
    months: dict[int, list[Trial]] = {80: [], 95: []}
    sums: dict[int, list[Trial]] = {80: [], 95: []}
    for organisation, came in counts.items():
        known = sorted(came)
        for place, last in enumerate(known[:-1]):
            history = {month: came[month] for month in known[settles_after : place + 1]}
            if not enough(history):
                continue
            made = forecast(history, len(known) - place - 1, season=season, key=f"{name} {organisation} {last}")
            assert made is not None
            total = made.total(made.months[0], made.months[-1])
            for likely, value, trials in (
                *((made.month(month), came[month], months) for month in made.months if month in came),
                (total, sum(came.get(month, 0) for month in made.months), sums),
            ):
                trials[80].append((organisation, last, likely.lower_80 <= value <= likely.upper_80))
                trials[95].append((organisation, last, likely.lower_95 <= value <= likely.upper_95))
    for words, found in (("months", months), ("sums to the last month", sums)):
        for claim, trials in found.items():
            said = coverage(trials) if trials else "too few months"
            print(f"released {name}, {words}, {claim} %: {said}")


if __name__ == "__main__":
    main()
