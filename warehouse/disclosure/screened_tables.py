"""Public tables in files: they hold the rows of the checked schema, under its names, and nothing else.

Belongs here: comparing CSV, Parquet and DuckDB files with schema ``public``, the codes and marks of that schema,
the search for identifiers in its texts. Does not belong here: that its figures are protected (``leaks``).
"""

import base64
import csv
from collections.abc import Iterator, Mapping
from datetime import date
from pathlib import Path

import duckdb
import pyarrow as pa

from schemas.month import last_day
from schemas.pathway import pathways
from schemas.periods import FINANCIAL_YEAR, MONTH, QUARTER, ROLLING_YEAR
from schemas.sql import quoted
from warehouse.disclosure.identifiers import identifiers
from warehouse.disclosure.suppression import ABSENT, NOT_LISTED, SUPPRESSION
from warehouse.measures.catalogue import ALL_PATHWAYS
from warehouse.open_data import GROUP_TYPES
from warehouse.promised import is_public
from warehouse.rules import COUNTS

# A count is of people, contacts or days in England: none reaches this. A number beyond is something else.
LARGEST = 999_999_999
# The key of a Parquet file under which Arrow keeps its schema.
ARROW_SCHEMA = "ARROW:schema"
# Tables of schema meta that the DuckDB file must have.
_OF_THE_FILE = {"meta.build", "meta.columns"}
# SQL of the rows that those must have: the release's, as far as they are about what is in the file.
_BESIDE = {
    "meta.columns": "(SELECT c.* FROM meta.columns AS c INNER JOIN duckdb_columns() AS o "
    "ON o.database_name = 'handed' AND o.schema_name = c.schema_name AND o.table_name = c.table_name "
    "AND o.column_name = c.column_name)",
    "meta.release": "meta.release",
    "meta.rule": f"(SELECT * EXCLUDE ({', '.join(COUNTS)}) FROM meta.rule)",
    "meta.example": "(FROM meta.example WHERE is_public)",
    "meta.contract": "(FROM meta.contract WHERE view_name IN "
    "(SELECT view_name FROM duckdb_views() WHERE database_name = 'handed'))",
}
_STATES = ("value", "no rate", "suppressed", "not submitted", "not applicable", NOT_LISTED)
_PERIODS = (MONTH, QUARTER, ROLLING_YEAR, FINANCIAL_YEAR)
_SHARES = "(SELECT measure FROM public.measure WHERE kind = 'share')"
# What is wrong, and the predicate of a row in which it is. A table that lacks a column has no such row.
_RULES: Mapping[str, str] = {
    "an unknown source": "source NOT IN ('submitted', 'published') AND period_type <> ''",
    "an unknown period type": f"period_type NOT IN {_PERIODS}",
    "an unknown state": f"state NOT IN {_STATES}",
    "an unknown pathway": f"pathway NOT IN {(ALL_PATHWAYS, *(each.code for each in pathways()))}",
    "an unknown level": f"level NOT IN {tuple(GROUP_TYPES)}",
    "an unknown measure": "measure NOT IN (SELECT measure FROM public.measure)",
    "an unknown organisation": "organisation IS NOT NULL AND (level, organisation) NOT IN "
    "(SELECT (level, organisation) FROM public.organisation)",
    "an unknown group": "breakdown_group <> 'other' AND (breakdown, breakdown_group) NOT IN "
    "(SELECT (breakdown, breakdown_group) FROM public.breakdown_group)",
    "a period that does not begin with a month": "day(period_start) <> 1",
    "a quarter that begins in another month": f"period_type = '{QUARTER}' "
    "AND month(period_start) NOT IN (1, 4, 7, 10)",
    "a financial year that does not begin in April": f"period_type = '{FINANCIAL_YEAR}' "
    "AND month(period_start) <> 4",
    "the state value and no value": "state = 'value' AND value IS NULL",
    "a value that its state denies": "state <> 'value' AND value IS NOT NULL",
    "a count that its state denies": f"state IN {ABSENT} AND coalesce(numerator, denominator) IS NOT NULL",
    "the state suppressed and both counts": "state = 'suppressed' AND numerator IS NOT NULL "
    "AND denominator IS NOT NULL",
    f"a count under {SUPPRESSION.smallest}": "source = 'submitted' AND "
    f"least(coalesce(numerator, denominator), coalesce(denominator, numerator)) < {SUPPRESSION.smallest}",
    "more counted than there are": f"numerator > denominator AND measure IN {_SHARES}",
    "a share that is not its counts": f"measure IN {_SHARES} AND abs(value - numerator / denominator) > 1e-9",
}  # fmt: skip


def screen_schema(con: duckdb.DuckDBPyConnection) -> Iterator[str]:
    """Rows of schema ``public`` with unknown codes or contradictory marks, and texts that may point at a person."""
    for table in _public_tables(con):
        relation = f'public."{table}"'
        columns = _columns(con, relation)
        known = {words: rule for words, rule in _RULES.items() if _named(rule) <= columns.keys()}
        if known:
            counts = con.execute(
                f"SELECT {', '.join(f'count_if({rule})' for rule in known.values())} FROM {relation}"
            ).fetchone()
            assert counts is not None
            yield from (
                f"public.{table}: {count} rows have {words}"
                for words, count in zip(known, counts, strict=True)
                if count
            )
        yield from (f"public.{table}{found}" for found in pointing(con, relation, columns))
    yield from _unlike_their_parts(con)


def screen_table(path: Path, con: duckdb.DuckDBPyConnection) -> Iterator[str]:
    """How a CSV or Parquet file named after a public table differs from it."""
    table = path.name.removesuffix(path.suffix)
    if not _is_table(con, table):
        yield ": the public schema has no such table"
        return
    columns = _columns(con, table)
    if path.suffix == ".parquet":
        said = {found for text in _said_in(path, con) for found in identifiers(text)}
        yield from (f": its description has {found}" for found in sorted(said))
        yield from different(con, f"read_parquet({quoted(str(path))})", table, columns)
        return
    with path.open(encoding="utf-8", newline="") as file:
        head = next(csv.reader(file), [])
    if head != list(columns):
        yield _wrong_columns(head, columns)
        return
    yield from different(con, as_csv(path, columns), table, columns)


def _said_in(path: Path, con: duckdb.DuckDBPyConnection) -> Iterator[str]:
    """The texts with which a Parquet file describes itself: its keys, and those within the schema of Arrow."""
    for key, value in con.execute(
        "SELECT decode(key), decode(value) FROM parquet_kv_metadata(?)", [str(path)]
    ).fetchall():
        yield key
        if key != ARROW_SCHEMA:
            yield value
            continue
        schema = pa.ipc.read_schema(pa.py_buffer(base64.b64decode(value)))
        for said in (schema.metadata, *(field.metadata for field in schema)):
            yield from (each.decode("utf-8") for pair in (said or {}).items() for each in pair)


def screen_database(path: Path, con: duckdb.DuckDBPyConnection) -> Iterator[str]:
    """How the DuckDB file of the public schema differs from it, and what else is in the file."""
    con.execute(f"ATTACH {quoted(str(path))} AS handed (READ_ONLY)")
    try:
        yield from _in_the_file(con)
    finally:
        con.execute("DETACH handed")


def different(
    con: duckdb.DuckDBPyConnection, relation: str, table: str, columns: Mapping[str, str]
) -> Iterator[str]:
    """How the rows of ``relation``, repeats included, differ from those of ``table``, which has these columns."""
    listed = ", ".join(f'"{column}"' for column in columns)
    try:
        there = _columns(con, relation)
        if there != columns:
            yield _wrong_columns(there, columns)
            return
        sums = [
            con.execute(f"SELECT count(*), sum(hash({listed})) FROM {each}").fetchone()
            for each in (relation, table)
        ]
    except duckdb.Error:  # its text may quote a value
        yield ": it cannot be read as that table"
        return
    if sums[0] == sums[1]:
        return
    more, fewer = (
        con.execute(
            f"SELECT count(*) FROM (SELECT {listed} FROM {a} EXCEPT ALL SELECT {listed} FROM {b})"
        ).fetchall()[0][0]
        for a, b in ((relation, table), (table, relation))
    )
    first = _first(con, relation, table, listed)
    yield f": {more} rows are not those of the checked table, and {fewer} of its rows are missing{first}"
    yield from pointing(con, relation, columns)


def pointing(con: duckdb.DuckDBPyConnection, relation: str, columns: Mapping[str, str]) -> Iterator[str]:
    """Columns with a text that may point at a person, or with a number that is too large to be a count."""
    for column, kind in columns.items():
        if kind == "VARCHAR":
            values = con.execute(
                f'SELECT DISTINCT "{column}" FROM {relation} WHERE "{column}" IS NOT NULL'
            ).fetchall()
            kinds = sorted({found for (value,) in values for found in identifiers(value)})
            yield from (f", column {column}: a value has {found}" for found in kinds)
        elif kind in ("BIGINT", "HUGEINT", "DOUBLE", "INTEGER") or kind.startswith("DECIMAL"):
            row = con.execute(f'SELECT max(abs("{column}")) FROM {relation}').fetchone()
            if row and row[0] is not None and row[0] > LARGEST:
                yield f", column {column}: a number is too large for a count"


def last_day_of_figures(con: duckdb.DuckDBPyConnection) -> date:
    """The last day of the newest month of the public schema: no figure is about a later one."""
    row = con.execute(
        f"SELECT max(period_start) FROM public.service_measure WHERE period_type = '{MONTH}'"
    ).fetchone()
    return last_day(row[0]) if row and row[0] else date.max


def as_csv(path: Path, columns: Mapping[str, str]) -> str:
    """SQL of a CSV file with these columns and types, as our own writer writes one."""
    return (
        f"read_csv({quoted(str(path))}, header = true, auto_detect = false, delim = ',', quote = '\"', "
        f"escape = '\"', nullstr = '', allow_quoted_nulls = false, columns = {dict(columns)})"
    )


def _first(con: duckdb.DuckDBPyConnection, relation: str, table: str, listed: str) -> str:
    """The first checked row that is missing, by what it is of: this may be shown, it is public."""
    of = [
        name
        for name in ("organisation", "provider", "period_start", "pathway", "measure", "breakdown_group")
        if f'"{name}"' in listed
    ]
    if not of:
        return ""
    row = con.execute(
        f"SELECT {', '.join(of)} FROM (SELECT {listed} FROM {table} EXCEPT ALL SELECT {listed} FROM {relation}) "
        "ORDER BY ALL LIMIT 1"
    ).fetchone()
    return f" (first: {', '.join(str(each) for each in row if each is not None)})" if row else ""


def _in_the_file(con: duckdb.DuckDBPyConnection) -> Iterator[str]:
    here = "database_name = 'handed' AND NOT internal"
    present = {
        f"{schema}.{table}"
        for schema, table in con.execute(
            f"SELECT schema_name, table_name FROM duckdb_tables() WHERE {here}"
        ).fetchall()
    }
    public = {f"public.{table}" for table in _public_tables(con)}
    if unknown := len(present - public - {*_BESIDE, *_OF_THE_FILE}):
        yield f": {unknown} tables are not those of the public schema"
    yield from (f", {table}: the table is missing" for table in sorted((public | _OF_THE_FILE) - present))
    views = f"SELECT schema_name || '.' || view_name, sql FROM duckdb_views() WHERE {here}"
    promised = set(con.execute(views.replace("'handed'", "current_database()")).fetchall())
    strange = [view for view in con.execute(views).fetchall() if view not in promised or not is_public(view[0])]
    if strange:
        yield f": {len(strange)} views are not promised of the public schema"
    for kind in ("functions", "sequences", "types"):
        own = here.removesuffix(" AND NOT internal") if kind == "sequences" else here
        row = con.execute(f"SELECT count(*) FROM duckdb_{kind}() WHERE {own}").fetchone()
        if row and row[0]:
            yield f": it has {row[0]} {kind}, which the public schema has not"
    comments = con.execute(
        f"SELECT comment FROM duckdb_tables() WHERE {here} UNION SELECT comment FROM duckdb_columns() WHERE {here}"
    ).fetchall()
    yield from sorted({f": a comment has {found}" for (text,) in comments for found in identifiers(text or "")})
    for table in sorted(present & {*public, *_BESIDE}):
        expected = _BESIDE.get(table, table)
        columns = _columns(con, expected)
        yield from (f", {table}{found}" for found in different(con, f"handed.{table}", expected, columns))
    row = con.execute("SELECT free_blocks FROM pragma_database_size() WHERE database_name = 'handed'").fetchone()
    if row and row[0]:
        yield f": {row[0]} blocks hold no table; what was deleted may still be in them"
    if "meta.build" in present and _columns(con, "handed.meta.build").keys() != {"release_id"}:
        yield ", meta.build: it says more than the name of the release"


def _unlike_their_parts(con: duckdb.DuckDBPyConnection) -> Iterator[str]:
    """Counts of people in England that differ from the sum of all providers by more than random errors explain.

    Each of n + 1 counts has an error of standard deviation s, and one error in 10¹² is above 40. So the difference
    stays under 40 + 8 s √(n + 1) in every release there will be.
    """
    row = con.execute(
        f"""
        WITH part AS (
            SELECT
                period_type, period_start, measure,
                any_value(numerator) FILTER (WHERE level = 'England') AS england,
                sum(numerator) FILTER (WHERE level = 'provider') AS parts,
                count(*) FILTER (WHERE level = 'provider') AS providers,
                count(numerator) FILTER (WHERE level = 'provider') AS shown
            FROM public.service_measure
            WHERE source = 'submitted' AND pathway = '{ALL_PATHWAYS}' AND level IN ('England', 'provider')
                AND measure IN (
                    SELECT measure FROM mart.measure WHERE kind = 'count' AND grain IN ('pathway', 'caseload'))
            GROUP BY ALL
        )
        SELECT count(*), any_value(measure ORDER BY measure), any_value(period_start ORDER BY measure)
        FROM part
        WHERE providers = shown AND abs(england - parts) > 40 + 8 * {SUPPRESSION.spread} * sqrt(providers + 1)
        """
    ).fetchone()
    if row and row[0]:
        yield (
            f"public.service_measure: {row[0]} counts of England are not the sum of the providers "
            f"(first: {row[1]}, {row[2]})"
        )


def _wrong_columns(there: Mapping[str, str] | list[str], declared: Mapping[str, str]) -> str:
    missing = [column for column in declared if column not in there]
    strange = len([column for column in there if column not in declared])
    told = [f"no column {', '.join(missing)}"] if missing else []
    told += [f"{strange} columns that are not declared"] if strange else []
    return f": it has {' and '.join(told) or 'its columns in another order or of another type'}"


def _columns(con: duckdb.DuckDBPyConnection, relation: str) -> dict[str, str]:
    return {row[0]: row[1] for row in con.execute(f"DESCRIBE FROM {relation}").fetchall()}


def _is_table(con: duckdb.DuckDBPyConnection, table: str) -> bool:
    return table.removeprefix("public.") in _public_tables(con)


def _public_tables(con: duckdb.DuckDBPyConnection) -> list[str]:
    found = con.execute(
        "SELECT table_name FROM duckdb_tables() WHERE database_name = current_database() "
        "AND schema_name = 'public' ORDER BY ALL"
    ).fetchall()
    return [table for (table,) in found]


def _named(rule: str) -> set[str]:
    """The columns that a rule reads."""
    return {
        column
        for column in (
            "source", "period_type", "state", "pathway", "level", "measure", "organisation", "breakdown",
            "breakdown_group", "period_start", "value", "numerator", "denominator",
        )
        if column in rule.replace("(", " ").replace(")", " ").replace(",", " ").split()
    }  # fmt: skip
