"""The ledger on a PostgreSQL server.

Belongs here: everything that knows PostgreSQL: locks and triggers. Does not belong here: the URL and connecting
(``pipelines.database``), tables and questions, which every database shares (``pipelines.ledger.tables``,
``pipelines.ledger.sql``).
"""

from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

from pipelines.database import Server
from pipelines.ledger.tables import Execute

# Any number that no other program of this database locks: the letters «parity» as digits of base 36.
_LOCK = int("parity", 36)
# A writer that is silent for longer, such as a machine without power, no longer keeps the others waiting.
_SILENT_SECONDS = 60
_REFUSE = """
CREATE OR REPLACE FUNCTION ledger_stays() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN RAISE EXCEPTION 'the ledger is append-only' USING ERRCODE = 'integrity_constraint_violation'; END $$"""


class PostgresqlDatabase:
    """One database of a PostgreSQL server; the tables lie in the first schema of its search path."""

    def __init__(self, server: Server) -> None:
        self._server = server

    @contextmanager
    def _open(self, *first: str) -> Iterator[Execute]:
        connection = self._server.connect()
        with self._server.answering(), connection, connection.cursor() as cursor:

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
        return self._open(
            f"SET idle_in_transaction_session_timeout = '{_SILENT_SECONDS}s'",
            "BEGIN ISOLATION LEVEL READ COMMITTED",
            f"SELECT pg_advisory_xact_lock({_LOCK})",
        )

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

    def check_files(self, execute: Execute) -> bool:  # noqa: ARG002  SQLite needs it
        """True: its pages have checksums of their own, where the server was made with them."""
        return True
