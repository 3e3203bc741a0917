"""The tables that services are compared from, empty or filled, without building a warehouse.

Belongs here: tables in the layout of the real ones. Does not belong here: what is expected of a comparison.
"""

from collections.abc import Sequence
from datetime import date
from typing import Any

import duckdb

from warehouse.compare import build_comparison
from warehouse.staging import insert_rows
from warehouse.statistics import create_macros

APRIL = date(2025, 4, 1)

# The counts that are compared and protected, with the columns of the warehouse.
COUNTS = """
CREATE TABLE mart.service_measure (source VARCHAR, level VARCHAR, organisation VARCHAR, period_type VARCHAR,
    period_start DATE, pathway VARCHAR, measure VARCHAR, numerator BIGINT, denominator BIGINT,
    months_submitted BIGINT, state VARCHAR);
CREATE TABLE mart.breakdown_measure (source VARCHAR, level VARCHAR, organisation VARCHAR, period_type VARCHAR,
    period_start DATE, pathway VARCHAR, breakdown VARCHAR, breakdown_group VARCHAR, measure VARCHAR,
    numerator BIGINT, denominator BIGINT, months_submitted BIGINT, state VARCHAR);
"""
_TABLES = """
ATTACH ':memory:' AS work;
CREATE SCHEMA mart; CREATE SCHEMA core; CREATE SCHEMA ref; CREATE SCHEMA published; CREATE SCHEMA cell;
CREATE TABLE mart.measure (measure VARCHAR, kind VARCHAR, direction VARCHAR, standard DECIMAL(5, 4));
INSERT INTO mart.measure VALUES ('RECOVERY', 'share', 'higher', 0.5), ('DROP_OUT', 'share', 'lower', 0.25),
    ('REFERRALS', 'count', 'none', NULL), ('SESSIONS', 'mean', 'none', NULL), ('WAIT', 'median', 'lower', NULL);
CREATE TABLE mart.quality_count (level VARCHAR, organisation VARCHAR, period_type VARCHAR, period_start DATE,
    measure VARCHAR, numerator BIGINT, denominator BIGINT, months_submitted BIGINT, state VARCHAR);
CREATE TABLE core.provider (provider VARCHAR, provider_name VARCHAR);
CREATE TABLE core.submission (provider VARCHAR, month DATE);
CREATE TABLE ref.organisation (organisation VARCHAR, name VARCHAR, kind VARCHAR);
CREATE TABLE ref.provider_place (provider VARCHAR, current_provider VARCHAR);
CREATE TABLE published.service_count (provider VARCHAR, provider_name VARCHAR, period_type VARCHAR,
    period_start DATE, pathway VARCHAR, measure VARCHAR, numerator BIGINT, denominator BIGINT, state VARCHAR,
    published_rate DECIMAL(6, 4));
CREATE TABLE cell.case_mix (provider VARCHAR, month DATE, outcome VARCHAR, pathway VARCHAR,
    severity_band VARCHAR, age_band VARCHAR, deprivation VARCHAR, diagnosis VARCHAR, courses BIGINT, events BIGINT);
"""

Count = tuple[str, int | None, int | None]  # organisation, numerator, denominator


def warehouse() -> duckdb.DuckDBPyConnection:
    """An empty warehouse in memory with the five measures of the tests."""
    con = duckdb.connect()
    con.execute(_TABLES + COUNTS)
    create_macros(con)
    return con


def add_measure(
    con: duckdb.DuckDBPyConnection,
    measure: str,
    counts: Sequence[Count],
    period_start: date = APRIL,
    period_type: str = "month",
    state: str | None = None,
) -> None:
    """Figures of services, and England as their sum."""
    total: list[int] = [0, 0]
    rows: list[tuple[Any, ...]] = []
    for organisation, x, n in counts:
        said = state or ("not submitted" if x is None else "no denominator" if n == 0 else "value")
        rows.append(("provider", organisation, x, n, said))
        total = [total[0] + (x or 0), total[1] + (n or 0)]
    is_count = all(n is None for _, _, n in counts)
    rows.append(
        ("England", "ENG", total[0], None if is_count else total[1],
         "value" if is_count or total[1] else "no denominator")
    )  # fmt: skip
    insert_rows(
        con,
        "mart.service_measure",
        [
            ("submitted", level, who, period_type, period_start, "all", measure, x, n, 1, said)
            for level, who, x, n, said in rows
        ],
    )


def add_series(con: duckdb.DuckDBPyConnection, provider: str, measure: str, values: Sequence[int]) -> None:
    """A count per month from January 2020, or per mille where the measure is a share."""
    is_share = con.execute("SELECT kind = 'share' FROM mart.measure WHERE measure = ?", [measure]).fetchall()[0][0]
    n = 1000 if is_share else None
    insert_rows(
        con,
        "mart.service_measure",
        [
            ("submitted", "provider", provider, "month", date(2020 + place // 12, place % 12 + 1, 1), "all", measure,
             value, n, 1, "value")
            for place, value in enumerate(values)
        ],
    )  # fmt: skip


def compare(con: duckdb.DuckDBPyConnection, query: str, parameters: Sequence[object] = ()) -> list[tuple[Any, ...]]:
    """Build the comparison and ask it."""
    build_comparison(con)
    return con.execute(query, list(parameters)).fetchall()
