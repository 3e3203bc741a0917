"""An extract: a release's file for one recipient, with pseudonyms of its own.

Belongs here: replacing every pseudonym of a release, in an order that links nothing, and saying for whom. Does not
belong here: the key (``pipelines.keys``), what a release holds (``warehouse``), protected figures
(``warehouse.disclosure``): an extract is as exact as its release.

Inside an extract one pseudonym stays one pseudonym, so joins and counts are those of the release. Two recipients
have none in common. What is in the rows stays as it is: who knows enough of a course can find it in both.
"""

import shutil
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from pathlib import Path

import duckdb
import polars as pl

from pipelines import store
from pipelines.ask import release_file
from pipelines.keys import extract_key, fingerprint
from pipelines.publish import MEMORY_LIMIT
from pipelines.zones import Zones
from schemas.errors import ForThePerson, NotAsked
from schemas.sql import quoted
from schemas.token import NONE, SQL_TYPE, TEXT, TEXT_OF_RELEASE
from transforms.pseudonymise import TokenKey, token
from warehouse.storage import STORAGE_VERSION

# The row of the submitted file finds the same row in every extract. It is numbered anew, since scores of one moment
# are ordered by it.
_SUBMITTED_ROW = "row_number"
_ROW_SAYS = "Number of the row in this extract; unique with submitted_by and month."
_EXTRACT = {
    "": "One row: for whom this extract was made, and from what.",
    "recipient": "Name of the recipient. The same name gets the same pseudonyms from one release.",
    "release_id": "Release that the extract was made from.",
    "key": "Version and fingerprint of the key of its pseudonyms.",
}


class NotExtracted(ForThePerson):
    """The extract is not what it must be, and was not kept. The message says what is wrong."""


def extract(recipient: str, out: Path, zones: Zones, release: str | None = None) -> Mapping[str, int]:
    """Write the extract of a release for ``recipient`` to the new file ``out``. Returns the rows of every table.

    It has every schema, table, view and comment of the release's file, and the table ``meta.extract``. Rows with
    pseudonyms are in the order of these. Raises NotAsked if ``out`` is there already, or there is no such release,
    or an earlier version of Parity made it, and NotExtracted if a pseudonym of the release would be left or a row
    missing.
    """
    source, key = release_file(zones, release), extract_key(recipient)
    if out.exists():
        raise NotAsked(f"{out} is there already. Name a new file.")
    if not out.parent.is_dir():
        raise NotAsked(f"There is no folder {out.parent}.")
    with store.workspace(zones.builds) as folder:
        written = folder / "extract.duckdb"
        with _opened(source, written, folder) as con:
            con.execute("COPY FROM DATABASE release TO extract (SCHEMA)")
            tables = _tables(con, "release")
            if not any(type_ == SQL_TYPE for columns in tables.values() for _, type_ in columns):
                raise NotAsked(
                    "An earlier version of Parity made this release, with pseudonyms of another form. Make an "
                    "extract of a later one."
                )
            pseudonyms = {table: _pseudonyms(con, table, columns) for table, columns in tables.items()}
            _map(con, pseudonyms, folder, key)
            rows = {table: _fill(con, table, tables[table], pseudonyms[table]) for table in tables}
            _say(con, recipient, key)
            _hold(con)
        written.chmod(0o600)
        beside = out.with_name(f".{out.name}.partial")
        try:
            shutil.move(written, beside)
            beside.rename(out)
        finally:
            beside.unlink(missing_ok=True)
    return rows


@contextmanager
def _opened(source: Path, written: Path, folder: Path) -> Iterator[duckdb.DuckDBPyConnection]:
    config: dict[str, str | bool | int | float | list[str]] = {
        "memory_limit": MEMORY_LIMIT,
        "temp_directory": str(folder / "spilt"),
        "autoinstall_known_extensions": "false",
        "autoload_known_extensions": "false",
    }
    with duckdb.connect(":memory:", config=config) as con:
        con.execute(f"ATTACH {quoted(str(source))} AS release (READ_ONLY)")
        con.execute(f"ATTACH {quoted(str(written))} AS extract (STORAGE_VERSION {quoted(STORAGE_VERSION)})")
        yield con
        con.execute("DETACH extract")


def _tables(con: duckdb.DuckDBPyConnection, database: str) -> dict[str, list[tuple[str, str]]]:
    """Every table of a database, as ``"schema"."table"``, with its columns and their types."""
    found: dict[str, list[tuple[str, str]]] = {}
    for schema, table, column, type_ in con.execute(
        "SELECT schema_name, table_name, column_name, data_type FROM duckdb_columns() INNER JOIN duckdb_tables() "
        "USING (database_name, schema_name, table_name) WHERE database_name = ? "
        "ORDER BY schema_name, table_name, column_index",
        [database],
    ).fetchall():
        found.setdefault(f'"{schema}"."{table}"', []).append((column, type_))
    return found


def _pseudonyms(con: duckdb.DuckDBPyConnection, table: str, columns: Sequence[tuple[str, str]]) -> dict[str, str]:
    """The columns of a table of the release that hold pseudonyms, with their types: those of that type, and texts
    in which one occurs.
    """
    texts = _holding(con, "release", table, [name for name, type_ in columns if type_ == "VARCHAR"], TEXT)
    return {name: type_ for name, type_ in columns if type_ == SQL_TYPE or name in texts}


def _holding(
    con: duckdb.DuckDBPyConnection, database: str, table: str, columns: Sequence[str], pattern: str
) -> list[str]:
    """Of ``columns``, those with a value whose text has ``pattern`` in it."""
    if not columns:
        return []
    asked = ", ".join(f'bool_or(regexp_matches(CAST("{each}" AS VARCHAR), {quoted(pattern)}))' for each in columns)
    found = con.execute(f"SELECT {asked} FROM {database}.{table}").fetchone() or ()
    return [column for column, is_there in zip(columns, found, strict=True) if is_there]


def _map(
    con: duckdb.DuckDBPyConnection, pseudonyms: Mapping[str, Mapping[str, str]], folder: Path, key: TokenKey
) -> None:
    """Make the table ``pseudonym`` (``old``, ``new``) of all pseudonyms in the release."""
    before, after = folder / "before.parquet", folder / "after.parquet"
    columns = " UNION ".join(
        f"SELECT {_read(column, type_)} AS old FROM release.{table} AS t"
        for table, names in pseudonyms.items()
        for column, type_ in names.items()
    )
    con.execute(
        f"COPY (SELECT CAST(old AS VARCHAR) AS old FROM ({columns or f'SELECT CAST(NULL AS {SQL_TYPE}) AS old'}) "
        f"WHERE old <> {quoted(NONE)}) TO {quoted(str(before))} (FORMAT parquet)"
    )
    pl.scan_parquet(before).with_columns(new=token(pl.col("old"), key, "pseudonym")).sink_parquet(after)
    con.execute(
        f"CREATE TEMP TABLE pseudonym AS SELECT CAST(old AS {SQL_TYPE}) AS old, CAST(new AS {SQL_TYPE}) AS new "
        f"FROM read_parquet({quoted(str(after))})"
    )


def _read(column: str, type_: str) -> str:
    """SQL: the pseudonym in a column of table ``t``; NULL where a text is none."""
    if type_ == SQL_TYPE:
        return f't."{column}"'
    return f'CASE WHEN regexp_full_match(t."{column}", {quoted(TEXT)}) THEN CAST(t."{column}" AS {SQL_TYPE}) END'


def _fill(
    con: duckdb.DuckDBPyConnection, table: str, columns: Sequence[tuple[str, str]], pseudonyms: Mapping[str, str]
) -> int:
    """Copy the rows of a table with new pseudonyms, in their order. Returns how many."""
    names = [column for column, _ in columns]
    joins = "".join(
        f" LEFT JOIN pseudonym AS p{n} ON p{n}.old = {_read(column, type_)}"
        for n, (column, type_) in enumerate(pseudonyms.items())
    )
    new = {
        column: f'coalesce(CAST(p{n}.new AS {type_}), t."{column}")'
        for n, (column, type_) in enumerate(pseudonyms.items())
    }
    if pseudonyms and _SUBMITTED_ROW in names:
        by = ", ".join([*new.values(), f"t.{_SUBMITTED_ROW}"])
        sender = "submitted_by" if "submitted_by" in names else "provider"  # of earlier releases
        new[_SUBMITTED_ROW] = f"row_number() OVER (PARTITION BY t.{sender}, t.month ORDER BY {by})"
    selected = ", ".join(new.get(column, f't."{column}"') for column in names)
    # By provider, then by pseudonyms; by all else only so that the same release gives the same file.
    first = [column for column in ("provider", *pseudonyms) if column in names]
    ordinals = [names.index(column) + 1 for column in (*first, *(each for each in names if each not in first))]
    ordered = f" ORDER BY {', '.join(map(str, ordinals))}" if pseudonyms else ""
    con.execute(f"INSERT INTO extract.{table} SELECT {selected} FROM release.{table} AS t{joins}{ordered}")
    before, after = (
        con.execute(f"SELECT count(*) FROM {each}.{table}").fetchone() for each in ("release", "extract")
    )
    if before is None or before != after:
        raise NotExtracted(f"Rows of {table} would be missing in the extract. Nothing was written.")
    return int(before[0])


def _say(con: duckdb.DuckDBPyConnection, recipient: str, key: TokenKey) -> None:
    """Write ``meta.extract``, and what the columns mean that are not those of the release."""
    con.execute(
        "CREATE TABLE extract.meta.extract AS "
        "SELECT CAST(? AS VARCHAR) AS recipient, release_id, CAST(? AS VARCHAR) AS key FROM release.meta.build",
        [recipient, fingerprint(key)],
    )
    for position, (column, says) in enumerate(_EXTRACT.items()):
        what = f"COLUMN extract.meta.extract.{column}" if column else "TABLE extract.meta.extract"
        con.execute(f"COMMENT ON {what} IS {quoted(says)}")
        if column:
            con.execute(
                "INSERT INTO extract.meta.columns VALUES ('meta', 'extract', ?, ?, 'VARCHAR', false, NULL, ?)",
                [column, position, says],
            )
    for schema, table in con.execute(
        "SELECT schema_name, table_name FROM duckdb_columns() WHERE database_name = 'extract' AND column_name = ?",
        [_SUBMITTED_ROW],
    ).fetchall():
        con.execute(f'COMMENT ON COLUMN extract."{schema}"."{table}".{_SUBMITTED_ROW} IS {quoted(_ROW_SAYS)}')
    con.execute(
        "UPDATE extract.meta.columns SET description = ? WHERE column_name = ?", [_ROW_SAYS, _SUBMITTED_ROW]
    )


def _hold(con: duckdb.DuckDBPyConnection) -> None:
    """Raise NotExtracted if any text of the extract, lists included, still has a pseudonym of the release in it."""
    left = [
        f"{table}.{column}"
        for table, columns in _tables(con, "extract").items()
        for column in _holding(
            con,
            "extract",
            table,
            [name for name, type_ in columns if "VARCHAR" in type_ or SQL_TYPE in type_],
            TEXT_OF_RELEASE,
        )
    ]
    if left:
        raise NotExtracted(f"Pseudonyms of the release would be left in {', '.join(left)}. Nothing was written.")
