"""Querying a release in SQL.

Belongs here: opening the published file read-only, without access to other files, and within limits. Does not
belong here: printing rows (``pipelines.show``).
"""

import os
import re
import threading
import time
from collections.abc import Sequence
from contextlib import suppress
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import NamedTuple, Self

import duckdb

from pipelines.settings import whole_number
from pipelines.worker import Died, Worker
from pipelines.zones import Zones, shown
from schemas.errors import NotAsked
from warehouse.storage import SHUT_IN, Config

_RELEASE = re.compile(r"^[0-9A-Za-z][0-9A-Za-z._-]{0,63}$")

# Limits of one query, set by the centre in the environment and not by the query: the lock refuses SET. A query that
# repeated a letter a thousand million times took 2 GB under a limit of 500 MB, and was interrupted after 12 s under
# one of 3 s. So a command asks in a process of its own, which can be ended (``ask_within_limits``).
ENV_SECONDS, ENV_MEMORY, ENV_TEMP = "PARITY_QUERY_SECONDS", "PARITY_QUERY_MEMORY_MB", "PARITY_QUERY_TEMP_MB"
ENV_THREADS, ENV_ROWS = "PARITY_QUERY_THREADS", "PARITY_QUERY_ROWS"
_SECONDS, _MEMORY_MB, _TEMP_MB, _ROWS = 120, 2048, 4096, 1_000_000
# What the process may take in addition: Python, and rows of the answer.
_BESIDE_MB = 1024
# Time to be interrupted in, before the process is ended.
_GRACE = 5
_AT_ONCE = 10_000
_EVERY = 0.1

Rows = tuple[list[str], list[tuple[object, ...]]]


class _Limits(NamedTuple):
    """What one query may take; ``rows`` is of its answer."""

    seconds: int
    memory_mb: int
    temp_mb: int
    threads: int
    rows: int

    @classmethod
    def of_the_centre(cls) -> Self:
        return cls(
            whole_number(ENV_SECONDS, _SECONDS),
            whole_number(ENV_MEMORY, _MEMORY_MB),
            whole_number(ENV_TEMP, _TEMP_MB),
            whole_number(ENV_THREADS, os.cpu_count() or 1),
            whole_number(ENV_ROWS, _ROWS),
        )

    def exceeded(self) -> NotAsked:
        """The error that says so."""
        return NotAsked(
            f"The query was stopped: it took more than {self.seconds:,} seconds, {self.memory_mb:,} MB of memory "
            f"or {self.temp_mb:,} MB of disk. Ask for less, or ask the centre, which sets these limits."
        )


def _of_the_process() -> tuple[int, int]:
    """Memory in MB and seconds of the process that asks."""
    limits = _Limits.of_the_centre()
    return limits.memory_mb + _BESIDE_MB, limits.seconds + _GRACE


_worker = Worker(_of_the_process, "pipelines.ask")


def ask(
    sql: str,
    zones: Zones,
    release: str | None = None,
    values: Sequence[object] = (),
    most: int | None = None,
    temp: Path | None = None,
) -> Rows:
    """Column names and rows of one statement against the current release, or the named one.

    ``values`` replace the question marks of the statement. ``most`` is a limit of rows below that of the centre.
    What does not fit into memory goes to a folder of its own, or to ``temp``.

    Raises NotAsked if there is no such release, the statement is rejected, or it does not keep within the limits.
    """
    path, limits = release_file(zones, release), _Limits.of_the_centre()
    most = min(most or limits.rows, limits.rows)
    size: Config = {"memory_limit": f"{limits.memory_mb}MiB", "threads": limits.threads}
    with (
        TemporaryDirectory(prefix="parity-query-", dir=temp) as folder,
        duckdb.connect(path, read_only=True, config=SHUT_IN | size | {"temp_directory": folder}) as warehouse,
    ):
        done = threading.Event()
        watch = threading.Thread(target=_watch, args=(warehouse, Path(folder), limits, done), daemon=True)
        watch.start()
        try:
            columns, rows = _rows(warehouse.execute(sql, list(values)), most)
        except (duckdb.InterruptException, duckdb.OutOfMemoryException):
            raise limits.exceeded() from None
        except duckdb.Error as error:
            raise NotAsked(f"The warehouse rejected the statement: {str(error).splitlines()[0]}") from None
        finally:
            done.set()
            watch.join()
    if len(rows) > most:
        raise NotAsked(
            f"The answer has more than {most:,} rows. Add a condition or LIMIT, choose --format csv, or open the "
            "file with DuckDB."
        )
    return columns, rows


def _watch(warehouse: duckdb.DuckDBPyConnection, folder: Path, limits: _Limits, done: threading.Event) -> None:
    """Interrupt a query that takes too long or too much of the disk, until it is done.

    DuckDB 2.0 has a limit of its own for the disk, which did not hold: 697 MB under a limit of 1 MB.
    """
    until = time.monotonic() + limits.seconds
    while not done.wait(_EVERY):
        if time.monotonic() > until or _bytes_in(folder) > limits.temp_mb << 20:
            warehouse.interrupt()


def _bytes_in(folder: Path) -> int:
    found = 0
    for file in folder.iterdir():
        with suppress(FileNotFoundError):  # gone meanwhile
            found += file.stat().st_size
    return found


def _rows(answer: duckdb.DuckDBPyConnection, most: int) -> Rows:
    """Columns and rows, of those too many not all: they come as they are asked for."""
    rows: list[tuple[object, ...]] = []
    while len(rows) <= most and (some := answer.fetchmany(_AT_ONCE)):
        rows += some
    return [column[0] for column in answer.description or []], rows


def ask_within_limits(sql: str, zones: Zones, release: str | None = None, most: int | None = None) -> Rows:
    """As ``ask``, in a process of its own. If a query cannot be interrupted or takes more memory, it is ended.

    Raises NotAsked as ``ask`` does.
    """
    with TemporaryDirectory(
        prefix="parity-query-"
    ) as folder:  # deleted here: a process that is ended deletes nothing
        try:
            answer: Rows | str = _worker.run(_asked, sql, zones, release, most, Path(folder))
        except Died:
            raise _Limits.of_the_centre().exceeded() from None
    if isinstance(answer, str):
        raise NotAsked(answer)
    return answer


def _asked(sql: str, zones: Zones, release: str | None, most: int | None, temp: Path) -> Rows | str:
    """The answer, or in words why there is none."""
    try:
        return ask(sql, zones, release, (), most, temp)
    except NotAsked as error:
        return str(error)


def release_name(zones: Zones, release: str | None = None) -> str:
    """The name of a release, of the current one if none is named. Raises NotAsked if there is none."""
    release_file(zones, release)
    return release or str(ask("SELECT release_id FROM meta.build", zones)[1][0][0])


def release_file(zones: Zones, release: str | None) -> Path:
    """The warehouse file of a release; the current one if none is named. Raises NotAsked if there is none."""
    if release is None:
        if not zones.warehouse.exists():
            raise NotAsked(
                f"Nothing is published yet in {shown(zones.home)}: run `parity publish`, or `parity demo` to try "
                "it out."
            )
        return zones.warehouse
    path = zones.releases / release / "parity.duckdb"
    if not _RELEASE.match(release) or not path.exists():
        known = ", ".join(each.name for each in zones.release_folders) or "none"
        raise NotAsked(f"There is no release of that name. Published: {known}.")
    return path
