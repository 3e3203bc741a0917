"""The ledger in an SQLite file.

Belongs here: everything that knows SQLite: connections, locks and triggers. Does not belong here: tables and
questions, which every database shares (``pipelines.ledger.tables``, ``pipelines.ledger.sql``).
"""

import sqlite3
from collections.abc import Iterator
from contextlib import closing, contextmanager
from pathlib import Path
from typing import Any

from pipelines.ledger import LedgerBroken
from pipelines.ledger.chain import ASK
from pipelines.ledger.tables import Execute

# How long a writer waits for the others. Each takes milliseconds.
_WAIT_SECONDS = 60
# Errors of the machine, of permissions, and of a write that the ledger refuses. Any other is one of the file: its
# tables are always the same, and so are the statements.
_NO_DAMAGE = frozenset(
    {
        sqlite3.SQLITE_BUSY, sqlite3.SQLITE_CANTOPEN, sqlite3.SQLITE_CONSTRAINT, sqlite3.SQLITE_FULL,
        sqlite3.SQLITE_INTERRUPT, sqlite3.SQLITE_IOERR, sqlite3.SQLITE_LOCKED, sqlite3.SQLITE_NOMEM,
        sqlite3.SQLITE_PERM, sqlite3.SQLITE_PROTOCOL, sqlite3.SQLITE_READONLY,
    }
)  # fmt: skip
_TRIGGERS = {
    f"{{table}}_{does}": f"BEFORE {what} ON {{table}} BEGIN SELECT RAISE(ABORT, 'the ledger is append-only'); END"
    for does, what in (("stays", "UPDATE"), ("is_kept", "DELETE"))
}


class SqliteDatabase:
    """One SQLite file, with a write-ahead log and full synchronisation."""

    def __init__(self, path: Path) -> None:
        self._path = path

    @contextmanager
    def _open(self, begin: str) -> Iterator[Execute]:
        try:
            connection = sqlite3.connect(self._path, timeout=_WAIT_SECONDS, isolation_level=None)
            try:
                connection.execute("PRAGMA synchronous = FULL")
                if not connection.execute("PRAGMA schema_version").fetchone()[0]:
                    connection.execute("PRAGMA journal_mode = WAL")
                connection.execute(begin)
                try:
                    yield lambda sql, *values: connection.execute(sql, values).fetchall()
                except BaseException:
                    connection.rollback()
                    raise
                connection.execute("COMMIT")
            finally:
                connection.close()
        except (sqlite3.DatabaseError, UnicodeDecodeError) as error:
            if getattr(error, "sqlite_errorcode", sqlite3.SQLITE_CORRUPT) & 0xFF in _NO_DAMAGE:
                raise
            raise LedgerBroken(f"{self._path.name} is damaged, or is no ledger. {ASK}") from None

    def copy_to(self, place: Path) -> None:
        """Write a copy of the file as it is at one moment, while others may write. ``place`` must not be there."""
        with closing(sqlite3.connect(self._path)) as source, closing(sqlite3.connect(place)) as copy:
            source.backup(copy)

    def reading(self) -> Any:
        """A transaction that sees one state of the ledger throughout."""
        return self._open("BEGIN")

    def writing(self) -> Any:
        """A transaction without other writers: the others wait for it."""
        return self._open("BEGIN IMMEDIATE")

    def tables(self, execute: Execute) -> set[str]:
        """The names of the tables there are."""
        return {name for (name,) in execute("SELECT name FROM sqlite_master WHERE type = 'table'")}

    def protect(self, execute: Execute, table: str) -> None:
        """Let triggers refuse UPDATE and DELETE."""
        for name, does in _TRIGGERS.items():
            execute(f"CREATE TRIGGER {name} {does}".format(table=table))

    def is_protected(self, execute: Execute, table: str) -> bool:
        """Whether both triggers are there, as ``protect`` made them."""
        found = execute("SELECT sql FROM sqlite_master WHERE type = 'trigger' AND tbl_name = ?", table)
        wanted = {f"CREATE TRIGGER {name} {does}".format(table=table) for name, does in _TRIGGERS.items()}
        return wanted <= {sql for (sql,) in found}

    def check_files(self, execute: Execute) -> bool:
        """Whether SQLite finds its pages and indexes in order."""
        return execute("PRAGMA integrity_check") == [("ok",)]
