"""The meaning of every table and column of the warehouse: the contract with analysts.

Belongs here: collecting the descriptions, writing them into the file as comments and as ``meta.columns``, and
checking that they are complete. Does not belong here: the descriptions, which are next to what makes a table
(``described``), and the dataset's own dictionary (``reports.dataset``).
"""

from collections.abc import Sequence
from functools import cache

import duckdb

from schemas.errors import ForThePerson
from schemas.sql import quoted
from warehouse import clinical, compat, examples, kept, lookups, promised, published, quality_items, vocabulary
from warehouse.capacity import reference as capacity_reference
from warehouse.capacity import tables as capacity_tables
from warehouse.comparison import case_mix, waiting
from warehouse.described import Described, described_in
from warehouse.disclosure.suppression import SUPPRESSION
from warehouse.measures import listing, moved, origins, people, reference_group, rollup, uncounted
from warehouse.models import model_names, read_sql
from warehouse.organisations import places
from warehouse.payment import tables as payment
from warehouse.trajectories import building, targets

SCHEMAS = (
    "ref", "core", "monthly_count", "mart", "published", "public", "meta", promised.SCHEMA,
    *compat.SCHEMAS,
)  # fmt: skip


# Columns of schema monthly_count that hold one count of a measure: named after it, described by mart.measure. Some
# 1,000 of them, and every comment rewrites its table's entry.
COUNTS = "(schema_name = 'monthly_count' AND regexp_matches(column_name, '^[A-Z0-9_]+_[ndpo]$'))"


COLUMNS = """
Columns of meta.columns: One row per column of this file: what it means.
  schema_name, key: Schema.
  table_name, key: Table.
  column_name, key: Column.
  position: Place in the table, from 1.
  data_type: Type.
  is_key: Whether it belongs to the columns that tell two rows apart.
  unit: Unit of the values, NULL when there is none.
  description: What it means.
"""
# Descriptions of the tables that no model makes.
_MADE_IN_PYTHON = (
    lookups.COLUMNS, vocabulary.COLUMNS, clinical.COLUMNS, places.COLUMNS, published.COLUMNS, quality_items.COLUMNS,
    listing.COLUMNS, people.COLUMNS, reference_group.COLUMNS, rollup.COLUMNS, moved.COLUMNS, uncounted.COLUMNS,
    origins.COLUMNS, case_mix.COLUMNS, waiting.COLUMNS, payment.COLUMNS, targets.COLUMNS, building.COLUMNS,
    promised.COLUMNS, examples.COLUMNS, COLUMNS, kept.COLUMNS,
    capacity_reference.COLUMNS, capacity_tables.COLUMNS,
)  # fmt: skip


class ContractError(ForThePerson):
    """A table or column has no description, or a description has no table or column."""


@cache
def contract() -> tuple[Described, ...]:
    """Every description: of the models in the order of their names, then of the tables that Python makes.

    The numbers of the rule for small counts are written as ``{smallest}``, ``{rate_from}`` and so on.
    """
    models = (read_sql(name) for name in model_names() if not name.startswith("work."))
    return tuple(line for text in (*models, *_MADE_IN_PYTHON) for line in described_in(SUPPRESSION.worded(text)))


def grain_keys() -> dict[str, tuple[str, ...]]:
    """The columns that tell two rows apart, by ``schema.table``; tables without a key are left out."""
    keys: dict[str, tuple[str, ...]] = {}
    for line in contract():
        if line.column and line.is_key:
            name = f"{line.schema}.{line.table}"
            keys[name] = (*keys.get(name, ()), line.column)
    return keys


def apply_contract(con: duckdb.DuckDBPyConnection, generated: Sequence[Described] = ()) -> None:
    """Write ``meta.columns``, a comment on every table and column of our schemas, and declare keys.

    ``generated`` describes what follows from other declarations: the monthly counts of the measures. Raises
    ContractError when something has no description, a description has nothing to describe, or a key has no value.
    """
    con.execute("CREATE SCHEMA IF NOT EXISTS meta")
    con.execute(
        "CREATE OR REPLACE TABLE meta.columns (schema_name VARCHAR, table_name VARCHAR, column_name VARCHAR, "
        "position INTEGER, data_type VARCHAR, is_key BOOLEAN, unit VARCHAR, description VARCHAR)"
    )
    lines = (*contract(), *generated)
    problems = _coverage(con, lines)
    if problems:
        raise ContractError("The descriptions do not match the warehouse: " + "; ".join(problems))
    con.execute(
        "CREATE OR REPLACE TABLE work.described "
        "AS SELECT unnest(?) AS s, unnest(?) AS t, unnest(?) AS c, unnest(?) AS k, unnest(?) AS u, "
        "unnest(?) AS d",
        [
            [line.schema for line in lines],
            [line.table for line in lines],
            [line.column for line in lines],
            [line.is_key for line in lines],
            [line.unit for line in lines],
            [line.description for line in lines],
        ],
    )
    con.execute(
        """
        INSERT INTO meta.columns
        SELECT c.schema_name, c.table_name, c.column_name, c.column_index, c.data_type, d.k,
            nullif(d.u, ''), d.d
        FROM duckdb_columns() AS c
        INNER JOIN work.described AS d
            ON d.s = c.schema_name AND d.t = c.table_name AND d.c = c.column_name
        WHERE c.database_name = current_database()
        ORDER BY c.schema_name, c.table_name, c.column_index
        """
    )
    views = set(con.execute("SELECT schema_name, view_name FROM duckdb_views() WHERE NOT internal").fetchall())
    # One transaction: 419 comments committed one by one take 2 s. And one call: 3,256 calls took a fifth longer.
    con.execute("BEGIN")
    _declare_keys(con, lines)
    con.execute("; ".join(_comment(line, is_view=(line.schema, line.table) in views) for line in lines))
    con.execute("COMMIT")


def _comment(line: Described, *, is_view: bool) -> str:
    """The statement that gives a table or column its comment."""
    name = f'{line.schema}."{line.table}"'
    on = f'COLUMN {name}."{line.column}"' if line.column else f"{'VIEW' if is_view else 'TABLE'} {name}"
    return (
        f"COMMENT ON {on} IS {quoted(line.description + (f' [{line.unit}]' if line.column and line.unit else ''))}"
    )


def _declare_keys(con: duckdb.DuckDBPyConnection, lines: Sequence[Described]) -> None:
    """Declare the keys of every table NOT NULL. Not PRIMARY KEY: its index is three times the data (decision 0019).

    Raises ContractError when a key has no value in some row.
    """
    keys = [line for line in lines if line.is_key and not line.may_be_null]
    undeclared = con.execute(
        "SELECT schema_name, table_name, column_name FROM duckdb_columns() INNER JOIN duckdb_tables() "
        "USING (database_name, schema_name, table_name) WHERE database_name = current_database() AND is_nullable"
    ).fetchall()
    wanted = {(line.schema, line.table, line.column) for line in keys}.intersection(undeclared)
    for schema, table, column in sorted(wanted):
        try:
            con.execute(f'ALTER TABLE {schema}."{table}" ALTER "{column}" SET NOT NULL')
        except duckdb.ConstraintException:
            con.execute("ROLLBACK")
            raise ContractError(f"{schema}.{table}: the key {column} has no value in some rows") from None


def _coverage(con: duckdb.DuckDBPyConnection, lines: Sequence[Described]) -> list[str]:
    """Tables and columns without a description, and descriptions without a table or column."""
    present = {
        (schema, table, column)
        for schema, table, column in con.execute(
            "SELECT schema_name, table_name, column_name FROM duckdb_columns() "
            f"WHERE database_name = current_database() AND schema_name IN (SELECT unnest(?)) AND NOT {COUNTS}",
            [sorted({line.schema for line in lines} | set(SCHEMAS))],
        ).fetchall()
    }
    present |= {(schema, table, "") for schema, table, _ in present}
    described = {(line.schema, line.table, line.column) for line in lines}
    return [f"no description of {'.'.join(name).rstrip('.')}" for name in sorted(present - described)] + [
        f"describes {'.'.join(name).rstrip('.')}, which is not there" for name in sorted(described - present)
    ]
