"""The release before: which one it is, what it says of itself, and whether it can be compared.

Belongs here: finding it and attaching its file. Does not belong here: comparing (``comparing``), what is kept of it
(``keeping``).
"""

import json
from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime
from pathlib import Path
from typing import Any, Self

import duckdb

from schemas.sql import quoted
from warehouse.disclosure.parts import CHANGES, DATABASE, PUBLIC_CHANGES
from warehouse.history.comparing import BEFORE, lacking
from warehouse.history.versions import Offer
from warehouse.rules import Judged


@dataclass(frozen=True)
class Said:
    """What only the caller knows: the folder of releases, the name of the current one, the time (UTC), the names
    and hashes of the reference files, and the rules with what they found.
    """

    releases: Path
    current: str | None = None
    published_at: datetime | None = None
    reference_files: Mapping[str, str] = field(default_factory=dict)
    judged: Judged = field(default_factory=Judged)


@dataclass
class Predecessor:
    """The release before.

    ``document`` is what it says of itself, empty for one that Parity 0.6 or earlier made. ``latest_version`` and
    ``next_position`` follow from all releases. ``why_not`` says why its exact figures are not compared, and is
    empty where they are. ``is_attached``: its file is the catalog ``before``.
    """

    name: str | None
    document: Mapping[str, Any]
    latest_version: str | None
    next_position: int
    why_not: str
    is_attached: bool = False

    @classmethod
    def of(cls, con: duckdb.DuckDBPyConnection, said: Said) -> Self:
        """The predecessor of the release that is being published, attached if its exact figures are there."""
        documents = {each["release"]["release_id"]: each for each in known(said.releases)}
        name = said.current or next(reversed(documents), None)
        positions = [int(each["release"]["position"]) for each in documents.values()]
        versions = [each["release"]["version"] for each in documents.values()]
        found = cls(
            name,
            documents.get(name or "", {}),
            max(versions, key=lambda version: [int(number) for number in version.split(".")], default=None),
            # One that says nothing of itself is the first.
            max(positions, default=1 if name else 0) + 1,
            "it is the first release" if name is None else "",
        )
        file = said.releases / (name or "") / DATABASE
        if name and file.is_file():
            con.execute(f"ATTACH {quoted(str(file))} AS {BEFORE} (READ_ONLY)")
            found.is_attached = True
            if lacking(con, BEFORE):
                found.why_not = "the release before was made by an earlier version of Parity"
        elif name:
            found.why_not = "the exact figures of the release before were removed"
        return found

    def reference_files(self, releases: Path) -> dict[str, str] | None:
        """Its reference files with their hashes; ``None`` where they are not known any more."""
        file = releases / (self.name or "") / CHANGES
        return dict(json.loads(file.read_text(encoding="utf-8"))["reference_files"]) if file.is_file() else None

    @property
    def offer(self) -> Offer | None:
        """What its readers may rely on; ``None`` where it does not say."""
        return Offer.from_json(self.document["offers"]) if self.document else None


def known(releases: Path) -> list[dict[str, Any]]:
    """What each release says of itself in ``public.changes.json``, in the order of their places."""
    found = [json.loads(path.read_text(encoding="utf-8")) for path in releases.glob(f"[!.]*/{PUBLIC_CHANGES}")]
    return sorted(found, key=lambda each: int(each["release"]["position"]))


def has_table(con: duckdb.DuckDBPyConnection, catalog: str, schema: str, table: str) -> bool:
    """Whether a catalog has a table."""
    found = con.execute(
        "SELECT 1 FROM duckdb_tables() WHERE database_name = ? AND schema_name = ? AND table_name = ?",
        [catalog, schema, table],
    ).fetchall()
    return bool(found)
