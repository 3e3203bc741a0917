"""Rows of the last build that stay: those of organisations whose inputs are what they were.

Belongs here: what the rows of each organisation were made from, and which must be made again. Does not belong here:
making them (``comparison``, ``trajectories``), and the sums of organisations (``measures.rollup``).

A chart, a curve or a forecast is made from the figures of one organisation. While those stay, its rows stay. What
changed them does not matter: a new month, a correction, a merger, or a window that has closed meanwhile. So inputs
are compared, and not causes followed. A draft made by other code is never built on (``build.build_core``).
"""

from collections.abc import Collection, Mapping, Sequence
from hashlib import sha256

import duckdb

from warehouse.staging import insert_rows

COLUMNS = """
Columns of monthly_count.made_from: One row per mart that is made organisation by organisation, and organisation:
    what its rows were made from. The next build makes again only the rows of those for whom it differs.
  mart, key: Name of the mart, without its schema.
  organisation, key: Organisation, as the mart names it; with its level before it where the mart has levels.
  digest: Digest of the rows that it was made from.
"""

# The organisation of a mart that has levels.
PLACED = "level || '|' || organisation"


def create_made_from(con: duckdb.DuckDBPyConnection) -> None:
    """Create ``monthly_count.made_from``, unless the last build has left it."""
    con.execute(
        "CREATE TABLE IF NOT EXISTS monthly_count.made_from (mart VARCHAR, organisation VARCHAR, digest VARCHAR)"
    )


def digests(con: duckdb.DuckDBPyConnection, inputs: str, organisation: str, columns: str = "*") -> dict[str, str]:
    """Organisation → digest of its rows of the table ``inputs``, whatever their order.

    ``organisation`` is SQL over a row; ``columns`` are those that count.
    """
    rows = con.execute(
        f"SELECT {organisation} AS made_for, concat_ws(' ', count(*), sum(hash(*COLUMNS({columns})))) "
        f"FROM {inputs} GROUP BY made_for"
    )
    return dict(rows.fetchall())


def digest(made_from: object) -> str:
    """Digest of a value that prints alike when it is alike: numbers, texts, dates, and lists of them."""
    return sha256(repr(made_from).encode()).hexdigest()


def take_over(
    con: duckdb.DuckDBPyConnection, tables: Sequence[str], organisation: str, now: Mapping[str, str]
) -> set[str]:
    """The organisations whose rows must be made: those of ``now`` with another digest than the last build noted.

    The rows of all others stay in ``tables`` (as ``mart.table``); those to be made, and those of organisations that
    are no more, are taken out. ``organisation`` is SQL over a row of the tables. Where a table is not there, or no
    organisation stays, all tables are dropped. After a build that was cut off nothing is noted of the organisations
    that it had begun.
    """
    mart = _name(tables)
    there = {name for (name,) in con.execute(
        "SELECT schema_name || '.' || table_name FROM duckdb_tables() WHERE database_name = current_database()"
    ).fetchall()}  # fmt: skip
    noted = dict(
        con.execute("SELECT organisation, digest FROM monthly_count.made_from WHERE mart = ?", [mart]).fetchall()
    )
    stay = {each for each, of in noted.items() if now.get(each) == of} if there.issuperset(tables) else set()
    others = "NOT IN (SELECT unnest(CAST(? AS VARCHAR[])))"
    con.execute(
        f"DELETE FROM monthly_count.made_from WHERE mart = ? AND organisation {others}", [mart, sorted(stay)]
    )
    for table in tables:
        if not stay:
            con.execute(f"DROP TABLE IF EXISTS {table}")
        elif stay != set(now) or stay != set(noted):
            con.execute(f"DELETE FROM {table} WHERE {organisation} {others}", [sorted(stay)])
    return set(now) - stay


def note(
    con: duckdb.DuckDBPyConnection, tables: Sequence[str], made: Collection[str], now: Mapping[str, str]
) -> None:
    """Note what the rows of the organisations ``made`` are made from, once they are in ``tables``."""
    insert_rows(con, "monthly_count.made_from", [(_name(tables), each, now[each]) for each in sorted(made)])


def _name(tables: Sequence[str]) -> str:
    return tables[0].removeprefix("mart.")
