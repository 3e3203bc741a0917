"""How long people wait, of all who wait: Kaplan-Meier and cumulative incidence, from counts by day.

Belongs here: the two estimates and their intervals, as pure functions of counts. Does not belong here: who waits
and which days count (``comparison.waiting``), medians of those who were seen (``measures``).

A median of the treated leaves out all who still wait or have left, so it flatters. Two questions, two answers:

* Kaplan-Meier: how long would people wait if nobody left? Who left, or waits still, is known to have waited so far.
* Cumulative incidence: what share of all referred has begun by day t? Leaving is another end (a competing event).
  Its shares of begun, left and waiting add up to 1; one minus Kaplan-Meier is larger, since nobody leaves in it.
"""

from bisect import bisect_right
from collections.abc import Iterable, Iterator, Sequence
from math import exp, log, sqrt
from typing import NamedTuple

from warehouse.comparison.statistics import Z_95

# Before the first day on which a wait ends all still wait, as known for sure: none of them has ended, no interval.
_ALL_WAIT = (1.0, 0.0, 0.0, 0.0, 0.0, 0.0)
# Estimates of one half that differ from it only in the last digits of their products are one half.
_ALMOST = 1e-12


class Day(NamedTuple):
    """What happened to people on one day of their wait, 0 being that of the referral.

    ``started``: treatment began; ``other``: it began elsewhere (in another step); ``left``: they left before;
    ``waiting``: they are known to have waited this long, and no longer.
    """

    day: int
    started: int
    other: int
    left: int
    waiting: int

    @property
    def people(self) -> int:
        """All whose wait, as far as it is known, is of that day."""
        return self.started + self.other + self.left + self.waiting


class Point(NamedTuple):
    """The estimates at the end of a day. Shares are of all; an interval is None where it is not defined.

    ``still_waiting`` is the Kaplan-Meier estimate; ``started``, ``other`` and ``left`` are cumulative incidences.
    ``at_risk`` still waited when the day began. Intervals are made when they are asked for: one day in seven is.
    """

    day: int
    at_risk: int
    still_waiting: float
    still_waiting_variance: float
    started: float
    started_variance: float
    other: float
    left: float

    @property
    def still_waiting_interval(self) -> tuple[float, float] | None:
        """The 95 % interval of ``still_waiting``."""
        return _log_log(self.still_waiting, self.still_waiting_variance)

    @property
    def started_interval(self) -> tuple[float, float] | None:
        """The 95 % interval of ``started``."""
        return _log_log(self.started, self.started_variance)


def estimate(days: Iterable[Day]) -> list[Point]:
    """Kaplan-Meier and cumulative incidence at every day with a person, in the order of days.

    Kaplan and Meier 1958, with the variance of Greenwood 1926; cumulative incidence by Aalen and Johansen
    1978, with a variance by the delta method (Marubini and Valsecchi 1995, chapter 10). Intervals are 95 %,
    on log(-log) (Collett, Modelling Survival Data in Medical Research, 3rd ed.), so that they stay between 0
    and 1. Of those whose wait ends on one day, starts come first.
    """
    ordered = sorted(day for day in days if day.people)
    return list(_walk(ordered, sum(day.people for day in ordered)))


def _walk(ordered: Sequence[Day], at_risk: int) -> Iterator[Point]:
    km, greenwood = 1.0, 0.0
    free = 1.0  # share without any event before the day
    started = other = left = 0.0
    incidence = _Incidence()
    for day in ordered:
        n, events = at_risk, day.started + day.other + day.left
        km *= 1 - day.started / n
        if day.started < n:
            greenwood += day.started / (n * (n - day.started))
        started += free * day.started / n
        other += free * day.other / n
        left += free * day.left / n
        variance = incidence.after(n, events, day.started, free, started)
        free *= 1 - events / n
        at_risk -= events + day.waiting
        yield Point(day.day, n, km, greenwood * km * km, started, variance, other, left)


class _Incidence:
    """The variance of a cumulative incidence, from running sums.

    The sum over days i up to t of (F(t) - F(i))^2 a_i + b_i - 2 (F(t) - F(i)) c_i, multiplied out.
    """

    def __init__(self) -> None:
        self._a = self._fa = self._ffa = self._b = self._c = self._fc = 0.0

    def after(self, n: int, events: int, started: int, free: float, incidence: float) -> float:
        """The variance after a day with ``n`` at risk, ``free`` being the share without any event before it."""
        if events < n:  # on a last day that leaves nobody, F(t) - F(i) is 0 for all that follows
            a = events / (n * (n - events))
            self._a += a
            self._fa += incidence * a
            self._ffa += incidence * incidence * a
        self._b += free * free * started * (n - started) / n**3
        c = free * started / (n * n)
        self._c += c
        self._fc += incidence * c
        squares = incidence * incidence * self._a - 2 * incidence * self._fa + self._ffa
        return max(0.0, squares + self._b - 2 * (incidence * self._c - self._fc))


def _log_log(share: float, variance: float) -> tuple[float, float] | None:
    """The 95 % interval of a share on log(-log): share to the power of exp(+-z se / (share log share))."""
    if not _ALMOST < share < 1 - _ALMOST:
        return None
    reach = Z_95 * sqrt(variance) / (share * log(share))
    low, high = sorted((share ** exp(reach), share ** exp(-reach)))
    return low, high


def day_waited(points: Sequence[Point], share: float) -> int | None:
    """The first day after which at most ``share`` still wait by Kaplan-Meier (0.5: the median). None: never."""
    return next((point.day for point in points if point.still_waiting <= share + _ALMOST), None)


def median_limits(points: Sequence[Point]) -> tuple[int | None, int | None]:
    """The 95 % interval of the median wait: the first days on which a limit of Kaplan-Meier is one half or less.

    Brookmeyer and Crowley 1982, with the limits of ``estimate``. None: that limit never comes down to one half.
    """
    lower, upper = (
        next(
            (
                point.day
                for point in points
                if (ends := point.still_waiting_interval) and ends[side] <= 0.5 + _ALMOST
            ),
            None,
        )
        for side in (0, 1)
    )
    return lower, upper


def day_started(points: Sequence[Point], share: float) -> int | None:
    """The first day by which ``share`` of all have started. None where that many never did."""
    return next((point.day for point in points if point.started >= share - _ALMOST), None)


def at(points: Sequence[Point], day: int) -> Point | None:
    """The estimates by ``day``: those of the last point up to it; before the first, all still wait.

    None where nobody was followed that long while somebody still waited: nobody knows what they did next.
    """
    if not points:
        return None
    last = points[-1]
    if last.day < day and last.started + last.other + last.left < 1 - _ALMOST:
        return None
    place = bisect_right(points, day, key=lambda point: point.day)
    return points[place - 1] if place else Point(day, points[0].at_risk, *_ALL_WAIT)
