"""Random draws: weighted choice, draws by key that do not depend on order, scores with a given mean and spread.

Belongs here: the few ways in which this package turns a seed into numbers. Does not belong here: what the numbers
mean (``calibration``, ``frequencies``).
"""

from collections.abc import Mapping, Sequence
from functools import cache
from statistics import NormalDist

import numpy as np
import polars as pl
from numpy.typing import NDArray

Integers = NDArray[np.int64]
Numbers = NDArray[np.float64]
Flags = NDArray[np.bool_]

# Day that means «no date»: NumPy's NaT, which Polars reads as null.
NO_DAY = np.iinfo(np.int64).min


def pick(rng: np.random.Generator, weights: Sequence[float], size: int) -> Integers:
    """``size`` indices into ``weights``, drawn in proportion to them."""
    return pick_at(rng.random(size), weights)


def pick_at(uniform: Numbers, weights: Sequence[float]) -> Integers:
    """The index that each uniform number in [0, 1) chooses, in proportion to ``weights``."""
    edges = np.cumsum(np.asarray(weights, dtype=np.float64))
    return np.searchsorted(edges / edges[-1], uniform, side="right").astype(np.int64)


def _mix(value: NDArray[np.uint64]) -> NDArray[np.uint64]:
    """The finaliser of SplitMix64 (Steele, Lea and Flood 2014): every input bit reaches every output bit."""
    with np.errstate(over="ignore"):
        value = value + np.uint64(0x9E3779B97F4A7C15)
        value = (value ^ (value >> np.uint64(30))) * np.uint64(0xBF58476D1CE4E5B9)
        value = (value ^ (value >> np.uint64(27))) * np.uint64(0x94D049BB133111EB)
        return value ^ (value >> np.uint64(31))


def keyed(rows: Integers, *keys: int) -> Numbers:
    """A uniform number in [0, 1) per row that depends on the row and the keys alone.

    Unlike a stream of draws it does not change when rows before it are added or left out.
    """
    state = np.zeros(1, dtype=np.uint64)
    for key in keys:
        state = _mix(state ^ np.uint64(key & 0xFFFFFFFFFFFFFFFF))
    return (_mix(_mix(rows.astype(np.uint64) ^ state)) >> np.uint64(11)).astype(np.float64) / float(1 << 53)


def gather(values: Sequence[str | None], index: Integers) -> pl.Series:
    """The value at each index; an index of -1 gives null."""
    return pl.Series([*values, None], dtype=pl.String).gather(np.where(index < 0, len(values), index))


def choose(rng: np.random.Generator, weights: Mapping[str, float], size: int) -> pl.Series:
    """``size`` codes drawn in proportion to their weights; the code "" means null."""
    values = [code or None for code in weights]
    return pl.Series(values, dtype=pl.String).gather(pick(rng, list(weights.values()), size))


def dates(days: Integers) -> pl.Series:
    """Days since 1970-01-01 as dates; ``NO_DAY`` gives null."""
    return pl.Series(days.astype("datetime64[D]"), dtype=pl.Date)


def constant(value: str, size: int) -> pl.Series:
    """The same text in every row."""
    return pl.Series([value], dtype=pl.String).new_from_index(0, size)


def by_group(weights: Sequence[Mapping[str, float]], group: Integers, uniform: Numbers) -> pl.Series:
    """The code that each uniform number chooses from the weights of its group; the code "" means null."""
    codes: list[str | None] = []
    index = np.full(len(group), -1)
    for number, of_group in enumerate(weights):
        mine = group == number
        index[mine] = len(codes) + pick_at(uniform[mine], list(of_group.values()))
        codes += [code or None for code in of_group]
    return gather(codes, index)


def numbered(prefix: str, first: int, count: int) -> pl.Series:
    """Local identifiers: ``prefix`` and consecutive numbers from ``first``."""
    return prefix + pl.int_range(first, first + count, eager=True).cast(pl.String)


def weekday(days: Integers) -> Integers:
    """The same day, or the Monday after a weekend; order is kept (1970-01-01 was a Thursday)."""
    of_week = (days + 3) % 7
    return days + np.where(of_week >= 5, 7 - of_week, 0)


@cache
def score_edges(low: int, high: int, mean: float, sd: float) -> Numbers:
    """Cut points of a standard normal number that give whole scores ``low``..``high`` with this mean and SD.

    The scores follow a beta distribution laid over the range (bounded and skewed as questionnaire totals
    are), so ``low + searchsorted(edges, z)`` is a score; draws that correlate give scores that correlate.
    """
    steps = np.arange(high - low + 1)
    x = (steps + 0.5) / len(steps)
    want_mean, want_sd = mean, sd
    shares = np.full(len(steps), 1 / len(steps))
    for _ in range(100):  # moments of the discrete scores, not of the continuous curve, must agree
        centre = min(max((want_mean - low + 0.5) / len(steps), 0.01), 0.99)
        strength = max(centre * (1 - centre) / (want_sd / len(steps)) ** 2 - 1, 0.2)
        curve = (centre * strength - 1) * np.log(x) + ((1 - centre) * strength - 1) * np.log1p(-x)
        shares = np.exp(curve - curve.max())
        shares /= shares.sum()
        got_mean = low + float(shares @ steps)
        got_sd = float(np.sqrt(shares @ (steps - (got_mean - low)) ** 2))
        want_mean += 0.5 * (mean - got_mean)
        want_sd += 0.5 * (sd - got_sd)
    normal = NormalDist()
    inner = np.clip(np.cumsum(shares)[:-1], 1e-12, 1 - 1e-12)
    return np.array([normal.inv_cdf(float(share)) for share in inner])


def scores(z: Numbers, low: int, high: int, mean: float, sd: float) -> Integers:
    """Whole scores with this mean and SD from standard normal numbers."""
    return low + np.searchsorted(score_edges(low, high, mean, sd), z).astype(np.int64)
