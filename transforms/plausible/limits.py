"""How far from its own months a count may lie before it is asked about.

Belongs here: the scales on which a count or a share varies as much at any size, the score of a difference, and the
budget of false alarms. Does not belong here: what is compared (``transforms.plausible.questions``).

A count of n records varies by chance, and a service varies from month to month beyond that. On the scale
2 √(n + 3/8) chance has the variance 1 (Anscombe 1948), on 2 arcsin √(share) it has 1/n. What varies beyond chance
is estimated from the service's own months and from a prior, since half a year alone tells little (a moderated t:
Smyth 2004, Stat Appl Genet Mol Biol 3:3). The limits follow the size: a service of 20 referrals may halve, one of
2,000 may not.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from functools import lru_cache
from math import asin, copysign, log, sqrt
from statistics import NormalDist
from typing import NamedTuple

QUESTIONS_A_YEAR = 1.0
"""The budget: questions that a stable service gets in a year by chance, at most."""
_MONTHS_A_YEAR = 12


@dataclass(frozen=True)
class Prior:
    """What varies from month to month beyond chance, before a service's own months are seen.

    ``beyond`` is a standard deviation: of a count, as a share of it; of a share, on the scale of the arcsine.
    ``clustered`` multiplies the variance of chance: rows of one person are alike. ``months`` is how many months of
    own evidence the prior is worth.
    """

    beyond: float
    clustered: float
    months: float


class Seen(NamedTuple):
    """One month: a count, or a count of a value among ``of`` rows."""

    count: int  # type: ignore[assignment]  # the method of tuples is not asked for
    of: int = 0


def allowed(comparisons: int) -> float:
    """The score from which a difference is asked about, if so many are looked at every month.

    Each may be asked about by chance with the probability budget / (12 × comparisons).
    """
    chance = QUESTIONS_A_YEAR / (_MONTHS_A_YEAR * max(comparisons, 1))
    return NormalDist().inv_cdf(1 - min(chance, 0.5) / 2)


def score_of_count(now: Seen, before: Sequence[Seen], prior: Prior) -> float:
    """The score of a count beside those of the months before, as a normal score; above 0 if it is more.

    What lies between the lowest and the highest of them is 0: a service is not asked about what it had before.
    """
    counts = [each.count for each in before]
    if min(counts) <= now.count <= max(counts):
        return 0.0
    usual = sum(counts) / len(counts)

    def varies(count: float) -> float:
        return prior.clustered + prior.beyond**2 * count

    points = [_root(each.count) for each in before]
    return _score(_root(now.count), points, varies(usual), varies(usual), prior.months)


def score_of_share(now: Seen, before: Sequence[Seen], prior: Prior) -> float:
    """The score of a share beside those of the months before, as a normal score; above 0 if it is more.

    Months without rows say nothing of a share. What lies between the lowest and the highest of them is 0.
    """
    known = [each for each in before if each.of]
    if not known or not now.of:
        return 0.0
    shares = [each.count / each.of for each in known]
    if min(shares) <= now.count / now.of <= max(shares):
        return 0.0
    typical = len(known) / sum(1 / each.of for each in known)

    def varies(rows: float) -> float:
        return prior.clustered / rows + prior.beyond**2

    points = [_angle(each) for each in known]
    return _score(_angle(now), points, varies(typical), varies(now.of), prior.months)


# A month is looked at again with each of the six after it: with this a check takes two thirds of the time.
@lru_cache(maxsize=1 << 16)
def _root(count: int) -> float:
    return 2 * sqrt(count + 3 / 8)


@lru_cache(maxsize=1 << 16)
def _angle(seen: Seen) -> float:
    return 2 * asin(sqrt((seen.count + 3 / 8) / (seen.of + 3 / 4)))


def _score(now: float, before: Sequence[float], usual: float, here: float, prior_months: float) -> float:
    """The moderated t of ``now``, as a normal score. ``usual`` is the prior's variance of a month before, ``here``
    that of this one.
    """
    months = len(before)
    centre = sum(before) / months
    own = sum((each - centre) ** 2 for each in before)
    free = prior_months + months - 1
    # Own months can show that a service varies more than the prior says. That they varied less may be luck.
    inflated = max(1.0, (prior_months * usual + own) / free / usual)
    spread = sqrt(inflated * (here + usual / months))
    return _normal((now - centre) / spread, free)


def _normal(t: float, free: float) -> float:
    """The normal score that is as rare as ``t`` with so many degrees of freedom (Wallace 1959), within 0.02."""
    return copysign(sqrt(free * log(1 + t * t / free)) * (8 * free + 1) / (8 * free + 3), t)
