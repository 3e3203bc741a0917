"""The check that nothing exact, and no name that a service could type, is in schema ``public``.

Belongs here: what a public table may have, proved against the exact figures and the people behind them. Does not
belong here: the rule (``suppression``).
"""

import re

import duckdb

from warehouse.disclosure.public import TABLES
from warehouse.disclosure.suppression import SUPPRESSION, Suppression
from warehouse.models import read_sql

# Numbers in schema public: figures that are proved below, what follows from them, and what says nothing of people.
_NUMBERS = (
    "numerator", "denominator", "value", "national_numerator", "national_denominator", "national_value",
    "lower_95", "upper_95", "lower_998", "upper_998", "position", "standard", "months", "months_submitted",
    "provider_months_expected", "provider_months_submitted", "services", "tau", "minimum_sessions",
    "segment", "points", "not_charted", "latest_value", "mean", "moving_range", "lower_limit", "lower_near",
    "upper_near", "upper_limit", "signal",
)  # fmt: skip
_MAKES = re.compile(r"CREATE TABLE public\.(\w+) AS")


def leaks(con: duckdb.DuckDBPyConnection, secret: str, suppression: Suppression = SUPPRESSION) -> list[str]:
    """What is not protected in schema ``public``, in words; empty if everything is.

    Every protected table is made again from the exact figures, the people behind them and ``secret``, and must have
    these rows; the tables made of them must have their figures; no other column can have a figure.
    """
    columns = con.execute(
        "SELECT table_name, column_name, data_type FROM duckdb_columns() "
        "WHERE database_name = current_database() AND schema_name = 'public' ORDER BY ALL"
    ).fetchall()
    present = {table for table, _, _ in columns}
    if not present >= set(TABLES):
        return ["The draft has no public tables: run build_marts first."]
    problems = [f"public.{table} is not one of the public tables" for table in sorted(present - set(TABLES))]
    problems += [
        f"public.{view} is a view: it shows what it reads"
        for (view,) in con.execute(
            "SELECT view_name FROM duckdb_views() "
            "WHERE database_name = current_database() AND schema_name = 'public' ORDER BY ALL"
        ).fetchall()
    ]
    problems += [
        f"public.{table}.{column} may contain a figure that is not protected"
        for table, column, kind in columns
        if kind not in ("VARCHAR", "DATE", "BOOLEAN") and column not in _NUMBERS
    ]
    suppression.use(con, secret)
    for table in ("breakdown_group", "service_measure", "breakdown_measure"):
        made = _MAKES.sub(r"CREATE OR REPLACE TEMP TABLE right_\1 AS", read_sql(f"public.{table}"))
        con.execute(made)
        wrong = f"(FROM public.{table} EXCEPT FROM right_{table})"
        problems += _count(con, wrong, f"public.{table}: {{}} rows show what the rule does not give")
        con.execute(f"DROP TABLE right_{table}")
    for table, place, where in (
        ("national", "'ENG'", "level = 'England'"),
        ("service_comparison", "provider", "level = 'provider'"),
    ):
        keys = "source, period_type, period_start, pathway, measure"
        figures = "numerator, denominator"
        known = (
            f"SELECT organisation, {keys}, {figures}, value FROM public.service_measure WHERE {where} UNION ALL "
            f"SELECT provider, 'published', period_type, period_start, pathway, measure, {figures}, "
            "CASE m.kind WHEN 'share' THEN public.rate(numerator, denominator) WHEN 'count' THEN numerator END "
            "FROM published.service_count INNER JOIN (SELECT measure, kind FROM mart.measure) AS m USING (measure)"
        )
        shown = f"SELECT {place}, {keys}, {figures}, value FROM public.{table} WHERE numerator IS NOT NULL"
        problems += _count(con, f"({shown} EXCEPT ({known}))", f"public.{table}: {{}} rows have other figures")
    shown = (
        f"SELECT {keys}, national_numerator, national_denominator, national_value FROM public.service_comparison"
    )
    known = (
        f"SELECT {keys}, {figures}, value FROM public.national UNION ALL SELECT DISTINCT {keys}, NULL, NULL, NULL "
    )
    known += "FROM public.service_comparison"
    words = "public.service_comparison: {} rows have other figures of England"
    problems += _count(con, f"({shown} EXCEPT ({known}))", words)
    return problems + _charted(con)


def _charted(con: duckdb.DuckDBPyConnection) -> list[str]:
    """What a public control chart draws that is no figure of the tables proved above."""
    keys = "source, period_start, pathway, measure"
    value = "CAST(value AS DECIMAL(24, 12))"
    known = (
        f"SELECT organisation, {keys}, {value} FROM public.service_measure WHERE period_type = 'month' UNION ALL "
        f"SELECT 'ENG', {keys}, {value} FROM public.national UNION ALL "
        f"SELECT provider, {keys}, {value} FROM public.service_comparison WHERE source = 'published' UNION ALL "
        f"SELECT provider, 'published', period_start, pathway, measure, CAST(numerator AS DECIMAL(24, 12)) "
        "FROM published.service_count"
    )
    shown = f"SELECT provider, {keys}, value FROM public.control_chart"
    columns = "provider, source, latest_period_start, pathway, measure, latest_value"
    latest = f"SELECT {columns} FROM public.control_chart_summary"
    return [
        *_count(con, f"({shown} EXCEPT ({known}))", "public.control_chart: {} rows have other figures"),
        *_count(con, f"({latest} EXCEPT ({shown}))", "public.control_chart_summary: {} rows have other figures"),
    ]


def _count(con: duckdb.DuckDBPyConnection, rows: str, words: str) -> list[str]:
    found = con.execute(f"SELECT count(*) FROM {rows}").fetchone()
    return [words.format(found[0])] if found and found[0] else []
