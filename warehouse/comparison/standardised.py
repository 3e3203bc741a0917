"""A service against what its courses would have had elsewhere: indirect standardisation, with both funnels.

Belongs here: a service's courses, their expectation by a model of the other services, its place among services.
Does not belong here: which courses and characteristics there are, and the tables (``case_mix``), fitting
(``logistic``).

A service controls what it records. A course without a first score or a problem descriptor can hardly recover, so
«not known» as a level of its own would excuse it. Courses that lack a characteristic are left out of the models
and counted. A service that leaves out too many has no adjusted figure. For the others a position outside limits
must hold also with the courses left out counted as average ones.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from math import sqrt
from typing import Any

import numpy as np

from warehouse.comparison.logistic import Design, Model, Numbers, fit
from warehouse.comparison.statistics import Z_95, Z_998, wilson

# As in the funnel (mart/funnel.sql).
SMALLEST_DENOMINATOR = 20
FEWEST_SERVICES = 10
ENOUGH_SERVICES = 30
# Our choice. Courses left out can change a rate of 50 % by 10 points at 20 %, more than services differ (tau of
# published recovery: 3 points).
MOST_LEFT_OUT = 0.2


@dataclass(frozen=True, eq=False)
class Service:
    """The courses of one service: those that are complete by row of the design, and all of them."""

    provider: str
    months: int
    months_submitted: int
    is_complete: bool
    places: list[int]
    courses: Numbers
    events: Numbers
    all_courses: int
    all_events: int

    @property
    def left_out(self) -> int:
        """Courses that lack a characteristic."""
        return self.all_courses - int(self.courses.sum())

    @property
    def is_refused(self) -> bool:
        """Whether too many courses lack a characteristic for the others to stand for them."""
        return self.left_out > MOST_LEFT_OUT * self.all_courses


@dataclass(frozen=True)
class Expected:
    """What a service's complete courses would have had elsewhere, and the variance of observed minus expected."""

    number: float
    variance: float

    @property
    def error(self) -> float:
        """Standard error of observed over expected."""
        return sqrt(self.variance) / self.number


@dataclass(frozen=True)
class Spread:
    """How far services spread: ``phi`` as a multiple of chance, ``tau`` beyond it as a standard deviation."""

    phi: float
    tau: float


def elsewhere(design: Design, model: Model, courses: Numbers, events: Numbers, service: Service) -> Expected | None:
    """What the service's complete courses would have had, by a model of all services but this one.

    Its own courses would draw the expectation towards itself, by a sixth where there are six services. ``None``
    where the others leave nothing to fit, or the service is refused.
    """
    if service.is_refused or not service.places:
        return None
    others, other_events = courses.copy(), events.copy()
    np.subtract.at(others, service.places, service.courses)
    np.subtract.at(other_events, service.places, service.events)
    rest = fit(design, others, other_events, model.coefficients)
    if rest is None:
        return None
    own = np.zeros(len(courses))
    np.add.at(own, service.places, service.courses)
    # Outcomes are yes or no, so the chance variation of the observed number is Σp(1 − p), not the expected number:
    # Poisson limits would be √2 too wide where half improve. That of the expected one is of the coefficients.
    chance = own * rest.predicted * (1 - rest.predicted)
    gradient = design.total(chance)
    return Expected(float(own @ rest.predicted), float(chance.sum() + gradient @ rest.covariance @ gradient))


def placed(services: Sequence[Service], expected: Sequence[Expected | None]) -> list[tuple[Any, ...]]:
    """Every service: counts, left out, expected, its place in both funnels, its adjusted share, why it has none."""
    n, x = sum(each.courses.sum() for each in services), sum(each.events.sum() for each in services)
    share = float(x / n) if n else None
    compared = [
        (each, e)
        for each, e in zip(services, expected, strict=True)
        if e is not None and each.is_complete and each.courses.sum() >= SMALLEST_DENOMINATOR
    ]
    spread = None
    if len(compared) >= FEWEST_SERVICES:
        ratios = [(float(each.events.sum()) / e.number, e.error) for each, e in compared]
        spread = spread_of([(ratio - 1) / error for ratio, error in ratios], [error for _, error in ratios])
    # With courses left out counted as average ones, all services together have less than expected: the centre.
    centre = None
    if share is not None and (
        known := [(each, e) for each, e in zip(services, expected, strict=True) if e is not None]
    ):
        centre = sum(s.all_events for s, _ in known) / sum(e.number + s.left_out * share for s, e in known)
    return [
        _line(each, e, share, centre, spread if (each, e) in compared else None, len(compared))
        for each, e in zip(services, expected, strict=True)
    ]


def _line(
    service: Service, expected: Expected | None, share: float | None, centre: float | None, spread: Spread | None,
    services: int,
) -> tuple[Any, ...]:  # fmt: skip
    n, x = int(service.courses.sum()), int(service.events.sum())
    counts = (
        service.provider, service.months, service.months_submitted, service.all_courses, service.all_events,
        service.left_out, service.all_events - x, n, x, share, services,
    )  # fmt: skip
    why_not = _why_not(service, expected, services)
    if expected is None or share is None or centre is None:
        return (*counts, *([None] * 19), "descriptive", why_not)
    ratio, average = x / expected.number, service.left_out * share
    # The same with the courses left out as average ones.
    number = expected.number + average
    # Where no course of these services had the outcome, all of them are at the centre.
    placed_at = service.all_events / number / centre if centre else 1.0
    other = placed_at, sqrt(expected.variance + average * (1 - share)) / number
    interval = wilson(x, n)
    assert interval is not None
    adjusted = [min(1.0, each * n * share / expected.number) for each in (x / n, *interval)]
    if spread is None:
        return (*counts, expected.number, ratio, *adjusted, *([None] * 14), "descriptive", why_not)
    return (
        *counts, expected.number, ratio, *adjusted, *_form((ratio, expected.error), other, spread.tau), spread.phi,
        spread.tau, *_form((ratio, expected.error), other, 0.0),
        "full" if services >= ENOUGH_SERVICES else "with caution", why_not,
    )  # fmt: skip


def _form(own: tuple[float, float], other: tuple[float, float], tau: float) -> tuple[Any, ...]:
    """Position, z, lower and upper limits of a ratio around 1; ``own`` and ``other`` are ratio and standard error.

    The position is the weaker of the two ratios: one side of 1 and the other is within.
    """
    widths = [sqrt(error**2 + tau**2) for _, error in (own, other)]
    z, z_other = ((ratio - 1) / width for (ratio, _), width in zip((own, other), widths, strict=True))
    weaker = 0.0 if z * z_other <= 0 else min(z, z_other, key=abs)
    limits = (max(0.0, 1 + sign * at * widths[0]) for at in (Z_95, Z_998) for sign in (-1, 1))
    return (_position(weaker), z, *limits)


def _why_not(service: Service, expected: Expected | None, services: int) -> str | None:
    """Why the comparison is not full, in words."""
    if service.is_refused:
        most = round(100 * MOST_LEFT_OUT)
        return f"{service.left_out} of {service.all_courses} courses lack a characteristic: over {most} %"
    if expected is None:
        return "other services leave nothing to expect from: none, or all their courses end alike"
    if service.months_submitted < service.months:
        return f"{service.months_submitted} of {service.months} months submitted"
    if not service.is_complete:
        return "a month of a predecessor was not submitted"
    if service.courses.sum() < SMALLEST_DENOMINATOR:
        return f"denominator under {SMALLEST_DENOMINATOR}"
    if services < FEWEST_SERVICES:
        return f"only {services} {'service' if services == 1 else 'services'} that can be compared"
    return None if services >= ENOUGH_SERVICES else f"only {services} services: overdispersion is uncertain"


def _position(z: float) -> str:
    """Position of a service so many standard errors from the centre; strict, as in ``mart.service_comparison``."""
    for limit, name in ((Z_998, "99.8"), (Z_95, "95")):
        if abs(z) > limit:
            return f"{'below' if z < 0 else 'above'} {name}"
    return "within"


def spread_of(z: Sequence[float], errors: Sequence[float]) -> Spread:
    """Overdispersion of services from their z and standard errors, two or more (Spiegelhalter 2005).

    z are winsorised: 10 % of services at each end are set to the quantile (type 7). Additive random effects.
    ``mart/funnel.sql`` has the same for shares, in SQL.
    """
    k, weights = len(z), [1 / error**2 for error in errors]
    low, high = np.quantile(z, 0.1), np.quantile(z, 0.9)
    phi = float(sum(min(max(each, low), high) ** 2 for each in z) / k)
    beyond = (k * phi - (k - 1)) / (sum(weights) - sum(w**2 for w in weights) / sum(weights))
    return Spread(phi, sqrt(max(0.0, beyond)))
