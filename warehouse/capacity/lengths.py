"""How many sessions a course has: a curve from courses that ended and courses that still run.

Belongs here: one curve, its mean, what is left of a course, and drawing a service's mean towards England's. Does
not belong here: which courses are of one kind (``expected``).
"""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from functools import cached_property
from math import sqrt

# A course of these many sessions, whether it has ended, and how many such courses there are.
Length = tuple[int, bool, int]


@dataclass(frozen=True)
class Curve:
    """``beyond[k]`` is the share of courses with more than k sessions, up to the longest seen; ``ended`` courses.

    ``noise[k]`` is the term of Greenwood's formula at k: ended / (at risk x (at risk - ended)).
    """

    beyond: Sequence[float]
    noise: Sequence[float]
    ended: int
    courses: int

    @cached_property
    def _left(self) -> dict[int, tuple[float, float]]:
        """What ``left`` has found so far: the same is asked for every kind of course and every month."""
        return {}

    def left(self, sessions: int) -> tuple[float, float]:
        """Mean sessions still to come in a course that has had ``sessions``, and its standard error.

        Of a whole course with 0. No course has more sessions than the longest seen, so that with long courses under
        way the mean is rather too low.
        """
        if sessions not in self._left:
            self._left[sessions] = self._reckoned(sessions)
        return self._left[sessions]

    def _reckoned(self, sessions: int) -> tuple[float, float]:
        before = self.beyond[sessions - 1] if 0 < sessions <= len(self.beyond) else 1.0
        rest = self.beyond[sessions:]
        if not rest or before <= 0:
            return 0.0, 0.0
        area, variance = 0.0, 0.0
        for k in range(len(self.beyond) - 1, sessions - 1, -1):
            area += self.beyond[k]
            variance += (area / before) ** 2 * self.noise[k]
        return area / before, sqrt(variance)


def curve(lengths: Iterable[Length]) -> Curve:
    """The Kaplan-Meier curve of numbers of sessions.

    A course that runs and has had k sessions may still end with k: it is at risk of ending only with fewer.
    """
    ended: dict[int, int] = {}
    running: dict[int, int] = {}
    for sessions, has_ended, courses in lengths:
        where = ended if has_ended else running
        where[sessions] = where.get(sessions, 0) + courses
    longest = max((*ended, *running), default=-1)
    total = sum(running.values()) + sum(ended.values())
    above, share = total, 1.0
    beyond, noise = [], []
    for k in range(longest + 1):
        above -= running.get(k, 0)
        here = ended.get(k, 0)
        share = 0.0 if k == longest else share * (1 - here / above) if above else share
        beyond.append(share)
        noise.append(here / (above * (above - here)) if above > here else 0.0)
        above -= here
    return Curve(beyond, noise, sum(ended.values()), total)


@dataclass(frozen=True)
class Mean:
    """A mean with its standard error, and the courses that ended behind it."""

    value: float
    error: float
    ended: int


def spread_between(means: Sequence[Mean]) -> float:
    """Variance of the true means of services beyond chance (DerSimonian and Laird 1986); 0 where there is none."""
    known = [each for each in means if each.error > 0]
    if len(known) < 2:
        return 0.0
    weights = [1 / each.error**2 for each in known]
    total = sum(weights)
    centre = sum(w * each.value for w, each in zip(weights, known, strict=True)) / total
    heterogeneity = sum(w * (each.value - centre) ** 2 for w, each in zip(weights, known, strict=True))
    scale = total - sum(w * w for w in weights) / total
    return max(0.0, (heterogeneity - (len(known) - 1)) / scale)


def drawn_to(own: Mean, england: Mean, between: float) -> tuple[Mean, float]:
    """A service's mean drawn to England's, and the weight of its own.

    Weight = between / (between + own variance): own courses count for more the more there are, and the more
    services differ. The error is that of the posterior mean.
    """
    if own.error == 0:
        return (own, 1.0) if between > 0 else (england, 0.0)
    weight = between / (between + own.error**2)
    error = sqrt(weight * own.error**2 + ((1 - weight) * england.error) ** 2)
    return Mean(weight * own.value + (1 - weight) * england.value, error, own.ended), weight
