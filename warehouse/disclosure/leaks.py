"""The check that nothing exact is in schema ``public``.

Belongs here: what a public table may have, proved against the exact figures. Does not belong here: subtraction,
which ``differencing`` prevents when the schema is built.
"""

import duckdb

from warehouse.disclosure.differencing import Sum
from warehouse.disclosure.public import TABLES
from warehouse.disclosure.suppression import SUPPRESSION, WHOLE_KINDS, Suppression

_COUNTS = ("numerator", "denominator", "national_numerator", "national_denominator")
# Numbers in schema public that are not counts of people, or follow from protected counts of their own row.
_HARMLESS = (
    "position", "standard", "months_submitted", "rate", "national_rate", "average",
    "lower_95", "upper_95", "lower_998", "upper_998",
)  # fmt: skip


def leaks(con: duckdb.DuckDBPyConnection, suppression: Suppression = SUPPRESSION) -> list[str]:
    """What is not protected in schema ``public``, in words; empty if everything is.

    Proved against the exact figures in ``mart``: every count is missing or is what the rule gives for its exact
    count, every rate is its own row's, and no other column can have a figure.
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
    for table, column, kind in columns:
        if column in _COUNTS:
            problems += _count(
                con,
                f"public.{table} WHERE {suppression.is_wrong(column)}",
                f"public.{table}.{column}: {{}} counts are exact",
            )
        elif kind not in ("VARCHAR", "DATE", "BOOLEAN") and column not in _HARMLESS:
            problems.append(f"public.{table}.{column} may contain a figure that is not protected")
    for table, rate, of in (
        *(
            (table, "rate", "")
            for table in ("service_measure", "breakdown_measure", "national", "service_comparison")
        ),
        ("service_comparison", "national_rate", "national_"),
    ):
        right = f"{of}denominator >= {suppression.rate_from} AND {rate} = {of}numerator / {of}denominator"
        problems += _count(
            con, f"public.{table} WHERE {rate} IS NOT NULL AND ({right}) IS NOT TRUE",
            f"public.{table}.{rate}: {{}} rates are not those of the counts beside them",
        )  # fmt: skip
    for table in ("service_measure", "breakdown_measure"):
        keys = ", ".join(Sum(table, "").keys)
        shown = " OR ".join(
            f"(p.{figure} IS NOT NULL AND p.{figure} IS DISTINCT FROM {suppression.protected(f'm.{figure}')})"
            for figure in ("numerator", "denominator")
        )
        problems += _count(
            con, f"public.{table} AS p LEFT JOIN mart.{table} AS m USING ({keys}) "
            f"WHERE {shown} OR (p.average IS NOT NULL AND (p.denominator IS NULL OR "
            f"(p.average % 1 <> 0 AND (m.denominator < {suppression.decimal_from} OR p.measure IN "
            f"(SELECT measure FROM mart.measure WHERE kind IN {WHOLE_KINDS})))))",
            f"public.{table}: {{}} rows show what the rule does not give",
        )  # fmt: skip
    return problems


def _count(con: duckdb.DuckDBPyConnection, rows: str, words: str) -> list[str]:
    found = con.execute(f"SELECT count(*) FROM {rows}").fetchone()
    return [words.format(found[0])] if found and found[0] else []
