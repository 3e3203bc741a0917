"""A PostgreSQL server that keeps what otherwise lies in files of the data root.

Belongs here: the settings that name one, what their URLs may hold, and connecting. Does not belong here: tables of
the ledger (``pipelines.ledger``), Dagster's (``pipelines.dagster_storage``).

A URL names server, database and user, never a password: the environment of a process can be read by others of its
user, and is inherited by every program it starts. libpq finds the password in ``~/.pgpass`` or ``PGPASSFILE``.
"""

import os
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from typing import Any

from schemas.errors import ForThePerson, NotAsked

# The ledger and Dagster's storage on one server.
ENV_DATABASE = "PARITY_DATABASE"
WAIT_SECONDS = 60
# What the URL does not say otherwise. Without them a connection through a network that went away waits two hours.
_SETTINGS = {
    "connect_timeout": WAIT_SECONDS,
    "keepalives_idle": WAIT_SECONDS // 2,
    "keepalives_interval": WAIT_SECONDS // 6,
    "keepalives_count": 3,
    "tcp_user_timeout": WAIT_SECONDS * 1000,
}


class Unreachable(ForThePerson):
    """The server does not answer, or refuses. Carries no part of the URL."""


@dataclass(frozen=True)
class Server:
    """A database of a PostgreSQL server, and the setting that named it."""

    url: str
    setting: str

    def connect(self) -> Any:
        """A connection of psycopg that commits every statement. Raises Unreachable."""
        import psycopg
        from psycopg.conninfo import conninfo_to_dict, make_conninfo

        try:
            return psycopg.connect(make_conninfo("", **(_SETTINGS | conninfo_to_dict(self.url))), autocommit=True)
        except psycopg.OperationalError:
            raise Unreachable(
                f"The PostgreSQL server does not answer, or refuses this user ({self.setting}). Nothing was "
                "changed. Start the server or correct the URL, and run the same command again."
            ) from None

    @contextmanager
    def answering(self) -> Iterator[None]:
        """Raises Unreachable when the server breaks off in what is done here, which is one transaction."""
        import psycopg

        try:
            yield
        except (psycopg.OperationalError, psycopg.errors.IdleInTransactionSessionTimeout) as error:
            raise Unreachable(
                f"The PostgreSQL server broke off in the middle of a step ({self.setting}, "
                f"{type(error).__name__}). The step is recorded whole or not at all. Look into the log of the "
                "server, and run the same command again."
            ) from None


def named_by(*settings: str) -> Server | None:
    """The server that the first of these environment variables names; ``None`` if none is set.

    Raises NotAsked for a URL that cannot be used.
    """
    for setting in settings:
        if url := os.environ.get(setting, "").strip():
            return _usable(url, setting)
    return None


def _usable(url: str, setting: str) -> Server:
    try:
        import psycopg
        from psycopg.conninfo import conninfo_to_dict
    except ImportError:
        raise NotAsked(
            f"{setting} names a PostgreSQL database, but the library for it is not installed. Install "
            "parity[postgresql]."
        ) from None
    try:
        said = conninfo_to_dict(url) if url.startswith(("postgresql://", "postgres://")) else None
    except psycopg.ProgrammingError:  # its text quotes the URL
        said = None
    if said is None:
        raise NotAsked(f"{setting} is not a URL such as postgresql://user@server/database.")
    if "password" in said:
        raise NotAsked(f"{setting} must not hold a password. Put it into the password file ~/.pgpass.")
    return Server(url, setting)
