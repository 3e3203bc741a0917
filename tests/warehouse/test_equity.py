"""Equity: the group compared with, rate ratios, the slope over deprivation, access by population.

The references are written from the definitions in plain Python and NumPy.
"""

from collections.abc import Mapping, Sequence
from datetime import date
from pathlib import Path
from typing import Any

import duckdb
import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from demonstration.geography import placed, write_reference
from demonstration.sites import service
from tests.campaign import examples
from tests.fixtures.comparison import APRIL, warehouse
from tests.fixtures.warehouse import FEW, Case, ask, build, some, tables_of, write_submission
from warehouse.comparison.statistics import Z_95, byar
from warehouse.measures.catalogue import breakdowns, groups
from warehouse.measures.counting import create_monthly_counts
from warehouse.measures.reference_group import NO_ANSWER, create_reference_groups
from warehouse.order import run
from warehouse.organisations.importing import take_reference
from warehouse.staging import insert_rows

NO_ANSWER_WORDS = ("known", "stated", "recorded")
Groups = Mapping[str, tuple[int | None, int | None]]


def add_groups(
    con: duckdb.DuckDBPyConnection,
    counts: Groups,
    measure: str = "RECOVERY",
    breakdown: str = "gender",
    place: tuple[str, str] = ("England", "ENG"),
) -> None:
    """Counts of a measure by group for one organisation and quarter."""
    insert_rows(
        con,
        "mart.breakdown_measure",
        [
            ("submitted", *place, "quarter", APRIL, "all", breakdown, group, measure, x, n, 3, "value")
            for group, (x, n) in counts.items()
        ],
    )


# The group compared with ----------------------------------------------------------------------------------------


def reference_groups(counts: Mapping[str, Groups], breakdown: str = "gender") -> dict[str, Any]:
    """What ``mart.reference_group`` says where the measures have these counts, in one month or another."""
    con = duckdb.connect()
    con.execute("CREATE SCHEMA mart; CREATE SCHEMA monthly_count")
    measures = some("RECOVERY", "PAIRED", "ACCESS", "DNA")
    create_monthly_counts(con, measures)
    for measure, sizes in counts.items():
        table = "contact_contact" if measure == "DNA" else "pathway_discharged"
        for place, (group, (x, n)) in enumerate(sizes.items()):
            con.execute(
                f"INSERT INTO monthly_count.{table}_group (provider, commissioner, month, pathway, breakdown, "
                f'breakdown_group, "{measure}_n", "{measure}_d") VALUES (?, ?, ?, ?, ?, ?, ?, ?)',
                ["R", "Q", f"2025-{4 + place % 3:02}-01", "05", breakdown, group.split("/")[0], x, n],
            )
    create_reference_groups(con, measures)
    return {name: rest for name, *rest in con.execute("FROM mart.reference_group").fetchall()}


def test_the_reference_is_the_largest_group_of_all_months_together() -> None:
    # In April men are more, over three months women: the ratio of April is with women too.
    sizes: Groups = {"male": (1, 50), "female": (1, 30), "female/May": (1, 30), "other": (1, 59)}
    assert reference_groups({"RECOVERY": sizes})["gender"] == ["female", "largest", 60]
    # The widest share of the breakdown's own rows decides, for all measures. One has fewer, one counts contacts.
    narrower: Groups = {"male": (1, 40), "female": (1, 2)}
    contacts: Groups = {"male": (1, 900), "female": (1, 800)}
    found = reference_groups({"RECOVERY": sizes, "PAIRED": narrower, "DNA": contacts})
    assert found["gender"] == ["female", "largest", 60]


def test_of_two_equal_groups_the_first_code_and_never_one_without_an_answer() -> None:
    sizes: Groups = {"male": (1, 50), "female": (1, 50), "not known": (1, 900), "not stated": (1, 700)}
    assert reference_groups({"RECOVERY": sizes})["gender"] == ["female", "largest", 50]
    assert reference_groups({})["gender"] == [None, "largest", None]


def test_deprivation_is_compared_with_the_least_deprived_however_few_they_are() -> None:
    found = reference_groups({"RECOVERY": {"1": (1, 900), "10": (1, 1)}}, "deprivation_decile")
    assert found["deprivation_decile"] == ["10", "stated", None]
    assert found["deprivation_quintile"] == ["5", "stated", None]


def test_questions_instruments_and_therapies_have_no_reference() -> None:
    # One person has several contacts, answers several questions, may have several therapies. Engagement parts people.
    assert {each.id for each in breakdowns() if not each.parts_people} == {
        each.id for each in breakdowns() if each.grain != "pathway" and each.id != "engagement"
    }
    assert set(reference_groups({})) == {each.id for each in breakdowns() if each.parts_people}


def test_groups_without_an_answer_are_all_named() -> None:
    declared = {code for _, _, code, _, _ in groups()}
    without = {code for code in declared if code.startswith("not ") and code.split()[-1] in NO_ANSWER_WORDS}
    assert without | {"invalid"} == set(NO_ANSWER) and "invalid" in declared


# Rate ratios ----------------------------------------------------------------------------------------------------


def ratios(con: duckdb.DuckDBPyConnection) -> dict[tuple[str, str], list[Any]]:
    run(con, ["mart.rate_ratio"])
    rows = con.execute(
        "SELECT organisation, breakdown_group, reference_group, comparison, rate_ratio, lower_95, upper_95 "
        "FROM mart.rate_ratio"
    ).fetchall()
    return {(who, group): rest for who, group, *rest in rows}


def test_rate_ratios_compare_with_one_group_which_has_no_interval() -> None:
    con = warehouse()
    con.execute("INSERT INTO mart.reference_group VALUES ('gender', 'b')")
    add_groups(con, {"a": (50, 100), "b": (40, 120), "c": (0, 10), "d": (3, 900), "not known": (90, 300)})
    add_groups(con, {"a": (30, 60), "b": (10, 40), "c": (0, 0), "d": (None, None)}, place=("provider", "R1"))
    add_groups(con, {"a": (30, 60), "b": (0, 40)}, place=("provider", "R2"))
    add_groups(con, {"a": (30, None), "b": (10, None)}, measure="REFERRALS")
    found = ratios(con)
    assert len(found) == 11 and {rest[0] for rest in found.values()} == {"b"}
    assert found["ENG", "b"][1:] == ["reference", 1.0, None, None]
    # Worked by hand: (30/60) / (10/40) = 2; standard error of its log √(1/30 − 1/60 + 1/10 − 1/40) = 0.30277.
    assert found["R1", "a"][1:] == [
        "compared", pytest.approx(2.0), pytest.approx(2 * np.exp(-1.959964 * 0.302765), rel=1e-5),
        pytest.approx(2 * np.exp(1.959964 * 0.302765), rel=1e-5),
    ]  # fmt: skip
    # Smaller in England than d, yet the one compared with.
    assert found["ENG", "d"][1:3] == ["compared", pytest.approx((3 / 900) / (40 / 120))]
    assert found["ENG", "not known"][1] == "compared"
    for nothing in (("ENG", "c"), ("R1", "c"), ("R1", "d"), ("R2", "a")):
        assert found[nothing][1:] == ["no ratio", None, None, None]
    assert found["R2", "b"][1:] == ["reference", None, None, None]  # nobody recovered: a ratio to 0 is none


def test_rows_of_which_a_person_has_several_have_a_ratio_and_no_interval() -> None:
    con = warehouse()
    con.execute("INSERT INTO mart.reference_group VALUES ('gender', 'b')")
    con.execute("UPDATE mart.measure SET grain = 'contact' WHERE measure = 'RECOVERY'")
    add_groups(con, {"a": (50, 100), "b": (40, 160)})
    found = ratios(con)
    assert found["ENG", "a"][1:] == ["compared without interval", 2.0, None, None]


def test_a_breakdown_that_parts_no_people_has_no_ratio() -> None:
    con = warehouse()
    add_groups(con, {"Q1": (50, 100), "Q2": (40, 160)}, breakdown="question")
    assert ratios(con) == {}


# Slope index ----------------------------------------------------------------------------------------------------


def reference_slope(counts: list[tuple[int, int]]) -> dict[str, float]:
    """Slope and relative index of shares by decile, most deprived first: weighted least squares in matrices."""
    x, n = (np.array(each, dtype=float) for each in zip(*counts, strict=True))
    rank = (np.cumsum(n) - n / 2) / n.sum()
    design, weights = np.column_stack([np.ones(len(n)), rank]), np.diag(n / n.sum())
    fit = np.linalg.solve(design.T @ weights @ design, design.T @ weights)
    middle = (x + Z_95**2 / 2) / (n + Z_95**2)
    error = np.sqrt(middle * (1 - middle) / n)
    start, slope = fit @ (x / n)
    covariance = fit @ np.diag(error**2) @ fit.T
    end = start + slope
    # Of log(end / start): gradient (1/end - 1/start, 1/end).
    gradient = np.array([1 / end - 1 / start, 1 / end])
    return {
        "most_deprived": start, "least_deprived": end, "slope_index": slope,
        "lower_95": slope - Z_95 * np.sqrt(covariance[1, 1]), "upper_95": slope + Z_95 * np.sqrt(covariance[1, 1]),
        "relative_index": end / start,
        "relative_lower_95": end / start * np.exp(-Z_95 * np.sqrt(gradient @ covariance @ gradient)),
        "relative_upper_95": end / start * np.exp(Z_95 * np.sqrt(gradient @ covariance @ gradient)),
    }  # fmt: skip


def slope(con: duckdb.DuckDBPyConnection, organisation: str = "ENG") -> dict[str, Any]:
    con.execute("DROP VIEW IF EXISTS mart.slope_index")
    run(con, ["mart.slope_index"])
    asked = con.execute("FROM mart.slope_index WHERE organisation = ?", [organisation])
    names = [column[0] for column in asked.description or ()]
    (row,) = asked.fetchall()
    return dict(zip(names, row, strict=True))


def add_deciles(con: duckdb.DuckDBPyConnection, counts: Sequence[tuple[int, int]], not_known: int = 0) -> None:
    by_group: dict[str, tuple[int | None, int | None]] = {str(at): each for at, each in enumerate(counts, start=1)}
    add_groups(con, by_group | {"not known": (0, not_known)}, breakdown="deprivation_decile")


DECILE = st.integers(1, 5000).flatmap(lambda n: st.tuples(st.integers(0, n), st.just(n)))


@pytest.mark.filterwarnings("ignore::RuntimeWarning")  # the reference divides by a line that meets 0
@settings(max_examples=examples(20), deadline=None)
@given(st.lists(DECILE, min_size=10, max_size=10))
def test_the_slope_index_is_the_weighted_regression(counts: list[tuple[int, int]]) -> None:
    con = warehouse()
    add_deciles(con, counts, not_known=7)
    found, expected = slope(con), reference_slope(counts)
    assert (found["deciles"], found["people"], found["not_known"]) == (10, sum(n for _, n in counts), 7)
    assert found["why_not"] is None
    is_ratio = expected["most_deprived"] > 1e-6 and expected["least_deprived"] > 1e-6
    for name, value in expected.items():
        if is_ratio or not name.startswith("relative"):
            assert float(found[name]) == pytest.approx(value, rel=1e-6, abs=1e-8), name
    if expected["most_deprived"] < 0 or expected["least_deprived"] < 0:
        assert [found[name] for name in expected if name.startswith("relative")] == [None] * 3


def test_the_interval_of_the_slope_is_that_of_drawing_the_shares_again() -> None:
    """OHID draws every share anew from a normal distribution 100,000 times and takes centiles of the slopes."""
    counts = [(200 + 15 * at, 500 + 10 * at) for at in range(10)]
    drawn = np.random.default_rng(1)
    x, n = (np.array(each, dtype=float) for each in zip(*counts, strict=True))
    middle = (x + Z_95**2 / 2) / (n + Z_95**2)
    error = np.sqrt(middle * (1 - middle) / n)
    rank = (np.cumsum(n) - n / 2) / n.sum()
    centred = n * (rank - 0.5)
    slopes = (x / n + error * drawn.standard_normal((100_000, 10))) @ centred / (centred @ (rank - 0.5))
    con = warehouse()
    add_deciles(con, counts)
    found = slope(con)
    low, high = np.quantile(slopes, [0.025, 0.975])
    assert float(found["lower_95"]) == pytest.approx(low, abs=5e-4)
    assert float(found["upper_95"]) == pytest.approx(high, abs=5e-4)


@pytest.mark.parametrize(("share", "people"), [(0.5, 200), (0.5, 5), (0.05, 50), (0.95, 10), (0.2, 5)])
def test_a_slope_of_0_is_seldom_called_one_however_few_the_people(share: float, people: int) -> None:
    """In 400 draws of ten deciles with the same share, 5 in 100 intervals leave 0 out, fewer where shares are rare."""
    drawn = np.random.default_rng(1).binomial(people, share, (400, 10))
    con = warehouse()
    for place, counts in enumerate(drawn):
        by_group: Groups = {str(at): (int(x), people) for at, x in enumerate(counts, start=1)}
        add_groups(con, by_group, breakdown="deprivation_decile", place=("provider", f"R{place}"))
    run(con, ["mart.slope_index"])
    ((left_out, asked),) = con.execute(
        "SELECT count(*) FILTER (WHERE lower_95 > 0 OR upper_95 < 0), count(lower_95) FROM mart.slope_index"
    ).fetchall()
    assert asked == 400 and left_out <= 400 * 0.09


def test_worked_by_hand_five_equal_deciles_on_a_line() -> None:
    # Shares 0.2, 0.3 ... 0.6 at ranks 0.1, 0.3 ... 0.9: the line is 0.15 + 0.5 × rank.
    con = warehouse()
    add_deciles(con, [(20, 100), (30, 100), (40, 100), (50, 100), (60, 100)])
    found = slope(con)
    ends = [float(found[name]) for name in ("most_deprived", "least_deprived", "slope_index", "relative_index")]
    assert ends == pytest.approx([0.15, 0.65, 0.5, 0.65 / 0.15])
    # A line without any distance from it still has an interval: a hundred people a decile are few.
    assert float(found["lower_95"]) < 0.4 and float(found["upper_95"]) > 0.6


def test_nobody_in_a_decile_leaves_it_out_and_fewer_than_five_make_no_index() -> None:
    some_empty = [(5, 10), (0, 0), (5, 20), (9, 20), (0, 0), (4, 20), (9, 30)]
    con = warehouse()
    add_deciles(con, some_empty)
    found, expected = slope(con), reference_slope([each for each in some_empty if each[1]])
    assert found["deciles"] == 5 and float(found["slope_index"]) == pytest.approx(expected["slope_index"])
    con = warehouse()
    add_deciles(con, some_empty[:6], not_known=90)
    found = slope(con)
    assert (found["deciles"], found["people"], found["not_known"]) == (4, 70, 90)
    assert found["why_not"] == "fewer than 5 deciles have anybody"
    assert {found[name] for name in expected} == {None}


def test_a_service_without_anybody_keeps_its_row() -> None:
    con = warehouse()
    add_groups(con, {"1": (None, None), "not known": (None, None)}, breakdown="deprivation_decile")
    found = slope(con)
    assert (found["deciles"], found["people"], found["not_known"], found["slope_index"]) == (0, 0, 0, None)


def test_rows_of_which_a_person_has_several_have_a_slope_and_no_interval() -> None:
    con = warehouse()
    con.execute("UPDATE mart.measure SET grain = 'answer' WHERE measure = 'RECOVERY'")
    add_deciles(con, [(20, 100), (30, 100), (40, 100), (50, 100), (60, 100)])
    found = slope(con)
    assert float(found["slope_index"]) == pytest.approx(0.5) and found["lower_95"] is None
    assert found["relative_upper_95"] is None


# Access by population -------------------------------------------------------------------------------------------

CENSUS, ESTIMATE, LATER = date(2021, 3, 21), date(2024, 6, 30), date(2025, 6, 30)


def access(
    entered: Groups,
    persons: Sequence[tuple[str, str, str, date, int]],
    months_submitted: int = 3,
    place: tuple[str, str] = ("sub-ICB", "01A"),
) -> dict[str, dict[str, Any]]:
    """``mart.access_rate`` by group for a quarter; ``persons``: organisation, its current one, group, day, number."""
    con = warehouse()
    con.execute("INSERT INTO ref.period VALUES ('quarter', '2025-04-01', '2025-06-01', 3)")
    con.execute("INSERT INTO mart.reference_group VALUES ('gender', 'female')")
    add_groups(con, entered, measure="ACCESS", place=place)
    con.execute("UPDATE mart.breakdown_measure SET denominator = NULL, months_submitted = ?", [months_submitted])
    con.execute("UPDATE mart.breakdown_measure SET state = 'not submitted' WHERE numerator IS NULL")
    for organisation, current, group, as_of, number in persons:
        con.execute(
            "INSERT INTO ref.population VALUES (?, ?, 'gender', ?, ?, ?, ?, 'F')",
            [organisation, current, group, as_of, number, f"source {as_of.year}"],
        )
    run(con, ["mart.access_rate"])
    asked = con.execute("FROM mart.access_rate")
    names = [column[0] for column in asked.description or ()]
    rows = [dict(zip(names, row, strict=True)) for row in asked.fetchall()]
    assert len(rows) == len({row["breakdown_group"] for row in rows})
    return {row["breakdown_group"]: row for row in rows}


RESIDENTS = [("01A", "01A", "female", CENSUS, 50_000), ("01A", "01A", "male", CENSUS, 40_000)]


def test_access_is_a_rate_a_year_and_groups_are_compared_with_one() -> None:
    found = access({"female": (300, 1), "male": (120, 1), "not known": (5, 1), "other": (0, 1)}, RESIDENTS)
    women, men = found["female"], found["male"]
    # 300 in a quarter of 50,000: 1,200 a year, 2,400 per 100,000. Men: 480 of 40,000.
    assert (women["rate_per_100000"], men["rate_per_100000"]) == (pytest.approx(2400), pytest.approx(1200))
    low, high = byar(120)
    assert men["lower_95"] == pytest.approx(low * 1200 / 120) and men["upper_95"] == pytest.approx(
        high * 1200 / 120
    )
    assert [women[name] for name in ("rate_ratio", "ratio_lower_95", "ratio_upper_95")] == [1.0, None, None]
    spread = np.exp(Z_95 * np.sqrt(1 / 120 + 1 / 300))
    assert men["rate_ratio"] == pytest.approx(0.5)
    assert men["ratio_lower_95"] == pytest.approx(0.5 / spread)
    assert men["ratio_upper_95"] == pytest.approx(0.5 * spread)
    # Nobody counts the residents of whom the group is not known: there is a count and no rate.
    assert found["not known"]["entered"] == 5 and found["not known"]["why_not"] == "no population"
    assert found["not known"]["rate_per_100000"] is None and found["not known"]["rate_ratio"] is None


def test_nobody_entering_is_a_rate_of_0_without_a_ratio() -> None:
    found = access({"female": (300, 1), "male": (0, 1)}, RESIDENTS)["male"]
    assert (found["rate_per_100000"], found["lower_95"], found["rate_ratio"]) == (0, 0, None)
    assert found["upper_95"] == pytest.approx(
        3.688879 * 4 * 100_000 / 40_000, rel=1e-6
    )  # exact Poisson: -log 0.025
    found = access({"female": (0, 1), "male": (9, 1)}, RESIDENTS)["male"]
    assert found["rate_ratio"] is None and found["ratio_lower_95"] is None


@pytest.mark.parametrize(
    ("numbers", "used", "year"),
    [
        ([(CENSUS, 100), (ESTIMATE, 200), (LATER, 300)], 200, 2024),
        ([(CENSUS, 100)], 100, 2021),
        ([(LATER, 300)], 300, 2025),  # nothing earlier is known
        ([(APRIL, 400), (ESTIMATE, 200)], 400, 2025),  # on the first day
    ],
)
def test_the_latest_number_by_the_first_day_counts(numbers: list[tuple[date, int]], used: int, year: int) -> None:
    found = access({"female": (3, 1)}, [("01A", "01A", "female", day, number) for day, number in numbers])["female"]
    assert (found["population"], found["population_source"]) == (used, f"source {year}")


def test_a_merged_area_brings_its_residents() -> None:
    merged = [("01A", "01A", "female", ESTIMATE, 100), ("01C", "01A", "female", CENSUS, 40)]
    found = access({"female": (3, 1)}, merged)["female"]
    assert (found["population"], found["population_as_of"]) == (140, CENSUS)
    assert found["population_source"] == "source 2021; source 2024"


def test_a_quarter_with_a_month_missing_has_no_rate() -> None:
    found = access({"female": (300, 1), "male": (120, 1)}, RESIDENTS, months_submitted=2)["male"]
    assert (found["entered"], found["why_not"]) == (120, "a month was not submitted")
    assert found["rate_per_100000"] is None and found["rate_ratio"] is None
    found = access({"female": (None, None), "male": (None, None)}, RESIDENTS, months_submitted=0)["male"]
    assert (found["entered"], found["why_not"], found["rate_per_100000"]) == (None, "not submitted", None)


def test_a_provider_has_no_residents() -> None:
    assert access({"female": (300, 1)}, RESIDENTS, place=("provider", "01A")) == {}
    assert access({"female": (300, 1)}, []) == {}  # nor is there anything without a file


def test_a_build_counts_those_who_enter_by_the_residents_of_its_reference_files(tmp_path: Path) -> None:
    write_reference(tmp_path / "in", [placed(service(0, 1))], APRIL)
    take_reference(tmp_path / "in", tmp_path / "reference")
    won = [
        write_submission(tmp_path, "RXX", APRIL, tables_of([Case("a"), Case("b"), Case("untreated", contacts=0)]))
    ]
    won += [write_submission(tmp_path, "RXX", date(2025, month, 1), {}) for month in (5, 6)]
    draft = build(tmp_path, won, measures=["ACCESS", *FEW], reference=tmp_path / "reference")
    rows = ask(
        draft,
        "SELECT breakdown, breakdown_group, entered, population, why_not, round(rate_per_100000, 6) "
        "FROM mart.access_rate WHERE level = 'England' AND period_type = 'quarter' AND pathway = 'all' AND entered > 0",
    )
    # 223,000 residents in 2021, 3 % more in 2024: 51 in 100 are women, 80 white; no birth date and no postcode.
    women, white = 223_000 * 51 * 103 // 10_000, 223_000 * 80 * 103 // 10_000
    assert sorted(rows) == [
        ("age_band", "not known", 2, None, "no population", None),
        ("deprivation_quintile", "not known", 2, None, "no population", None),
        ("ethnic_group", "white", 2, white, None, round(8 * 100_000 / white, 6)),
        ("gender", "female", 2, women, None, round(8 * 100_000 / women, 6)),
    ]
