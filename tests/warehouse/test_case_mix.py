"""Case-mix: the national model, its calibration, adjusted values, and the cells it is fitted on."""

from datetime import date
from typing import Any

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from tests.campaign import examples
from tests.fixtures.comparison import compare, warehouse
from warehouse.comparison.case_mix import FACTORS, RIDGE, _position, calibration, fit

Cell = tuple[str, str, str, int, int]  # provider, severity, age, courses, events


def filled(cells: list[Cell], month: date = date(2025, 4, 1), outcome: str = "RECOVERY") -> Any:
    con = warehouse()
    con.execute("INSERT INTO core.submission VALUES ('A', ?)", [month])
    con.executemany(
        "INSERT INTO monthly_count.case_mix VALUES (?, ?, ?, '05', ?, ?, '5', 'F32', ?, ?)",
        [(who, month, outcome, severity, age, n, x) for who, severity, age, n, x in cells],
    )
    return con


def levels(*rows: str) -> list[tuple[str, ...]]:
    return [(row, "-", "-", "-") for row in rows]


def test_one_factor_gives_the_log_odds_of_its_levels() -> None:
    model = fit(levels("mild", "severe"), np.array([4000.0, 2000.0]), np.array([2400.0, 500.0]))
    assert model is not None and model.is_converged
    assert model.references["severity_band"] == "mild"  # the most frequent
    # By hand: logit(0.6) = 0.405465, logit(0.25) − logit(0.6) = −1.504077; the ridge takes less than 0.001 of it.
    assert model.coefficients == pytest.approx([0.405465, -1.504077], abs=1e-3)
    # Standard error of a log odds ratio: √(1/2400 + 1/1600 + 1/500 + 1/1500).
    assert model.standard_errors[1] == pytest.approx(np.sqrt(1 / 2400 + 1 / 1600 + 1 / 500 + 1 / 1500), rel=1e-2)
    assert model.predicted == pytest.approx([0.6, 0.25], abs=1e-3)


@settings(max_examples=examples(40))
@given(
    st.lists(
        st.tuples(
            st.sampled_from("abc"), st.sampled_from("xy"), st.sampled_from("12345"), st.integers(1, 500), st.floats(0, 1)
        ),
        min_size=2, max_size=40,
    )
)  # fmt: skip
def test_the_fit_is_where_the_penalised_likelihood_is_flat(rows: list[tuple[str, str, str, int, float]]) -> None:
    courses = np.array([float(n) for *_, n, _ in rows])
    events = np.array([float(round(n * share)) for *_, n, share in rows])
    groups = [(a, b, c, "-") for a, b, c, *_ in rows]
    model = fit(groups, courses, events)
    if not 0 < events.sum() < courses.sum():
        assert model is None
        return
    assert model is not None and model.is_converged and np.isfinite(model.standard_errors).all()
    assert events.sum() == pytest.approx((courses * model.predicted).sum(), rel=1e-6)
    for (factor, level), coefficient in list(zip(model.terms, model.coefficients, strict=True))[1:]:
        inside = np.array([group[FACTORS.index(factor)] == level for group in groups])
        short = (events - courses * model.predicted)[inside].sum()
        assert short == pytest.approx(RIDGE * coefficient, abs=1e-5)


def test_levels_in_which_everybody_improves_do_not_blow_up() -> None:
    model = fit(levels("a", "b", "c"), np.array([1000.0, 300.0, 3.0]), np.array([500.0, 300.0, 0.0]))
    assert model is not None and model.is_converged
    assert 4 < model.coefficients[1] < 12 and -8 < model.coefficients[2] < -1
    assert np.isfinite(model.standard_errors).all()


def test_a_service_with_harder_cases_is_judged_by_what_its_people_would_have_had() -> None:
    # In both 60 % of mild and 30 % of severe courses recover; B has mostly severe ones: 33 % against 57 %.
    con = filled([("A", "mild", "-", 900, 540), ("A", "severe", "-", 100, 30),
                  ("B", "mild", "-", 100, 60), ("B", "severe", "-", 900, 270)])  # fmt: skip
    rows = compare(
        con,
        """SELECT provider, events, courses, national_rate, expected, observed_to_expected, z, funnel_position,
           adjusted_rate, lower_95 < adjusted_rate AND adjusted_rate < upper_95, why_not
           FROM mart.case_mix_service ORDER BY provider""",
    )
    for (provider, events, courses, national, expected, ratio, z, *rest), x in zip(rows, (570, 330), strict=True):
        assert (events, courses, float(national)) == (x, 1000, 0.45), provider
        assert float(expected) == pytest.approx(x, rel=1e-3) and float(ratio) == pytest.approx(1, rel=1e-3)
        assert abs(float(z)) < 0.05
        assert rest[0] == "within" and float(rest[1]) == pytest.approx(0.45, rel=1e-3) and rest[2:] == [True, None]
    assert con.execute("SELECT sum(expected), sum(observed) FROM mart.case_mix_calibration").fetchall() == [
        (pytest.approx(900, abs=1e-4), 900)
    ]


def test_the_funnel_of_observed_over_expected_has_binomial_width() -> None:
    con = filled([("A", "mild", "-", 400, 200), ("B", "mild", "-", 400, 224), ("C", "mild", "-", 400, 176)])
    rows = compare(
        con,
        """SELECT provider, funnel_lower_95, funnel_upper_95, funnel_upper_998, funnel_position
           FROM mart.case_mix_service ORDER BY provider""",
    )
    # Expected 200 of 400 with p = 1/2: standard error √100 = 10, so 1 ± 1.96 × 10 / 200.
    assert [float(x) for x in rows[0][1:4]] == pytest.approx([0.902002, 1.097998, 1.154512], abs=1e-6)
    assert [row[4] for row in rows] == ["within", "above 95", "below 95"]


def test_published_outlier_labels_are_strict() -> None:
    # FunnelPlotR's test vector: 95 % limits 0.9 and 1.1, 99 % limits 0.59 and 1.41; on a limit is no outlier.
    ratios = [1, 0.95, 1.05, 0.8, 1.2, 0.6, 1.4, 0.4, 1.6, 0, 1.1, 0.9]
    found = [_position(ratio, [0.9, 1.1, 0.59, 1.41]) for ratio in ratios]
    assert [int(each != "within") for each in found] == [0, 0, 0, 1, 1, 1, 1, 1, 1, 1, 0, 0]
    assert [int(each.endswith("99.8")) for each in found] == [0, 0, 0, 0, 0, 0, 0, 1, 1, 1, 0, 0]


@pytest.mark.parametrize(("x", "n"), [(0, 40), (40, 40)])
def test_where_all_courses_end_alike_there_is_no_model_and_the_service_keeps_its_row(x: int, n: int) -> None:
    con = filled([("A", "mild", "-", n, x), ("B", "severe", "-", n, x)])
    rows = compare(con, "SELECT provider, courses, expected, adjusted_rate, why_not FROM mart.case_mix_service")
    assert sorted(rows) == [
        (who, n, None, None, "all courses have the same outcome: there is nothing to explain") for who in "AB"
    ]
    assert con.execute("SELECT count(*) FROM mart.case_mix_coefficient").fetchall() == [(0,)]


def test_no_patients_is_no_error_and_few_are_not_placed() -> None:
    assert compare(warehouse(), "SELECT count(*) FROM mart.case_mix_service") == [(0,)]
    con = filled([("A", "mild", "-", 100, 50), ("B", "mild", "-", 1, 1)])
    rows = compare(
        con, "SELECT funnel_position, adjusted_rate <= 1, why_not FROM mart.case_mix_service ORDER BY provider"
    )
    assert rows == [("within", True, None), (None, True, "denominator under 20")]


def test_the_last_twelve_months_count_and_a_merged_service_counts_under_its_successor() -> None:
    con = filled([("A", "mild", "-", 100, 50), ("OLD", "mild", "-", 100, 40)])
    con.execute("INSERT INTO ref.provider_place VALUES ('A', 'A'), ('OLD', 'A')")
    for month in (date(2024, 4, 1), date(2024, 5, 1)):
        con.execute(
            "INSERT INTO monthly_count.case_mix VALUES ('A', ?, 'RECOVERY', '05', 'mild', '-', '5', 'F32', 10, 10)",
            [month],
        )
    rows = compare(con, "SELECT provider, period_start, last_month, courses, events FROM mart.case_mix_service")
    assert rows == [("A", date(2024, 5, 1), date(2025, 4, 1), 210, 100)]


def test_calibration_parts_courses_into_tenths_by_predicted_chance() -> None:
    chance = np.linspace(0.05, 0.95, 20)
    found = calibration(chance[::-1], np.full(20, 10.0), np.full(20, 5.0))
    assert [row[0] for row in found] == list(range(1, 11))
    assert {row[1] for row in found} == {20} and sum(row[3] for row in found) == 100
    assert found[0][2] == pytest.approx(10 * (chance[0] + chance[1]))
    # One group that holds half of all courses stays whole.
    assert len(calibration(np.array([0.2, 0.5]), np.array([100.0, 100.0]), np.array([20.0, 50.0]))) == 2
