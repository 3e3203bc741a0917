"""Disclosure control: what may leave the analysts' schemas, and how it is made safe.

Belongs here: the NHS rule for small counts as macros and in Python, the schema ``public`` built with it, the
search for figures that others give away, the check that nothing exact is in it, the file that holds it alone. Does
not belong here: exact figures (``warehouse/mart``) and when to publish (``warehouse.release``). Reasons and what
remains: decision 0014.
"""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from pathlib import Path

import duckdb

from warehouse.models import read_sql
from warehouse.storage import writing

# NHS England's count_suppression: under 5 is '*', any other to the nearest 5.
SMALLEST = 5
# A rate of protected counts is off by up to 13 points at 30 and by up to 4 at 100; below 30 it says too little.
RATE_FROM = 30
# From a protected 15 (13 or more) on, a mean with one decimal fits every exact count that rounds to 15. Below, one
# decimal would tell some of them apart; a whole number does not.
DECIMAL_FROM = 13

TABLES = ("measure", "service_measure", "breakdown_measure", "organisation", "national", "service_comparison")
_COUNTS = ("numerator", "denominator", "national_numerator", "national_denominator")
# Numbers in schema public that are no counts of people, or follow from protected counts of their own row.
_HARMLESS = (
    "position", "standard", "months_submitted", "rate", "national_rate", "average",
    "lower_95", "upper_95", "lower_998", "upper_998",
)  # fmt: skip
_ABSENT = "('not submitted', 'not applicable')"

_MACROS = f"""
CREATE OR REPLACE MACRO public.protect(n) AS CASE WHEN n >= {SMALLEST} THEN (n + 2) // 5 * 5 END;
CREATE OR REPLACE MACRO public.rate(numerator, denominator) AS
    CASE WHEN denominator >= {RATE_FROM} THEN numerator / denominator END;
CREATE OR REPLACE MACRO public.numerator(kind, n) AS
    CASE WHEN kind IN ('count', 'share') THEN public.protect(n) END;
CREATE OR REPLACE MACRO public.denominator(kind, n) AS CASE WHEN kind <> 'count' THEN public.protect(n) END;
CREATE OR REPLACE MACRO public.average(kind, figure, n) AS CAST(CASE
    WHEN kind = 'mean' AND n >= {DECIMAL_FROM} THEN round(figure / n, 1)
    WHEN kind = 'mean' AND n >= {SMALLEST} THEN round(figure / n)
    WHEN kind IN ('median', 'p90') AND n >= {SMALLEST} THEN figure
END AS DECIMAL(15, 1));
CREATE OR REPLACE MACRO public.state(kind, numerator, denominator, exact_state) AS CASE
    WHEN exact_state IN {_ABSENT} THEN exact_state
    WHEN kind IN ('count', 'share') AND numerator IS NULL THEN 'suppressed'
    WHEN kind <> 'count' AND denominator IS NULL THEN 'suppressed'
    WHEN kind = 'share' AND denominator < {RATE_FROM} THEN 'no rate'
    ELSE 'value'
END;
"""


@dataclass(frozen=True)
class Sum:
    """Rows of a public table that add up to another row: which rows, and how the key of their total differs.

    ``total`` is the table of the total, if it is another one; ``each`` parts one total in several ways: the groups
    of every breakdown add up to it for themselves.
    """

    table: str
    where: str
    differs: Mapping[str, str] = field(default_factory=dict)
    total: str = ""
    each: tuple[str, ...] = ()

    @property
    def keys(self) -> dict[str, str]:
        """Key columns of the total, each with the expression over a part that gives it."""
        keys = ["source", "level", "organisation", "period_type", "period_start", "pathway", "measure"]
        if (self.total or self.table) == "breakdown_measure":
            keys += ["breakdown", "breakdown_group"]
        return {key: self.differs.get(key, key) for key in keys}


def sums() -> Iterator[Sum]:
    """Every sum of the public tables that a reader can undo with one subtraction."""
    levels = ("region", "ICB", "sub-ICB", "provider")
    for table, parts in (
        ("service_measure", (*levels, "provider in sub-ICB")),
        ("breakdown_measure", levels),
    ):
        for level in parts:
            yield Sum(table, f"level = '{level}'", {"level": "'England'", "organisation": "'ENG'"})
        for level, upper in (("sub-ICB", "ICB"), ("ICB", "region")):
            yield Sum(table, f"level = '{level}'", {"level": f"'{upper}'", "organisation": "upper_organisation"})
        for period, longer, start in (
            ("month", "quarter", "CAST(date_trunc('quarter', period_start) AS DATE)"),
            ("quarter", "financial year",
             "CAST(date_trunc('year', period_start - INTERVAL 3 MONTH) + INTERVAL 3 MONTH AS DATE)"),
            ("quarter", "rolling 12 months", "CAST(period_start - to_months(unnest([0, 3, 6, 9])) AS DATE)"),
        ):  # fmt: skip
            yield Sum(table, f"period_type = '{period}'", {"period_type": f"'{longer}'", "period_start": start})
        yield Sum(table, "pathway <> 'all'", {"pathway": "'all'"})
    for level, place in (("provider", 1), ("sub-ICB", 2)):
        owner = {"level": f"'{level}'", "organisation": f"split_part(organisation, '|', {place})"}
        yield Sum("service_measure", "level = 'provider in sub-ICB'", owner)
    yield Sum("breakdown_measure", "true", {}, "service_measure", ("breakdown",))


def protect(count: int | None) -> int | None:
    """The count as published: None under 5 (0 too), else the nearest multiple of 5.

    Formula: NHS England, mental-health monthly statistics, ``count_suppression``. The macro
    ``public.protect`` says the same.
    """
    return None if count is None or count < SMALLEST else (count + 2) // 5 * 5


def build_public(con: duckdb.DuckDBPyConnection) -> None:
    """Write schema ``public`` from ``mart`` and ``published``; replaces an earlier one.

    Needs ``mart.measure``, ``mart.service_measure``, ``mart.breakdown_measure``, the Wilson macros,
    ``published.service_count``, ``ref.commissioner_place``, ``ref.organisation`` and a catalog ``work``.
    """
    con.execute("DROP SCHEMA IF EXISTS public CASCADE; CREATE SCHEMA public")
    con.execute(_MACROS)
    for table in TABLES[:3]:
        con.execute(read_sql(f"public.{table}"))
    con.execute(
        "CREATE OR REPLACE TABLE work.lies_in AS "
        "SELECT 'sub-ICB' AS level, sub_icb AS organisation, min(icb) AS upper_organisation "
        "FROM ref.commissioner_place GROUP BY sub_icb HAVING count(DISTINCT icb) = 1 UNION ALL "
        "SELECT 'ICB', icb, min(region) FROM ref.commissioner_place GROUP BY icb HAVING count(DISTINCT region) = 1"
    )
    _withhold(con)
    for table in TABLES[3:]:
        con.execute(read_sql(f"public.{table}"))


def _withhold(con: duckdb.DuckDBPyConnection) -> None:
    """Take back figures until no sum gives away a suppressed part to within one.

    A sum gives a part away when its total is as high, or as low, as the parts allow: two suppressed parts of a
    total of 10 (8 to 12) are 4 and 4. Then the smallest part shown is taken back (all that tie: which one was
    chosen would tell), and the total only where no part is shown. A figure taken back is 0 until the end: unlike a
    suppressed one it may be anything. No sum crosses measures, so a round looks only at those that the round before
    has changed.
    """
    con.execute("CREATE OR REPLACE TABLE work.unsettled AS SELECT measure FROM public.measure")
    while con.execute("SELECT count(*) FROM work.unsettled").fetchone() != (0,):
        con.execute("CREATE OR REPLACE TABLE work.changed (measure VARCHAR)")
        for each in sums():
            if not _find_given_away(con, each):
                continue
            con.execute("INSERT INTO work.changed SELECT DISTINCT measure FROM work.given_away")
            for figure in ("numerator", "denominator"):
                con.execute(
                    f"UPDATE public.{each.table} SET {figure} = 0 WHERE rowid IN ("
                    f"SELECT p.id FROM ({_parts(each)}) AS p INNER JOIN work.given_away AS g USING "
                    f"({', '.join([*each.keys, *each.each])}) WHERE g.{figure}_away "
                    f"AND p.{figure} = g.{figure}_smallest)"
                )
                con.execute(
                    f"UPDATE public.{each.total or each.table} SET {figure} = 0 WHERE rowid IN ("
                    f"SELECT total_id FROM work.given_away WHERE {figure}_away AND {figure}_smallest IS NULL)"
                )
        con.execute("CREATE OR REPLACE TABLE work.unsettled AS SELECT DISTINCT measure FROM work.changed")
    for table in ("service_measure", "breakdown_measure"):
        con.execute(
            f"UPDATE public.{table} SET numerator = nullif(numerator, 0), denominator = nullif(denominator, 0), "
            f"rate = NULL, average = CASE WHEN denominator > 0 THEN average END, state = 'suppressed' "
            "WHERE numerator = 0 OR denominator = 0"
        )


def _parts(each: Sum) -> str:
    keys = ", ".join([*(f"{expression} AS {key}" for key, expression in each.keys.items()), *each.each])
    upper = ""
    if "upper_organisation" in each.differs.values():
        upper = "INNER JOIN work.lies_in USING (level, organisation) "
    return (
        f"SELECT {keys}, numerator, denominator, t.rowid AS id FROM public.{each.table} AS t {upper}"
        f"WHERE ({each.where}) AND state NOT IN {_ABSENT} AND measure IN (SELECT measure FROM work.unsettled)"
    )


def _find_given_away(con: duckdb.DuckDBPyConnection, each: Sum) -> int:
    """Write ``work.given_away``: the totals of one sum that pin a suppressed part down; returns how many."""
    keys = ", ".join(each.keys)
    parted = ", ".join([*each.keys, *each.each])
    counted, found = [], []
    for figure in ("numerator", "denominator"):
        counted.append(
            f"count(*) - count({figure}) AS {figure}_hidden, "
            f"coalesce(bool_or({figure} = 0), false) AS {figure}_open, "
            f"4 * {figure}_hidden + coalesce(sum({figure} + 2) FILTER (WHERE {figure} > 0), 0) AS {figure}_most, "
            # A 5 means 5 to 7 (3 and 4 are suppressed), any other count means 2 less to 2 more.
            f"coalesce(sum({figure} - CASE WHEN {figure} > 5 THEN 2 ELSE 0 END), 0) AS {figure}_least, "
            f"min({figure}) FILTER (WHERE {figure} > 0) AS {figure}_smallest"
        )
        low = f"(t.{figure} - CASE WHEN t.{figure} > 5 THEN 2 ELSE 0 END)"
        found.append(
            f"{figure}_smallest, coalesce({figure}_hidden > 0 AND t.{figure} > 0 AND ("
            f"(NOT {figure}_open AND {low} BETWEEN {figure}_most - 1 AND {figure}_most) "
            f"OR t.{figure} + 2 <= {figure}_least + 1), false) AS {figure}_away"
        )
    row = con.execute(
        f"CREATE OR REPLACE TABLE work.given_away AS WITH part AS ({_parts(each)}), "
        f"added AS (SELECT {parted}, {', '.join(counted)} FROM part GROUP BY {parted} "
        "HAVING numerator_hidden > 0 OR denominator_hidden > 0) "
        f"SELECT {', '.join([*each.keys, *(f'added.{name}' for name in each.each)])}, "
        f"t.rowid AS total_id, {', '.join(found)} "
        f"FROM added INNER JOIN public.{each.total or each.table} AS t USING ({keys}) "
        "WHERE numerator_away OR denominator_away"
    ).fetchone()
    return int(row[0]) if row else 0


def leaks(con: duckdb.DuckDBPyConnection) -> list[str]:
    """What in schema ``public`` is not protected, in words; empty when there is nothing.

    Proved against the exact figures in ``mart``: every count is missing or its exact count to the nearest 5, none
    means less than 5, every rate is its own row's, and no other column can hold a figure.
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
            wrong = f"{column} < {SMALLEST} OR {column} % 5 <> 0"
            problems += _count(
                con, f"public.{table} WHERE {wrong}", f"public.{table}.{column}: {{}} counts are exact"
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
        right = f"{of}denominator >= {RATE_FROM} AND {rate} = {of}numerator / {of}denominator"
        problems += _count(
            con, f"public.{table} WHERE {rate} IS NOT NULL AND ({right}) IS NOT TRUE",
            f"public.{table}.{rate}: {{}} rates are not those of the counts beside them",
        )  # fmt: skip
    for table in ("service_measure", "breakdown_measure"):
        keys = ", ".join(Sum(table, "").keys)
        shown = " OR ".join(
            f"(p.{figure} IS NOT NULL AND p.{figure} IS DISTINCT FROM public.protect(m.{figure}))"
            for figure in ("numerator", "denominator")
        )
        problems += _count(
            con, f"public.{table} AS p LEFT JOIN mart.{table} AS m USING ({keys}) "
            f"WHERE {shown} OR (p.average IS NOT NULL AND (p.denominator IS NULL OR "
            "(p.denominator < 15 AND p.average % 1 <> 0)))",
            f"public.{table}: {{}} rows show what the rule does not give",
        )  # fmt: skip
    return problems


def _quoted(text: str) -> str:
    return "'" + text.replace("'", "''") + "'"


def _count(con: duckdb.DuckDBPyConnection, rows: str, words: str) -> list[str]:
    found = con.execute(f"SELECT count(*) FROM {rows}").fetchone()
    return [words.format(found[0])] if found and found[0] else []


def write_public(database: Path, target: Path) -> None:
    """Write schema ``public``, its lines of ``meta.columns`` and its comments into a file of their own.

    This is the file for readers who may see nothing exact. ``target`` must not exist.
    """
    with duckdb.connect(str(target), config=writing(threads=1)) as con:
        con.execute(f"ATTACH {_quoted(str(database))} AS release (READ_ONLY)")
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
            con.execute(f"COMMENT ON {name} IS {_quoted(comment)}")
        con.execute("COMMIT; DETACH release; CHECKPOINT")
