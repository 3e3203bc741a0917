"""A forecast worked out slowly: the same model without a filter, with one normal density over all months.

Belongs here: level and weights by dense matrices, and futures drawn one by one with Python's own generator. Does not
belong here: what must hold of them (``tests/warehouse/test_forecast.py``).
"""

import random
from math import exp, sqrt

import numpy as np

Pair = tuple[float, float]


def weights_and_levels(
    counts: list[int | None], exposures: list[float], pairs: list[Pair]
) -> list[tuple[float, float, float]]:
    """Weight, mean and variance of the last level (root scale) for every pair of noise and drift.

    The roots of all known months after the first, given the first, are jointly normal: the level is a random walk
    from the first, of which only the first root is known.
    """
    known = [place for place, count in enumerate(counts) if count is not None]
    mean = sum(counts[place] or 0 for place in known) / sum(exposures[place] for place in known)
    roots = np.array([sqrt(((counts[place] or 0) + 0.375) / exposures[place]) for place in known])
    found = []
    for noise, drift in pairs:
        chance = np.array([(1 / exposures[place] + noise**2 * mean) / 4 for place in known])
        step = drift**2 * mean / 4
        # Level at month i less the first root: its error, and the steps since.
        passed = np.array([place - known[0] for place in known], dtype=float)
        walk = chance[0] + step * np.minimum.outer(passed, passed)
        seen = walk[1:, 1:] + np.diag(chance[1:])
        gaps = roots[1:] - roots[0]
        solved = np.linalg.solve(seen, gaps)
        density = -(np.linalg.slogdet(seen)[1] + gaps @ solved) / 2
        last = len(counts) - 1 - known[0]
        shared = chance[0] + step * np.minimum(passed[1:], last)
        at = roots[0] + shared @ solved
        variance = chance[0] + step * last - shared @ np.linalg.solve(seen, shared)
        found.append((density, float(at), float(variance)))
    most = max(density for density, *_ in found)
    total = sum(exp(density - most) for density, *_ in found)
    return [(exp(density - most) / total, at, variance) for density, at, variance in found]


def futures(
    counts: list[int | None], exposures: list[float], coming: list[float], pairs: list[Pair], paths: int, seed: int
) -> list[list[int]]:
    """So many simulated futures."""
    lot = random.Random(seed)
    known = [(count, e) for count, e in zip(counts, exposures, strict=True) if count is not None]
    mean = sum(count for count, _ in known) / sum(e for _, e in known)
    found = weights_and_levels(counts, exposures, pairs)
    made = []
    for place in lot.choices(range(len(pairs)), [weight for weight, *_ in found], k=paths):
        (noise, drift), (_, at, variance) = pairs[place], found[place]
        root, path = lot.gauss(at, sqrt(variance)), []
        for e in coming:
            root += lot.gauss(0, drift * sqrt(mean) / 2)
            rate = _rate(root, noise, mean)
            if noise:
                rate *= lot.gammavariate(1 / noise**2, noise**2)
            path.append(_poisson(rate * e, lot))
        made.append(path)
    return made


def _rate(root: float, noise: float, mean: float) -> float:
    d = 2 * max(root, sqrt(0.375))
    rate = max(0.0, d * d / 4 + sqrt(3 / 2) / (4 * d) - 11 / (8 * d * d) + 5 * sqrt(3 / 2) / (8 * d**3) - 1 / 8)
    return rate + noise * noise / 4 * min(mean, rate)


def _poisson(mean: float, lot: random.Random) -> int:
    """Arrivals in a unit of time, one waiting time after the other."""
    count, time = 0, lot.expovariate(1)
    while time < mean:
        count, time = count + 1, time + lot.expovariate(1)
    return count
