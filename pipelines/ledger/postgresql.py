"""The ledger on a PostgreSQL server.

Belongs here: everything that knows PostgreSQL: connections, locks and triggers. Does not belong here: tables and
questions, which every database shares (``pipelines.ledger.tables``, ``pipelines.ledger.sql``).

The URL names server, database and user, never a password: the environment of a process can be read by others of its
user, and is inherited by every program it starts. libpq finds the password in ``~/.pgpass`` or ``PGPASSFILE``.
"""

from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

from pipelines.ledger import ENV_LEDGER
from pipelines.ledger.tables import Execute
from schemas.errors import ForThePerson, NotAsked

# Any number that no other program of this database locks: the letters «parity» as digits of base 36.
_LOCK = int("parity", 36)
_WAIT_SECONDS = 60
_REFUSE = """
CREATE OR REPLACE FUNCTION ledger_stays() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN RAISE EXCEPTION 'the ledger is append-only' USING ERRCODE = 'integrity_constraint_violation'; END $$"""


class LedgerUnreachable(ForThePerson):
    """The server does not answer, or refuses. Carries no part of the URL."""


class PostgresqlDatabase:
    """One database of a PostgreSQL server; the tables lie in the first schema of its search path."""

    def __init__(self, url: str) -> None:
        """Raises NotAsked for a URL that cannot be used."""
        try:
            import psycopg
            from psycopg.conninfo import conninfo_to_dict
        except ImportError:
            raise NotAsked(
                f"{ENV_LEDGER} names a PostgreSQL database, but the library for it is not installed. Install "
                "parity[postgresql]."
            ) from None
        try:
            said = conninfo_to_dict(url) if url.startswith(("postgresql://", "postgres://")) else None
        except psycopg.ProgrammingError:  # its text quotes the URL
            said = None
        if said is None:
            raise NotAsked(f"{ENV_LEDGER} is not a URL such as postgresql://user@server/database.")
        if "password" in said:
            raise NotAsked(f"{ENV_LEDGER} must not hold a password. Put it into the password file ~/.pgpass.")
        self._url, self._psycopg = url, psycopg

    @contextmanager
    def _open(self, *first: str) -> Iterator[Execute]:
        try:
            connection = self._psycopg.connect(self._url, autocommit=True, connect_timeout=_WAIT_SECONDS)
        except self._psycopg.OperationalError:
            raise LedgerUnreachable(
                f"The PostgreSQL server of the ledger does not answer, or refuses this user ({ENV_LEDGER}). "
                "Nothing was changed. Start the server or correct the URL, and run the same command again."
            ) from None
        with connection, connection.cursor() as cursor:

            def execute(sql: str, *values: Any) -> list[tuple[Any, ...]]:
                cursor.execute(sql.replace("?", "%s"), values or None)
                return cursor.fetchall() if cursor.description else []

            execute("SET synchronous_commit = on")
            for statement in first:
                execute(statement)
            try:
                yield execute
            except BaseException:
                cursor.execute("ROLLBACK")
                raise
            cursor.execute("COMMIT")

    def reading(self) -> Any:
        """A transaction that sees one state of the ledger throughout."""
        return self._open("BEGIN ISOLATION LEVEL REPEATABLE READ READ ONLY")

    def writing(self) -> Any:
        """A transaction without other writers: the others wait for it."""
        return self._open("BEGIN ISOLATION LEVEL READ COMMITTED", f"SELECT pg_advisory_xact_lock({_LOCK})")

    def tables(self, execute: Execute) -> set[str]:
        """The names of the tables there are."""
        return {name for (name,) in execute("SELECT tablename FROM pg_tables WHERE schemaname = current_schema()")}

    def protect(self, execute: Execute, table: str) -> None:
        """Let a trigger refuse UPDATE, DELETE and TRUNCATE."""
        execute(_REFUSE)
        execute(
            f"CREATE TRIGGER {table}_stays BEFORE UPDATE OR DELETE OR TRUNCATE ON {table}"
            " FOR EACH STATEMENT EXECUTE FUNCTION ledger_stays()"
        )

    def is_protected(self, execute: Execute, table: str) -> bool:
        """Whether the trigger is there and in force, and its function still refuses."""
        found = execute(
            "SELECT t.tgenabled = 'O', p.prosrc FROM pg_trigger AS t JOIN pg_proc AS p ON p.oid = t.tgfoid"
            " WHERE t.tgrelid = CAST(? AS regclass) AND t.tgname = ?",
            table,
            f"{table}_stays",
        )
        return [(enabled, body in _REFUSE) for enabled, body in found] == [(True, True)]

    def check_files(self, execute: Execute) -> bool:  # noqa: ARG002
        """True: its pages have checksums of their own, where the server was made with them."""
        return True
