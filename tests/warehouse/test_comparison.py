"""Services compared: funnel, overdispersion, the exact test, control charts, assurance, rate ratios.

Numbers with a place of origin: NHSRplotthedots@050b07d (XmR, rules), as listed in the statistics notes. The rest
is held against a slow reference in plain numpy.
"""

from datetime import date
from itertools import pairwise
from typing import Any

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from tests.campaign import examples
from tests.fixtures.comparison import Count, add_measure, add_series, compare, warehouse
from warehouse.comparison.statistics import wilson
from warehouse.order import run


def services(k: int, n: int = 100) -> list[Count]:
    """k services of 100 courses, around half of them recovered."""
    return [(f"R{i:02}", 50 * n // 100 + i % 3, n) for i in range(k)]


@pytest.mark.parametrize(
    ("k", "comparison", "why"),
    [
        (1, "descriptive", "only 1 service with a complete period and a denominator of 20 or more"),
        (9, "descriptive", "only 9 services with a complete period and a denominator of 20 or more"),
        (10, "with caution", "only 10 services: overdispersion is uncertain"),
        (29, "with caution", "only 29 services: overdispersion is uncertain"),
        (30, "full", None),
    ],
)
def test_how_many_services_make_a_comparison(k: int, comparison: str, why: str | None) -> None:
    con = warehouse()
    add_measure(con, "RECOVERY", services(k))
    rows = compare(
        con,
        """SELECT DISTINCT comparison, why_not, services, phi IS NULL, funnel_position_adjusted IS NULL,
           funnel_position IS NULL, p_against_rest IS NULL FROM mart.service_comparison""",
    )
    is_few = k < 10
    assert rows == [(comparison, why, k, is_few, is_few, is_few, not 1 < k < 10)]


def test_why_a_figure_is_not_compared_is_said_and_every_service_keeps_its_row() -> None:
    con = warehouse()
    small: list[Count] = [("SMALL", 10, 19), ("EDGE", 10, 20), ("NOBODY", 0, 0), ("ABSENT", None, None)]
    add_measure(con, "RECOVERY", [*services(30), *small])
    add_measure(con, "REFERRALS", [("R00", 7, None), ("R01", 0, None)])
    add_measure(con, "SESSIONS", [("R00", 70, 10), ("R01", 30, 10)])
    add_measure(con, "WAIT", [("R00", 21, 10)])
    rows = compare(
        con,
        """SELECT measure, provider, comparison, why_not, value, lower_95 IS NULL, funnel_position IS NULL
           FROM mart.service_comparison WHERE measure <> 'RECOVERY' OR provider NOT LIKE 'R%' ORDER BY ALL""",
    )
    assert rows == [
        ("RECOVERY", "ABSENT", None, "not submitted", None, True, True),
        ("RECOVERY", "EDGE", "full", None, 0.5, False, False),
        ("RECOVERY", "NOBODY", None, "no denominator", None, True, True),
        ("RECOVERY", "SMALL", "descriptive", "denominator under 20", pytest.approx(10 / 19), False, True),
        ("REFERRALS", "R00", "descriptive", "a plain count: services differ in size", 7.0, False, True),
        ("REFERRALS", "R01", "descriptive", "a plain count: services differ in size", 0.0, False, True),
        ("SESSIONS", "R00", "descriptive", "a mean: its spread within the service is not known", 7.0, True, True),
        ("SESSIONS", "R01", "descriptive", "a mean: its spread within the service is not known", 3.0, True, True),
        ("WAIT", "R00", "descriptive", "a median: its spread within the service is not known", 21.0, True, True),
    ]
    national = con.execute(
        """SELECT DISTINCT measure, national_value, national_value_without FROM mart.service_comparison
           WHERE measure IN ('SESSIONS', 'WAIT') ORDER BY ALL"""
    ).fetchall()
    # A median has no «rest» that could be worked out from two medians.
    assert national == [("SESSIONS", 5.0, 3.0), ("SESSIONS", 5.0, 7.0), ("WAIT", 21.0, None)]


@pytest.mark.parametrize(
    ("x", "position"),
    [
        (34, "below 99.8"), (35, "below 95"), (40, "below 95"), (41, "within"), (50, "within"), (59, "within"),
        (60, "above 95"), (65, "above 95"), (66, "above 99.8"),
    ],
)  # fmt: skip
def test_positions_in_the_funnel(x: int, position: str) -> None:
    con = warehouse()
    # Around one half and for 100 people the limits are 40.2 to 59.8 and 34.5 to 65.5 %.
    add_measure(con, "RECOVERY", [*[(f"R{i}", 5000, 10000) for i in range(29)], ("T", x, 100)])
    con.execute("UPDATE mart.service_measure SET numerator = 1, denominator = 2 WHERE organisation = 'ENG'")
    ((low, high, outer, found, z),) = compare(
        con,
        """SELECT funnel_lower_95, funnel_upper_95, funnel_upper_998, funnel_position, z
           FROM mart.service_comparison WHERE provider = 'T'""",
    )
    assert (low, high, outer) == (pytest.approx(0.402002), pytest.approx(0.597998), pytest.approx(0.654512))
    assert found == position and z == pytest.approx((x / 100 - 0.5) / 0.05)


def test_on_the_limit_is_within() -> None:
    con = warehouse()
    # Everybody at 100 %: the funnel has no width, all are on its limit, and nothing is left to explain.
    add_measure(con, "RECOVERY", [(f"R{i:02}", 50, 50) for i in range(30)])
    rows = compare(
        con,
        """SELECT DISTINCT funnel_position_adjusted, funnel_position, z, z_adjusted, phi, tau
           FROM mart.service_comparison""",
    )
    assert rows == [("within", "within", 0, 0, 0, 0)]


def test_all_rates_equal_leave_no_spread() -> None:
    con = warehouse()
    add_measure(con, "RECOVERY", [(f"R{i:02}", 10 + i, 20 + 2 * i) for i in range(30)])
    rows = compare(con, "SELECT DISTINCT phi, tau, z, z_adjusted FROM mart.service_comparison")
    assert rows == [(0, 0, 0, 0)]


def reference_spread(counts: list[tuple[int, int]]) -> tuple[float, float]:
    """phi and tau of Spiegelhalter 2005, written down as printed, in numpy."""
    kept = [(x, n) for x, n in counts if n >= 20]
    p = sum(x for x, _ in counts) / sum(n for _, n in counts)
    s = np.array([np.sqrt(p * (1 - p) / n) for _, n in kept])
    z = np.array([(x / n - p) for x, n in kept]) / s
    winsorised = np.clip(z, np.quantile(z, 0.1), np.quantile(z, 0.9))
    k, w = len(kept), 1 / s**2
    phi = float((winsorised**2).sum() / k)
    return phi, float(np.sqrt(max(0, (k * phi - (k - 1)) / (w.sum() - (w**2).sum() / w.sum()))))


COUNT = st.integers(1, 400).flatmap(lambda n: st.tuples(st.integers(0, n), st.just(n)))


def reference_place(x: int, n: int, p: float, tau: float) -> tuple[str, list[float]]:
    """Position and limits (95 low and high, 99.8 low and high) of one service, written down as printed."""
    reach = np.sqrt(p * (1 - p) / n + tau**2)
    limits = [p - 1.959964 * reach, p + 1.959964 * reach, p - 3.090232 * reach, p + 3.090232 * reach]
    low_95, high_95, low_998, high_998 = limits
    position = "within"
    if x / n < low_95 or x / n > high_95:
        level = "99.8" if x / n < low_998 or x / n > high_998 else "95"
        position = f"{'below' if x / n < p else 'above'} {level}"
    return position, [min(1.0, max(0.0, limit)) for limit in limits]


PLACED = """SELECT period_start, provider, funnel_position{form}, funnel_lower_95{form}, funnel_upper_95{form},
    funnel_lower_998{form}, funnel_upper_998{form} FROM mart.service_comparison ORDER BY ALL"""


@settings(max_examples=examples(5))
@given(st.lists(st.lists(COUNT, min_size=9, max_size=60), min_size=4, max_size=8))
def test_both_positions_and_their_limits_are_the_printed_formula(months: list[list[tuple[int, int]]]) -> None:
    con = warehouse()
    for place, counts in enumerate(months):
        figures = [(f"R{i:02}", x, n) for i, (x, n) in enumerate(counts)]
        add_measure(con, "RECOVERY", figures, date(2025, 1 + place, 1))
    found = {
        form: {(start.month, who): rest for start, who, *rest in compare(con, PLACED.format(form=form))}
        if not form
        else {(start.month, who): rest for start, who, *rest in con.execute(PLACED.format(form=form)).fetchall()}
        for form in ("", "_adjusted")
    }
    for month, counts in enumerate(months, start=1):
        p = sum(x for x, _ in counts) / sum(n for _, n in counts)
        is_compared = sum(n >= 20 for _, n in counts) >= 10
        tau = reference_spread(counts)[1] if is_compared and 0 < p < 1 else 0.0
        for place, (x, n) in enumerate(counts):
            for form, spread in (("", 0.0), ("_adjusted", tau)):
                position, *limits = found[form][month, f"R{place:02}"]
                if not is_compared or n < 20:
                    assert [position, *limits] == [None] * 5
                    continue
                expected, at = reference_place(x, n, p, spread)
                assert limits == pytest.approx(at, abs=1e-5)
                # On a limit to the sixth decimal, the printed quantile does not decide.
                assert position == expected or min(abs(x / n - limit) for limit in at) < 1e-6


def test_a_service_outside_chance_may_be_inside_the_spread_of_services() -> None:
    con = warehouse()
    # 40 services of 1,000 between 40 and 60 %: most are far outside chance, none outside how services differ.
    add_measure(con, "RECOVERY", [(f"R{i:02}", 400 + 5 * i, 1000) for i in range(41)])
    ((outside, adjusted, narrower),) = compare(
        con,
        """SELECT count(*) FILTER (WHERE funnel_position LIKE '%99.8'),
               count(*) FILTER (WHERE funnel_position_adjusted LIKE '%99.8'),
               count(*) FILTER (WHERE funnel_lower_998_adjusted >= funnel_lower_998)
           FROM mart.service_comparison""",
    )
    assert (outside, adjusted, narrower) == (22, 0, 0)


@settings(max_examples=examples(5))
@given(st.lists(st.lists(COUNT, min_size=9, max_size=60), min_size=6, max_size=12))
def test_overdispersion_is_the_printed_formula(months: list[list[tuple[int, int]]]) -> None:
    con = warehouse()
    for place, counts in enumerate(months):
        figures = [(f"R{i:02}", x, n) for i, (x, n) in enumerate(counts)]
        add_measure(con, "RECOVERY", figures, date(2025, 1 + place, 1))
    rows = compare(con, "SELECT services, phi, tau FROM mart.funnel ORDER BY period_start")
    for (services, phi, tau), counts in zip(rows, months, strict=True):
        assert services == sum(n >= 20 for _, n in counts)
        if services < 10:
            assert phi is None and tau is None
        elif 0 < sum(x for x, _ in counts) < sum(n for _, n in counts):
            expected_phi, expected_tau = reference_spread(counts)
            assert phi == pytest.approx(expected_phi, rel=1e-7, abs=1e-7)
            assert tau == pytest.approx(expected_tau, rel=1e-5, abs=1e-5)


def test_spread_between_services_takes_the_alarm_out_of_z() -> None:
    con = warehouse()
    add_measure(con, "RECOVERY", [(f"R{i:02}", 400 + 10 * (i % 21), 1000) for i in range(42)])
    rows = compare(con, "SELECT max(abs(z)), max(abs(z_adjusted)), max(tau) FROM mart.service_comparison")
    ((z, adjusted, tau),) = rows
    assert z > 6 and adjusted < 2
    # Rates are spread evenly over 20 points: their standard deviation is 6 points, less what winsorising takes.
    assert 0.045 < tau < 0.065


def test_few_services_are_tested_exactly_against_the_rest() -> None:
    con = warehouse()
    add_measure(con, "RECOVERY", [("A", 3, 30), ("B", 50, 100), ("C", 45, 100), ("NOBODY", 0, 0)])
    rows = dict(compare(con, "SELECT provider, p_against_rest FROM mart.service_comparison"))
    # The tail of 3 of 30 against 95 of 200 or fewer, doubled; reckoned in whole numbers.
    assert rows["A"] == pytest.approx(8.771684706e-05) and rows["A"] < 0.002 < rows["B"] and rows["NOBODY"] is None


def test_one_service_or_none_is_no_comparison_and_no_error() -> None:
    con = warehouse()
    assert compare(con, "SELECT count(*) FROM mart.service_comparison") == [(0,)]
    con = warehouse()
    add_measure(con, "RECOVERY", [("A", 3, 5)])
    rows = compare(
        con,
        """SELECT value, lower_95, national_value, national_value_without, p_against_rest, z, comparison
           FROM mart.service_comparison""",
    )
    low, _ = wilson(3, 5) or (None, None)
    assert rows == [(0.6, pytest.approx(low), 0.6, None, None, None, "descriptive")]


def test_published_rows_are_compared_by_the_same_model_and_suppressed_is_no_zero() -> None:
    con = warehouse()
    year = date(2023, 4, 1)
    rows: list[tuple[Any, ...]] = [(f"R{i:02}", 50 + 5 * (i % 2), 100, "value") for i in range(30)]
    rows += [("S", None, 40, "suppressed"), ("ENG", 1575, 3000, "value")]
    con.executemany(
        "INSERT INTO published.service_count VALUES (?, 'Name', 'financial year', ?, 'all', 'RECOVERY', ?, ?, ?, 0.5)",
        [(who, year, x, n, state) for who, x, n, state in rows],
    )
    found = compare(
        con,
        """SELECT provider, services, funnel_position, comparison, why_not FROM mart.service_comparison
           WHERE provider IN ('R00', 'S') ORDER BY provider""",
    )
    assert found == [("R00", 30, "within", "full", None), ("S", 30, None, None, "suppressed")]


# Like with like -------------------------------------------------------------------------------------------------


def test_all_pathways_together_are_compared_with_services_of_the_same_pathway() -> None:
    con = warehouse()
    depression: list[Count] = [(f"D{i:02}", 50 + i % 3, 100) for i in range(12)]
    psychosis: list[Count] = [(f"P{i:02}", 20 + i % 3, 100) for i in range(12)]
    # Of N, 5 in 100 are of another pathway; of M, 6 in 100.
    parts = {"05": [*depression, ("N", 48, 95), ("M", 47, 94)], "01": [*psychosis, ("N", 2, 5), ("M", 2, 6)]}
    for pathway, counts in parts.items():
        add_measure(con, "RECOVERY", counts, pathway=pathway)
    add_measure(con, "RECOVERY", [*depression, *psychosis, ("N", 50, 100), ("M", 49, 100)], pathway="all")
    rows = compare(
        con,
        """SELECT pathway, provider, peer_group, peer_numerator, peer_denominator, services, funnel_position,
               comparison, why_not
           FROM mart.service_comparison WHERE provider IN ('D00', 'P00', 'N', 'M') AND denominator >= 20 ORDER BY ALL""",
    )
    few = "only 14 services: overdispersion is uncertain", "only 12 services: overdispersion is uncertain"
    d, p = sum(x for _, x, _ in depression), sum(x for _, x, _ in psychosis)
    assert rows == [
        ("01", "P00", "01", p + 4, 1211, 12, "within", "with caution", few[1]),
        ("05", "D00", "05", d + 95, 1389, 14, "within", "with caution", few[0]),
        ("05", "M", "05", d + 95, 1389, 14, "within", "with caution", few[0]),
        ("05", "N", "05", d + 95, 1389, 14, "within", "with caution", few[0]),
        ("all", "D00", "05", d + 50, 1300, 13, "within", "with caution", few[0].replace("14", "13")),
        ("all", "M", None, None, None, 0, None, "descriptive", "several pathways: each is compared on its own"),
        ("all", "N", "05", d + 50, 1300, 13, "within", "with caution", few[0].replace("14", "13")),
        ("all", "P00", "01", p, 1200, 12, "within", "with caution", few[1]),
    ]
    # Before, all 26 were one funnel around 36 %: every service of one pathway was above, every one of the other below.
    england = con.execute(
        "SELECT DISTINCT national_value FROM mart.service_comparison WHERE pathway = 'all'"
    ).fetchall()
    assert england == [(pytest.approx((d + p + 99) / 2600),)]


def test_few_services_are_tested_against_the_rest_of_their_own_pathway() -> None:
    con = warehouse()
    depression, psychosis = [("A", 50, 100), ("B", 52, 100)], [("C", 10, 100), ("D", 11, 100)]
    add_measure(con, "RECOVERY", depression)
    add_measure(con, "RECOVERY", psychosis, pathway="01")
    add_measure(con, "RECOVERY", [*depression, *psychosis], pathway="all")
    rows = compare(con, "SELECT DISTINCT p_against_rest > 0.5 FROM mart.service_comparison WHERE pathway = 'all'")
    assert rows == [(True,)]


def test_an_incomplete_period_is_not_compared_and_is_in_no_funnel() -> None:
    con = warehouse()
    add_measure(con, "RECOVERY", [*services(10), ("LATE", 95, 100), ("MERGED", 95, 100)])
    con.execute("UPDATE mart.submission_coverage SET months = 3, months_submitted = 3")
    con.execute(
        "UPDATE mart.submission_coverage SET months_submitted = 2, is_complete = false WHERE organisation = 'LATE'"
    )
    con.execute("UPDATE mart.submission_coverage SET is_complete = false WHERE organisation = 'MERGED'")
    rows = compare(
        con,
        """SELECT provider, months_submitted, months, services, funnel_position_adjusted, comparison, why_not
           FROM mart.service_comparison WHERE provider IN ('LATE', 'MERGED', 'R00') ORDER BY provider""",
    )
    assert rows == [
        ("LATE", 2, 3, 10, None, "descriptive", "2 of 3 months submitted"),
        ("MERGED", 3, 3, 10, None, "descriptive", "a month of a predecessor was not submitted"),
        ("R00", 3, 3, 10, "within", "with caution", "only 10 services: overdispersion is uncertain"),
    ]


def test_a_stock_is_compared_where_the_last_month_was_submitted() -> None:
    con = warehouse()
    con.execute("UPDATE mart.measure SET over_time = 'stock' WHERE measure = 'RECOVERY'")
    add_measure(con, "RECOVERY", services(10))
    # The row of the flow is incomplete, that of the stock is not.
    con.execute(
        "UPDATE mart.submission_coverage SET months = 3, months_submitted = 1, is_complete = false;"
        "INSERT INTO mart.submission_coverage SELECT * REPLACE ('stock' AS over_time, true AS is_complete) "
        "FROM mart.submission_coverage"
    )
    rows = compare(
        con, "SELECT DISTINCT months_submitted, months, funnel_position_adjusted FROM mart.service_comparison"
    )
    assert rows == [(1, 3, "within")]


# XmR ------------------------------------------------------------------------------------------------------------

JUMP = [1, 2, 1, 2, 10, 1, 2, 1, 2, 1, 2, 1, 2, 1, 2, 1, 2, 1]
RNORM = [
    -0.56047565, -0.23017749, 1.55870831, 0.07050839, 0.12928774, 1.71506499, 0.46091621, -1.26506123, -0.68685285,
    -0.44566197, 1.22408180, 0.35981383, 0.40077145, 0.11068272, -0.55584113, 1.78691314, 0.49785048, -1.96661716,
    0.70135590, -0.47279141,
]  # fmt: skip


@pytest.mark.parametrize(
    ("values", "mean", "low", "high", "tolerance"),
    [
        (JUMP, 1.9444444444, -0.7155555556, 4.6044444444, 1e-9),
        (RNORM, 0.1416238, -3.01138, 3.294627, 1e-6),
        ([*RNORM[:14], 10, *RNORM[15:]], 0.6694159, -2.383666, 3.722497, 1e-6),
        (RNORM[:10], 0.0746, -2.60, 2.75, 5e-3),
        (RNORM[10:], 0.209, -3.28, 3.70, 5e-3),
    ],
)
def test_process_limits_are_the_published_ones(
    values: list[float], mean: float, low: float, high: float, tolerance: float
) -> None:
    con = warehouse()
    # Whole numbers: 100 million of them to one. A mean of differences may be negative, a count not.
    add_series(con, "A", "CHANGE", [round(v * 10**8) for v in values])
    ((found_mean, found_low, found_high),) = compare(
        con, "SELECT DISTINCT mean, lower_limit, upper_limit FROM mart.control_chart"
    )
    assert float(found_mean) / 10**8 == pytest.approx(mean, abs=tolerance)
    assert float(found_low) / 10**8 == pytest.approx(low, abs=tolerance)
    assert float(found_high) / 10**8 == pytest.approx(high, abs=tolerance)


def chart(values: list[int], columns: str = "point_type", measure: str = "SESSIONS") -> list[Any]:
    con = warehouse()
    add_series(con, "A", measure, values)
    rows = compare(con, f"SELECT {columns} FROM mart.control_chart ORDER BY position")
    return [row[0] if len(row) == 1 else row for row in rows]


COMMON, SHIFT, TREND, OUTSIDE, NEAR = "common cause", "shift", "trend", "outside", "2 of 3"
# Up and down by 100 around 1000: a line in which nothing happens.
QUIET = [1100, 900] * 6


def test_a_line_in_which_nothing_happens() -> None:
    assert chart(QUIET) == [COMMON] * 12


def test_the_point_outside_is_named_and_its_ranges_are_screened() -> None:
    values = [*QUIET, 3000, *QUIET]
    found = chart(values, "point_type, signal, is_screened_out")
    assert found[12] == (OUTSIDE, 1, True) and found[13][2] and not found[11][2]
    assert {kind for kind, _, _ in found} == {OUTSIDE, COMMON}


def test_seven_on_one_side_mark_the_whole_run() -> None:
    # Rule vectors of the published tests: so many points above the mean, one below.
    assert chart([80, 1] * 4 + [-324]) == [SHIFT] * 8 + [OUTSIDE]
    assert chart([80, 1] * 3 + [80, -324]) == [SHIFT] * 7 + [COMMON]
    assert chart([80, 1] * 3 + [-243]) == [COMMON] * 7
    # A point on the mean (1000) belongs to no side: six, itself and one more are no run; the seven below are.
    assert chart([1100, 1300] * 3 + [1000, 1100] + [900, 700] * 3 + [900]) == [COMMON] * 8 + [SHIFT] * 7


@pytest.mark.parametrize(
    ("near", "marked"),
    [
        ([0, 0, 1, 0, 1, 0, 0], [2, 4]),
        ([0, 0, 1, 1, 0, 0, 0], [2, 3]),
        ([1, 0, 0, 1, 1], [3, 4]),
        ([1, 0, 0, 1, 0], []),
        ([0, 1, 0, -1, 0], []),
        ([0, -1, 0, -1, 0], [1, 3]),
    ],
)
def test_two_of_three_near_a_limit(near: list[int], marked: list[int]) -> None:
    # Limits lie near 1000 ± 550, near limits near ± 370.
    quiet = [1100, 900] * 20
    points = [1000 + 450 * each + (-1) ** i * 20 * (each == 0) for i, each in enumerate(near)]
    found = chart([*quiet, *points, 900, *quiet])[len(quiet) : len(quiet) + len(near)]
    assert [i for i, kind in enumerate(found) if kind == NEAR] == marked
    assert set(found) <= {NEAR, COMMON}


def signal_of(steps: list[int]) -> list[str]:
    """Types of the points of ``steps`` after a long quiet line, so that limits and mean are settled."""
    quiet = [1400, 600] * 20
    return chart([*quiet, *steps])[len(quiet) :]


def test_seven_rising_or_falling_are_a_trend_and_ties_break_it() -> None:
    # The line ends at 600: the first of seven must not rise from it.
    assert signal_of([500, 600, 700, 800, 900, 1010, 1110]) == [TREND] * 7
    assert signal_of([500, 600, 700, 800, 900, 1010, 1110, 900]) == [TREND] * 7 + [COMMON]
    assert signal_of([500, 600, 700, 800, 900, 1010, 1010, 1110]) == [COMMON] * 8
    assert signal_of([500, 600, 700, 800, 900, 1010]) == [COMMON] * 6
    assert signal_of([1500, 1400, 1300, 1200, 990, 900, 800]) == [TREND] * 7


def reference_types(values: list[int]) -> list[str]:
    """The rules one point at a time, in fractions of whole numbers, from their wording."""
    n = len(values)
    total = sum(values)
    moves = [abs(b - a) for a, b in pairwise(values)]
    kept = [m for m in moves if m * len(moves) * 1000 <= 3267 * sum(moves)]
    limits = n >= 6 and (sum(kept) > 0 or max(moves) == 0)
    reach = 2.66 * sum(kept) / len(kept) if limits else None
    side = [(v * n > total) - (v * n < total) for v in values]
    gap = [abs(v - total / n) for v in values]
    outside = [reach is not None and g > reach + 1e-9 for g in gap]
    near = [
        s if reach is not None and not o and g > reach * 2 / 3 + 1e-9 else 0
        for s, o, g in zip(side, outside, gap, strict=True)
    ]
    types = []
    for i in range(n):
        windows = [range(start, start + 7) for start in range(max(0, i - 6), min(i, n - 7) + 1)]
        trend = any(
            all(values[j] < values[j + 1] for j in w[:-1]) or all(values[j] > values[j + 1] for j in w[:-1])
            for w in windows
        )
        shift = any(len({side[j] for j in w}) == 1 and side[i] != 0 for w in windows)
        threes = [range(start, start + 3) for start in range(max(0, i - 2), min(i, n - 3) + 1)]
        close = near[i] != 0 and any(sum(near[j] == near[i] for j in w) >= 2 for w in threes)
        types.append(OUTSIDE if outside[i] else TREND if trend else NEAR if close else SHIFT if shift else COMMON)
    return types if reach is not None else ["too few points" if n < 6 else "not meaningful"] * n


LINE = st.one_of(
    st.lists(st.integers(0, 6), min_size=2, max_size=30),
    st.lists(st.integers(-40, 60), min_size=6, max_size=30),
    st.lists(st.sampled_from([-7, -1, 0, 1, 2, 9]), min_size=8, max_size=36).map(lambda x: np.cumsum(x).tolist()),
)


@settings(max_examples=examples(8))
@given(st.lists(LINE, min_size=20, max_size=30))
def test_every_point_type_is_what_the_wording_of_the_rules_says(lines: list[list[int]]) -> None:
    con = warehouse()
    for place, values in enumerate(lines):
        add_series(con, f"R{place}", "SESSIONS", values)
    found: dict[str, list[str]] = {}
    for provider, kind in compare(con, "SELECT provider, point_type FROM mart.control_chart ORDER BY position"):
        found.setdefault(provider, []).append(kind)
    assert found == {f"R{place}": reference_types(values) for place, values in enumerate(lines)}


@pytest.mark.parametrize(
    ("fifteenth", "sixteenth", "expected"), [(5.5, -5.5, [COMMON, COMMON]), (5.5, 5.5, [NEAR, NEAR])]
)
def test_two_of_three_must_be_near_the_same_limit(fifteenth: float, sixteenth: float, expected: list[str]) -> None:
    values = [1, -1] * 7 + [fifteenth, sixteenth]
    assert chart([round(v * 1000) for v in values])[14:] == expected


@pytest.mark.parametrize(
    ("points", "limits"),
    [(1, "too few points"), (5, "too few points"), (6, "trial"), (11, "trial"), (12, "standing")],
)
def test_limits_need_points(points: int, limits: str) -> None:
    found = chart(
        [1100, 900, 1000, 950] * 3 if points == 12 else ([1100, 900, 1000, 950] * 3)[:points], "limits, upper_limit"
    )
    assert {row[0] for row in found} == {limits}
    assert all((row[1] is None) == (limits == "too few points") for row in found)


def test_an_even_line_has_limits_of_no_width_and_one_jump_in_it_has_none() -> None:
    even = chart([500] * 12, "limits, lower_limit, upper_limit, point_type", "RECOVERY")
    assert set(even) == {("standing", even[0][1], even[0][1], COMMON)} and float(even[0][1]) == 0.5


@pytest.mark.parametrize(
    ("values", "said"),
    [
        # Seven on one side and a trend, but one jump is all there is: no limits, so nothing can be called a signal.
        ([500] * 11 + [700], "not meaningful"),
        ([500] * 8 + [499], "not meaningful"),
        ([500, 520, 540, 560, 580], "too few points"),
    ],
)
def test_a_chart_without_limits_has_no_signal_and_says_so(values: list[int], said: str) -> None:
    found = chart(values, "limits, lower_limit, upper_near, point_type, signal, variation", "RECOVERY")
    assert found == [(said, None, None, said, None, said)] * len(values)


def test_a_third_of_the_people_month_after_month_is_on_its_mean() -> None:
    # 1/3 as floating point is not the mean of seven times itself: all would be «below the mean».
    con = warehouse()
    for month in range(1, 13):
        add_measure(con, "RECOVERY", [("A", 10, 30)], date(2024, month, 1))
    assert compare(con, "SELECT DISTINCT point_type FROM mart.control_chart") == [(COMMON,)]


def test_months_without_a_value_are_no_points() -> None:
    con = warehouse()
    for month in range(1, 10):
        add_measure(con, "RECOVERY", [("A", None, None) if month == 4 else ("A", 0, 0) if month == 5 else ("A", month, 20)],
                    date(2024, month, 1))  # fmt: skip
    rows = compare(con, "SELECT count(*), max(points), count(*) FILTER (WHERE month(period_start) IN (4, 5)) "
                        "FROM mart.control_chart WHERE provider = 'A'")  # fmt: skip
    assert rows == [(7, 7, 0)]


@pytest.mark.parametrize(
    ("measure", "values", "assurance"),
    [
        ("RECOVERY", [600, 620] * 6, "passes"),
        ("RECOVERY", [300, 320] * 6, "fails"),
        ("RECOVERY", [400, 600] * 6, "inconsistent"),
        ("RECOVERY", [500] * 12, "inconsistent"),  # on the limit: strict
        ("DROP_OUT", [100, 120] * 6, "passes"),
        ("DROP_OUT", [400, 420] * 6, "fails"),
        ("REFERRALS", [400, 420] * 6, None),
        ("RECOVERY", [600, 620, 600], None),
    ],
)
def test_assurance_is_the_standard_against_the_limits(
    measure: str, values: list[int], assurance: str | None
) -> None:
    con = warehouse()
    add_series(con, "A", measure, values)
    assert compare(con, "SELECT assurance FROM mart.control_chart_summary") == [(assurance,)]


@pytest.mark.parametrize(
    ("measure", "variation"), [("RECOVERY", "improvement"), ("DROP_OUT", "concern"), ("REFERRALS", "neither")]
)
def test_a_signal_is_better_or_worse_by_the_direction_of_the_measure(measure: str, variation: str) -> None:
    con = warehouse()
    add_series(con, "A", measure, [110, 90] * 8 + [300])
    rows = compare(con, "SELECT point_type, variation, latest_value > mean FROM mart.control_chart_summary")
    assert rows == [(OUTSIDE, variation, True)]


@pytest.mark.parametrize(
    ("measure", "values", "low", "high"),
    [
        ("RECOVERY", [10, 60, 20, 50] * 3, 0.0, None),
        ("RECOVERY", [990, 940, 980, 950] * 3, None, 1.0),
        ("REFERRALS", [1, 6, 2, 5] * 3, 0.0, None),
        ("SESSIONS", [1, 6, 2, 5] * 3, 0.0, 14.14),  # nobody has fewer than no sessions
        ("CHANGE", [1, 6, 2, 5] * 3, -7.14, 14.14),  # a mean of differences may be below 0
    ],
)
def test_limits_go_no_further_than_what_is_possible(
    measure: str, values: list[int], low: float | None, high: float | None
) -> None:
    ((lower, lower_near, upper_near, upper),) = set(
        chart(values, "lower_limit, lower_near, upper_near, upper_limit", measure)
    )
    assert lower <= lower_near < upper_near <= upper
    assert low is None or float(lower) == pytest.approx(low, abs=0.01)
    assert high is None or float(upper) == pytest.approx(high, abs=0.01)


def test_a_share_of_fewer_than_20_people_is_no_point_and_keeps_its_row() -> None:
    con = warehouse()
    for month, n in enumerate([40, 40, 19, 40, 20, 40, 40], start=1):
        counts: list[Count] = [("A", n // 2, n), ("SMALL", 1, 3)]
        add_measure(con, "RECOVERY", counts, date(2024, month, 1))
        add_measure(con, "REFERRALS", [("A", 3, None)], date(2024, month, 1))
    rows = compare(
        con,
        """SELECT month(period_start), position, CAST(value AS DOUBLE), why_not_charted, limits, point_type, variation, mean, signal
           FROM mart.control_chart WHERE provider = 'A' AND measure = 'RECOVERY' ORDER BY period_start""",
    )
    small = "denominator under 20"
    assert rows[2] == (3, None, pytest.approx(9 / 19, abs=1e-9), small, *["not charted"] * 3, None, None)
    assert [row[1] for row in rows] == [1, 2, None, 3, 4, 5, 6] and {row[3] for row in rows} == {None, small}
    summary = con.execute(
        """SELECT provider, measure, points, not_charted, limits FROM mart.control_chart_summary
           WHERE provider <> 'ENG' ORDER BY ALL"""
    ).fetchall()
    assert summary == [
        ("A", "RECOVERY", 6, 1, "trial"),
        ("A", "REFERRALS", 7, 0, "trial"),  # a count is of no denominator
        ("SMALL", "RECOVERY", 0, 7, "not charted"),
    ]


def test_a_month_that_a_provider_behind_it_has_not_submitted_is_no_point() -> None:
    con = warehouse()
    add_series(con, "A", "REFERRALS", [110, 90] * 5 + [10, 110])
    con.execute("UPDATE mart.submission_coverage SET is_complete = false WHERE period_start = '2020-11-01'")
    rows = compare(
        con, "SELECT why_not_charted, position, point_type, value FROM mart.control_chart ORDER BY period_start"
    )
    # One of two predecessors submitted: the fall to 10 says nothing of the process.
    assert rows[10] == ("incomplete month", None, "not charted", 10)
    assert {row[2] for row in rows[:10]} == {COMMON} and rows[11][1] == 11


LEVEL_THEN_HIGHER = [400, 420, 410, 390] * 3 + [700, 720, 710, 690] * 2


@pytest.mark.parametrize(
    ("change", "is_rebased"),
    [
        (("A", "all", "RECOVERY"), True),
        (("all", None, None), True),
        (("A", None, None), True),
        (("B", None, None), False),
        (("ENG", None, None), False),
        (("A", "01", None), False),
        (("A", None, "DROP_OUT"), False),
        (None, False),
    ],
)
def test_a_known_change_of_process_starts_a_chart_anew(
    change: tuple[str, str | None, str | None] | None, is_rebased: bool
) -> None:
    con = warehouse()
    add_series(con, "A", "RECOVERY", LEVEL_THEN_HIGHER)
    if change:
        con.execute("INSERT INTO ref.process_change VALUES (?, '2021-01-01', ?, ?, 'moved')", list(change))
    rows = compare(
        con,
        """SELECT segment, rebased_because, count(*), min(position), min(points), min(limits), min(mean), max(mean),
               count(*) FILTER (WHERE signal <> 0)
           FROM mart.control_chart GROUP BY ALL ORDER BY segment""",
    )
    if is_rebased:
        assert [row[:6] for row in rows] == [(1, None, 12, 1, 12, "standing"), (2, "moved", 8, 13, 8, "trial")]
        assert [float(row[6]) for row in rows] == [0.405, 0.705] and [row[8] for row in rows] == [0, 0]
    else:
        assert [row[:6] for row in rows] == [(1, None, 20, 1, 20, "standing")] and rows[0][8] == 20
    ((segment, points, mean),) = con.execute(
        "SELECT segment, points, mean FROM mart.control_chart_summary"
    ).fetchall()
    assert (segment, points, float(mean)) == ((2, 8, 0.705) if is_rebased else (1, 20, 0.525))


def test_runs_do_not_cross_a_change_of_process() -> None:
    con = warehouse()
    # Four rising before the change and four after it: eight in a row, and neither part has seven.
    add_series(con, "A", "SESSIONS", [*[50, 10] * 6, 11, 12, 13, 14, 15, 16, 17, 18, *[10, 50] * 6])
    con.execute("INSERT INTO ref.process_change VALUES ('A', '2021-05-01', NULL, NULL, 'moved')")
    assert compare(con, "SELECT count(*) FROM mart.control_chart WHERE point_type = 'trend'") == [(0,)]
    con.execute("DELETE FROM ref.process_change")
    for table in ("control_chart_summary", "control_chart"):
        con.execute(f"DROP TABLE mart.{table}")
    con.execute("DROP TABLE work.control_point; DROP TABLE work.control_figure; DROP TABLE work.process_change")
    run(con, ["mart.control_chart"])
    assert con.execute("SELECT count(*) FROM mart.control_chart WHERE point_type = 'trend'").fetchall() == [(9,)]


@pytest.mark.parametrize(
    ("submitted", "succession", "rebased"),
    [
        # OLD became part of A, both had submitted: a merger.
        ({"OLD": "2020-03-01", "A": "2020-03-01"}, [("OLD", "A")], {"merger of A, OLD"}),
        # Two became a new organisation.
        ({"OLD": "2020-03-01", "ELSE": "2020-03-01", "A": "2021-01-01"}, [("OLD", "A"), ("ELSE", "A")],
         {"merger of ELSE, OLD"}),
        # One got another code: nothing was merged.
        ({"OLD": "2020-03-01", "A": "2021-01-01"}, [("OLD", "A")], {None}),
        # What it was merged with never submitted.
        ({"A": "2020-03-01"}, [("OLD", "A")], {None}),
        ({"A": "2020-03-01"}, [], {None}),
    ],
)  # fmt: skip
def test_a_merger_starts_a_chart_anew_by_itself(
    submitted: dict[str, str], succession: list[tuple[str, str]], rebased: set[str | None]
) -> None:
    con = warehouse()
    add_series(con, "A", "RECOVERY", LEVEL_THEN_HIGHER)
    for provider, month in submitted.items():
        con.execute("INSERT INTO core.submission VALUES (?, ?)", [provider, month])
        con.execute("INSERT INTO ref.provider_place VALUES (?, 'A')", [provider])
    for old, new in succession:
        con.execute("INSERT INTO ref.succession VALUES (?, ?, '2021-01-01')", [old, new])
    found = dict(compare(con, "SELECT DISTINCT segment, rebased_because FROM mart.control_chart"))
    assert set(found.values()) - {None} == rebased - {None} and len(found) == (2 if rebased != {None} else 1)


def test_published_years_are_not_parted() -> None:
    con = warehouse()
    con.execute("INSERT INTO ref.process_change VALUES ('all', '2020-04-01', NULL, NULL, 'moved')")
    for year in range(2017, 2024):
        con.execute(
            "INSERT INTO published.service_count VALUES ('A', 'A', 'financial year', ?, 'all', 'RECOVERY', 50, 100, "
            "'value', 0.5)",
            [date(year, 4, 1)],
        )
    assert compare(con, "SELECT DISTINCT segment, points FROM mart.control_chart") == [(1, 7)]
