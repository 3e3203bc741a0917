"""Attempts to receive a submission that ended before it had a receipt: they get one too.

Belongs here: noting an attempt before anything is copied, and the receipt of one that failed or was killed. Does
not belong here: copying (``pipelines.load``), what such a receipt means (``pipelines.ledger``).

The id of a receipt follows from the content, which nobody knows before all of it is copied. So the folder into
which it is copied has a note first. An error makes a receipt of the note. After a kill the next command does.
"""

import json
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

from pipelines import disk, store
from pipelines.inbox import discard, named_in
from pipelines.kept import SOURCE
from pipelines.ledger import Ledger
from pipelines.zones import Zones

_NOTE = ".attempt.json"
_ID = "attempt-"
KILLED = "Killed"


@dataclass
class Attempt:
    """One arrival: the folder into which it is copied, and whether there is a receipt of it."""

    folder: Path
    has_receipt: bool = False

    def is_received(self) -> None:
        """Say that there is a receipt."""
        self.has_receipt = True
        (self.folder / _NOTE).unlink()


@contextmanager
def workspace(zones: Zones, ledger: Ledger, but: Path | None = None) -> Iterator[Path]:
    """A folder of one's own in ``received`` (``store.workspace``). What killed attempts left there gets a receipt
    first, ``but`` not an attempt to receive that path.
    """
    with store.workspace(zones.received, lambda left: _settle(left, ledger, but)) as folder:
        yield folder


@contextmanager
def attempt(path: Path, zones: Zones, ledger: Ledger, *, is_last: bool = False) -> Iterator[Attempt]:
    """The attempt to receive the submission at ``path``. An error before its receipt is recorded as «failed», and
    raised again. ``is_last``: it goes on with one that was killed, which then needs no receipt of its own.
    """
    with workspace(zones, ledger, path if is_last else None) as folder:
        one, at = Attempt(folder), datetime.now(UTC).isoformat(timespec="seconds")
        try:
            (folder / _NOTE).write_text(json.dumps({"path": str(path.resolve()), "at": at}), encoding="utf-8")
            yield one
        except BaseException as error:
            if not one.has_receipt:
                _empty(folder)  # of a full disk: the ledger needs room too
                _failed(folder, path, at, ledger, disk.detail(error))
            raise


def settle(zones: Zones, ledger: Ledger) -> None:
    """Write the receipts of attempts that were killed."""
    with workspace(zones, ledger):
        pass


def _failed(folder: Path, path: Path, at: str, ledger: Ledger, detail: dict[str, Any]) -> None:
    try:
        ledger.attempted(_id(folder), named_in(path), at, detail)
    except Exception:  # what led here is raised, and the note stays: the next command writes the receipt
        with suppress(OSError):
            folder.rename(folder.with_name(f"{folder.name}-failed"))


def _settle(left: Path, ledger: Ledger, but: Path | None) -> None:
    """Write the receipt of the attempt that left this folder, if it was one and has none."""
    try:
        said = json.loads((left / _NOTE).read_text(encoding="utf-8"))
        path, at = Path(said["path"]), said["at"]
    except (OSError, ValueError, KeyError):
        return
    if (but is None or path != but.resolve()) and not _has_receipt(left, ledger):
        ledger.attempted(_id(left), named_in(path), at, {"error": KILLED})


def _has_receipt(left: Path, ledger: Ledger) -> bool:
    """Whether everything was copied and the ledger knows it: then only the note was still to be removed."""
    try:
        content = json.loads((left / SOURCE).read_text(encoding="utf-8"))["content_sha256"]
    except (OSError, ValueError, KeyError):
        return False
    return any(outcome.receipt.content_sha256 == content for outcome in ledger.outcomes())


def _id(folder: Path) -> str:
    """From the random name of the folder: a kill right after the receipt makes no second one."""
    return f"{_ID}{folder.name.split('-')[1]}"


def _empty(folder: Path) -> None:
    for each in folder.iterdir():
        if each.is_dir():
            discard(each)
        elif each.name != _NOTE:
            each.unlink(missing_ok=True)
