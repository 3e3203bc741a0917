"""How often intervals held what came, and how much of a difference chance explains.

Belongs here: coverage with an interval that allows for dependence. Does not belong here: the forecasts
(``tests/warehouse/test_back_test.py``).

Forecasts are no independent trials. Those of one service share its history: one bad year misses many times. Those
made in one month share what happened to all services afterwards. The standard error allows for both (Cameron, Gelbach
and Miller 2011, Journal of Business and Economic Statistics 29:238).
"""

from collections import defaultdict
from collections.abc import Hashable, Iterable, Sequence
from dataclasses import dataclass
from math import sqrt

# 99 of 100: some twenty coverages are looked at, and at 95 one of them would differ by chance.
Z_99 = 2.575829

Trial = tuple[Hashable, Hashable, bool]
"""A service, the month in which it was forecast, and whether the interval held what came."""


@dataclass(frozen=True)
class Coverage:
    """The share of forecasts whose interval held what came, and its 99 % interval."""

    share: float
    lower: float
    upper: float
    forecasts: int

    def __str__(self) -> str:
        return f"{100 * self.share:.1f} % ({100 * self.lower:.1f} to {100 * self.upper:.1f}, {self.forecasts:,})"


def coverage(trials: Sequence[Trial]) -> Coverage:
    """Of forecasts that were made in the past."""
    share = sum(held for *_, held in trials) / len(trials)
    alone = share * (1 - share) * len(trials)
    by_service = _spread(((service, held - share) for service, _, held in trials), alone)
    by_month = _spread(((month, held - share) for _, month, held in trials), alone)
    error = sqrt(max(by_service + by_month - alone, by_service, by_month, alone)) / len(trials)
    return Coverage(share, max(0.0, share - Z_99 * error), min(1.0, share + Z_99 * error), len(trials))


def _spread(of: Iterable[tuple[Hashable, float]], alone: float) -> float:
    """Variance of a sum whose parts hang together within groups; of one group nothing is known."""
    sums: dict[Hashable, float] = defaultdict(float)
    for group, gap in of:
        sums[group] += gap
    if len(sums) < 2:
        return alone
    return sum(each**2 for each in sums.values()) * len(sums) / (len(sums) - 1)
