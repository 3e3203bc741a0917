"""Dagster's own SQLite file of events during a load.

Belongs here: keeping it open. Does not belong here: where it lies and how it is made
(``pipelines.dagster_storage``).
"""

import sqlite3
from collections.abc import Iterator
from contextlib import ExitStack, closing, contextmanager
from pathlib import Path

import dagster as dg
from dagster._core.storage.event_log import ConsolidatedSqliteEventLogStorage


@contextmanager
def kept_open(instance: dg.DagsterInstance) -> Iterator[None]:
    """Keep Dagster's file of events open; nothing where it keeps them elsewhere.

    Dagster opens and closes it for every event. The last one to close it has SQLite write the whole log back: an
    event took 75 ms, and 30 ms where somebody else has the file open.
    """
    storage = instance.event_log_storage
    with ExitStack() as held:
        if isinstance(storage, ConsolidatedSqliteEventLogStorage):
            path = Path(storage.get_db_path())  # type: ignore[no-untyped-call]  # Dagster declares no types
            connection = held.enter_context(closing(sqlite3.connect(f"{path.as_uri()}?mode=ro", uri=True)))
            connection.execute("SELECT count(*) FROM sqlite_master").fetchall()  # only now is the file open
        yield
