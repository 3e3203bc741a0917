"""Intervals: every assumption drawn from its own spread, and everything that follows reckoned for each draw.

Belongs here: the draws, and limits from them. Does not belong here: the formulas (``reckoning``).

Each assumption has a stream of random numbers of its own, named after service, step and assumption. So the same
inputs give the same bytes, and changing one assumption changes no draw of another.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from functools import lru_cache
from typing import Any

import numpy as np
from numpy.typing import NDArray

from warehouse.capacity.assumptions import Assumption
from warehouse.capacity.reckoning import QUANTITIES, of_all, of_step
from warehouse.capacity.reference import Standard, named, programme
from warehouse.forecasting.keyed import random_of

ALL = "all"
# Limits of 95 % from so many draws have an error of chance of about a thirtieth of the interval.
DRAWS = 2_000
_LIMITS = (0.025, 0.1, 0.9, 0.975)

Draws = NDArray[np.float64]


@dataclass(frozen=True)
class Result:
    """A quantity of a step: its value at the assumptions as they are, and limits from the draws.

    Infinite means never. ``never`` is the share of draws in which it is.
    """

    step: str
    quantity: str
    value: float
    lower_95: float
    lower_80: float
    upper_80: float
    upper_95: float
    never: float


@lru_cache(maxsize=256)
def draws(of: Assumption, provider: str) -> Draws | float:
    """Values that an assumption may have; itself where it has no spread.

    Those of a service are kept: its quantities and the limits of its assumptions ask for the same.
    """
    assert of.value is not None
    rng = random_of(_key(provider, of))
    if of.spread == "share":
        return rng.beta(of.value * of.n + 0.5, (1 - of.value) * of.n + 0.5, DRAWS)
    if of.spread == "mean" and of.error > 0 and of.value > 0:
        shape = (of.value / of.error) ** 2
        return rng.gamma(shape, of.value / shape, DRAWS)
    if of.spread == "variance" and of.n > 1:
        freedom = of.n - 1
        return np.asarray(of.value * rng.gamma(freedom / 2, 2 / freedom, DRAWS))
    return of.value


def limits(of: Assumption, provider: str) -> tuple[float, float]:
    """Between which values an assumption is likely to be (95 %); its own value twice where it has no spread.

    They hold the value, also one at the edge of what is possible: of a share of 0 every draw is above it.
    """
    drawn = draws(of, provider)
    if isinstance(drawn, float):
        return drawn, drawn
    low, high = np.quantile(drawn, (_LIMITS[0], _LIMITS[-1]))
    assert of.value is not None
    return min(float(low), of.value), max(float(high), of.value)


@dataclass(frozen=True)
class Reckoned:
    """Every quantity by step, and of ``all`` steps together: ``at`` the assumptions as they are, and ``drawn``."""

    at: Mapping[str, Mapping[str, Any]]
    drawn: Mapping[str, Mapping[str, Any]]

    def results(self) -> list[Result]:
        """As values with limits. A quantity whose assumptions are not known has no result."""
        return [
            _result(step, quantity.name, known[quantity.name], self.drawn[step][quantity.name])
            for step, known in self.at.items()
            for quantity in QUANTITIES
            if quantity.name in known
        ]


def reckoned(
    assumptions: Sequence[Assumption], provider: str, targets: Mapping[str, Sequence[Standard]]
) -> Reckoned:
    """What follows from assumptions; ``targets`` are the waiting standards by step."""
    steps = list(dict.fromkeys(each.step for each in assumptions))
    known = [each.rounded() for each in assumptions if each.value is not None]
    at = {
        step: of_step({a.name: a.value for a in known if a.step == step}, targets.get(step, ())) for step in steps
    }
    drawn = {
        step: of_step({a.name: draws(a, provider) for a in known if a.step == step}, targets.get(step, ()))
        for step in steps
    }
    return Reckoned(
        at | {ALL: of_all([at[step] for step in steps])}, drawn | {ALL: of_all([drawn[step] for step in steps])}
    )


def england(services: Sequence[Reckoned]) -> tuple[Reckoned, Mapping[tuple[str, str], int]]:
    """The sums over services of what adds up, and how many services each is of, by step and quantity.

    What compares a rate with demand is left out: staff of one service do not see the people of another.
    """
    at: dict[str, dict[str, Any]] = {}
    drawn: dict[str, dict[str, Any]] = {}
    number: dict[tuple[str, str], int] = {}
    for each in services:
        for step, known in each.at.items():
            for quantity in QUANTITIES:
                name = quantity.name
                if quantity.adds and name in known:
                    at.setdefault(step, {})[name] = at.get(step, {}).get(name, 0.0) + known[name]
                    drawn.setdefault(step, {})[name] = drawn.get(step, {}).get(name, 0.0) + each.drawn[step][name]
                    number[step, name] = number.get((step, name), 0) + 1
    return Reckoned(at, drawn), number


def _result(step: str, quantity: str, value: Any, drawn: Any) -> Result:
    every = np.sort(np.broadcast_to(np.asarray(drawn, dtype=np.float64), (DRAWS,)))
    at = float(value)
    low_95, low_80, high_80, high_95 = (float(every[round(p * (DRAWS - 1))]) for p in _LIMITS)
    return Result(
        step, quantity, at, min(low_95, at), min(low_80, at), max(high_80, at), max(high_95, at),
        float(np.mean(np.isinf(every))),
    )  # fmt: skip


def _key(provider: str, of: Assumption) -> str:
    """What is one value for all steps of a programme is one draw for all of them."""
    where = programme(of.step) if named()[of.name].scope == "programme" else of.step
    return f"{provider}|{where}|{of.name}"
