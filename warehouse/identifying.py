"""The last search for identifiers, before a draft is published.

Belongs here: columns that must have ended, values in any text column of any table that look like an NHS number, a
postcode or a date of birth, and days in what is published. Does not belong here: keeping them out, which is the
gate's work. What is found here is an error of ours.

A value of our own may look like an identifier: a SNOMED CT code can have ten digits, and 1 of 11 of them has the
check digit of an NHS number. So codes that a table may hold are left out by their form.
"""

import duckdb

from schemas.dataset import TABLES
from schemas.field import Identity
from schemas.nhs_number import CHECK_WEIGHTS, SEPARATORS
from schemas.shapes import DATE, NHS_NUMBER, POSTCODE
from schemas.sql import quoted
from schemas.tables.shared import CLINICAL, CLINICAL_UNLIKE, SNOMED

_ENDED = (Identity.PERSON, Identity.BIRTH_DATE, Identity.POSTCODE, Identity.DROP)
# Shorter values are no identifier. Longer ones are tokens and texts: asking their length first takes a tenth of the
# time of the patterns.
_LENGTHS = "BETWEEN 5 AND 24"
_SEPARATOR = f"[{''.join(SEPARATORS)}]"
_SHAPES = {"NHS numbers": NHS_NUMBER, "postcodes": POSTCODE, "dates": DATE}
# What is ours although it looks like it: (a pattern of ours, a pattern that it must not have).
_OURS = {"NHS numbers": (SNOMED, None), "postcodes": (CLINICAL, CLINICAL_UNLIKE)}

# Published addresses of organisations and sites, read from the reference files only.
_PUBLISHED = {("ref", "site_location", "postcode")}


def identifying(con: duckdb.DuckDBPyConnection) -> list[str]:
    """Columns named like an identifier that must have ended, those with values that look like one, and those of
    schema ``public`` with a day, in words.
    """
    columns: dict[tuple[str, str], list[str]] = {}
    for schema, table, column in con.execute(
        "SELECT schema_name, table_name, column_name FROM duckdb_columns() INNER JOIN duckdb_tables() "
        "USING (database_name, schema_name, table_name) "
        "WHERE database_name = current_database() AND data_type = 'VARCHAR' ORDER BY ALL"
    ).fetchall():
        if (schema, table, column) not in _PUBLISHED:
            columns.setdefault((schema, table), []).append(column)
    return [
        *_named(con),
        *_of_a_day(con),
        *(problem for at, names in columns.items() for problem in _valued(con, *at, names)),
    ]


def _named(con: duckdb.DuckDBPyConnection) -> list[str]:
    names = {
        field.name.lower() for table in TABLES.values() for field in table.fields if field.identity in _ENDED
    } | {"nhs_number", "birth_date", "date_of_birth", "postcode", "local_patient_id"}
    columns = con.execute(
        "SELECT schema_name, table_name, column_name FROM duckdb_columns() "
        "WHERE database_name = current_database() AND schema_name IN ('core', 'mart') ORDER BY ALL"
    ).fetchall()
    return [f"{s}.{t}.{c} identifies a person" for s, t, c in columns if c.lower() in names]


def _of_a_day(con: duckdb.DuckDBPyConnection) -> list[str]:
    """Columns of schema ``public`` with a day other than the first of a month. It points at a person."""
    columns = con.execute(
        "SELECT table_name, column_name FROM duckdb_columns() WHERE database_name = current_database() "
        "AND schema_name = 'public' AND (data_type = 'DATE' OR starts_with(data_type, 'TIME')) ORDER BY ALL"
    ).fetchall()
    return [
        f"public.{table}.{column}: {count} days are not the first of a month"
        for table, column in columns
        for (count,) in con.execute(
            f'SELECT count_if("{column}" <> date_trunc(\'month\', "{column}")) FROM public."{table}"'
        ).fetchall()
        if count
    ]


def _valued(con: duckdb.DuckDBPyConnection, schema: str, table: str, columns: list[str]) -> list[str]:
    """What the columns of one table hold that looks like an identifier. A first pass says where to look again.

    It has one pattern for all columns, which stand below each other: a million rows of eight columns take 0.5 s and
    not 0.8, and 154 small tables 0.45 s and not 1.1, since a pattern is planned as often as it is written.
    """
    listed = ", ".join(f'"{column}"' for column in columns)
    suspect = con.execute(
        f"SELECT DISTINCT place FROM (SELECT unnest([{listed}]) AS value, unnest(range({len(columns)})) AS place "
        f'FROM {schema}."{table}") WHERE length(value) {_LENGTHS} '
        f"AND regexp_matches(value, {quoted('|'.join(_SHAPES.values()))}) ORDER BY place"
    ).fetchall()
    asked = [(columns[place], what) for (place,) in suspect for what in _SHAPES]
    if not asked:
        return []
    counts = con.execute(
        f"SELECT {', '.join(f'count_if({_looks_like(column, what)})' for column, what in asked)} "
        f'FROM {schema}."{table}"'
    ).fetchone()
    assert counts is not None
    return [
        f"{schema}.{table}.{column}: {count} values look like {what}"
        for (column, what), count in zip(asked, counts, strict=True)
        if count
    ]


def _looks_like(column: str, what: str) -> str:
    """Predicate of a value that looks like an identifier of a kind."""
    value = f'"{column}"'
    found = f"length({value}) {_LENGTHS} AND regexp_matches({value}, {quoted(_SHAPES[what])})"
    if what == "NHS numbers":
        found += f" AND {_has_check_digit(value)}"
    if what in _OURS:
        own, unlike = _OURS[what]
        but = f" OR regexp_matches({value}, {quoted(unlike)})" if unlike else ""
        found += f" AND (NOT regexp_matches({value}, {quoted(own)}){but})"
    return found


def _has_check_digit(value: str) -> str:
    """Whether the weighted sum of ten digits is a multiple of 11 (NHS Data Dictionary, NHS NUMBER)."""
    digits = f"regexp_replace({value}, {quoted(_SEPARATOR)}, '', 'g')"
    weighted = " + ".join(
        f"{weight} * CAST(substr({digits}, {place}, 1) AS INTEGER)"
        for place, weight in enumerate((*CHECK_WEIGHTS, 1), 1)
    )
    return f"CASE WHEN regexp_matches({digits}, '^[0-9]{{10}}$') THEN ({weighted}) % 11 = 0 ELSE false END"
