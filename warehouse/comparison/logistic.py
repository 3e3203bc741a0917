"""Logistic regression on groups of alike courses, by Newton's method.

Belongs here: the design of a model from levels of factors, the fit, its calibration. Does not belong here: which
courses and factors enter it (``case_mix``), what is concluded (``standardised``).
"""

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

Numbers = NDArray[np.float64]

# Penalty on every coefficient but the intercept: a normal prior with a standard deviation of 5 on the log-odds.
# Hundreds of courses hardly change it; a level in which all (or none) improved stays finite.
RIDGE = 1 / 5**2
DECILES = 10


@dataclass(frozen=True)
class Design:
    """A coefficient per level that is there; the most frequent level of each factor is its reference and has none.

    ``places`` holds for every row the numbers of its coefficients: the intercept and one per factor. That of a
    reference level is one beyond the last. Sums over places replace products with a matrix of zeros and ones: for
    2,800 rows they take a tenth of the time, and their digits do not depend on the number of threads.
    """

    terms: tuple[tuple[str, str], ...]
    references: dict[str, str]
    places: NDArray[np.int64]

    @classmethod
    def of(cls, factors: Sequence[str], levels: Sequence[Sequence[str]], courses: Numbers) -> "Design":
        """``levels`` holds a row's level of every factor, ``courses`` how many courses the row stands for."""
        terms: list[tuple[str, str]] = [("intercept", "")]
        references: dict[str, str] = {}
        numbers: list[dict[str, int]] = []
        for index, factor in enumerate(factors):
            own = np.array([row[index] for row in levels])
            present = sorted(set(own.tolist()), key=lambda level: (-courses[own == level].sum(), level))
            if present:  # no row, no level: then there is no model either
                references[factor] = present[0]
            numbers.append({level: len(terms) + place for place, level in enumerate(sorted(present[1:]))})
            terms += [(factor, level) for level in sorted(present[1:])]
        places = [
            [0, *(own.get(level, len(terms)) for own, level in zip(numbers, row, strict=True))] for row in levels
        ]
        return cls(tuple(terms), references, np.array(places, dtype=np.int64))

    def log_odds(self, coefficients: Numbers) -> Numbers:
        """The sum of the coefficients of every row."""
        return np.asarray(np.append(coefficients, 0.0)[self.places].sum(axis=1), dtype=np.float64)

    def total(self, of_rows: Numbers) -> Numbers:
        """For every coefficient the sum over the rows that have it."""
        size, width = len(self.terms) + 1, self.places.shape[1]
        found = np.bincount(self.places.ravel(), np.repeat(of_rows, width), size)[:-1]
        return np.asarray(found, dtype=np.float64)

    def total_of_pairs(self, of_rows: Numbers) -> Numbers:
        """For every two coefficients the sum over the rows that have both."""
        size, width = len(self.terms) + 1, self.places.shape[1]
        pairs = self.places[:, :, None] * size + self.places[:, None, :]
        totals = np.bincount(pairs.ravel(), np.repeat(of_rows, width**2), size**2)
        return np.asarray(totals.reshape(size, size)[:-1, :-1], dtype=np.float64)


@dataclass(frozen=True)
class Model:
    """A fitted model: coefficients in the order of the design's terms, their covariance, every row's chance."""

    coefficients: Numbers
    covariance: Numbers
    predicted: Numbers
    is_converged: bool

    @property
    def standard_errors(self) -> Numbers:
        """Standard error of every coefficient."""
        return np.sqrt(np.diag(self.covariance))


def fit(design: Design, courses: Numbers, events: Numbers, start: Numbers | None = None) -> Model | None:
    """Model of ``events`` among ``courses``, one row per row of the design; a row may have no course.

    ``start`` holds coefficients near the result, which save steps. ``None`` when there is nothing to explain: no
    course, or all with the same outcome.
    """
    if not 0 < events.sum() < courses.sum():
        return None
    penalty = np.array([0.0] + [RIDGE] * (len(design.terms) - 1))
    if start is None:
        share = events.sum() / courses.sum()
        beta = np.zeros(len(design.terms))
        beta[0] = np.log(share / (1 - share))
    else:
        beta = start
    # The penalised likelihood is concave: from the overall share it takes 4 to 6 steps, each halved while it does
    # not rise (a level in which no one recovered makes the first one too long).
    is_converged, reached = False, _likelihood(design.log_odds(beta), courses, events) - penalty @ beta**2 / 2
    for _ in range(50):
        predicted = 1 / (1 + np.exp(-design.log_odds(beta)))
        slope = design.total(events - courses * predicted) - penalty * beta
        information = design.total_of_pairs(courses * predicted * (1 - predicted)) + np.diag(penalty)
        step = np.linalg.solve(information, slope)
        if np.abs(step).max() < 1e-8:
            is_converged = True
            break
        for _ in range(30):
            tried = beta + step
            value = _likelihood(design.log_odds(tried), courses, events) - penalty @ tried**2 / 2
            # At the maximum, rounding alone makes it fall by the sixteenth digit.
            if value >= reached - 1e-12 * abs(reached):
                break
            step /= 2
        beta, reached = tried, value
    covariance = np.asarray(np.linalg.inv(information), dtype=np.float64)
    return Model(beta, covariance, 1 / (1 + np.exp(-design.log_odds(beta))), is_converged)


def _likelihood(log_odds: Numbers, courses: Numbers, events: Numbers) -> float:
    """Log-likelihood of a binomial model, without its constant."""
    return float((events * log_odds - courses * np.logaddexp(0, log_odds)).sum())


def calibration(predicted: Numbers, courses: Numbers, events: Numbers) -> list[tuple[int, int, float, int]]:
    """Decile of predicted chance, its courses, expected and observed events; groups stay whole, empty ones out."""
    order = np.argsort(predicted, kind="stable")
    middle = np.cumsum(courses[order]) - courses[order] / 2
    decile = np.minimum(DECILES, 1 + (middle * DECILES / courses.sum()).astype(int))
    return [
        (
            int(each),
            int(courses[order][decile == each].sum()),
            float((courses * predicted)[order][decile == each].sum()),
            int(events[order][decile == each].sum()),
        )
        for each in sorted(set(decile.tolist()))
    ]
