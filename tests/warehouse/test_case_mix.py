"""Case-mix: the national model, its calibration, adjusted values, and the cells it is fitted on."""

from collections.abc import Sequence
from datetime import date
from typing import Any

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from tests.campaign import examples, seeds
from tests.fixtures.comparison import compare, warehouse
from warehouse.comparison.case_mix import FACTORS
from warehouse.comparison.logistic import RIDGE, Design, Model, Numbers, calibration, fit
from warehouse.comparison.standardised import _position
from warehouse.staging import insert_rows

Cell = tuple[str, str, str, int, int]  # provider, severity, age, courses, events
MARCH, APRIL = date(2025, 3, 1), date(2025, 4, 1)


def filled(cells: list[Cell], month: date = APRIL, outcome: str = "RECOVERY") -> Any:
    """Monthly counts of providers that submitted the month; an unknown severity is «not known»."""
    con = warehouse()
    providers = sorted({who for who, *_ in cells})
    con.executemany("INSERT INTO core.submission VALUES (?, ?)", [(who, month) for who in providers])
    con.executemany("INSERT INTO ref.provider_place VALUES (?, ?)", [(who, who) for who in providers])
    insert_rows(
        con,
        "monthly_count.case_mix",
        [(who, month, outcome, "05", severity, age, "5", "F32", n, x) for who, severity, age, n, x in cells],
    )
    return con


def fitted(rows: Sequence[str], courses: Sequence[float], events: Sequence[float]) -> tuple[Design, Model | None]:
    """Design and model of one factor."""
    n, x = np.array(courses, dtype=np.float64), np.array(events, dtype=np.float64)
    design = Design.of(("severity_band",), [(row,) for row in rows], n)
    return design, fit(design, n, x)


def test_one_factor_gives_the_log_odds_of_its_levels() -> None:
    design, model = fitted(["mild", "severe"], [4000, 2000], [2400, 500])
    assert model is not None and model.is_converged
    assert design.references["severity_band"] == "mild"  # the most frequent
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
    groups = [(a, b, c) for a, b, c, *_ in rows]
    design = Design.of(FACTORS[:3], groups, courses)
    model = fit(design, courses, events)
    if not 0 < events.sum() < courses.sum():
        assert model is None
        return
    assert model is not None and model.is_converged and np.isfinite(model.standard_errors).all()
    assert events.sum() == pytest.approx((courses * model.predicted).sum(), rel=1e-6)
    for (factor, level), coefficient in list(zip(design.terms, model.coefficients, strict=True))[1:]:
        inside = np.array([group[FACTORS.index(factor)] == level for group in groups])
        short = (events - courses * model.predicted)[inside].sum()
        assert short == pytest.approx(RIDGE * coefficient, abs=1e-5)
    # From another start it arrives at the same place, and the covariance is that of the plain matrix of 0 and 1.
    again = fit(design, courses, events, model.coefficients + 0.3)
    assert again is not None and again.coefficients == pytest.approx(model.coefficients, abs=1e-6)
    matrix = plain_matrix(design, groups)
    weights = courses * model.predicted * (1 - model.predicted)
    information = matrix.T @ np.diag(weights) @ matrix + np.diag([0.0] + [RIDGE] * (matrix.shape[1] - 1))
    assert model.covariance @ information == pytest.approx(np.eye(matrix.shape[1]), abs=1e-6)


def plain_matrix(design: Design, groups: Sequence[Sequence[str]]) -> Numbers:
    """A column of ones, and one of 0 and 1 per term."""
    return np.array(
        [[1.0, *(float(row[FACTORS.index(f)] == level) for f, level in design.terms[1:])] for row in groups]
    )


def test_levels_in_which_everybody_improves_do_not_blow_up() -> None:
    _, model = fitted(["a", "b", "c"], [1000, 300, 3], [500, 300, 0])
    assert model is not None and model.is_converged
    assert 4 < model.coefficients[1] < 12 and -8 < model.coefficients[2] < -1
    assert np.isfinite(model.standard_errors).all()


# Services -------------------------------------------------------------------------------------------------------


def test_a_service_with_harder_cases_is_judged_by_what_its_people_would_have_had() -> None:
    # In all 60 % of mild and 30 % of severe courses recover; B has mostly severe ones: 33 % against 57 %.
    others: list[Cell] = [
        (f"C{i}", severity, "-", 500, x) for i in range(9) for severity, x in (("mild", 300), ("severe", 150))
    ]
    con = filled([*others, ("A", "mild", "-", 900, 540), ("A", "severe", "-", 100, 30),
                  ("B", "mild", "-", 100, 60), ("B", "severe", "-", 900, 270)])  # fmt: skip
    rows = compare(
        con,
        """SELECT provider, events, courses, national_rate, expected, observed_to_expected, z, funnel_position_adjusted,
           funnel_position, adjusted_rate, lower_95 < adjusted_rate AND adjusted_rate < upper_95, why_not
           FROM mart.case_mix_service WHERE provider IN ('A', 'B') ORDER BY provider""",
    )
    for (provider, events, courses, national, expected, ratio, z, *rest), x in zip(rows, (570, 330), strict=True):
        assert (events, courses, float(national)) == (x, 1000, 0.45), provider
        assert float(expected) == pytest.approx(x, rel=1e-3) and float(ratio) == pytest.approx(1, rel=1e-3)
        assert abs(float(z)) < 0.05
        assert rest[:2] == ["within", "within"] and float(rest[2]) == pytest.approx(0.45, rel=1e-3)
        assert rest[3:] == [True, "only 11 services: overdispersion is uncertain"]
    assert con.execute("SELECT sum(expected), sum(observed) FROM mart.case_mix_calibration").fetchall() == [
        (pytest.approx(4950, abs=1e-4), 4950)
    ]


def plain_fit(matrix: Numbers, courses: Numbers, events: Numbers) -> tuple[Numbers, Numbers]:
    """Coefficients and their covariance by plain Newton steps on the whole matrix."""
    penalty = np.diag([0.0] + [RIDGE] * (matrix.shape[1] - 1))
    beta = np.zeros(matrix.shape[1])
    for _ in range(60):
        p = 1 / (1 + np.exp(-(matrix @ beta)))
        information = matrix.T @ np.diag(courses * p * (1 - p)) @ matrix + penalty
        beta = beta + np.linalg.solve(information, matrix.T @ (events - courses * p) - penalty @ beta)
    return beta, np.linalg.inv(information)


Counts = dict[str, dict[str, tuple[int, int]]]  # service → severity → courses, events


def reference(counts: Counts) -> dict[str, tuple[float, float, float, float]]:
    """Expected, its z, and phi and tau of all, from the formulas, in plain NumPy: one model without each service."""
    levels = sorted({level for own in counts.values() for level in own})
    totals = {level: np.sum([own.get(level, (0, 0)) for own in counts.values()], axis=0) for level in levels}
    first = max(levels, key=lambda level: totals[level][0])
    others = [level for level in levels if level != first]
    found = {}
    for service, own in counts.items():
        rest = np.array([totals[level] - np.array(own.get(level, (0, 0))) for level in levels], dtype=float)
        matrix = np.array([[1.0, *(float(level == other) for other in others)] for level in levels])
        beta, covariance = plain_fit(matrix, rest[:, 0], rest[:, 1])
        p = 1 / (1 + np.exp(-(matrix @ beta)))
        n = np.array([own.get(level, (0, 0))[0] for level in levels], dtype=float)
        gradient = matrix.T @ (n * p * (1 - p))
        error = np.sqrt((n * p * (1 - p)).sum() + gradient @ covariance @ gradient) / (n @ p)
        found[service] = (n @ p, sum(x for _, x in own.values()) / (n @ p), error)
    z = np.array([(ratio - 1) / error for _, ratio, error in found.values()])
    w = np.array([1 / error**2 for *_, error in found.values()])
    k = len(z)
    phi = (np.clip(z, np.quantile(z, 0.1), np.quantile(z, 0.9)) ** 2).sum() / k
    tau = np.sqrt(max(0.0, (k * phi - (k - 1)) / (w.sum() - (w**2).sum() / w.sum())))
    return {service: (*rest, phi, tau) for service, rest in found.items()}


@pytest.mark.parametrize("seed", seeds(1))
def test_expectation_limits_and_overdispersion_are_the_printed_formulas(seed: int) -> None:
    chance = np.random.default_rng(seed)
    counts: Counts = {}
    for i in range(10 + 8 * seed):
        own_rate = chance.normal(0, 0.3)
        counts[f"R{i:02}"] = {
            level: (
                n := int(chance.integers(15, 400)),
                int(chance.binomial(n, 1 / (1 + np.exp(-(base + own_rate))))),
            )
            for level, base in (("mild", 0.6), ("moderate", 0.1), ("severe", -0.7))
        }
    con = filled([(who, level, "-", n, x) for who, own in counts.items() for level, (n, x) in own.items()])
    rows = compare(
        con,
        """SELECT provider, expected, observed_to_expected, z, phi, tau, z_adjusted, funnel_lower_95,
               funnel_upper_998_adjusted, funnel_position, funnel_position_adjusted FROM mart.case_mix_service""",
    )
    expected = reference(counts)
    assert len(rows) == len(expected)
    for provider, *found, position, adjusted in rows:
        number, ratio, error, phi, tau = expected[provider]
        width = np.sqrt(error**2 + tau**2)
        z, z_adjusted = (ratio - 1) / error, (ratio - 1) / width
        told = [number, ratio, z, phi, tau, z_adjusted, max(0.0, 1 - 1.959964 * error), 1 + 3.090232 * width]
        assert [float(each) for each in found] == pytest.approx(told, rel=1e-5), provider
        # Nobody lacks anything here: the centre with courses left out is the same up to a few hundredths.
        for said, standing in ((position, z), (adjusted, z_adjusted)):
            if min(abs(abs(standing) - limit) for limit in (1.959964, 3.090232)) > 0.1:
                assert said == place(standing), provider


def place(z: float) -> str:
    """The position of a z, in words."""
    if abs(z) <= 1.959964:
        return "within"
    return f"{'above' if z > 0 else 'below'} {'99.8' if abs(z) > 3.090232 else '95'}"


@pytest.mark.parametrize(("z", "position"), [
    (0, "within"), (1.9599639, "within"), (1.95996399, "above 95"), (-1.97, "below 95"), (3.09, "above 95"),
    (3.0903, "above 99.8"), (-3.0903, "below 99.8"),
])  # fmt: skip
def test_positions_are_strict(z: float, position: str) -> None:
    assert _position(z) == position


@pytest.mark.parametrize(
    ("k", "comparison", "why"),
    [
        (9, "descriptive", "only 9 services that can be compared"),
        (10, "with caution", "only 10 services: overdispersion is uncertain"),
        (30, "full", None),
    ],
)
def test_no_position_under_ten_services(k: int, comparison: str, why: str | None) -> None:
    con = filled([(f"R{i:02}", "mild", "-", 400, 200 + (90 if i == 0 else i % 3)) for i in range(k)])
    rows = compare(
        con,
        """SELECT DISTINCT services, comparison, why_not, funnel_position IS NULL, funnel_position_adjusted IS NULL,
           z IS NULL, phi IS NULL, expected IS NULL FROM mart.case_mix_service""",
    )
    is_few = k < 10
    assert rows == [(k, comparison, why, is_few, is_few, is_few, is_few, False)]


@pytest.mark.parametrize(("x", "n"), [(0, 40), (40, 40)])
def test_where_all_courses_end_alike_there_is_no_model_and_the_service_keeps_its_row(x: int, n: int) -> None:
    con = filled([("A", "mild", "-", n, x), ("B", "severe", "-", n, x)])
    rows = compare(con, "SELECT provider, courses, expected, adjusted_rate, why_not FROM mart.case_mix_service")
    why = "other services leave nothing to expect from: none, or all their courses end alike"
    assert sorted(rows) == [(who, n, None, None, why) for who in "AB"]
    assert con.execute("SELECT count(*) FROM mart.case_mix_coefficient").fetchall() == [(0,)]


@pytest.mark.parametrize(("others", "position"), [(2, None), (11, "within")])
def test_where_one_service_alone_has_the_outcome_the_others_have_none_of_what_they_would_have_had(
    others: int, position: str | None
) -> None:
    con = filled([("A", "mild", "-", 40, 20), *[(f"R{i:02}", "mild", "-", 40, 0) for i in range(others)]])
    rows = compare(con, "SELECT provider, expected > 0, adjusted_rate, funnel_position FROM mart.case_mix_service")
    assert sorted(rows) == [("A", None, None, None), *((f"R{i:02}", True, 0.0, position) for i in range(others))]


def test_no_patients_is_no_error_and_few_are_not_placed() -> None:
    assert compare(warehouse(), "SELECT count(*) FROM mart.case_mix_service") == [(0,)]
    con = filled([*[(f"R{i:02}", "mild", "-", 100, 50) for i in range(10)], ("SMALL", "mild", "-", 19, 19)])
    rows = compare(
        con,
        """SELECT DISTINCT funnel_position, adjusted_rate <= 1, services, why_not FROM mart.case_mix_service
           ORDER BY ALL""",
    )
    assert rows == [
        ("within", True, 10, "only 10 services: overdispersion is uncertain"),
        (None, True, 10, "denominator under 20"),
    ]


def test_the_last_twelve_months_count_and_a_merged_service_counts_under_its_successor() -> None:
    con = filled([("A", "mild", "-", 100, 50), ("OLD", "mild", "-", 100, 40)])
    con.execute("UPDATE ref.provider_place SET current_provider = 'A'")
    for month in (date(2024, 4, 1), date(2024, 5, 1)):
        con.execute(
            "INSERT INTO monthly_count.case_mix VALUES ('A', ?, 'RECOVERY', '05', 'mild', '-', '5', 'F32', 10, 10)",
            [month],
        )
    rows = compare(con, "SELECT provider, period_start, last_month, courses, events FROM mart.case_mix_service")
    assert rows == [("A", date(2024, 5, 1), APRIL, 210, 100)]


def test_a_service_that_did_not_submit_all_months_has_a_figure_and_no_position() -> None:
    con = filled([(f"R{i:02}", "mild", "-", 100, 50) for i in range(12)])
    con.execute(
        "INSERT INTO core.submission SELECT provider, ? FROM core.submission WHERE provider NOT IN ('R00', 'R01')",
        [MARCH],
    )
    con.execute("UPDATE ref.provider_place SET current_provider = 'R02' WHERE provider = 'R01'")
    rows = compare(
        con,
        """SELECT provider, months_submitted, months, services, adjusted_rate IS NULL, funnel_position, why_not
           FROM mart.case_mix_service WHERE provider IN ('R00', 'R01', 'R02') ORDER BY provider""",
    )
    assert rows == [
        ("R00", 1, 2, 10, False, None, "1 of 2 months submitted"),
        ("R02", 2, 2, 10, False, "within", "only 10 services: overdispersion is uncertain"),
    ]


# What a service does not record ---------------------------------------------------------------------------------


def test_a_course_without_a_characteristic_is_in_no_model_and_is_counted() -> None:
    con = filled([*[(f"R{i:02}", "mild", "-", 100, 50) for i in range(10)], ("A", "mild", "-", 80, 40),
                  ("A", "not known", "-", 15, 1), ("A", "mild", "not known", 5, 2)])  # fmt: skip
    rows = compare(
        con,
        """SELECT all_courses, all_events, left_out, left_out_events, courses, events, why_not
           FROM mart.case_mix_service WHERE provider = 'A'""",
    )
    assert rows == [(100, 43, 20, 3, 80, 40, "only 11 services: overdispersion is uncertain")]
    levels = con.execute("SELECT DISTINCT level FROM mart.case_mix_coefficient ORDER BY ALL").fetchall()
    assert levels == [("",)]
    assert con.execute("SELECT sum(courses) FROM mart.case_mix_calibration").fetchall() == [(1080,)]


def test_a_service_that_leaves_out_more_than_a_fifth_is_not_adjusted() -> None:
    con = filled([*[(f"R{i:02}", "mild", "-", 100, 50) for i in range(10)], ("A", "mild", "-", 79, 60),
                  ("A", "not known", "-", 21, 0), ("B", "not known", "-", 30, 10)])  # fmt: skip
    rows = compare(
        con,
        """SELECT provider, all_courses, left_out, courses, expected, adjusted_rate, funnel_position, services, why_not
           FROM mart.case_mix_service WHERE provider IN ('A', 'B') ORDER BY provider""",
    )
    assert rows == [
        ("A", 100, 21, 79, None, None, None, 10, "21 of 100 courses lack a characteristic: over 20 %"),
        ("B", 30, 30, 0, None, None, None, 10, "30 of 30 courses lack a characteristic: over 20 %"),
    ]


def test_a_characteristic_that_nobody_records_is_no_factor() -> None:
    con = filled([(f"R{i:02}", "mild", "not known", 100, 50 + i % 2) for i in range(10)])
    rows = compare(con, "SELECT sum(left_out), count(funnel_position) FROM mart.case_mix_service")
    assert rows == [(0, 10)]
    factors = con.execute("SELECT DISTINCT factor FROM mart.case_mix_coefficient ORDER BY ALL").fetchall()
    assert factors == [("intercept",)]  # one level each of what is recorded


SEVERITY = {"mild": 0.65, "moderate": 0.55, "severe": 0.42, "very severe": 0.33}


def leaving_out(chance: np.random.Generator, part: float) -> tuple[list[Cell], float]:
    """Thirty services of like quality, of whose courses one in twenty has no first score and so cannot recover.

    G leaves out the first score of ``part`` of those who do not recover; its own raw rate is an average one.
    Returns the cells and G's raw rate less that of the others.
    """
    cells: list[Cell] = []
    for place in range(30):
        name = "G" if place == 0 else f"R{place:02}"
        mix = chance.dirichlet([8, 8, 8, 6])
        unknown = lost = 0
        for (severity, rate), n in zip(SEVERITY.items(), chance.multinomial(600, mix), strict=True):
            if name == "G":
                # Its average raw rate is what others have once one in twenty is lost.
                x = int(chance.binomial(n, 0.95 * rate))
                lost = round(part * (n - x))
            else:
                lost = int(chance.binomial(n, 0.05))
                x = int(chance.binomial(n - lost, rate))
            unknown += lost
            cells.append((name, severity, "-", int(n - lost), x))
        cells.append((name, "not known", "-", unknown, 0))
    totals = {who: [0, 0] for who in ("G", "others")}
    for name, _, _, n, x in cells:
        totals["G" if name == "G" else "others"][0] += n
        totals["G" if name == "G" else "others"][1] += x
    return cells, totals["G"][1] / totals["G"][0] - totals["others"][1] / totals["others"][0]


@pytest.mark.parametrize(("part", "why"), [(0.5, "over 20 %"), (0.35, None), (0.2, None)])
@pytest.mark.parametrize("seed", seeds(2))
def test_who_leaves_out_the_first_scores_of_those_who_do_not_recover_is_not_above(
    part: float, why: str | None, seed: int
) -> None:
    cells, raw = leaving_out(np.random.default_rng(seed), part)
    con = filled(cells)
    ((position, adjusted, said),) = compare(
        con,
        "SELECT funnel_position, funnel_position_adjusted, why_not FROM mart.case_mix_service WHERE provider = 'G'",
    )
    assert abs(raw) < 0.08
    if why:
        assert position is None and adjusted is None and why in said
    else:
        assert said is None and "above 99.8" not in (position, adjusted)


def test_an_outlier_that_leaves_nobody_out_is_still_seen() -> None:
    cells, _ = leaving_out(np.random.default_rng(0), 0.05)
    better = [
        (who, sev, age, n, min(n, x + round(0.2 * n)) if who == "R07" else x) for who, sev, age, n, x in cells
    ]
    con = filled(better)
    rows = compare(con, "SELECT funnel_position FROM mart.case_mix_service WHERE provider = 'R07'")
    assert rows == [("above 99.8",)]


def test_calibration_parts_courses_into_tenths_by_predicted_chance() -> None:
    chance = np.linspace(0.05, 0.95, 20)
    found = calibration(chance[::-1], np.full(20, 10.0), np.full(20, 5.0))
    assert [row[0] for row in found] == list(range(1, 11))
    assert {row[1] for row in found} == {20} and sum(row[3] for row in found) == 100
    assert found[0][2] == pytest.approx(10 * (chance[0] + chance[1]))
    # One group that holds half of all courses stays whole.
    assert len(calibration(np.array([0.2, 0.5]), np.array([100.0, 100.0]), np.array([20.0, 50.0]))) == 2
