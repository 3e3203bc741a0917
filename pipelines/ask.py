"""Querying a release in SQL.

Belongs here: opening the published file read-only, without access to other files. Does not belong here: printing
rows (``pipelines.show``).
"""

import re
from collections.abc import Sequence
from pathlib import Path

import duckdb

from pipelines.zones import Zones, shown
from schemas.errors import NotAsked

_RELEASE = re.compile(r"^[0-9A-Za-z][0-9A-Za-z._-]{0,63}$")
# read_only alone still lets a statement read any file, attach other databases and write copies (measured). These
# settings prevent all of it.
_LOCK: dict[str, str | bool | int | float | list[str]] = {
    "enable_external_access": "false",
    "autoinstall_known_extensions": "false",
    "autoload_known_extensions": "false",
    "allow_community_extensions": "false",
    "python_enable_replacements": "false",
    "lock_configuration": "true",
}

Rows = tuple[list[str], list[tuple[object, ...]]]


def ask(sql: str, zones: Zones, release: str | None = None, values: Sequence[object] = ()) -> Rows:
    """Column names and rows of one statement against the current release, or the named one.

    ``values`` replace the question marks of the statement.

    Raises NotAsked if there is no such release or the statement is rejected.
    """
    path = release_file(zones, release)
    with duckdb.connect(path, read_only=True, config=_LOCK) as warehouse:
        try:
            answer = warehouse.execute(sql, list(values))
            columns = [column[0] for column in answer.description or []]
            return columns, answer.fetchall()
        except duckdb.Error as error:
            raise NotAsked(f"The warehouse rejected the statement: {str(error).splitlines()[0]}") from None


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
        known = ", ".join(sorted(p.name for p in zones.releases.iterdir() if not p.name.startswith("."))) or "none"
        raise NotAsked(f"There is no release of that name. Published: {known}.")
    return path
