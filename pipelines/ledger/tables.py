"""The tables of the ledger, appending to them, and bringing an earlier ledger up to date.

Belongs here: columns, versions and migrations, in SQL that every database understands. Does not belong here:
connections, locks and triggers (``pipelines.ledger.sqlite``, ``pipelines.ledger.postgresql``), questions
(``pipelines.ledger.sql``).

A statement marks its parameters by ``?``. It has no other question mark and no per cent sign.
"""

import json
import secrets
from collections.abc import Callable, Mapping
from contextlib import AbstractContextManager
from typing import Any, Protocol

from pipelines.acting import Acting
from pipelines.ledger import Head, LedgerBroken, State
from pipelines.ledger.chain import ASK, CARRIED_OVER, NEW, REBUILT, Beginning, Row, Value, link
from schemas.errors import ForThePerson
from schemas.month import ProviderMonth

Execute = Callable[..., list[tuple[Any, ...]]]
"""Runs one statement with its parameters, and returns all rows."""

# 1: releases 0.1 to 0.5, SQLite alone. 2: who acted, versions, hash chain.
VERSION = 2
_FIRST_NUMBERED = 2

_PROTECTED = ("receipt", "event")
_TABLES = (
    """
CREATE TABLE ledger (
    version INTEGER NOT NULL,
    id      TEXT NOT NULL,
    origin  TEXT NOT NULL
)""",
    """
CREATE TABLE receipt (
    seq            INTEGER PRIMARY KEY,
    submission_id  TEXT NOT NULL UNIQUE,
    content_sha256 TEXT NOT NULL,
    claim_provider TEXT,
    claim_month    TEXT,
    bytes          BIGINT NOT NULL,
    received_at    TEXT NOT NULL,
    previous       TEXT NOT NULL,
    sha256         TEXT NOT NULL
)""",
    """
CREATE TABLE event (
    seq           INTEGER PRIMARY KEY,
    submission_id TEXT NOT NULL REFERENCES receipt (submission_id),
    state         TEXT NOT NULL,
    provider      TEXT,
    month         TEXT,
    detail        TEXT NOT NULL,
    at            TEXT NOT NULL,
    actor         TEXT,
    command       TEXT,
    code_version  TEXT,
    rules_version TEXT,
    key_version   TEXT,
    previous      TEXT NOT NULL,
    sha256        TEXT NOT NULL
)""",
    "CREATE INDEX receipt_content ON receipt (content_sha256)",
    "CREATE INDEX event_submission ON event (submission_id, seq)",
    "CREATE INDEX event_provider ON event (provider, seq)",
)
_RECEIPT = "content_sha256, claim_provider, claim_month, bytes, received_at"
# The long one last (``ledger.chain.link``).
_EVENT = "state, provider, month, at, actor, command, code_version, rules_version, key_version, detail"


class LedgerTooNew(ForThePerson):
    """The ledger was made by a later release."""


class Database(Protocol):
    """What a database does for a ledger. Both contexts are one transaction."""

    def reading(self) -> AbstractContextManager[Execute]:
        """A transaction that sees one state of the ledger throughout."""

    def writing(self) -> AbstractContextManager[Execute]:
        """A transaction without other writers. What it wrote is on the disk when it ends."""

    def tables(self, execute: Execute) -> set[str]:
        """The names of the tables there are."""

    def protect(self, execute: Execute, table: str) -> None:
        """Let nobody change or delete rows of ``table``."""

    def is_protected(self, execute: Execute, table: str) -> bool:
        """Whether ``protect`` is in force."""

    def check_files(self, execute: Execute) -> bool:
        """Whether the database finds its own files in order; true where it cannot say."""


def bring_up_to_date(database: Database, noting: Callable[[Head], None]) -> None:
    """Make the tables if there are none, or carry those of an earlier version over, in one transaction.

    ``noting`` is given the last event within it: those who see the new tables find that event noted. Raises
    LedgerTooNew for tables of a later version.
    """
    with database.reading() as execute:
        if _version(database, execute) == VERSION:
            return
    with database.writing() as execute:
        found = _version(database, execute)  # asked again: another process may have done it meanwhile
        if found == 1:
            _from_1(database, execute)
        elif found == 0:
            make(database, execute, NEW)
        noting(head(execute))


def _version(database: Database, execute: Execute) -> int:
    tables = database.tables(execute)
    if "ledger" not in tables:
        return 1 if "receipt" in tables else 0
    version = max((row[0] for row in execute("SELECT version FROM ledger") if isinstance(row[0], int)), default=0)
    if version < _FIRST_NUMBERED:
        raise LedgerBroken(f"The ledger does not say its version: it is damaged. {ASK}")
    if version > VERSION:
        raise LedgerTooNew(
            f"The ledger was made by a later release of Parity: its version is {version}, and this release knows "
            f"versions up to {VERSION}. Nothing was changed. Install that release or a later one."
        )
    return version


def make(database: Database, execute: Execute, origin: str) -> None:
    """Make the tables of an empty ledger. ``origin`` says how it begins, and is part of its chain."""
    for statement in _TABLES:
        execute(statement)
    execute("INSERT INTO ledger (version, id, origin) VALUES (?, ?, ?)", VERSION, secrets.token_hex(8), origin)
    for table in _PROTECTED:
        database.protect(execute, table)


def unprotected(database: Database, execute: Execute) -> list[str]:
    """Tables whose rows could be changed, because what keeps them was removed."""
    return [table for table in _PROTECTED if not database.is_protected(execute, table)]


def _from_1(database: Database, execute: Execute) -> None:
    """Carry over the rows of releases up to 0.5 as they are. The chain begins with them; who acted is unknown."""
    receipts = {row[0]: row[1:] for row in execute(f"SELECT submission_id, {_RECEIPT} FROM receipt")}
    events = execute("SELECT submission_id, state, provider, month, at, detail FROM event ORDER BY seq")
    for name in ("VIEW latest", "VIEW concluded", "TABLE event", "TABLE receipt"):
        execute(f"DROP {name}")
    make(database, execute, CARRIED_OVER)
    for submission_id, state, provider, month, at, detail in events:
        if state == State.RECEIVED:
            append_receipt(execute, submission_id, receipts[submission_id])
        _append(execute, "event", _EVENT, submission_id, (state, provider, month, at, *[None] * 5, detail))


def append_receipt(execute: Execute, submission_id: str, values: tuple[Value, ...], seq: int | None = None) -> int:
    """Append a receipt and return its number, the next one unless it is given. ``values`` are content hash, claimed
    provider and month, bytes and time.
    """
    return _append(execute, "receipt", _RECEIPT, submission_id, values, seq)


def append_event(
    execute: Execute,
    submission_id: str,
    state: State,
    of: ProviderMonth | None,
    detail: Mapping[str, Any],
    at: str,
    by: Acting,
) -> None:
    """Append a state of a submission. The version of the key is that of its rows, in ``detail``."""
    key = detail.get("key") or None
    written = json.dumps(detail, sort_keys=True)
    who = (by.actor, by.command, by.code_version, by.rules_version, key)
    _append(execute, "event", _EVENT, submission_id, (state.value, *as_text(of), at, *who, written))


def _append(
    execute: Execute,
    table: str,
    columns: str,
    submission_id: str,
    values: tuple[Value, ...],
    seq: int | None = None,
) -> int:
    """Append a row to the chain: events follow each other, and a receipt stands right before its first event."""
    if seq is None:
        ((seq,),) = execute(f"SELECT coalesce(max(seq), 0) + 1 FROM {table}")
    previous = head(execute).sha256
    if table == "event" and values[0] == State.RECEIVED:
        ((previous,),) = execute("SELECT sha256 FROM receipt WHERE submission_id = ?", submission_id)
    sha256 = link(previous, table, seq, submission_id, values)
    row = (seq, submission_id, *values, previous, sha256)
    marks = ", ".join("?" * len(row))
    execute(f"INSERT INTO {table} (seq, submission_id, {columns}, previous, sha256) VALUES ({marks})", *row)
    return seq


def head(execute: Execute) -> Head:
    """The last event."""
    began = beginning(execute)
    last = execute("SELECT seq, sha256 FROM event ORDER BY seq DESC LIMIT 1")
    return Head(began.ledger, *last[0]) if last else Head(began.ledger, 0, began.sha256)


def beginning(execute: Execute) -> Beginning:
    """How the ledger began."""
    ((ledger, origin),) = execute("SELECT id, origin FROM ledger")
    return Beginning(ledger, origin)


def say_rebuilt(execute: Execute) -> None:
    """Make an empty ledger another one, that says of itself that it was rebuilt."""
    execute("UPDATE ledger SET id = ?, origin = ?", secrets.token_hex(8), REBUILT)


def rows(execute: Execute, table: str) -> list[Row]:
    """Every row of ``receipt`` or ``event``, for the chain."""
    columns = _RECEIPT if table == "receipt" else _EVENT
    found = execute(f"SELECT seq, submission_id, {columns}, previous, sha256 FROM {table} ORDER BY seq")
    return [Row(row[0], row[1], row[2:-2], row[-2], row[-1]) for row in found]


def as_text(of: ProviderMonth | None) -> tuple[str | None, str | None]:
    """Provider and month as two columns keep them."""
    return (of.provider, of.month.isoformat()) if of else (None, None)
