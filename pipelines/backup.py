"""A copy of a data root that can take its place, made while it is used.

Belongs here: what is copied, in which order, and when the copy is whole. Does not belong here: the key, which is
kept apart from the data, and a ledger on a server, which the server's own tools copy.

The copy is a data root. So nothing has to be restored: name it in PARITY_HOME. The ledger is copied first and the
files after it. A file is on the disk before the ledger names it. Only a load that replaces rows in between can take
one away: then both are copied again.
"""

import os
import shutil
from collections.abc import Iterator
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path

from pipelines import custody, store
from pipelines.ask import release_name
from pipelines.kept import is_as_received
from pipelines.ledger import Ledger, open_ledger
from pipelines.ledger.chain import note
from pipelines.ledger.sql import SqlLedger
from pipelines.ledger.sqlite import SqliteDatabase
from pipelines.ledger.tables import head
from pipelines.locks import alone
from pipelines.row_sums import are_whole
from pipelines.zones import PRIVATE, Zones, shown
from schemas.errors import ForThePerson, NotAsked
from warehouse.disclosure.parts import DATABASE
from warehouse.release_folder import second_name
from warehouse.storage import sync

MARK = ".parity-backup"
"""The file by which a folder is known as one that a backup may write and delete in."""
_TRIES = 5


class BackupUnfinished(ForThePerson):
    """Files changed faster than they could be copied. The copy is not whole."""


@dataclass(frozen=True)
class BackedUp:
    """What a backup did: files copied, files that were there already, files removed that are gone from the data
    root, bytes copied. ``has_ledger`` is false where a server keeps it. ``release`` is the current one, or None.
    """

    copied: int
    kept: int
    removed: int
    bytes: int
    has_ledger: bool
    release: str | None


def backup(zones: Zones, to: Path) -> BackedUp:
    """Copy the data root to the folder ``to``, or bring an earlier copy there up to date.

    The inbox, drafts and Dagster's own files are left out: the first is the sites', the others are made again.
    Raises NotAsked for a folder that cannot be used, BackupUnfinished if loads never paused long enough.
    """
    target = _usable(to, zones)
    with alone(target.home):
        for _ in range(_TRIES):
            ledger = _copy_ledger(zones, target)
            copied, kept, size = _copy_files(zones, target)
            if _is_whole(ledger or open_ledger(zones.ledger), zones, target):
                break
        else:
            raise BackupUnfinished(
                f"Submissions were loaded again faster than they could be copied. The copy in {shown(to)} is not "
                "whole. Run the same command again when less is loaded."
            )
        removed = _remove_gone(zones, target, ledger or open_ledger(zones.ledger))
        release = _name_current(zones, target)
        sync(target.home)
    return BackedUp(copied, kept, removed, size, ledger is not None, release)


def _usable(to: Path, zones: Zones) -> Zones:
    folder = to.expanduser().resolve()
    if folder.is_relative_to(zones.home) or zones.home.is_relative_to(folder):
        raise NotAsked("A backup lies outside the data root, and the data root outside of it. Name another folder.")
    try:
        folder.mkdir(mode=PRIVATE, parents=True, exist_ok=True)
        if any(folder.iterdir()) and not (folder / MARK).exists():
            raise NotAsked(f"{shown(folder)} has files that are no backup. Name an empty or a new folder.")
        (folder / MARK).touch(mode=0o600)
    except OSError as error:
        raise NotAsked(f"{shown(folder)} cannot be used: {error.strerror}. Name another folder.") from None
    target = Zones(folder)
    for each in target.folders:
        each.mkdir(mode=PRIVATE, exist_ok=True)
    return target


def _copy_ledger(zones: Zones, target: Zones) -> Ledger | None:
    """A copy of the ledger at one moment, with its last event noted beside it; None where a server keeps it."""
    if not zones.ledger.exists():
        return None
    beside = target.home / ".ledger.sqlite"
    beside.unlink(missing_ok=True)
    SqliteDatabase(zones.ledger).copy_to(beside)
    beside.chmod(0o600)
    for leftover in target.home.glob("ledger.*"):
        leftover.unlink()
    beside.replace(target.ledger)
    database = SqliteDatabase(target.ledger)
    with database.reading() as execute:
        last = head(execute)
    note(target.ledger.with_suffix(".head"), last)
    return SqlLedger(database, target.ledger)


def _files(zones: Zones) -> Iterator[Path]:
    """What is copied, from the data root on: of every zone what is complete, and the centre's own files."""
    for entry in zones.home.iterdir():
        is_ours = entry.suffix in (".csv", ".jsonl", ".toml") and entry.is_file()
        if is_ours:
            yield entry.relative_to(zones.home)
    left_out = {zones.inbox, zones.builds, zones.dagster}
    for zone in zones.folders:
        if zone in left_out:
            continue
        for folder, inside, names in os.walk(zone):
            inside[:] = [name for name in inside if name[0] != "."]
            yield from (Path(folder, name).relative_to(zones.home) for name in names if name[0] != ".")


def _copy_files(zones: Zones, target: Zones) -> tuple[int, int, int]:
    """Copy what is not there yet, or differs by size or time. Returns files copied, files kept, bytes copied.

    A file that releases share is copied once, and the copies share it.
    """
    copied = kept = size = 0
    shared: dict[tuple[int, int], Path] = {}
    for name in _files(zones):
        source, place = zones.home / name, target.home / name
        with suppress(FileNotFoundError):  # replaced or removed meanwhile: ``_is_whole`` tells whether it is missed
            status = source.stat()
            first = shared.setdefault((status.st_dev, status.st_ino), place)
            if place.exists() and _same(place.stat(), status):
                kept += 1
                continue
            place.parent.mkdir(mode=PRIVATE, parents=True, exist_ok=True)
            beside = place.with_name(f".{place.name}.copy")
            beside.unlink(missing_ok=True)  # of a backup that was killed
            is_there = first is not place and first.exists() and _same(first.stat(), status)
            if is_there:
                second_name(str(first), str(beside))
            else:
                shutil.copy2(source, beside)
            sync(beside)
            beside.replace(place)
            copied, size = copied + 1, size + (0 if is_there else status.st_size)
    return copied, kept, size


def _same(one: os.stat_result, other: os.stat_result) -> bool:
    return (one.st_size, one.st_mtime_ns) == (other.st_size, other.st_mtime_ns)


def _is_whole(ledger: Ledger, zones: Zones, target: Zones) -> bool:
    """Whether the copy has every file that the copied ledger names, to the byte. What is damaged in the data root
    may be so in the copy.
    """
    copied = {one.receipt.submission_id: one.detail for one in ledger.current_submissions()}
    lacking = {id_ for id_, detail in copied.items() if not are_whole(store.rows_of(id_, detail, target))}
    now = {one.receipt.submission_id: one.detail for one in open_ledger(zones.ledger).outcomes()} if lacking else {}
    for id_ in lacking:
        rows = store.rows_of(id_, copied[id_], zones)
        if rows != store.rows_of(id_, now[id_], zones) or are_whole(rows):
            return False
    having = [one.receipt.submission_id for one in ledger.outcomes() if custody.has_files(one)]
    return all(is_as_received(target.received / id_) or not is_as_received(zones.received / id_) for id_ in having)


def _remove_gone(zones: Zones, target: Zones, ledger: Ledger) -> int:
    """Remove from the copy what the data root has no more: what was erased or pruned must not outlast there.

    Rows that a load has replaced since the ledger was copied stay: the copied ledger names them.
    """
    named = {store.rows_of(one.receipt.submission_id, one.detail, target) for one in ledger.current_submissions()}
    there = set(_files(zones))
    gone = [name for name in _files(target) if name not in there and (target.home / name).parent not in named]
    for name in gone:
        (target.home / name).unlink()
    for zone in target.folders:
        for folder, _, _ in os.walk(zone, topdown=False):
            if Path(folder) != zone:
                with suppress(OSError):  # it is not empty
                    Path(folder).rmdir()
    return len(gone)


def _name_current(zones: Zones, target: Zones) -> str | None:
    """Give the copy of the current release the name under which analysts read it."""
    if not zones.warehouse.exists():
        target.warehouse.unlink(missing_ok=True)
        return None
    name = release_name(zones)
    beside = target.home / ".warehouse.duckdb"
    beside.unlink(missing_ok=True)
    beside.hardlink_to(target.releases / name / DATABASE)
    beside.replace(target.warehouse)
    return name
