"""Where Dagster keeps runs, events and ticks: in files below its home, or on a PostgreSQL server.

Belongs here: the class that ``dagster.yaml`` names. Does not belong here: the setting (``pipelines.database``), the
rest of ``dagster.yaml`` (``pipelines.dagster_home``).

The choice is made in each process from its own environment. So one setting moves all of them, ``dagster.yaml``
stays as it is, and no process hands a URL to another.
"""

from collections.abc import Mapping
from pathlib import Path
from typing import Any

from dagster import Field, StringSource
from dagster._core.storage.base_storage import DagsterStorage
from dagster._core.storage.event_log import ConsolidatedSqliteEventLogStorage, EventLogStorage
from dagster._core.storage.legacy_storage import CompositeStorage
from dagster._core.storage.sqlite_storage import DagsterSqliteStorage
from dagster._serdes import ConfigurableClassData

from pipelines.database import ENV_DATABASE, Server, named_by
from schemas.errors import NotAsked

# Dagster's tables lie in a schema of their own, beside the ledger's.
SCHEMA = "dagster"
# Any number that no other program of this database locks: the letters «dagstr» as digits of base 36.
_LOCK = int("dagstr", 36)


class Storage(CompositeStorage):
    """Dagster's three storages, all in the place that ``PARITY_DATABASE`` says."""

    @classmethod
    def config_type(cls) -> Mapping[str, Field]:
        """``base_dir``: the folder of the files."""
        return {"base_dir": Field(StringSource)}

    @classmethod
    def from_config_value(
        cls, inst_data: ConfigurableClassData | None, config_value: Mapping[str, Any]
    ) -> "Storage":
        """The storages, with their tables. Raises NotAsked for an unusable URL, and database.Unreachable."""
        server = named_by(ENV_DATABASE)
        kept = on_server(server) if server else DagsterSqliteStorage(config_value["base_dir"])
        events = kept.event_log_storage if server else _in_one_file(Path(config_value["base_dir"]), kept)
        return cls(kept.run_storage, events, kept.schedule_storage, inst_data=inst_data)


def _in_one_file(home: Path, kept: DagsterStorage) -> EventLogStorage:
    """The events of all runs in one file.

    Dagster's default makes a file for each run, with 50 indexes in it (490 KB before the first event counts), and
    writes what concerns assets a second time. A home that began so goes on with it.
    """
    if any((home / "history" / "runs").glob("*-*.db")):
        return kept.event_log_storage
    return ConsolidatedSqliteEventLogStorage(str(home / "history"))


def on_server(server: Server) -> DagsterStorage:
    """The storages in the schema ``dagster`` of the server's database, made if it is not there."""
    try:
        from dagster_postgres import DagsterPostgresStorage
    except ImportError:
        raise NotAsked(
            f"{server.setting} names a PostgreSQL database, but Dagster's library for it is not installed. Install "
            "parity[postgresql]."
        ) from None
    with server.connect() as connection:
        # One process makes the tables, the others wait: two at once would leave some of them out.
        connection.execute("SELECT pg_advisory_lock(%s)", (_LOCK,))
        connection.execute(f"CREATE SCHEMA IF NOT EXISTS {SCHEMA}")
        made: DagsterStorage = DagsterPostgresStorage(_of_schema(server.url))
    return made


def _of_schema(url: str) -> str:
    """The URL for psycopg2, which dagster-postgres is written for, and for the tables of the schema alone.

    SQLAlchemy 2.1 would take psycopg 3 without a word. There dagster-postgres closes the UI's connections while it
    sets them up.
    """
    from sqlalchemy import make_url

    found = make_url(url)
    given = found.query.get("options", ())  # a tuple where the URL says it more than once
    options = [*([given] if isinstance(given, str) else given), f"-csearch_path={SCHEMA}"]
    own = found.set(drivername="postgresql+psycopg2").update_query_dict({"options": " ".join(options)})
    return own.render_as_string(hide_password=False)  # there is none in it
