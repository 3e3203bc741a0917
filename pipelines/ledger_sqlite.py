"""The ledger in an SQLite file.

Belongs here: everything that knows SQLite: tables, triggers and queries. Does not belong here: what a ledger holds
and is asked (``pipelines.ledger``).

Append-only: triggers refuse UPDATE and DELETE.
"""

import json
import sqlite3
from collections.abc import Collection, Iterator, Mapping
from contextlib import contextmanager
from datetime import UTC, date, datetime
from pathlib import Path
from typing import Any

from pipelines.ledger import Outcome, Receipt, State
from schemas.month import ProviderMonth

_SCHEMA = """
CREATE TABLE IF NOT EXISTS receipt (
    seq            INTEGER PRIMARY KEY AUTOINCREMENT,
    submission_id  TEXT NOT NULL UNIQUE,
    content_sha256 TEXT NOT NULL,
    claim_provider TEXT,
    claim_month    TEXT,
    bytes          INTEGER NOT NULL,
    received_at    TEXT NOT NULL
);
CREATE TABLE IF NOT EXISTS event (
    seq           INTEGER PRIMARY KEY AUTOINCREMENT,
    submission_id TEXT NOT NULL REFERENCES receipt (submission_id),
    state         TEXT NOT NULL,
    provider      TEXT,
    month         TEXT,
    detail        TEXT NOT NULL,
    at            TEXT NOT NULL
);
CREATE INDEX IF NOT EXISTS event_submission ON event (submission_id, seq);
CREATE TRIGGER IF NOT EXISTS receipt_stays BEFORE UPDATE ON receipt
    BEGIN SELECT RAISE(ABORT, 'the ledger is append-only'); END;
CREATE TRIGGER IF NOT EXISTS receipt_is_kept BEFORE DELETE ON receipt
    BEGIN SELECT RAISE(ABORT, 'the ledger is append-only'); END;
CREATE TRIGGER IF NOT EXISTS event_stays BEFORE UPDATE ON event
    BEGIN SELECT RAISE(ABORT, 'the ledger is append-only'); END;
CREATE TRIGGER IF NOT EXISTS event_is_kept BEFORE DELETE ON event
    BEGIN SELECT RAISE(ABORT, 'the ledger is append-only'); END;
CREATE VIEW IF NOT EXISTS latest AS
    SELECT r.seq, r.submission_id, r.content_sha256, r.received_at, e.state,
           coalesce(e.provider, r.claim_provider) AS provider,
           coalesce(e.month, r.claim_month) AS month, e.detail
    FROM receipt AS r
    JOIN event AS e ON e.submission_id = r.submission_id
    WHERE e.seq = (SELECT max(seq) FROM event WHERE submission_id = r.submission_id);
CREATE VIEW IF NOT EXISTS concluded AS
    SELECT r.seq, r.submission_id, r.content_sha256, r.received_at, e.state, e.provider, e.month, e.detail
    FROM receipt AS r
    JOIN event AS e ON e.submission_id = r.submission_id
    WHERE e.seq = (SELECT max(seq) FROM event
                   WHERE submission_id = r.submission_id AND state NOT IN ('received', 'failed'));
"""


class SqliteLedger:
    """A ledger in one SQLite file. Every call is one transaction; several processes may write."""

    def __init__(self, path: Path) -> None:
        self._path = path
        with self._open() as connection:
            # In one transaction: a new ledger is on the disk after one wait instead of nine.
            connection.executescript(f"PRAGMA journal_mode = WAL; BEGIN; {_SCHEMA} COMMIT;")

    @contextmanager
    def _open(self) -> Iterator[sqlite3.Connection]:
        connection = sqlite3.connect(self._path, timeout=30, isolation_level=None)
        try:
            connection.execute("PRAGMA synchronous = FULL")
            yield connection
        finally:
            connection.close()

    @contextmanager
    def _writing(self) -> Iterator[sqlite3.Connection]:
        with self._open() as connection:
            connection.execute("BEGIN IMMEDIATE")
            try:
                yield connection
            except BaseException:
                connection.execute("ROLLBACK")
                raise
            connection.execute("COMMIT")

    def receive(
        self, content_sha256: str, size: int, named: ProviderMonth | None, asking_the_time: Collection[str] = ()
    ) -> Receipt:
        """Write a receipt, or give that of the same bytes (``Ledger.receive`` says when)."""
        with self._writing() as ledger:
            earlier = ledger.execute(
                "SELECT seq, submission_id, received_at, provider, month, state, detail FROM latest"
                " WHERE content_sha256 = ? ORDER BY seq DESC LIMIT 1",
                (content_sha256,),
            ).fetchone()
            if (
                earlier is not None
                and not self._was_followed(ledger, earlier)
                and self._may_be_named(ledger, earlier, named)
                and not set(asking_the_time).intersection(json.loads(earlier[6]).get("rules", ()))
            ):
                return Receipt(earlier[0], earlier[1], content_sha256, earlier[2], is_new=False)
            again = ledger.execute(
                "SELECT count(*) FROM receipt WHERE content_sha256 = ?", (content_sha256,)
            ).fetchone()[0]
            # The id follows from the content, so that the same inputs give the same warehouse anywhere.
            submission_id = content_sha256[:16] + (f"-{again + 1}" if again else "")
            at = _now()
            seq = ledger.execute(
                "INSERT INTO receipt (submission_id, content_sha256, claim_provider, claim_month, bytes,"
                " received_at) VALUES (?, ?, ?, ?, ?, ?) RETURNING seq",
                (submission_id, content_sha256, *_as_text(named), size, at),
            ).fetchone()[0]
            self._append(ledger, submission_id, State.RECEIVED, named, {})
        return Receipt(seq, submission_id, content_sha256, at)

    def record(self, submission_id: str, state: State, of: ProviderMonth | None, detail: Mapping[str, Any]) -> None:
        """Append the outcome of a submission."""
        with self._writing() as ledger:
            self._append(ledger, submission_id, state, of, detail)

    def outcomes(self) -> list[Outcome]:
        """The latest outcome of every receipt, in order of receipt."""
        return self._outcomes("latest", "", ())

    def outcome(self, submission_id: str) -> Outcome:
        """The latest outcome of one submission. Raises KeyError for an unknown one."""
        found = self._outcomes("latest", "WHERE submission_id = ?", (submission_id,))
        if not found:
            raise KeyError(submission_id)
        return found[0]

    def _outcomes(self, view: str, condition: str, values: tuple[str, ...]) -> list[Outcome]:
        with self._open() as ledger:
            rows = ledger.execute(
                "SELECT seq, submission_id, content_sha256, received_at, state, provider, month, detail"
                f" FROM {view} {condition} ORDER BY seq",
                values,
            ).fetchall()
        return [
            Outcome(
                Receipt(seq, submission_id, sha256, at, is_new=False),
                State(state),
                ProviderMonth(provider, date.fromisoformat(month)) if provider and month else None,
                json.loads(detail),
            )
            for seq, submission_id, sha256, at, state, provider, month, detail in rows
        ]

    def current_submissions(self) -> list[Outcome]:
        """The last accepted submission of each provider and month, ordered by them."""
        best: dict[ProviderMonth, Outcome] = {}
        for outcome in self._outcomes("concluded", "", ()):
            if outcome.state.is_accepted and outcome.provider_month:
                best[outcome.provider_month] = outcome
        return [best[of] for of in sorted(best)]

    @staticmethod
    def _was_followed(ledger: sqlite3.Connection, earlier: tuple[Any, ...]) -> bool:
        seq, _, _, provider, month, *_ = earlier
        found = ledger.execute(
            "SELECT 1 FROM latest WHERE provider = ? AND month = ? AND seq > ? LIMIT 1",
            (provider, month, seq),
        ).fetchone()
        return found is not None

    @staticmethod
    def _may_be_named(ledger: sqlite3.Connection, earlier: tuple[Any, ...], named: ProviderMonth | None) -> bool:
        """Whether the earlier outcome holds under this name: the same name, or one that agrees with the header."""
        _, submission_id, _, provider, month, state, _ = earlier
        claim = ledger.execute(
            "SELECT claim_provider, claim_month FROM receipt WHERE submission_id = ?", (submission_id,)
        ).fetchone()
        is_as_in_header = named is None or _as_text(named) == (provider, month)
        return claim == _as_text(named) or (State(state).is_accepted and is_as_in_header)

    @staticmethod
    def _append(
        ledger: sqlite3.Connection,
        submission_id: str,
        state: State,
        of: ProviderMonth | None,
        detail: Mapping[str, Any],
    ) -> None:
        ledger.execute(
            "INSERT INTO event (submission_id, state, provider, month, detail, at) VALUES (?, ?, ?, ?, ?, ?)",
            (submission_id, state.value, *_as_text(of), json.dumps(detail, sort_keys=True), _now()),
        )


def _as_text(of: ProviderMonth | None) -> tuple[str | None, str | None]:
    return (of.provider, of.month.isoformat()) if of else (None, None)


def _now() -> str:
    return datetime.now(UTC).isoformat(timespec="seconds")
