"""The forecast of a monthly count: a local level with noise, simulated.

Belongs here: from a series of counts to its next months and their sums. Does not belong here: which series there
are (``warehouse.trajectories``), seasons and working days (``schemas.calendar``).

The count of a month is Poisson around ``level x exposure x noise``: exposure is working days and season, noise has
mean 1 and a coefficient of variation, and the level drifts from month to month. There is no trend: the forecast is
what the present rate gives. Noise and drift are not estimated as one value each. All pairs of a grid are tried, and
each has the weight with which the series speaks for it: so short series get wide intervals. Square roots of counts
are nearly normal, so a Kalman filter gives level and weights (Harvey 1989, «Forecasting, Structural Time Series
Models and the Kalman Filter»). Decision 0053 has the candidates and the back-test.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import date
from math import ceil, sqrt

import numpy as np
from numpy.typing import NDArray

from schemas.calendar.seasons import exposure
from schemas.month import months_after, months_between
from warehouse.forecasting.keyed import random_of

Numbers = NDArray[np.float64]

# With 4 months the interval still holds 80 and 95 %, and is about as wide as the figure itself.
FEWEST_MONTHS = 6
# Of so many months before the forecast the fewest must be known: an old rate is not the present one.
RECENT_MONTHS = 12
# Older months say little of the present level, and of its noise 36 say enough.
MOST_MONTHS = 36
# At 2,000 paths the 95 % limits stand still within about 2 % of the width of the interval.
PATHS = 2_000
TOO_FEW_MONTHS = "too few months"

# Noise of a month and drift from month to month, as shares of the level: no more than the 180 services of NHS
# England's monthly statistics show.
_NOISE = (0.0, 0.04, 0.08, 0.12, 0.18, 0.25, 0.4)
_DRIFT = (0.0, 0.01, 0.02, 0.04, 0.07, 0.12)
_PAIRS = np.array([(noise, drift) for noise in _NOISE for drift in _DRIFT])
# Anscombe: with 3/8 the variance of the root of a Poisson count is 1/4 for all but the smallest means.
_OFFSET = 0.375
# Nobody counts more: numpy's Poisson has no larger mean than about 9.2e18.
_LARGEST = 1e12


@dataclass(frozen=True)
class Likely:
    """A whole number to expect: the median, and between which limits it lies in 80 and in 95 of 100 cases."""

    median: int
    lower_80: int
    upper_80: int
    lower_95: int
    upper_95: int

    @classmethod
    def of(cls, values: NDArray[np.int64]) -> "Likely":
        """Of simulated values: each limit is a value that occurs."""
        ordered = np.sort(values)

        def at(share: float) -> int:
            return int(ordered[ceil(len(ordered) * share - 1e-9) - 1])

        return cls(at(0.5), at(0.1), at(0.9), at(0.025), at(0.975))


@dataclass(frozen=True, eq=False)
class Forecast:
    """The next months of a series: ``paths`` has a row for each simulated future and a column for each month."""

    months: tuple[date, ...]
    paths: NDArray[np.int64]

    def month(self, month: date) -> Likely:
        """The count of one month. Raises ValueError for a month that is not forecast."""
        return Likely.of(self.paths[:, self.months.index(month)])

    def total(self, first: date, last: date) -> Likely:
        """The sum of the months from ``first`` to ``last``. Raises ValueError for a month that is not forecast."""
        return Likely.of(self.paths[:, self.months.index(first) : self.months.index(last) + 1].sum(axis=1))


def forecast(counts: Mapping[date, int | None], ahead: int, *, season: str, key: str) -> Forecast | None:
    """The ``ahead`` months after the last month of ``counts``; None where there are too few months.

    ``counts`` maps first days of months to whole counts. A month that is not in it, or is None, is not known: it
    was not submitted, or not by everybody. It is no 0. ``season`` is a name of ``seasons`` or ``NONE``. ``key``
    names the series: the same counts with the same key give the same paths, whatever is forecast beside them.

    Known must be ``FEWEST_MONTHS`` of the last ``RECENT_MONTHS``. Raises ValueError for a count below 0 or a season
    that there is none of.
    """
    if any(count is not None and count < 0 for count in counts.values()):
        raise ValueError("a count is below 0")
    if not enough(counts):
        return None
    last = max(counts)
    past = months_between(max(min(counts), months_after(last, 1 - MOST_MONTHS)), last)
    coming = months_between(months_after(last, 1), months_after(last, ahead))
    known = [counts.get(month) for month in past]
    level = _Level(known, [exposure(month, season) for month in past])
    exposures = [exposure(month, season) for month in coming]
    return Forecast(tuple(coming), level.simulated(exposures, random_of(key)))


def enough(counts: Mapping[date, int | None]) -> bool:
    """Whether enough of the last months are known for a forecast."""
    if not counts:
        return False
    first = months_after(max(counts), 1 - RECENT_MONTHS)
    return sum(month >= first and count is not None for month, count in counts.items()) >= FEWEST_MONTHS


class _Level:
    """The level of a series at its end, on the scale of square roots, for every pair of noise and drift."""

    def __init__(self, counts: Sequence[int | None], exposures: Sequence[float]) -> None:
        """Of counts in order, with the exposure of each month. At least one is known."""
        known = [(count, e) for count, e in zip(counts, exposures, strict=True) if count is not None]
        self._mean = sum(count for count, _ in known) / sum(e for _, e in known)
        noise, drift = _PAIRS.T
        moved = drift**2 * self._mean / 4
        self._at = self._variance = np.zeros(len(_PAIRS))
        weight = np.zeros(len(_PAIRS))
        is_first = True
        for count, e in zip(counts, exposures, strict=True):
            self._variance = self._variance + moved
            if count is None:
                continue
            root, chance = sqrt((count + _OFFSET) / e), (1 / e + noise**2 * self._mean) / 4
            if is_first:
                self._at, self._variance, is_first = np.full(len(_PAIRS), root), chance, False
                continue
            spread, gap = self._variance + chance, root - self._at
            weight = weight - (np.log(spread) + gap**2 / spread) / 2
            gain = self._variance / spread
            self._at, self._variance = self._at + gain * gap, self._variance * (1 - gain)
        # Rounded: the last digits of a logarithm differ between processors.
        share = np.round(np.exp(weight - weight.max()), 9)
        self._share = share / share.sum()

    def simulated(self, exposures: Sequence[float], random: np.random.Generator) -> NDArray[np.int64]:
        """Futures with these exposures: a row for each path."""
        # As many paths of each pair as its weight says, not by lot.
        places = np.searchsorted(np.cumsum(self._share), (np.arange(PATHS) + 0.5) / PATHS)
        chosen = random.permutation(np.minimum(places, len(_PAIRS) - 1))
        noise, drift = _PAIRS[chosen].T
        root = self._at[chosen] + np.sqrt(self._variance[chosen]) * random.standard_normal(PATHS)
        paths = np.empty((PATHS, len(exposures)), dtype=np.int64)
        for place, e in enumerate(exposures):
            root = root + drift * sqrt(self._mean) / 2 * random.standard_normal(PATHS)
            rate = self._rate(root, noise) * _noisy(noise, random)
            paths[:, place] = random.poisson(np.minimum(rate * e, _LARGEST))
        return paths

    def _rate(self, root: Numbers, noise: Numbers) -> Numbers:
        """The rate whose counts have this mean root: it is above the square, by what roots lose to chance.

        Mäkitalo and Foi 2011 (IEEE Transactions on Image Processing 20:99) for a Poisson count; what noise adds
        fades out towards a rate of 0.
        """
        double = 2 * np.maximum(root, sqrt(_OFFSET))
        rate = double**2 / 4 + sqrt(1.5) / 4 / double - 11 / 8 / double**2 + 5 * sqrt(1.5) / 8 / double**3 - 1 / 8
        rate = np.maximum(rate, 0.0)
        return rate + noise**2 / 4 * np.minimum(self._mean, rate)


def _noisy(noise: Numbers, random: np.random.Generator) -> Numbers:
    """Factors of mean 1 with these coefficients of variation."""
    shape = 1 / np.maximum(noise, 0.01) ** 2
    return np.where(noise > 0, random.gamma(shape) / shape, 1.0)
