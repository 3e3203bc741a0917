"""Case-mix: the outcome expected for a service's patients elsewhere, by logistic models on complete courses.

Belongs here: the courses that enter the models, the models' coefficients and calibration, the tables. Does not
belong here: which courses count and how people are grouped (``monthly_count/case_mix.sql``), fitting
(``logistic``), services against their expectation (``standardised``).

The models adjust only for characteristics of patients at the start. They never adjust for what a service controls
(waits, sessions), because that makes services differ (Clark 2018).
"""

from typing import Any

import duckdb
import numpy as np

from warehouse.comparison.logistic import Design, Model, Numbers, calibration, fit
from warehouse.comparison.standardised import Service, elsewhere, placed
from warehouse.staging import insert_rows

FACTORS = ("severity_band", "age_band", "deprivation", "diagnosis")
NOT_KNOWN = "not known"
MONTHS = 12

Row = tuple[tuple[str, ...], int, int]  # levels of the factors, courses, events


def build_case_mix(con: duckdb.DuckDBPyConnection) -> None:
    """Write ``mart.case_mix_coefficient``, ``_calibration`` and ``_service`` from ``monthly_count.case_mix``.

    Fitted for each outcome on the last 12 months that have submissions; fewer months where there are fewer.
    Needs ``mart.submission_punctuality`` and ``ref.provider_place``.
    """
    con.execute(_DDL)
    ((last,),) = con.execute("SELECT max(month) FROM core.submission").fetchall()
    if last is None:
        return
    start = con.execute("SELECT CAST(? - to_months(?) AS DATE)", [last, MONTHS - 1]).fetchall()[0][0]
    covered = _submitted(con, start, last)
    columns = ", ".join(FACTORS)
    for (outcome,) in con.execute(
        "SELECT DISTINCT outcome FROM monthly_count.case_mix ORDER BY outcome"
    ).fetchall():
        found = con.execute(
            f"SELECT coalesce(p.current_provider, c.provider) AS service, {columns}, CAST(sum(courses) AS BIGINT), "
            "CAST(sum(events) AS BIGINT) FROM monthly_count.case_mix AS c "
            "LEFT JOIN ref.provider_place AS p ON p.provider = c.provider "
            f"WHERE outcome = ? AND month BETWEEN ? AND ? GROUP BY service, {columns} ORDER BY service, {columns}",
            [outcome, start, last],
        ).fetchall()
        by_service: dict[str, list[Row]] = {}
        for service, *levels, n, x in found:
            by_service.setdefault(service, []).append((tuple(levels), n, x))
        if by_service:
            _write(con, (start, last, outcome), by_service, covered)


def _submitted(con: duckdb.DuckDBPyConnection, start: Any, last: Any) -> dict[str, tuple[int, int, bool]]:
    """By service: the months of the data in the span, those submitted, and whether none is missing."""
    rows = con.execute(
        """
        WITH span AS (SELECT count(DISTINCT month) AS months FROM core.submission WHERE month BETWEEN $1 AND $2)
        SELECT
            p.current_provider, s.months,
            count(DISTINCT q.month) FILTER (WHERE q.submission_id IS NOT NULL) AS sent,
            sent = s.months AND bool_and(q.submission_id IS NOT NULL)
        FROM mart.submission_punctuality AS q
        INNER JOIN ref.provider_place AS p ON p.provider = q.provider
        CROSS JOIN span AS s
        WHERE q.month BETWEEN $1 AND $2
        GROUP BY p.current_provider, s.months
        """,
        [start, last],
    ).fetchall()
    return {provider: (months, sent, is_complete) for provider, months, sent, is_complete in rows}


def _write(
    con: duckdb.DuckDBPyConnection, keys: tuple[Any, ...], found: dict[str, list[Row]],
    covered: dict[str, tuple[int, int, bool]],
) -> None:  # fmt: skip
    everything = [row for rows in found.values() for row in rows]
    # A characteristic that nobody has (no deprivation file was imported) is no factor, and nobody lacks it.
    known = [place for place in range(len(FACTORS)) if any(levels[place] != NOT_KNOWN for levels, *_ in everything)]
    factors = [FACTORS[place] for place in known]

    def complete(levels: tuple[str, ...]) -> tuple[str, ...] | None:
        own = tuple(levels[place] for place in known)
        return None if NOT_KNOWN in own else own

    rows = sorted({own for levels, *_ in everything if (own := complete(levels)) is not None})
    place_of = {levels: place for place, levels in enumerate(rows)}
    services = []
    for provider, own_rows in found.items():
        kept = [(place_of[own], n, x) for levels, n, x in own_rows if (own := complete(levels)) is not None]
        places, n, x = zip(*kept, strict=True) if kept else ((), (), ())
        services.append(
            Service(
                provider, *covered.get(provider, (0, 0, False)), list(places), np.array(n, dtype=np.float64),
                np.array(x, dtype=np.float64), sum(n for _, n, _ in own_rows), sum(x for *_, x in own_rows),
            )
        )  # fmt: skip
    courses, events = np.zeros(len(rows)), np.zeros(len(rows))
    for each in services:
        np.add.at(courses, each.places, each.courses)
        np.add.at(events, each.places, each.events)
    design = Design.of(factors, rows, courses)
    model = fit(design, courses, events)
    if model is not None:
        _write_model(con, keys, design, model, (courses, events))
    expected = [None if model is None else elsewhere(design, model, courses, events, each) for each in services]
    insert_rows(con, "mart.case_mix_service", [(*keys, *line) for line in placed(services, expected)])


def _write_model(
    con: duckdb.DuckDBPyConnection,
    keys: tuple[Any, ...],
    design: Design,
    model: Model,
    counts: tuple[Numbers, Numbers],
) -> None:
    insert_rows(
        con,
        "mart.case_mix_coefficient",
        [
            (*keys, factor, level, design.references.get(factor), float(b), float(se), model.is_converged)
            for (factor, level), b, se in zip(design.terms, model.coefficients, model.standard_errors, strict=True)
        ],
    )
    insert_rows(
        con, "mart.case_mix_calibration", [(*keys, *line) for line in calibration(model.predicted, *counts)]
    )


# Nine decimals: the number of threads may change the sixteenth digit of the inverse.
_N = "DECIMAL(18, 9)"
_KEYS = "period_start DATE, last_month DATE, outcome VARCHAR"
_LIMITS = ", ".join(f"funnel_{side}_{level}{{form}} {_N}" for level in (95, 998) for side in ("lower", "upper"))
_FORM = f"funnel_position{{form}} VARCHAR, z{{form}} {_N}, {_LIMITS}"
_DDL = f"""
CREATE TABLE mart.case_mix_coefficient ({_KEYS}, factor VARCHAR, level VARCHAR, reference_level VARCHAR,
    log_odds_ratio {_N}, standard_error {_N}, is_converged BOOLEAN);
CREATE TABLE mart.case_mix_calibration ({_KEYS}, decile INTEGER, courses BIGINT, expected {_N}, observed BIGINT);
CREATE TABLE mart.case_mix_service ({_KEYS}, provider VARCHAR, months INTEGER, months_submitted INTEGER,
    all_courses BIGINT, all_events BIGINT, left_out BIGINT, left_out_events BIGINT, courses BIGINT, events BIGINT,
    national_rate {_N}, services INTEGER, expected {_N}, observed_to_expected {_N}, adjusted_rate {_N},
    lower_95 {_N}, upper_95 {_N}, {_FORM.format(form="_adjusted")}, phi {_N}, tau {_N}, {_FORM.format(form="")},
    comparison VARCHAR, why_not VARCHAR);
"""
COLUMNS = """
Columns of mart.case_mix_coefficient: The national case-mix models, on complete courses: one row per outcome, factor
    and level. A characteristic that no course has is no factor.
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
  courses: Complete courses.
  expected: Sum of predicted chances.
  observed: Courses with the outcome.

Columns of mart.case_mix_service: One row per outcome and service: what its people would have had at the other
    services, and its adjusted share.
  period_start [date]: First month the model was fitted on.
  last_month [date]: Last month the model was fitted on.
  outcome, key: RECOVERY, RELIABLE_IMPROVEMENT or SMI_IMPROVEMENT: the measure that is adjusted.
  provider, key: ODS code of the provider.
  months [months]: Months of the period that some provider submitted.
  months_submitted [months]: Of these, submitted by this service.
  all_courses: Courses in the denominator of the measure.
  all_events: Of these, with the outcome: all_events / all_courses is the crude share.
  left_out: Courses that lack a characteristic (first score, age, deprivation, problem): they are in no model.
  left_out_events: Of these, with the outcome.
  courses: Complete courses: all_courses - left_out.
  events: Of these, with the outcome.
  national_rate [share]: Share of England among complete courses.
  services [services]: Services compared: 20 complete courses or more, a complete period, and not too many left out.
  expected: Complete courses that would have had the outcome, by a model of all services but this one. NULL where
      more than 20 % are left out, and where the others leave nothing to fit.
  observed_to_expected: events / expected.
  adjusted_rate [share]: observed_to_expected x national_rate, cut off at 1.
  lower_95 [share]: Lower 95 % limit of adjusted_rate: Wilson of the own share on the adjusted scale, expected taken
      as known.
  upper_95 [share]: Upper 95 % limit of adjusted_rate.
  funnel_position_adjusted: The position to read first: below 99.8, below 95, within, above 95 or above 99.8 of
      limits that allow for the spread between services. A position outside limits must hold in two ways: with the
      courses left out, and with them counted as average ones; the weaker is given. NULL under 10 services, under 20
      complete courses, for an incomplete period and where nothing is expected: why_not says which.
  z_adjusted [standard errors]: (observed_to_expected - 1) / sqrt(error^2 + tau^2), of complete courses.
  funnel_lower_95_adjusted: Lower 95 % limit of observed_to_expected around 1, the spread between services allowed
      for.
  funnel_upper_95_adjusted: Upper 95 % limit.
  funnel_lower_998_adjusted: Lower 99.8 % limit.
  funnel_upper_998_adjusted: Upper 99.8 % limit.
  phi: Overdispersion: mean of squared z, winsorised at 10 % of services at each end. About 1: chance alone.
  tau: Standard deviation of observed_to_expected between services beyond chance (additive).
  funnel_position: The same position without the spread between services.
  z [standard errors]: (observed_to_expected - 1) / error; error^2 x expected^2 is the sum of p(1 - p) and the
      variance of the expected number.
  funnel_lower_95: Lower 95 % limit of observed_to_expected around 1, of chance alone.
  funnel_upper_95: Upper 95 % limit.
  funnel_lower_998: Lower 99.8 % limit.
  funnel_upper_998: Upper 99.8 % limit.
  comparison: full (30 services or more), with caution (10 to 29), descriptive (not compared).
  why_not: Why the comparison is not full, in words; NULL when it is.
"""
