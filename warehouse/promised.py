"""The contract with analysts: which views and columns of schema ``v1`` are promised, and since when.

Belongs here: reading the contract (``v1/contract.csv``), what a file offers, and how two of them differ. Does not
belong here: the views (``v1/*.sql``), which describe themselves, and writing the contract anew
(``tests.contract``).

What is promised stays: a view, a column, its type, its unit, and whether it is part of the key. A new minor version
of the contract may add a column or explain one better. Everything outside ``v1`` may change (decision 0045).
"""

import csv
from collections.abc import Iterable
from dataclasses import dataclass
from functools import cache
from importlib.resources import files
from typing import Literal

import duckdb

from warehouse.models import models_of, read_sql
from warehouse.order import reads
from warehouse.staging import insert_rows

SCHEMA = "v1"
CONTRACT = "contract.csv"
# The columns of the contract file, in order.
LAYOUT = ("view_name", "column_name", "data_type", "is_key", "unit", "since", "description")

COLUMNS = """
Columns of meta.contract: One row per promised view and column: the version of the contract since which it is
    promised. The version of this file's contract is the greatest.
  view_name, key: View of schema v1.
  column_name, key: Column.
  since: Version of the contract, such as 1.0.
"""


@dataclass(frozen=True)
class Promise:
    """One column of a view of ``v1``. ``column_name`` is empty for the view itself. ``since`` is such as "1.0"."""

    view_name: str
    column_name: str
    data_type: str
    is_key: bool
    unit: str
    since: str
    description: str

    @property
    def where(self) -> str:
        """View and column: "v1.figure.value"."""
        return ".".join(filter(None, (SCHEMA, self.view_name, self.column_name)))

    @property
    def kept(self) -> tuple[str, bool, str]:
        """What must not change: type, whether it is part of the key, and unit."""
        return (self.data_type, self.is_key, self.unit)


@dataclass(frozen=True)
class Difference:
    """What differs between two contracts. ``removed`` and ``changed`` break a promise, the others need a new minor
    version.
    """

    kind: Literal["removed", "changed", "added", "reworded"]
    where: str
    words: str

    @property
    def breaks(self) -> bool:
        """Whether a query that worked may not work any more."""
        return self.kind in ("removed", "changed")


@cache
def promised() -> tuple[Promise, ...]:
    """The contract of this version of Parity, as committed."""
    return read_contract((files("warehouse") / SCHEMA / CONTRACT).read_text(encoding="utf-8"))


def read_contract(text: str) -> tuple[Promise, ...]:
    """The promises of a contract file. Raises KeyError when a column of the file is missing."""
    return tuple(
        Promise(**{name: row[name] == "true" if name == "is_key" else row[name] for name in LAYOUT})  # type: ignore[arg-type]
        for row in csv.DictReader(text.splitlines())
    )


def offered(con: duckdb.DuckDBPyConnection) -> tuple[Promise, ...]:
    """The views of ``v1`` that a draft or a release has, as its ``meta.columns`` and ``meta.contract`` say.

    A release from before the contract has none. ``since`` is empty for what the file does not promise.
    """
    if con.execute("SELECT count(*) FROM duckdb_tables() WHERE schema_name = 'meta' AND table_name = 'contract'"
                   ).fetchone() == (0,):  # fmt: skip
        return ()
    rows = con.execute(
        """
        WITH present AS (
            SELECT view_name AS v, '' AS c, '' AS t, false AS k, '' AS u, comment AS d
            FROM duckdb_views() WHERE database_name = current_database() AND schema_name = $schema
            UNION ALL
            SELECT table_name, column_name, data_type, is_key, coalesce(unit, ''), description
            FROM meta.columns WHERE schema_name = $schema
        )
        SELECT p.v, p.c, p.t, p.k, p.u, coalesce(m.since, ''), p.d
        FROM present AS p
        LEFT JOIN meta.contract AS m ON m.view_name = p.v AND m.column_name = p.c
        ORDER BY p.v, p.c
        """,
        {"schema": SCHEMA},
    ).fetchall()
    return tuple(Promise(*row) for row in rows)


def differences(before: Iterable[Promise], after: Iterable[Promise]) -> list[Difference]:
    """What ``after`` keeps, breaks and adds of ``before``, in the order of views and columns."""
    old, new = ({each.where: each for each in promises} for promises in (before, after))
    found = []
    for where in sorted(old.keys() | new.keys()):
        if where not in new:
            found.append(Difference("removed", where, f"{where} is gone"))
        elif where not in old:
            found.append(Difference("added", where, f"{where} is new"))
        elif old[where].kept != new[where].kept:
            words = f"{where} was {_said(old[where])} and is {_said(new[where])}"
            found.append(Difference("changed", where, words))
        elif old[where].description != new[where].description:
            found.append(Difference("reworded", where, f"{where} is described in other words"))
    return found


def unkept(con: duckdb.DuckDBPyConnection) -> list[str]:
    """Where the views of a draft are not what the contract promises, in words."""
    return [f"contract: {each.words}" for each in differences(promised(), offered(con))]


def create_promised(con: duckdb.DuckDBPyConnection, *, only_public: bool = False) -> None:
    """Create the views of ``v1`` and ``meta.contract``; with ``only_public`` those that read schema ``public``
    alone.
    """
    views = [name for name in models_of(SCHEMA) if not only_public or is_public(name)]
    con.execute(f"CREATE SCHEMA IF NOT EXISTS {SCHEMA}; CREATE SCHEMA IF NOT EXISTS meta")
    for name in views:
        con.execute(read_sql(name))
    con.execute("CREATE OR REPLACE TABLE meta.contract (view_name VARCHAR, column_name VARCHAR, since VARCHAR)")
    rows = [(p.view_name, p.column_name, p.since) for p in promised() if f"{SCHEMA}.{p.view_name}" in views]
    insert_rows(con, "meta.contract", rows)


def is_public(view: str) -> bool:
    """Whether a view, such as ``v1.public_figure``, reads schema ``public`` alone."""
    return all(table.startswith("public.") for table in reads(view))


def _said(promise: Promise) -> str:
    key = "part of the key" if promise.is_key else "not part of the key"
    return f"{promise.data_type} [{promise.unit or 'no unit'}], {key}"
