"""The next months of a service at the present rate: sessions asked for, sessions given, sessions still to give.

Belongs here: putting forecasts of referrals and sessions together with the sessions that a referral takes. Does not
belong here: the forecast of a count (``warehouse.forecasting``), what a referral takes (``reckoning``).

The backlog of a month is that of the month before, and what was asked for less what was given: its middle
follows the forecasts of both. How far it strays is not the sum of both: a service gives more sessions when more
people come, and people take more sessions than expected, or fewer. So the reach is that of the backlog of past
months (``stocks``), and for several months ahead the variance ratio of all services (Lo and MacKinlay 1988): by how
much sums of months vary less than months by themselves. Beside it the sessions that a referral takes are known with
an error only, which adds up with everybody who comes.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import date
from math import sqrt
from statistics import fmean, variance
from typing import Any

import numpy as np

from warehouse.capacity.assumptions import Assumption, Month
from warehouse.capacity.reckoning import each_takes, of_step
from warehouse.capacity.reference import programme
from warehouse.capacity.simulation import DRAWS, Draws, draws
from warehouse.forecasting.forecast import FEWEST_MONTHS, Likely, forecast
from warehouse.forecasting.keyed import random_of

MONTHS_AHEAD = 6
DEMAND, SESSIONS, BACKLOG = "demand", "sessions", "backlog"
FORECASTS = (DEMAND, SESSIONS, BACKLOG)
"""What is forecast, in the order in which it is shown."""
# Six months after the first: as many as a forecast of a count takes.
FEWEST_CHANGES = FEWEST_MONTHS - 1


@dataclass(frozen=True)
class Coming:
    """A forecast of one month."""

    month: date
    quantity: str
    likely: Likely


def coming(
    provider: str,
    months: Mapping[str, Sequence[Month]],
    assumptions: Sequence[Assumption],
    changes: Sequence[float],
    ratios: Sequence[float],
    ahead: int = MONTHS_AHEAD,
) -> list[Coming]:
    """The next months of a service; nothing where its backlog is not known, or too few months to forecast from.

    ``months`` are those of all steps by programme; ``changes`` of its backlog as ``stocks.changes``; ``ratios`` as
    ``variance_ratios``. Of referrals the first month is left out: it has those who came before the service sent its
    records.
    """  # fmt: skip
    demand: Any = 0.0
    sessions: Any = 0.0
    backlog: Any = 0.0
    following: tuple[date, ...] = ()
    for name, past in _programmes(months, assumptions):
        taken = _taken(provider, [each for each in assumptions if programme(each.step) == name])
        if taken is None:
            return []
        came = forecast(
            {m.month: m.referred for m in past[1:]}, ahead, season="referrals",
            key=f"capacity|referrals|{provider}|{name}",
        )  # fmt: skip
        given = forecast(
            {m.month: m.sessions for m in past},
            ahead,
            season="contacts",
            key=f"capacity|sessions|{provider}|{name}",
        )
        if came is None or given is None:
            return []
        following = came.months
        demand = demand + came.paths * np.reshape(taken.draws, (-1, 1))
        sessions = sessions + given.paths
        # If courses are longer than is known today, what is still to give grows with everybody who comes.
        longer = np.outer(taken.draws - taken.each, np.cumsum(np.median(came.paths, axis=0)))
        backlog = backlog + taken.backlog + longer
    if not following or len(changes) < FEWEST_CHANGES:
        return []
    change = np.cumsum(np.median(demand, axis=0) - np.median(sessions, axis=0))
    still = np.maximum(backlog + change + _strays(provider, changes, ratios, ahead), 0.0)
    found = {DEMAND: demand, SESSIONS: sessions, BACKLOG: still}
    return [
        Coming(month, quantity, Likely.of(np.rint(np.asarray(found[quantity])[:, n]).astype(np.int64)))
        for n, month in enumerate(following)
        for quantity in FORECASTS
    ]


def variance_ratios(every: Sequence[Sequence[float]], ahead: int = MONTHS_AHEAD) -> list[float]:
    """By how much sums of 1, 2 … months vary less than months by themselves: the mean of all services.

    The variance of overlapping sums, by the number of months and the variance of single ones; both around the mean
    of the service, and free of bias for months that are independent. Never above 1: a service whose changes go on
    and on has a trend, which the middle of a forecast follows.
    """
    found = []
    for length in range(1, ahead + 1):
        own = [ratio for changes in every if (ratio := _ratio_of(changes, length)) is not None]
        found.append(min(fmean(own), 1.0) if own else 1.0)
    return found


def _ratio_of(changes: Sequence[float], length: int) -> float | None:
    n = len(changes)
    if n < max(FEWEST_CHANGES, length + 2) or variance(changes) == 0:
        return None
    mean = fmean(changes)
    sums = [sum(changes[at : at + length]) - length * mean for at in range(n - length + 1)]
    return fmean(each * each for each in sums) / (1 - length / n) / length / variance(changes)


def _strays(provider: str, changes: Sequence[float], ratios: Sequence[float], ahead: int) -> Draws:
    """How far the backlog strays from its middle, as draws by months ahead: Student's t of the months behind it.

    Beside the months to come, the mean of those past is not known either.
    """
    n = len(changes)
    drawn = random_of(f"capacity|backlog|{provider}").standard_t(n - 1, DRAWS)
    reach = [sqrt(variance(changes) * (ratios[h - 1] * h + ratios[-1] * h * h / n)) for h in range(1, ahead + 1)]
    return np.asarray(np.outer(drawn, reach))


def _programmes(
    months: Mapping[str, Sequence[Month]], assumptions: Sequence[Assumption]
) -> list[tuple[str, Sequence[Month]]]:
    """The programmes in which a service has a step, with their months."""
    own = {programme(each.step) for each in assumptions}
    return sorted((name, past) for name, past in months.items() if name in own)


@dataclass(frozen=True, eq=False)
class _Taken:
    """Sessions that one referral takes, as it is and drawn, and the sessions still to give."""

    each: float
    draws: Draws
    backlog: float


def _taken(provider: str, assumptions: Sequence[Assumption]) -> _Taken | None:
    """What a referral to a programme takes; ``None`` where something of it is not known."""
    each, drawn, backlog = 0.0, np.zeros(DRAWS), 0.0
    for step in dict.fromkeys(a.step for a in assumptions):
        known = [a for a in assumptions if a.step == step and a.value is not None]
        at: dict[str, Any] = {a.name: a.value for a in known}
        reckoned = of_step(at, ())
        if "demand" not in reckoned or "backlog" not in reckoned:
            return None
        each += each_takes(at)
        backlog += float(reckoned["backlog"])
        drawn = drawn + each_takes({a.name: draws(a, provider) for a in known})
    return _Taken(each, drawn, backlog)
