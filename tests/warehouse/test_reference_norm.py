"""Reference norms: percentiles of first scores, last scores and gains, against NumPy over one row per person."""

from datetime import date
from decimal import Decimal

import duckdb
import numpy as np
import pytest

from warehouse.comparison.effect import create_effect_macros
from warehouse.order import run
from warehouse.staging import insert_rows

APRIL, MAY = date(2025, 4, 1), date(2025, 5, 1)
Outcome = tuple[str, date | None, int, Decimal | None, Decimal | None]  # pathway, discharged, attended, first, last


def warehouse(outcomes: list[Outcome], submitted: tuple[date, ...] = (APRIL, MAY)) -> duckdb.DuckDBPyConnection:
    """The norms of one instrument on which higher is better, from these pathways of one provider."""
    con = duckdb.connect()
    con.execute(
        "ATTACH ':memory:' AS work; CREATE SCHEMA mart; CREATE SCHEMA core; CREATE SCHEMA ref;"
        "CREATE TABLE core.submission (provider VARCHAR, month DATE);"
        "CREATE TABLE core.pathway (provider VARCHAR, service_request_id VARCHAR, discharged_on DATE, "
        "is_discharged BOOLEAN, attended_contacts INTEGER);"
        "CREATE TABLE core.outcome (provider VARCHAR, service_request_id VARCHAR, pathway VARCHAR, instrument VARCHAR, "
        "first_score DECIMAL(8, 2), last_score DECIMAL(8, 2), gain DECIMAL(8, 2), is_paired BOOLEAN);"
        "CREATE TABLE ref.month (month DATE);"
        "CREATE TABLE ref.period_month (period_type VARCHAR, period_start DATE, month DATE);"
    )
    create_effect_macros(con)
    insert_rows(con, "ref.month", [(APRIL,), (MAY,)])
    insert_rows(con, "ref.period_month", [("month", APRIL, APRIL), ("month", MAY, MAY)])
    insert_rows(con, "core.submission", [("RXX", month) for month in submitted])
    for place, (pathway, discharged, attended, first, last) in enumerate(outcomes):
        name = f"r{place}"
        insert_rows(con, "core.pathway", [("RXX", name, discharged, discharged is not None, attended)])
        gain = last - first if first is not None and last is not None else None
        insert_rows(con, "core.outcome", [("RXX", name, pathway, "REQOL10", first, last, gain, gain is not None)])
    run(con, ["mart.reference_norm"])
    return con


def drawn(n: int, seed: int) -> list[Outcome]:
    scores = np.random.default_rng(seed).integers(0, 80, (n, 2))
    return [("01", date(2025, 4 + at % 2, 9), 2, Decimal(int(a)) / 2, Decimal(int(b)) / 2)
            for at, (a, b) in enumerate(scores)]  # fmt: skip


@pytest.mark.parametrize("n", [20, 21, 57, 200])
def test_percentiles_are_the_continuous_ones(n: int) -> None:
    outcomes = drawn(n, n)
    con = warehouse(outcomes)
    values = {
        "first": [float(first or 0) for *_, first, _ in outcomes],
        "last": [float(last or 0) for *_, last in outcomes],
        "gain": [float((last or 0) - (first or 0)) for *_, first, last in outcomes],
    }
    rows = con.execute(
        "SELECT kind, people, mean, sd, p05, p10, p25, p50, p75, p90, p95 FROM mart.reference_norm "
        "WHERE period_type = 'all months' AND pathway = '01' ORDER BY kind"
    ).fetchall()
    assert [row[0] for row in rows] == ["first", "gain", "last"]
    for kind, people, mean, sd, *percentiles in rows:
        expected = np.quantile(values[kind], [0.05, 0.1, 0.25, 0.5, 0.75, 0.9, 0.95])
        assert people == n and mean == pytest.approx(np.mean(values[kind]))
        assert sd == pytest.approx(np.std(values[kind], ddof=1))
        assert [float(each) for each in percentiles] == pytest.approx(list(expected), abs=1e-4)


def test_fewer_than_20_people_have_a_count_and_no_percentile() -> None:
    con = warehouse(drawn(19, 1))
    rows = con.execute("SELECT DISTINCT people, mean IS NULL, p05, p50, p95 FROM mart.reference_norm").fetchall()
    assert rows == [(19, False, None, None, None)]


def test_who_counts() -> None:
    one, two = Decimal(10), Decimal(20)
    con = warehouse(
        [
            ("01", APRIL, 2, one, two),
            ("02", APRIL, 2, one, None),  # measured once: a first score, no last one
            ("01", MAY, 2, one, two),  # its provider did not submit May
            ("01", None, 2, one, two),  # open
            ("01", APRIL, 1, one, two),  # one attended contact
            ("01", APRIL, 2, None, None),  # no score that counts
        ],
        submitted=(APRIL,),
    )
    rows = con.execute("SELECT pathway, kind, people, mean FROM mart.reference_norm ORDER BY ALL").fetchall()
    assert rows == [
        ("01", "first", 1, 10.0), ("01", "gain", 1, 10.0), ("01", "last", 1, 20.0), ("02", "first", 1, 10.0),
        ("all", "first", 2, 10.0), ("all", "gain", 1, 10.0), ("all", "last", 1, 20.0),
    ]  # fmt: skip


def test_nobody_measured_is_no_row_and_no_error() -> None:
    assert warehouse([]).execute("SELECT count(*) FROM mart.reference_norm").fetchall() == [(0,)]
