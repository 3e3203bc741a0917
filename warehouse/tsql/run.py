"""Running a script that was carried over on a release.

Belongs here: the order of statements at run time, IF and WHILE, and what each statement did. Does not belong here:
the words of a statement (``rewrite``).
"""

from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import duckdb

from warehouse.tsql.carry import DIVISION, MACROS, Carried, Outcome, schemas_of
from warehouse.tsql.names import WORK

# A loop that still goes on then is taken to have no end. The platform's own scripts go back 200 months at most.
_ROUNDS = 1000


@dataclass(frozen=True)
class Done:
    """What a statement did: the rows that it found, wrote or changed, or the error in DuckDB's words."""

    carried: Carried
    rows: int = 0
    error: str = ""


def open_release(release: Path, work: Path | None) -> duckdb.DuckDBPyConnection:
    """The release, read-only, with the database of the script beside it: a file that is kept, or memory.

    No other file can be read or written. Raises duckdb.Error when the file is no database.
    """
    con = duckdb.connect(release, read_only=True)
    beside = str(work).replace("'", "''") if work else ":memory:"
    con.execute(f"ATTACH '{beside}' AS {WORK} (READ_WRITE)")
    con.execute("SET enable_external_access = false")
    for setting in (DIVISION, *MACROS):
        con.execute(setting)
    return con


def run(con: duckdb.DuckDBPyConnection, script: tuple[Carried, ...]) -> Iterator[Done]:
    """Run the script, statement by statement; after an error it goes on, as SQL Server does in another batch."""
    for schema in schemas_of(script):
        con.execute(f'CREATE SCHEMA IF NOT EXISTS {WORK}."{schema}"')
    yield from _all(con, script)


def _all(con: duckdb.DuckDBPyConnection, script: tuple[Carried, ...]) -> Iterator[Done]:
    for one in script:
        if one.word == "WHILE" and one.outcome is Outcome.RUN_ONLY:
            yield from _loop(con, one)
        elif one.outcome is Outcome.RUN_ONLY:
            yield from _all(con, one.body if _holds(con, one) else one.otherwise)
        elif one.body:
            yield from _all(con, one.body)
        elif one.outcome is Outcome.CARRIED:
            yield _one(con, one)


def _loop(con: duckdb.DuckDBPyConnection, one: Carried) -> Iterator[Done]:
    for _ in range(_ROUNDS):
        if not _holds(con, one):
            return
        yield from _all(con, one.body)
    yield Done(one, error=f"the loop did not end after {_ROUNDS} rounds")


def _holds(con: duckdb.DuckDBPyConnection, one: Carried) -> bool:
    return con.execute(one.sql[0]).fetchone() == (1,)


def _one(con: duckdb.DuckDBPyConnection, one: Carried) -> Done:
    rows = 0
    try:
        for sql in one.sql:
            answer = con.execute(_kept(one, sql)).fetchone()
            rows = answer[0] if answer and isinstance(answer[0], int) else 0
    except duckdb.Error as error:
        return Done(one, error=str(error).splitlines()[0])
    return Done(one, rows)


def _kept(one: Carried, sql: str) -> str:
    """What a query finds is kept too, as a table named after its line."""
    return sql if not one.is_query else f'CREATE OR REPLACE TABLE {WORK}.main."line_{one.line}" AS\n{sql}'
