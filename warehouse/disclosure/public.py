"""Schema ``public``: the figures that may be published, and their separate file.

Belongs here: building the schema from ``mart`` and ``published``, writing it into a file of its own. Does not
belong here: the rule (``suppression``).
"""

from pathlib import Path

import duckdb

from schemas.sql import quoted
from warehouse.disclosure.suppression import SUPPRESSION, Suppression
from warehouse.models import read_sql
from warehouse.storage import writing

# In this order: what follows is made from those before it.
TABLES = (
    "measure", "breakdown_group", "service_measure", "breakdown_measure", "organisation", "national",
    "service_comparison",
)  # fmt: skip


def build_public(con: duckdb.DuckDBPyConnection, secret: str, suppression: Suppression = SUPPRESSION) -> None:
    """Write schema ``public`` from ``mart``, ``monthly_count.people`` and ``published``; replaces an earlier one.

    ``secret`` decides the random errors; it is not written anywhere. Needs ``mart.measure``,
    ``mart.service_measure``, ``mart.breakdown_measure``, ``mart.breakdown_group``,
    ``mart.submission_coverage``, the macros of ``mart``, ``published.service_count``, ``ref.organisation``,
    ``ref.code``, ``ref.language``, ``ref.instrument``, ``ref.survey_question`` and a catalog ``work``.
    """
    con.execute("DROP SCHEMA IF EXISTS public CASCADE; CREATE SCHEMA public")
    con.execute(suppression.macros())
    suppression.use(con, secret)
    for table in TABLES:
        if table == "service_comparison":
            _make_funnel(con)
        con.execute(read_sql(f"public.{table}"))


def _make_funnel(con: duckdb.DuckDBPyConnection) -> None:
    """Write ``work.public_funnel``: the model of ``mart.funnel`` on the figures that are shown."""
    con.execute(read_sql("work.public_figure"))
    model = read_sql("mart.funnel").replace("mart.provider_figure", "work.public_figure")
    con.execute(model.replace("CREATE TABLE mart.funnel", "CREATE OR REPLACE TABLE work.public_funnel"))


def write_public(database: Path, target: Path) -> None:
    """Write schema ``public``, its lines of ``meta.columns`` and its comments into a file of their own.

    This file is for readers who may not see exact figures. ``target`` must not exist.
    """
    with duckdb.connect(str(target), config=writing(threads=1)) as con:
        con.execute(f"ATTACH {quoted(str(database))} AS release (READ_ONLY)")
        con.execute("CREATE SCHEMA public; CREATE SCHEMA meta")
        for table in TABLES:
            con.execute(f"CREATE TABLE public.{table} AS FROM release.public.{table} ORDER BY ALL")
        con.execute(
            "CREATE TABLE meta.columns AS FROM release.meta.columns WHERE schema_name = 'public' ORDER BY ALL; "
            "CREATE TABLE meta.build AS SELECT release_id FROM release.meta.build"
        )
        comments = con.execute(
            "SELECT 'TABLE public.' || table_name, comment FROM duckdb_tables() "
            "WHERE database_name = 'release' AND schema_name = 'public' AND comment IS NOT NULL UNION ALL "
            "SELECT 'COLUMN public.' || table_name || '.' || column_name, comment FROM duckdb_columns() "
            "WHERE database_name = 'release' AND schema_name = 'public' AND comment IS NOT NULL ORDER BY ALL"
        ).fetchall()
        con.execute("BEGIN")
        for name, comment in comments:
            con.execute(f"COMMENT ON {name} IS {quoted(comment)}")
        con.execute("COMMIT; DETACH release; CHECKPOINT")
