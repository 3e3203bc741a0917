"""Two releases beside each other: which figures differ, and how the difference of England's is made up.

Belongs here: reading what two releases are made of, and the tables of what moved. Does not belong here: what a
difference is attributed to (``causes``), what a release keeps (``keeping``).

England is the sum of its providers for every measure that adds up. So England's difference is the sum of the
differences of provider-months, each of which has one cause. Of a longer period a flow is all its months, a stock
the last one. Of a share, mean or rate the two counts are parted, and the value by a formula without a remainder
(``VALUE``). Medians and 90th centiles are not parted: they have causes, but no amounts.
"""

from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import duckdb

from schemas.sql import quoted
from warehouse.comparison.statistics import DAYS_OF_A_YEAR, create_macros
from warehouse.history.causes import Attribution, Held, Submission
from warehouse.measures.catalogue import QUANTILES, RATES
from warehouse.storage import writing

BEFORE = "before"
"""The catalog of the earlier release on a connection that compares."""
# With v = n / d: d₂v₂ − d₁v₁ = mean(v)·Δd + mean(d)·Δv, so Δv = (Δn − mean(v)·Δd) / mean(d). It is linear in Δn and
# Δd: the parts of a value add up to its difference as the counts do, in any order.
VALUE = "({n} - (v_before + v_after) / 2 * {d}) / ((denominator_before + denominator_after) / 2.0)"
_QUANTILES = ", ".join(quoted(kind) for kind in QUANTILES)
# Columns that comparing reads. A release of an earlier version may lack one.
_NEEDED = {
    "mart.service_measure": "level organisation period_type period_start pathway measure numerator denominator "
    "quantile state",
    "mart.measure": "measure kind over_time",
    "core.submission": "submission_id provider month records made_with",
    "ref.provider_place": "provider current_provider",
    "ref.period": "period_type period_start last_month",
    "ref.period_month": "period_type period_start month",
    "meta.build": "release_id last_month reference_data built_with",
}


@contextmanager
def side_by_side(before: Path, after: Path) -> Iterator[tuple[duckdb.DuckDBPyConnection, str]]:
    """A connection with the warehouse files of two releases, and the catalog of the later one."""
    with duckdb.connect(config=writing()) as con:
        for name, path in ((BEFORE, before), ("after", after)):
            con.execute(f"ATTACH {quoted(str(path))} AS {name} (READ_ONLY)")
        con.execute("CREATE SCHEMA mart")
        create_macros(con)
        yield con, "after"


def lacking(con: duckdb.DuckDBPyConnection, catalog: str) -> list[str]:
    """The columns that comparing needs and a release does not have; empty for one of this version."""
    found = set(
        con.execute(
            "SELECT schema_name || '.' || table_name || '.' || column_name FROM duckdb_columns() "
            "WHERE database_name = ?",
            [catalog],
        ).fetchall()
    )
    needed = [f"{table}.{column}" for table, columns in _NEEDED.items() for column in columns.split()]
    return [name for name in needed if (name,) not in found]


def held(con: duckdb.DuckDBPyConnection, catalog: str) -> Held:
    """What the release of a catalog is made of."""
    submissions = con.execute(
        f"SELECT provider, month, submission_id, records, made_with FROM {catalog}.core.submission"
    ).fetchall()
    places = con.execute(f"SELECT provider, current_provider FROM {catalog}.ref.provider_place").fetchall()
    ((last_month, reference, built_with),) = con.execute(
        f"SELECT last_month, coalesce(reference_data, ''), coalesce(built_with, '') FROM {catalog}.meta.build"
    ).fetchall()
    return Held(
        {(provider, month): Submission(*made) for provider, month, *made in submissions},
        dict(places),
        last_month,
        reference,
        str(built_with).split(" ")[0],
    )


def compare(con: duckdb.DuckDBPyConnection, after: str) -> None:
    """Write the temporary tables of what moved between ``before`` and the catalog ``after``.

    ``moved`` has a row per level (England, provider), organisation, period, pathway and measure whose figure
    differs, of the periods that both releases cover; of providers only months, which are half of all rows. Its
    columns are kind, numerator, denominator, quantile, value and state, each before and after, and ``cause`` for a
    provider. ``part`` has a row per figure of England that adds up and cause: the change of numerator, denominator
    and value. Parts add up exactly; those of a value to the precision of DOUBLE.
    """
    con.execute(f"CREATE OR REPLACE TEMP TABLE moved AS {_moved(after)}")
    attribution = Attribution(held(con, BEFORE), held(con, after))
    cells = con.execute("SELECT DISTINCT organisation, period_start FROM moved WHERE level = 'provider'").fetchall()
    con.execute("CREATE OR REPLACE TEMP TABLE cause (organisation VARCHAR, month DATE, cause VARCHAR)")
    if cells:
        con.execute(
            "INSERT INTO cause SELECT unnest(?), unnest(?), unnest(?)",
            [[org for org, _ in cells], [month for _, month in cells], [attribution.of(*cell) for cell in cells]],
        )
    con.execute(
        "ALTER TABLE moved ADD COLUMN cause VARCHAR; UPDATE moved SET cause = c.cause FROM cause AS c "
        "WHERE moved.level = 'provider' AND c.organisation = moved.organisation AND c.month = moved.period_start"
    )
    con.execute(f"CREATE OR REPLACE TEMP TABLE part AS {_parts(after)}")


def rows(con: duckdb.DuckDBPyConnection, sql: str, values: list[Any] | None = None) -> list[dict[str, Any]]:
    """The rows of a query, each by the names of its columns."""
    answer = con.execute(sql, values or [])
    names = [column[0] for column in answer.description or []]
    return [dict(zip(names, row, strict=True)) for row in answer.fetchall()]


def _moved(after: str) -> str:
    """Figures that differ. What is in one release alone counts as «not submitted» in the other."""
    keys = "level, organisation, period_type, period_start, pathway, measure"

    def figures(catalog: str) -> str:
        return (
            f"SELECT {keys}, kind, over_time, numerator, denominator, quantile, state, "
            "mart.value_of(kind, numerator, denominator, quantile) AS value "
            f"FROM {catalog}.mart.service_measure "
            f"INNER JOIN (SELECT measure, kind, over_time FROM {catalog}.mart.measure) AS m USING (measure) "
            "WHERE (level = 'England' OR (level = 'provider' AND period_type = 'month')) "
            "AND (period_type, period_start) IN "
            f"(SELECT (period_type, period_start) FROM {BEFORE}.ref.period INTERSECT "
            f"SELECT (period_type, period_start) FROM {after}.ref.period) "
            f"AND measure IN (SELECT measure FROM {BEFORE}.mart.measure INTERSECT "
            f"SELECT measure FROM {after}.mart.measure)"
        )

    both = ", ".join(
        f"a.{name} AS {name}_before, b.{name} AS {name}_after" for name in ("numerator", "denominator", "quantile")
    )
    differs = " OR ".join(
        f"a.{name} IS DISTINCT FROM b.{name}" for name in ("numerator", "denominator", "quantile")
    )
    return (
        f"WITH a AS ({figures(BEFORE)}), b AS ({figures(after)}) "
        f"SELECT {keys}, coalesce(b.kind, a.kind) AS kind, coalesce(b.over_time, a.over_time) AS over_time, "
        f"{both}, a.value AS value_before, b.value AS value_after, "
        "coalesce(a.state, 'not submitted') AS state_before, coalesce(b.state, 'not submitted') AS state_after "
        f"FROM a FULL JOIN b USING ({keys}) WHERE {differs}"
    )


def _parts(after: str) -> str:
    """England's differences by cause: sums over the provider-months that the figure consists of."""
    keys = "period_type, period_start, pathway, measure"
    return f"""
        WITH cell AS (
            SELECT
                p.period_type, p.period_start, m.pathway, m.measure, m.cause, m.organisation,
                coalesce(m.numerator_after, 0) - coalesce(m.numerator_before, 0) AS numerator,
                coalesce(m.denominator_after, 0) - coalesce(m.denominator_before, 0) AS denominator
            FROM moved AS m
            INNER JOIN {after}.ref.period_month AS p ON p.month = m.period_start
            INNER JOIN {after}.ref.period AS r ON r.period_type = p.period_type AND r.period_start = p.period_start
            WHERE m.level = 'provider' AND m.kind NOT IN ({_QUANTILES})
                AND (m.over_time = 'flow' OR p.month = r.last_month)
        ),
        summed AS (
            SELECT
                {keys}, cause, CAST(sum(numerator) AS BIGINT) AS numerator,
                CAST(sum(denominator) AS BIGINT) AS denominator, count(DISTINCT organisation) AS providers,
                string_agg(DISTINCT organisation, ' ' ORDER BY organisation) AS organisations
            FROM cell GROUP BY {keys}, cause
        ),
        england AS (
            SELECT
                {keys}, kind, denominator_before, denominator_after, value_before AS v_before,
                value_after AS v_after
            FROM moved WHERE level = 'England'
        )
        SELECT
            {keys}, s.cause, s.numerator, CASE WHEN e.kind <> 'count' THEN s.denominator END AS denominator,
            CASE WHEN v_before IS NULL OR v_after IS NULL THEN NULL WHEN e.kind = 'count' THEN s.numerator
                WHEN e.kind IN ({", ".join(map(quoted, RATES))})
                    THEN {VALUE.format(n=f"s.numerator * {DAYS_OF_A_YEAR}", d="s.denominator")}
                ELSE {VALUE.format(n="s.numerator", d="s.denominator")} END AS value,
            s.providers, s.organisations
        FROM summed AS s INNER JOIN england AS e USING ({keys})
        WHERE s.numerator <> 0 OR s.denominator <> 0
    """
