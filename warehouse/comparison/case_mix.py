"""Case-mix: the outcome expected for a service's patients at the average service, by a national logistic model.

Belongs here: fitting the model on ``monthly_count.case_mix``, its coefficients, its calibration and the adjusted
values. Does not belong here: which courses count and how people are grouped (``monthly_count/case_mix.sql``). The
model adjusts only for characteristics of patients at the start. It never adjusts for what a service controls
(waits, sessions), because that makes services differ (Clark 2018).
"""

from collections.abc import Sequence
from dataclasses import dataclass
from math import sqrt
from typing import Any

import duckdb
import numpy as np
from numpy.typing import NDArray

from warehouse.comparison.statistics import Z_95, Z_998, wilson
from warehouse.staging import insert_rows

FACTORS = ("severity_band", "age_band", "deprivation", "diagnosis")
MONTHS = 12
# Penalty on every coefficient but the intercept: a normal prior with a standard deviation of 5 on the log-odds.
# Hundreds of courses hardly change it; a level in which all (or none) improved stays finite.
RIDGE = 1 / 5**2
# As in the funnel (mart/funnel.sql).
SMALLEST_DENOMINATOR = 20
DECILES = 10

Numbers = NDArray[np.float64]


@dataclass(frozen=True)
class Model:
    """A fitted model: one coefficient per level that is there, the most frequent level of each factor being 0."""

    terms: tuple[tuple[str, str], ...]
    references: dict[str, str]
    coefficients: Numbers
    standard_errors: Numbers
    predicted: Numbers
    is_converged: bool


def fit(levels: Sequence[Sequence[str]], courses: Numbers, events: Numbers) -> Model | None:
    """Logistic model of ``events`` among ``courses``, one row per group of alike courses, by Newton's method.

    ``levels`` holds a row's level of every factor of ``FACTORS``. ``None`` when there is nothing to explain: no
    course, or all with the same outcome.
    """
    if not 0 < events.sum() < courses.sum():
        return None
    terms: list[tuple[str, str]] = [("intercept", "")]
    references: dict[str, str] = {}
    columns = [np.ones(len(courses))]
    for index, factor in enumerate(FACTORS):
        own = np.array([row[index] for row in levels])
        present = sorted(set(own.tolist()), key=lambda level: (-courses[own == level].sum(), level))
        references[factor] = present[0]
        for level in sorted(present[1:]):
            terms.append((factor, level))
            columns.append((own == level).astype(np.float64))
    design = np.column_stack(columns)
    penalty = np.diag([0.0] + [RIDGE] * (len(terms) - 1))
    beta = np.zeros(len(terms))
    share = events.sum() / courses.sum()
    beta[0] = np.log(share / (1 - share))
    # The penalised likelihood is concave: from the overall share it takes 4 to 6 steps, each halved while it does
    # not rise (a level in which no one recovered makes the first one too long).
    is_converged, reached = False, _likelihood(design @ beta, courses, events) - beta @ penalty @ beta / 2
    for _ in range(50):
        predicted = 1 / (1 + np.exp(-(design @ beta)))
        slope = design.T @ (events - courses * predicted) - penalty @ beta
        information = (design.T * (courses * predicted * (1 - predicted))) @ design + penalty
        step = np.linalg.solve(information, slope)
        if np.abs(step).max() < 1e-8:
            is_converged = True
            break
        for _ in range(30):
            tried = beta + step
            value = _likelihood(design @ tried, courses, events) - tried @ penalty @ tried / 2
            # At the maximum, rounding alone makes it fall by the sixteenth digit.
            if value >= reached - 1e-12 * abs(reached):
                break
            step /= 2
        beta, reached = tried, value
    predicted = 1 / (1 + np.exp(-(design @ beta)))
    errors = np.sqrt(np.diag(np.linalg.inv(information)))
    return Model(tuple(terms), references, beta, errors, predicted, is_converged)


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


def build_case_mix(con: duckdb.DuckDBPyConnection) -> None:
    """Write ``mart.case_mix_coefficient``, ``_calibration`` and ``_service`` from ``monthly_count.case_mix``.

    Fitted for each outcome on the last 12 months that have submissions, over all services; fewer months where
    there are fewer.
    """
    con.execute(_DDL)
    ((last,),) = con.execute("SELECT max(month) FROM core.submission").fetchall()
    if last is None:
        return
    start = con.execute("SELECT CAST(? - to_months(?) AS DATE)", [last, MONTHS - 1]).fetchall()[0][0]
    factors = ", ".join(FACTORS)
    for (outcome,) in con.execute(
        "SELECT DISTINCT outcome FROM monthly_count.case_mix ORDER BY outcome"
    ).fetchall():
        rows = con.execute(
            f"SELECT {factors}, CAST(sum(courses) AS BIGINT), CAST(sum(events) AS BIGINT) "
            "FROM monthly_count.case_mix WHERE outcome = ? AND month BETWEEN ? AND ? "
            f"GROUP BY {factors} ORDER BY {factors}",
            [outcome, start, last],
        ).fetchall()
        own = con.execute(
            f"SELECT coalesce(p.current_provider, c.provider) AS service, {factors}, CAST(sum(courses) AS BIGINT), "
            "CAST(sum(events) AS BIGINT) FROM monthly_count.case_mix AS c "
            "LEFT JOIN ref.provider_place AS p ON p.provider = c.provider "
            f"WHERE outcome = ? AND month BETWEEN ? AND ? GROUP BY service, {factors} ORDER BY service, {factors}",
            [outcome, start, last],
        ).fetchall()
        _write(con, (start, last, outcome), rows, own)


def _write(con: duckdb.DuckDBPyConnection, keys: tuple[Any, ...], rows: Sequence[Any], own: Sequence[Any]) -> None:
    levels = [row[: len(FACTORS)] for row in rows]
    courses = np.array([row[-2] for row in rows], dtype=np.float64)
    events = np.array([row[-1] for row in rows], dtype=np.float64)
    model = fit(levels, courses, events)
    chance: dict[tuple[str, ...], float] = {}
    if model is not None:
        chance = dict(zip(levels, model.predicted.tolist(), strict=True))
        lines = [
            (*keys, factor, level, model.references.get(factor), float(b), float(se), model.is_converged)
            for (factor, level), b, se in zip(model.terms, model.coefficients, model.standard_errors, strict=True)
        ]
        insert_rows(con, "mart.case_mix_coefficient", lines)
        insert_rows(
            con,
            "mart.case_mix_calibration",
            [(*keys, *line) for line in calibration(model.predicted, courses, events)],
        )
    if not rows:
        return
    share = float(events.sum() / courses.sum())
    services: dict[str, list[Any]] = {}
    for provider, *group, n, x in own:
        services.setdefault(provider, []).append((n, x, chance.get(tuple(group))))
    insert_rows(
        con,
        "mart.case_mix_service",
        [(*keys, provider, *_adjusted(groups, share)) for provider, groups in services.items()],
    )


def _adjusted(groups: Sequence[tuple[int, int, float | None]], share: float) -> tuple[Any, ...]:
    """One service: counts, expected, observed over expected with its funnel, and the adjusted share.

    Outcomes are yes or no, so the chance variation of the observed number is Σp(1 − p), not the expected number:
    Poisson limits would be √2 too wide where half improve. The interval is Wilson's of the service's own share
    on the scale of the adjusted one, the expected number taken as known.
    """
    n, x = sum(g[0] for g in groups), sum(g[1] for g in groups)
    chances = [(courses, p) for courses, _, p in groups if p is not None]
    if not chances:
        return (n, x, share, *([None] * 11), "all courses have the same outcome: there is nothing to explain")
    expected = sum(courses * p for courses, p in chances)
    spread = sqrt(sum(courses * p * (1 - p) for courses, p in chances))
    interval = wilson(x, n)
    assert interval is not None
    limits = [max(0.0, 1 + sign * z * spread / expected) for z in (Z_95, Z_998) for sign in (-1, 1)]
    factor = n * share / expected
    adjusted = [min(1.0, each * factor) for each in (x / n, *interval)]
    is_small = n < SMALLEST_DENOMINATOR
    return (
        n, x, share, expected, x / expected, (x - expected) / spread, *limits,
        None if is_small else _position(x / expected, limits), *adjusted,
        f"denominator under {SMALLEST_DENOMINATOR}" if is_small else None,
    )  # fmt: skip


def _position(ratio: float, limits: Sequence[float]) -> str:
    """Position of a service in the funnel; strict, as in ``mart.service_comparison``."""
    low_95, high_95, low_998, high_998 = limits
    for is_beyond, name in (
        (ratio < low_998, "below 99.8"), (ratio > high_998, "above 99.8"),
        (ratio < low_95, "below 95"), (ratio > high_95, "above 95"),
    ):  # fmt: skip
        if is_beyond:
            return name
    return "within"


# Nine decimals: the number of threads changes the sixteenth digit of matrix products.
_N = "DECIMAL(18, 9)"
_KEYS = "period_start DATE, last_month DATE, outcome VARCHAR"
_DDL = f"""
CREATE TABLE mart.case_mix_coefficient ({_KEYS}, factor VARCHAR, level VARCHAR, reference_level VARCHAR,
    log_odds_ratio {_N}, standard_error {_N}, is_converged BOOLEAN);
CREATE TABLE mart.case_mix_calibration ({_KEYS}, decile INTEGER, courses BIGINT, expected {_N}, observed BIGINT);
CREATE TABLE mart.case_mix_service ({_KEYS}, provider VARCHAR, courses BIGINT, events BIGINT, national_rate {_N},
    expected {_N}, observed_to_expected {_N}, z {_N}, funnel_lower_95 {_N}, funnel_upper_95 {_N},
    funnel_lower_998 {_N}, funnel_upper_998 {_N}, funnel_position VARCHAR, adjusted_rate {_N}, lower_95 {_N},
    upper_95 {_N}, why_not VARCHAR);
"""
COLUMNS = """
Columns of mart.case_mix_coefficient: The national case-mix models: one row per outcome, factor and level.
  period_start [date]: First month the model was fitted on.
  last_month [date]: Last month the model was fitted on.
  outcome, key: RECOVERY, RELIABLE_IMPROVEMENT or SMI_IMPROVEMENT: the measure that is adjusted.
  factor, key: intercept, severity_band, age_band, deprivation or diagnosis.
  level, key: Level of the factor; empty for the intercept.
  reference_level: Level whose coefficient is 0: the most frequent.
  log_odds_ratio: Coefficient: log of the odds ratio against the reference level.
  standard_error: Standard error of the coefficient.
  is_converged: Whether the fit settled.

Columns of mart.case_mix_calibration: Whether the case-mix models are true: one row per outcome and decile of
    predicted chance.
  period_start [date]: First month the model was fitted on.
  last_month [date]: Last month the model was fitted on.
  outcome, key: RECOVERY, RELIABLE_IMPROVEMENT or SMI_IMPROVEMENT: the measure that is adjusted.
  decile, key: Decile of courses by predicted chance, 1 the lowest; groups of alike courses stay whole.
  courses: Courses.
  expected: Sum of predicted chances.
  observed: Courses with the outcome.

Columns of mart.case_mix_service: One row per outcome and service: what its people would have had at the average
    service, and its adjusted share.
  period_start [date]: First month the model was fitted on.
  last_month [date]: Last month the model was fitted on.
  outcome, key: RECOVERY, RELIABLE_IMPROVEMENT or SMI_IMPROVEMENT: the measure that is adjusted.
  provider, key: ODS code of the provider.
  courses: Courses.
  events: Courses with the outcome.
  national_rate [share]: Share of England.
  expected: Sum of the predicted chances of the service's courses, by the model of all services, this one included.
  observed_to_expected: events / expected.
  z [standard errors]: (events - expected) / sqrt(sum of p(1 - p)).
  funnel_lower_95: Lower 95 % limit of observed_to_expected around 1.
  funnel_upper_95: Upper 95 % limit around 1.
  funnel_lower_998: Lower 99.8 % limit around 1.
  funnel_upper_998: Upper 99.8 % limit around 1.
  funnel_position: below 99.8, below 95, within, above 95 or above 99.8; NULL with fewer than 20 courses.
  adjusted_rate [share]: observed_to_expected x national_rate, cut off at 1.
  lower_95 [share]: Lower 95 % limit of adjusted_rate: Wilson of the own share on the adjusted scale, expected taken
      as known.
  upper_95 [share]: Upper 95 % limit of adjusted_rate.
  why_not: Why there is no comparison; NULL when there is.
"""
