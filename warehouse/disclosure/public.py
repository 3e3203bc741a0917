"""Schema ``public``: the figures that may be published, and their separate file.

Belongs here: building the schema from ``mart`` and ``published``, writing it into a file of its own. Does not
belong here: the rule (``suppression``).
"""

import re
from pathlib import Path

import duckdb

from schemas.sql import quoted
from warehouse.disclosure.suppression import SUPPRESSION, Suppression
from warehouse.examples import create_examples
from warehouse.models import read_sql
from warehouse.promised import create_promised
from warehouse.rules import COUNTS
from warehouse.storage import writing

# In this order: what follows is made from those before it.
TABLES = (
    "measure", "official_measure", "condition", "condition_therapy", "breakdown_group", "service_measure",
    "breakdown_measure", "organisation", "national", "service_comparison",
    "control_chart", "control_chart_summary", "revision",
)  # fmt: skip


def build_public(con: duckdb.DuckDBPyConnection, secret: str, suppression: Suppression = SUPPRESSION) -> None:
    """Write schema ``public`` from ``mart``, ``monthly_count.people`` and ``published``; replaces an earlier one.

    ``secret`` decides the random errors; it is not written anywhere. Needs ``mart.measure``,
    ``mart.service_measure``, ``monthly_count.group_figure``, ``mart.breakdown_group``,
    ``mart.submission_coverage``, ``mart.official_measure``, the macros of ``mart``, ``published.service_count``,
    ``published.provider``, ``ref.organisation``, ``ref.code``, ``ref.language``, ``ref.instrument``,
    ``ref.survey_question``, ``ref.pathway``, ``ref.pathway_complaint``, ``ref.therapy``, ``ref.therapy_standard``,
    what ``work.process_change`` reads, and a catalog ``work``.
    """
    con.execute("DROP SCHEMA IF EXISTS public CASCADE; CREATE SCHEMA public")
    con.execute(suppression.macros())
    suppression.use(con, secret)
    for table in TABLES:
        if table == "service_comparison":
            _make_funnel(con)
        if table == "control_chart":
            _make_charts(con)
        con.execute(read_sql(f"public.{table}"))


def _make_funnel(con: duckdb.DuckDBPyConnection) -> None:
    """Write ``work.public_funnel``: the model of ``mart.funnel`` on the figures that are shown."""
    _make_of_shown(con, "work.public_figure", "mart.funnel")


def _make_charts(con: duckdb.DuckDBPyConnection) -> None:
    """Write ``work.public_control_chart`` and its summary: the models of the charts on the figures shown."""
    con.execute("DROP TABLE IF EXISTS work.process_change")
    con.execute(read_sql("work.process_change"))
    models = ("work.control_figure", "work.control_point", "mart.control_chart", "mart.control_chart_summary")
    _make_of_shown(con, "work.public_charted", *models)


def _make_of_shown(con: duckdb.DuckDBPyConnection, figures: str, *models: str) -> None:
    """Write ``work.public_<table>`` for each model: on ``figures``, which are those shown, and on the models before
    it.
    """
    con.execute(read_sql(figures))
    names = {"mart.provider_figure": figures}
    for model in models:
        text = read_sql(model)
        for name, shown in names.items():
            text = re.sub(rf"\b{re.escape(name)}\b", shown, text)
        names[model] = f"work.public_{model.split('.')[1]}"
        con.execute(text.replace(f"CREATE TABLE {model} AS", f"CREATE OR REPLACE TABLE {names[model]} AS"))


def write_public(database: Path, target: Path) -> None:
    """Write schema ``public``, the promised views of it, and what both mean, into a file of their own.

    This file is for readers who may not see exact figures. ``target`` must not exist.
    """
    with duckdb.connect(str(target), config=writing(threads=1)) as con:
        con.execute(f"ATTACH {quoted(str(database))} AS release (READ_ONLY)")
        con.execute("CREATE SCHEMA public; CREATE SCHEMA meta")
        for table in TABLES:
            con.execute(f"CREATE TABLE public.{table} AS FROM release.public.{table} ORDER BY ALL")
        create_promised(con, only_public=True)
        create_examples(con, only_public=True)
        con.execute(
            "CREATE TABLE meta.build AS SELECT release_id FROM release.meta.build; "
            "CREATE TABLE meta.release AS FROM release.meta.release ORDER BY position; "
            f"CREATE TABLE meta.rule AS SELECT * EXCLUDE ({', '.join(COUNTS)}) FROM release.meta.rule "
            "ORDER BY rule; "
            "CREATE TABLE meta.columns AS FROM release.meta.columns LIMIT 0"
        )
        con.execute(
            f"INSERT INTO meta.columns SELECT c.* FROM release.meta.columns AS c INNER JOIN ({_COLUMNS}) AS o "
            "USING (schema_name, table_name, column_name) WHERE o.database_name <> 'release' ORDER BY ALL"
        )
        con.execute("; ".join(_comments(con)))
        con.execute("DETACH release; CHECKPOINT")


_RELATIONS = (
    "SELECT database_name, schema_name, table_name, 'TABLE' AS kind, comment FROM duckdb_tables() UNION ALL "
    "SELECT database_name, schema_name, view_name, 'VIEW', comment FROM duckdb_views() WHERE NOT internal"
)
_COLUMNS = (
    "SELECT database_name, schema_name, table_name, column_name, comment FROM duckdb_columns() WHERE NOT internal"
)


def _comments(con: duckdb.DuckDBPyConnection) -> list[str]:
    """The statements that give everything in the file the comment that it has in the attached release."""
    said = con.execute(
        f"""
        WITH named AS (
            SELECT database_name = 'release' AS is_old,
                kind || ' ' || schema_name || '."' || table_name || '"' AS name, comment
            FROM ({_RELATIONS})
            UNION ALL
            SELECT database_name = 'release',
                'COLUMN ' || schema_name || '."' || table_name || '"."' || column_name || '"', comment
            FROM ({_COLUMNS})
        )
        SELECT name, o.comment
        FROM named AS o
        INNER JOIN (SELECT name FROM named WHERE NOT is_old) AS n USING (name)
        WHERE o.is_old AND o.comment IS NOT NULL
        ORDER BY ALL
        """
    ).fetchall()
    return ["BEGIN", *(f"COMMENT ON {name} IS {quoted(comment)}" for name, comment in said), "COMMIT"]
