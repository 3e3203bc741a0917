"""Demand and capacity: formulas, intervals, and the rows that they become."""

from dataclasses import replace
from datetime import date
from math import isinf, log
from typing import Any

import duckdb
import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from schemas.month import last_day
from tests.campaign import examples, seeds
from tests.fixtures.assumptions import EIGHTEEN, HIGH, LOW, SIX, SMI, VALUES, assumptions
from tests.fixtures.capacity import MONTHS, build_again, write
from tests.references import capacity as reference
from warehouse.capacity.assumptions import Assumption
from warehouse.capacity.expected import Lengths
from warehouse.capacity.reckoning import QUANTITIES, WEEKS_OF_A_MONTH, of_all, of_step
from warehouse.capacity.reference import Standard, named, programme
from warehouse.capacity.simulation import ALL, DRAWS, draws, england, reckoned
from warehouse.capacity.stocks import backlogs, changes, read_under_way
from warehouse.capacity.tables import assumptions_of, read_courses, read_services, rows_of

# Formulas ----------------------------------------------------------------------------------------------------------

numbers = st.fixed_dictionaries(
    {
        name: st.floats(max(about.smallest, 0.05), min(about.largest, 0.45 if about.unit == "share" else 500))
        for name, about in named().items()
        if name != "planning_share"
    }
    | {"planning_share": st.floats(0.5, 0.99)}
)


@settings(max_examples=examples(150))
@given(numbers)
def test_every_result_is_that_of_the_plain_reference(values: dict[str, float]) -> None:
    found, wanted = of_step(values, (SIX, EIGHTEEN)), reference.results(values, {6: 0.75, 18: 0.95})
    assert set(found) == set(wanted) == {quantity.name for quantity in QUANTITIES}
    for name, value in wanted.items():
        assert float(found[name]) == pytest.approx(value), name


def test_published_example_of_a_list_that_is_too_long() -> None:
    """Fong and others 2022, and the walkthrough of NHSRwaitinglist: 30 a week, 1,200 waiting, 52 weeks.

    Target queue 390, relief 61.15 a week in 26 weeks, target capacity 30 + 4 / 52; a mean wait of a quarter of the target.
    """
    of = {
        **VALUES, "referrals": 30 * WEEKS_OF_A_MONTH, "share_starting": 1.0, "courses_per_start": 1.0,
        "sessions_per_course": 1.0, "people_waiting": 1200, "wait_ratio_52": 4.0, "staff_trained": 0,
        "trainee_sessions": 0, "unnamed_sessions": 0, "months_to_catch_up": 26 / WEEKS_OF_A_MONTH,
        "referral_variation": 1, "start_variation": 1,
    }  # fmt: skip
    year = Standard(52, 0.98)
    found = of_step(of, (year,))
    assert float(found["largest_list_52"]) == pytest.approx(390)
    assert float(found["extra_sessions_52"]) / WEEKS_OF_A_MONTH == pytest.approx(30 + (1200 - 390) / 26)
    found = of_step(of | {"people_waiting": 300}, (year,))
    assert float(found["extra_sessions_52"]) / WEEKS_OF_A_MONTH == pytest.approx(30 + 4 / 52)


def test_a_rate_at_or_below_demand_never_clears_and_nothing_to_clear_is_cleared() -> None:
    never = of_step({**VALUES, "staff_trained": 0, "trainee_sessions": 0, "unnamed_sessions": 0}, ())
    assert isinf(never["months_to_clear"]) and isinf(never["clearance_months"]) and isinf(never["load"])
    empty = {**VALUES, "people_waiting": 0, "courses_under_way": 0, "courses_to_come": 0}
    assert of_step({**empty, "staff_trained": 0}, ())["months_to_clear"] == 0
    equal = of_step({**VALUES, "staff_trained": 0, "unnamed_sessions": 0, "trainee_sessions": 252.0}, ())
    assert equal["balance"] == pytest.approx(0) and isinf(equal["months_to_clear"])


@settings(max_examples=examples(60))
@given(numbers, st.floats(0, 50))
def test_more_staff_never_lengthens_a_wait(values: dict[str, float], more: float) -> None:
    less = of_step(values, (SIX, EIGHTEEN))
    found = of_step(values | {"staff_trained": values["staff_trained"] + more}, (SIX, EIGHTEEN))
    for name in ("load", "clearance_months", "months_to_clear", "extra_sessions_6", "extra_wte_18"):
        assert found[name] <= less[name] + 1e-9, name
    assert found["rate"] >= less["rate"] and found["demand"] == less["demand"]


@settings(max_examples=examples(40))
@given(numbers, numbers)
def test_demand_and_capacity_add_over_steps(one: dict[str, float], other: dict[str, float]) -> None:
    steps = [of_step(one, (SIX,)), of_step(other, (SIX,))]
    found = of_all(steps)
    for quantity in QUANTITIES:
        if quantity.adds and quantity.name in steps[0]:
            assert found[quantity.name] == pytest.approx(steps[0][quantity.name] + steps[1][quantity.name])
    assert found["load"] == pytest.approx(found["demand"] / found["rate"])


@pytest.mark.parametrize("seed", seeds(3))
def test_the_margin_keeps_the_mean_wait_in_a_simulated_queue(seed: int) -> None:
    """A queue with Poisson arrivals and exponential service at demand + F / wait has that mean wait (M/M/1)."""
    rng = np.random.default_rng(seed)
    arrivals, wait = 10.0, 6 / WEEKS_OF_A_MONTH / -log(0.25)
    service = arrivals + 1 / wait
    n = 400_000
    between, takes = rng.exponential(1 / arrivals, n), rng.exponential(1 / service, n)
    walk = np.concatenate(([0.0], np.cumsum(takes[:-1] - between[1:])))
    waited = walk - np.minimum.accumulate(walk)
    assert np.mean(waited) == pytest.approx(wait, rel=0.25)
    assert np.mean(waited <= 6 / WEEKS_OF_A_MONTH) == pytest.approx(0.75, abs=0.06)


# Intervals ---------------------------------------------------------------------------------------------------------


def test_the_same_assumptions_give_the_same_draws_and_one_changed_changes_no_other() -> None:
    targets = {HIGH: (SIX, EIGHTEEN)}
    first = reckoned(assumptions(), "RA1", targets).results()
    assert first == reckoned(assumptions(), "RA1", targets).results()
    assert first != reckoned(assumptions(), "RB1", targets).results()
    more = {
        r.quantity: r for r in reckoned(assumptions(staff_trained=30), "RA1", targets).results() if r.step == HIGH
    }
    before = {r.quantity: r for r in first if r.step == HIGH}
    assert more["demand"] == before["demand"] and more["backlog"] == before["backlog"]
    assert more["months_to_clear"].upper_95 <= before["months_to_clear"].upper_95


def test_limits_hold_the_value_and_are_nested() -> None:
    for r in reckoned(assumptions(), "RA1", {HIGH: (SIX, EIGHTEEN)}).results():
        assert r.lower_95 <= r.lower_80 <= r.value <= r.upper_80 <= r.upper_95, r
        assert 0 <= r.never <= 1 and not np.isnan(r.value)


def test_draws_have_the_mean_and_the_error_of_their_assumption() -> None:
    mean = np.asarray(draws(Assumption(HIGH, "sessions_per_course", 6.0, "", 50, "mean", 0.5), "RA1"))
    assert mean.mean() == pytest.approx(6, abs=0.05) and mean.std() == pytest.approx(0.5, rel=0.1)
    part = np.asarray(draws(Assumption(HIGH, "share_missed", 0.25, "", 400, "share"), "RA1"))
    assert part.mean() == pytest.approx(0.25, abs=0.005) and part.std() == pytest.approx(
        (0.1875 / 400) ** 0.5, rel=0.1
    )
    varied = np.asarray(draws(Assumption(HIGH, "referral_variation", 2.0, "", 11, "variance"), "RA1"))
    assert varied.mean() == pytest.approx(2, rel=0.05) and varied.std() == pytest.approx(
        2 * (2 / 10) ** 0.5, rel=0.1
    )
    assert draws(Assumption(HIGH, "staff_trained", 9.0, ""), "RA1") == 9.0


def test_what_is_one_value_of_a_programme_is_one_draw_for_all_its_steps() -> None:
    high, low = (np.asarray(draws(assumptions(step)[0], "RA1")) for step in (HIGH, LOW))
    assert np.array_equal(high, low) and len(high) == DRAWS
    assert not np.array_equal(high, np.asarray(draws(assumptions(SMI)[0], "RA1")))
    assert programme(HIGH) == programme(LOW) != programme(SMI)


def test_england_is_the_sum_of_services_and_compares_no_rate() -> None:
    services = [reckoned(assumptions(), who, {HIGH: (SIX,)}) for who in ("RA1", "RB1")]
    total, number = england(services)
    found = {(r.step, r.quantity): r for r in total.results()}
    assert found[HIGH, "demand"].value == pytest.approx(2 * services[0].at[HIGH]["demand"])
    assert number[HIGH, "demand"] == 2 and (HIGH, "load") not in found and ("all", "months_to_clear") not in found
    # Services vary each for itself: relative limits of two are narrower than of one.
    one = next(r for r in services[0].results() if (r.step, r.quantity) == (HIGH, "demand"))
    wide = (found[HIGH, "demand"].upper_95 - found[HIGH, "demand"].lower_95) / 2
    assert wide < one.upper_95 - one.lower_95


# Rows --------------------------------------------------------------------------------------------------------------


def test_every_quantity_has_a_row_with_a_value_or_a_reason() -> None:
    without = [
        replace(a, value=None) if a.name.startswith(("staff", "appointments")) else a for a in assumptions(SMI)
    ]
    without = [a for a in without if not a.name.startswith("wait_ratio")]
    made = rows_of("RA1", date(2026, 3, 1), reckoned(without, "RA1", {SMI: ()}), without, {SMI: ()})
    assert len(made) == 2 * len(QUANTITIES)
    why = {(row[1], row[3]): row[-1] for row in made}
    assert (
        why[SMI, "demand"] is None and why[SMI, "capacity"] == why["all", "months_to_clear"] == "no staff records"
    )
    assert str(why[SMI, "extra_sessions_6"]).startswith("no standard: the page of NHS England names")
    assert why["all", "extra_sessions_18"] == "not every step has this standard"
    never = assumptions(staff_trained=0, trainee_sessions=0)
    made = rows_of("RA1", date(2026, 3, 1), reckoned(never, "RA1", {HIGH: (SIX,)}), never, {HIGH: (SIX,)})
    (row,) = [row for row in made if row[1:4:2] == (HIGH, "months_to_clear")]
    assert row[4] is None and row[6:10] == (None,) * 4 and row[10] == 1 and str(row[-1]).startswith("never: ")


def test_each_step_is_told_what_its_own_staff_lack_and_all_together_what_one_step_lacks() -> None:
    learning = [replace(a, value=None) if a.name == "appointments_per_wte" else a for a in assumptions(LOW)]
    learning += assumptions(SMI)
    learning = [replace(a, value=None) if (a.step, a.name) == (SMI, "sessions_per_course") else a for a in learning]
    targets = {LOW: (SIX,), SMI: ()}
    made = rows_of("RA1", date(2026, 3, 1), reckoned(learning, "RA1", targets), learning, targets)
    why = {(row[1], row[3]): row[-1] for row in made}
    assert why[LOW, "rate"] == why["all", "rate"] == "no session names trained staff"
    # A step with staff is not told what another lacks.
    assert why[SMI, "rate"] is None and why[SMI, "balance"] == "too few courses to know"


# The marts of counts -----------------------------------------------------------------------------------------------


def marts(shuffle: int = 0) -> duckdb.DuckDBPyConnection:
    con = duckdb.connect()
    write(con, shuffle)
    return con


def rows(con: duckdb.DuckDBPyConnection, sql: str) -> list[tuple[Any, ...]]:
    return con.execute(sql).fetchall()


def test_the_same_counts_in_any_order_give_the_same_rows() -> None:
    one, other = marts(), marts(7)
    for table in ("expected_sessions", "capacity_assumption", "capacity", "capacity_forecast"):
        found = rows(one, f"FROM mart.{table} ORDER BY ALL")
        assert found and found == rows(other, f"FROM mart.{table} ORDER BY ALL"), table


def test_the_marts_equal_the_plain_reference_on_their_assumptions() -> None:
    con = marts()
    for provider, step in rows(con, "SELECT DISTINCT provider, step FROM mart.capacity_assumption"):
        of = {"referrals": 0.0} | {
            name: float(value)
            for name, value in rows(
                con,
                f"SELECT name, value FROM mart.capacity_assumption WHERE provider = '{provider}' "
                f"AND step = '{step}' AND value IS NOT NULL",
            )
        }
        if "staff_trained" not in of:
            continue
        weeks = {} if step == SMI else {6: 0.75, 18: 0.95}
        wanted = reference.results(of, weeks)
        found = rows(
            con,
            f"SELECT quantity, value, never_share FROM mart.capacity WHERE provider = '{provider}' "
            f"AND step = '{step}' AND (value IS NOT NULL OR why_not LIKE 'never%')",
        )
        assert {name for name, *_ in found} == set(wanted)
        for name, value, _ in found:
            assert (value is None) == isinf(wanted[name])
            assert value is None or float(value) == pytest.approx(wanted[name], rel=1e-6, abs=1e-4)


def test_steps_and_services_add_up_in_the_marts() -> None:
    con = marts()
    names = ", ".join(f"'{q.name}'" for q in QUANTITIES if q.adds and not q.name.endswith(("_6", "_18")))
    differing = rows(
        con,
        f"""SELECT provider, quantity FROM mart.capacity WHERE quantity IN ({names})
        GROUP BY ALL HAVING abs(sum(value) FILTER (step <> 'all') - sum(value) FILTER (step = 'all')) > 0.001""",
    )
    assert differing == []
    differing = rows(
        con,
        f"""SELECT step, quantity FROM mart.capacity WHERE quantity IN ({names}) AND step <> 'all'
        GROUP BY ALL HAVING abs(sum(value) FILTER (provider <> 'ENG') - sum(value) FILTER (provider = 'ENG')) > 0.001
        OR count(value) FILTER (provider <> 'ENG') <> max(services) FILTER (provider = 'ENG')""",
    )
    assert differing == []


def test_the_backlog_of_the_last_month_is_that_of_today() -> None:
    """Of past months it is reckoned with the same assumptions, so that only people and sessions move it."""
    con = marts()
    services, under_way = read_services(con), read_under_way(con)
    lengths = Lengths(read_courses(con, MONTHS[-1]), last_day(MONTHS[-1]))
    for service in services:
        past = {name: of[ALL] for name, of in service.months.items()}
        own = [each.rounded() for each in assumptions_of(service, lengths)]
        found = backlogs(service.provider, past, own, under_way[service.provider], lengths)
        assert list(found) == MONTHS[1:]
        ((today,),) = rows(
            con,
            f"SELECT value FROM mart.capacity WHERE provider = '{service.provider}' AND step = 'all' "
            "AND quantity = 'backlog'",
        )
        assert found[MONTHS[-1]] == pytest.approx(float(today), abs=0.1)
        assert len(changes(found)) == len(MONTHS) - 2
        # A month that was not submitted has no change, neither to it nor from it.
        assert len(changes({month: n for month, n in found.items() if month != MONTHS[5]})) == len(MONTHS) - 4
        unknown = [replace(a, value=None) if a.name == "sessions_per_course" else a for a in own]
        assert backlogs(service.provider, past, unknown, under_way[service.provider], lengths) == {}


def test_a_merged_provider_counts_in_its_successor() -> None:
    con = marts()
    assert rows(con, "SELECT DISTINCT provider FROM mart.expected_sessions ORDER BY ALL") == [
        ("RA1",),
        ("RB1",),
        ("RC1",),
    ]
    (begun,) = rows(con, "SELECT sum(begun) FROM mart.expected_sessions WHERE provider = 'RA1'")
    # Of all months but the first, of which nobody knows what was before.
    assert begun == rows(
        con,
        f"SELECT sum(courses) FROM monthly_count.course_length WHERE provider IN ('RA1', 'ROL') AND month > '{MONTHS[0]}'",
    )[0]  # fmt: skip


def test_without_counts_there_are_empty_tables() -> None:
    con = marts()
    con.execute("DELETE FROM mart.capacity_month")
    build_again(con)
    assert rows(con, "SELECT count(*) FROM mart.capacity") == [(0,)]
