"""The ledger in an SQL database: what is asked of it, the same in every database.

Belongs here: receiving, recording, reading and verifying. Does not belong here: tables and migrations
(``pipelines.ledger.tables``), connections (``pipelines.ledger.sqlite``, ``pipelines.ledger.postgresql``).
"""

import json
from collections.abc import Collection, Mapping, Sequence
from datetime import UTC, date, datetime
from functools import cached_property
from pathlib import Path
from typing import Any

from pipelines import event_log
from pipelines.acting import Acting
from pipelines.ledger import (
    SENT_AGAIN,
    Head,
    Ledger,
    LedgerBroken,
    NotEmpty,
    Outcome,
    Receipt,
    State,
    hold_to_steps,
    latest,
)
from pipelines.ledger.chain import ASK, hold_to_heads, note, noted_in, walk
from pipelines.ledger.tables import (
    Database,
    Execute,
    append_event,
    append_receipt,
    as_text,
    beginning,
    bring_up_to_date,
    head,
    rows,
    say_rebuilt,
    unprotected,
)
from schemas.month import ProviderMonth, month_text

_EVENTS = (
    "SELECT r.seq, r.submission_id, r.content_sha256, r.received_at, r.claim_provider, r.claim_month, r.bytes, "
    "e.state, e.provider, e.month, e.detail FROM receipt AS r JOIN event AS e ON e.submission_id = r.submission_id"
)


class SqlLedger(Ledger):
    """A ledger in one database. Every call is one transaction; several processes may write.

    ``path`` names the file beside which the last event is noted (``noted_at``).
    """

    def __init__(self, database: Database, path: Path) -> None:
        self._database, self._path = database, path
        bring_up_to_date(database, lambda last: note(self.noted_at, last))
        if empty := self._empty_and_not_noted():
            note(self.noted_at, empty)

    @property
    def noted_at(self) -> Path:
        """The file outside the database that notes the last event."""
        return self._path.with_suffix(".head")

    def _empty_and_not_noted(self) -> Head | None:
        """The head of a ledger without events that is noted nowhere: a kill came in between."""
        if noted_in(self.noted_at) is not None:
            return None
        with self._database.reading() as execute:
            found = head(execute)
        return None if found.entries else found

    @cached_property
    def _acting(self) -> Acting:
        builds = self._path.with_name("builds")
        return Acting.now(builds if builds.is_dir() else None)

    def receive(
        self, content_sha256: str, size: int, named: ProviderMonth | None, asking_the_time: Collection[str] = ()
    ) -> Receipt:
        """Write a receipt, or give that of the same bytes (``Ledger.receive`` says when)."""
        with self._database.writing() as execute:
            of_these_bytes = self._events(execute, "WHERE r.content_sha256 = ?", content_sha256)
            earlier = latest(of_these_bytes)
            if (
                earlier
                and _holds(earlier[-1], named, asking_the_time)
                and not self._was_followed(execute, earlier[-1])
            ):
                receipt = earlier[-1].receipt
            else:
                # The id follows from the content, so that the same inputs give the same warehouse anywhere.
                submission_id = content_sha256[:16] + (f"-{len(earlier) + 1}" if earlier else "")
                at = _now()
                seq = append_receipt(execute, submission_id, (content_sha256, *as_text(named), size, at))
                append_event(execute, submission_id, State.RECEIVED, named, {}, at, self._acting)
                receipt = Receipt(seq, submission_id, content_sha256, at, is_new=True, named=named, size=size)
            for one in self._open_attempts(execute, named):
                detail = {**one.detail, SENT_AGAIN: receipt.submission_id}
                append_event(execute, one.receipt.submission_id, State.FAILED, named, detail, _now(), self._acting)
            last = head(execute)
        note(self.noted_at, last)
        if receipt.is_new:
            self._log(receipt.submission_id, State.RECEIVED, named, {})
        return receipt

    def attempted(
        self, attempt_id: str, named: ProviderMonth | None, at: str, detail: Mapping[str, Any]
    ) -> Receipt:
        """Write the receipt of a submission that could not be copied, and that it failed."""
        with self._database.writing() as execute:
            if known := self._last(execute, attempt_id):
                return known.receipt
            seq = append_receipt(execute, attempt_id, ("", *as_text(named), 0, at))
            append_event(execute, attempt_id, State.RECEIVED, named, {}, _now(), self._acting)
            append_event(execute, attempt_id, State.FAILED, named, detail, _now(), self._acting)
            last = head(execute)
        note(self.noted_at, last)
        self._log(attempt_id, State.FAILED, named, detail)
        return Receipt(seq, attempt_id, "", at, is_new=True, named=named)

    def record(self, submission_id: str, state: State, of: ProviderMonth | None, detail: Mapping[str, Any]) -> None:
        """Append the outcome of a submission."""
        with self._database.writing() as execute:
            hold_to_steps(submission_id, self._last(execute, submission_id), state)
            append_event(execute, submission_id, state, of, detail, _now(), self._acting)
            last = head(execute)
        note(self.noted_at, last)
        self._log(submission_id, state, of, detail)

    def _log(self, submission_id: str, state: State, of: ProviderMonth | None, detail: Mapping[str, Any]) -> None:
        event_log.happened(
            "submission",
            submission=submission_id,
            provider=of and of.provider,
            month=of and month_text(of.month),
            state=state.value,
            by=self._acting.command,
            error=detail.get("error"),
        )

    def events(self, provider: str | None = None) -> list[Outcome]:
        """Every state that every receipt reached, in the order of writing; or only those of a provider."""
        of = () if provider is None else (provider,)
        condition = "WHERE e.provider = ?" if of else ""
        with self._database.reading() as execute:
            return self._events(execute, condition, *of)

    def sent(self) -> set[ProviderMonth]:
        """The provider-months that were sent. Each look of the sensor asks: no detail of any event is read."""
        with self._database.reading() as execute:
            found = execute(
                "SELECT DISTINCT coalesce(e.provider, r.claim_provider), coalesce(e.month, r.claim_month)"
                " FROM receipt AS r JOIN event AS e ON e.submission_id = r.submission_id"
                " WHERE r.content_sha256 <> ''"
                " AND e.seq = (SELECT max(seq) FROM event WHERE submission_id = r.submission_id)"
            )
        return {ProviderMonth(provider, date.fromisoformat(month)) for provider, month in found if provider}

    def outcome(self, submission_id: str) -> Outcome:
        """The latest outcome of one submission. Raises KeyError for an unknown one."""
        with self._database.reading() as execute:
            found = self._last(execute, submission_id)
        if found is None:
            raise KeyError(submission_id)
        return found

    def restore(self, outcomes: Sequence[Outcome]) -> None:
        """Fill an empty ledger with receipts of before and what became of them."""
        with self._database.writing() as execute:
            if head(execute).entries:
                raise NotEmpty(
                    "The ledger has receipts in it, so it cannot be rebuilt. Nothing was changed. If it is "
                    "damaged, move its files away first (docs/for-the-centre.md, «The ledger»)."
                )
            say_rebuilt(execute)
            at = _now()
            for outcome in outcomes:
                receipt = outcome.receipt
                values = (receipt.content_sha256, *as_text(receipt.named), receipt.size, receipt.received_at)
                append_receipt(execute, receipt.submission_id, values, receipt.seq)
                of = (receipt.submission_id, State.RECEIVED, receipt.named)
                append_event(execute, *of, {}, at, self._acting)
                if outcome.state is not State.RECEIVED:
                    of = (receipt.submission_id, outcome.state, outcome.provider_month)
                    append_event(execute, *of, outcome.detail, at, self._acting)
            last = head(execute)
        note(self.noted_at, last)

    def verify(self, noted: Mapping[str, Head], *, in_full: bool = False) -> Head:
        """The last event, after every row was held to the hash chain, and the chain to the noted heads."""
        here = noted_in(self.noted_at)  # before the ledger is read, which may be written to meanwhile
        if here is None:
            raise LedgerBroken(f"{self.noted_at.name}, which notes the last event of the ledger, is missing. {ASK}")
        with self._database.reading() as execute:
            if in_full and not self._database.check_files(execute):
                raise LedgerBroken(f"The database finds the file of the ledger damaged. {ASK}")
            if bare := unprotected(self._database, execute):
                raise LedgerBroken(f"Table {bare[0]} of the ledger is no longer protected against changes. {ASK}")
            began = beginning(execute)
            events = walk(began, rows(execute, "receipt"), rows(execute, "event"), State.RECEIVED)
            return hold_to_heads(began, events, {**noted, self.noted_at.name: here})

    @staticmethod
    def _events(execute: Execute, condition: str = "", *values: str) -> list[Outcome]:
        return [_outcome(row) for row in execute(f"{_EVENTS} {condition} ORDER BY e.seq", *values)]

    @classmethod
    def _last(cls, execute: Execute, submission_id: str) -> Outcome | None:
        """The latest outcome of one submission; ``None`` for an unknown one."""
        return next(iter(latest(cls._events(execute, "WHERE r.submission_id = ?", submission_id))), None)

    @classmethod
    def _open_attempts(cls, execute: Execute, named: ProviderMonth | None) -> list[Outcome]:
        """The failed attempts under this name after which nothing was received; none without a name."""
        if named is None:
            return []
        is_named = "WHERE r.content_sha256 = '' AND r.claim_provider = ? AND r.claim_month = ?"
        found = latest(cls._events(execute, is_named, *map(str, as_text(named))))
        return [one for one in found if not one.was_sent_again]

    @staticmethod
    def _was_followed(execute: Execute, earlier: Outcome) -> bool:
        """Whether another submission for that provider and month was received since."""
        later = execute(
            "SELECT 1 FROM receipt AS r JOIN event AS e ON e.submission_id = r.submission_id WHERE r.seq > ?"
            " AND r.content_sha256 <> ''"
            " AND e.seq = (SELECT max(seq) FROM event WHERE submission_id = r.submission_id)"
            " AND coalesce(e.provider, r.claim_provider) = ? AND coalesce(e.month, r.claim_month) = ? LIMIT 1",
            earlier.receipt.seq, *as_text(earlier.provider_month),
        )  # fmt: skip
        return bool(later)


def _holds(earlier: Outcome, named: ProviderMonth | None, asking_the_time: Collection[str]) -> bool:
    """Whether the earlier outcome of the same bytes holds now, under this name.

    The same name holds, or one that agrees with the header of a submission that the rules accept.
    """
    is_as_in_header = named is None or named == earlier.provider_month
    is_so_named = named == earlier.receipt.named or (earlier.state.has_rows and is_as_in_header)
    return is_so_named and not set(asking_the_time).intersection(earlier.detail.get("rules", ()))


def _outcome(row: tuple[Any, ...]) -> Outcome:
    seq, submission_id, sha256, at, claim_provider, claim_month, size, state, provider, month, detail = row
    named = _of(claim_provider, claim_month)
    receipt = Receipt(seq, submission_id, sha256, at, is_new=False, named=named, size=size)
    return Outcome(receipt, State(state), _of(provider, month), json.loads(detail))


def _of(provider: str | None, month: str | None) -> ProviderMonth | None:
    return ProviderMonth(provider, date.fromisoformat(month)) if provider and month else None


def _now() -> str:
    return datetime.now(UTC).isoformat(timespec="seconds")
