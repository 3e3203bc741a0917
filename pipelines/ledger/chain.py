"""The hash chain of the ledger: each row carries the hash of the row before it and of its own content.

Belongs here: how a row is hashed, holding rows to the chain, and the file outside the database that notes the last
event. Does not belong here: a database, who asks (``pipelines.ledger.sql``).

A trigger can be dropped, and a row changed without a trace. A changed, missing or added row breaks the chain
there. Missing rows at the end break nothing: so the head is noted outside, in a small file and in every release.
"""

import fcntl
import hashlib
import json
import os
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import asdict
from itertools import chain
from pathlib import Path
from typing import NamedTuple

from pipelines.ledger import Head, LedgerBroken
from warehouse.storage import sync

Value = str | int | None
# How a ledger began.
NEW, CARRIED_OVER, REBUILT = "new", "carried over from version 1", "rebuilt from the received files"
# A sector of a disk: written whole or not at all.
_NOTE_BYTES = 256
ASK = "Keep the ledger as it is and find out what happened. How to go on: docs/for-the-centre.md, «The ledger»."


class Row(NamedTuple):
    """One row of the ledger: its number, its submission, its other values, and the two hashes it carries."""

    seq: int
    submission_id: str
    values: tuple[Value, ...]
    previous: str
    sha256: str


class Beginning(NamedTuple):
    """The id of a ledger, and how it began, which is part of its chain."""

    ledger: str
    origin: str

    @property
    def sha256(self) -> str:
        """What the first row carries as the hash of the row before it."""
        return hashlib.sha256(f"parity ledger\0{self.ledger}\0{self.origin}".encode()).hexdigest()


_ENCODE = json.JSONEncoder(separators=(",", ":"), default=repr).encode


def link(previous: str, kind: str, seq: int, submission_id: str, values: Sequence[Value]) -> str:
    """The hash of a row. ``kind`` is receipt or event.

    Over the values as JSON, and the last one after them as it is: that is the long one, and quoting it would cost
    as much as all the rest. A damaged file may give a value of another type: its hash is another one.
    """
    text = f"{_ENCODE([previous, kind, seq, submission_id, *values[:-1]])}\n{values[-1]}"
    return hashlib.sha256(text.encode()).hexdigest()


def walk(
    beginning: Beginning, receipts: Iterable[Row], events: Iterable[Row], first_state: str
) -> Iterator[tuple[int, str]]:
    """The number and hash of every event, in order, after it was held to the chain.

    A receipt stands in the chain right before its first event. Raises LedgerBroken at the first row that does not
    hold.
    """
    unplaced = {receipt.submission_id: receipt for receipt in receipts}
    before = beginning.sha256
    for number, event in enumerate(events, start=1):
        if event.seq != number:
            raise LedgerBroken(f"The ledger does not hold: event {number} is missing. {ASK}")
        if event.values[0] == first_state:
            receipt = unplaced.pop(event.submission_id, None)
            if receipt is None:
                raise LedgerBroken(f"The ledger does not hold: the receipt of event {number} is missing. {ASK}")
            before = _held("receipt", receipt, before)
        before = _held("event", event, before)
        yield number, before
    for receipt in unplaced.values():
        raise LedgerBroken(f"The ledger does not hold: receipt {receipt.seq} has no event. {ASK}")


def _held(kind: str, row: Row, before: str) -> str:
    if row.previous != before:
        raise LedgerBroken(f"The ledger does not hold: {kind} {row.seq} does not follow the row before it. {ASK}")
    if row.sha256 != link(before, kind, row.seq, row.submission_id, row.values):
        raise LedgerBroken(f"The ledger does not hold: {kind} {row.seq} was changed. {ASK}")
    return row.sha256


def hold_to_heads(began: Beginning, events: Iterable[tuple[int, str]], noted: Mapping[str, Head]) -> Head:
    """The last event of ``walk``, if every noted head is in it. ``noted`` is by where it was noted.

    Heads of another ledger are left aside by one that was rebuilt: it took the place of that one. Raises
    LedgerBroken.
    """
    wanted: dict[int, list[tuple[str, str]]] = {}
    for where, head in noted.items():
        if head.ledger == began.ledger:
            wanted.setdefault(head.entries, []).append((where, head.sha256))
        elif began.origin != REBUILT:
            raise LedgerBroken(f"The ledger is not the one that {where} notes. {ASK}")
    last, sha256 = 0, began.sha256
    for number, found in chain([(last, sha256)], events):
        last, sha256 = number, found
        for where, expected in wanted.pop(last, ()):
            if expected != sha256:
                raise LedgerBroken(
                    f"The ledger does not hold: event {last} is not the one that {where} notes. {ASK}"
                )
    for entries in sorted(wanted):
        where = wanted[entries][0][0]
        raise LedgerBroken(
            f"The ledger does not hold: it ends at event {last}, but {where} notes event {entries}. {ASK}"
        )
    return Head(began.ledger, last, sha256)


def note(path: Path, head: Head) -> None:
    """Note ``head`` in the file at ``path``, unless a later event is noted there.

    Written in place after the transaction, so that the file is never ahead of the ledger. A kill in between leaves
    an earlier event noted, which still holds. A new ledger has no earlier one, so it is noted within the
    transaction that makes it. If that breaks off, the next ledger has another id and takes its place.
    """
    opened = os.open(path, os.O_RDWR | os.O_CREAT, 0o600)
    try:
        fcntl.flock(opened, fcntl.LOCK_EX)
        noted = _noted(os.pread(opened, _NOTE_BYTES, 0))
        if noted is None or noted.ledger != head.ledger or noted.entries < head.entries:
            os.pwrite(opened, json.dumps(asdict(head)).ljust(_NOTE_BYTES - 1).encode() + b"\n", 0)
            if noted is None:  # else an earlier event may stand there after a loss of power, and still holds
                os.fsync(opened)
                sync(path.parent)
    finally:
        os.close(opened)


def noted_in(path: Path) -> Head | None:
    """The head noted at ``path``. ``None`` if there is no file, or nothing that can be read in it."""
    try:
        with path.open("rb") as file:
            fcntl.flock(file, fcntl.LOCK_SH)
            return _noted(file.read())
    except OSError:
        return None


def _noted(text: bytes) -> Head | None:
    try:
        return Head(**json.loads(text))
    except (ValueError, TypeError):
        return None
