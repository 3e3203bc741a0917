"""Dagster's own SQLite file of events.

Belongs here: keeping it open during a load, and giving its empty room back. Does not belong here: where it lies and
how it is made (``pipelines.dagster_storage``).
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
    with ExitStack() as held:
        if (path := _file(instance)) is not None:
            connection = held.enter_context(closing(sqlite3.connect(f"{path.as_uri()}?mode=ro", uri=True)))
            connection.execute("SELECT count(*) FROM sqlite_master").fetchall()  # only now is the file open
        yield


def give_back(dagster: dg.DagsterInstance, seconds: float = 10) -> bool:
    """Give the room of what was forgotten back to the disk. Returns whether that was possible within ``seconds``.

    Of two events on a page of SQLite's one is kept, so it would never use the other half again: 20.5 KB a small
    submission instead of 15.5. A PostgreSQL server does this by itself.
    """
    if (path := _file(dagster)) is None:
        return False
    with closing(sqlite3.connect(path, timeout=seconds)) as connection:
        try:
            connection.execute("VACUUM")
        except sqlite3.OperationalError:  # a load writes all the time, or the disk is full: next night
            return False
    return True


def _file(instance: dg.DagsterInstance) -> Path | None:
    storage = instance.event_log_storage
    if not isinstance(storage, ConsolidatedSqliteEventLogStorage):
        return None
    return Path(storage.get_db_path())  # type: ignore[no-untyped-call]  # Dagster declares no types
