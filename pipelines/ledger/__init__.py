"""The ledger: what was received, its outcome, and which submission counts.

Belongs here: what a ledger holds and is asked, which state may follow which, and which database keeps it. Does not
belong here: a database (``pipelines.ledger.sqlite``, ``pipelines.ledger.postgresql``), the SQL they share
(``pipelines.ledger.sql``), files, checking.

Append-only. A receipt is written before any work, so the board also shows a submission that failed half-way.
"""

from abc import ABC, abstractmethod
from collections.abc import Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import UTC, date, datetime
from enum import StrEnum
from pathlib import Path
from typing import Any
from zoneinfo import ZoneInfo

from pipelines.database import ENV_DATABASE, named_by
from schemas.errors import ForThePerson, NotAsked
from schemas.month import ProviderMonth
from schemas.windows import closes, counts_from

# The ledger alone on a PostgreSQL server, Dagster's storage elsewhere.
ENV_LEDGER = "PARITY_LEDGER"
# In the detail of an attempt: the submission that was received after it under the same name.
SENT_AGAIN = "sent_again"


class State(StrEnum):
    """The states of a submission, in the words of the board."""

    RECEIVED = "received"
    FAILED = "failed"
    FILE_REJECTED = "file rejected"
    ACCEPTED_WITH_REJECTIONS = "accepted with rejections"
    ACCEPTED_WITH_WARNINGS = "accepted with warnings"
    ACCEPTED = "accepted"
    HELD = "held"
    WITHDRAWN = "withdrawn"

    @property
    def is_accepted(self) -> bool:
        """Whether the submission may count."""
        return self in (State.ACCEPTED, State.ACCEPTED_WITH_WARNINGS, State.ACCEPTED_WITH_REJECTIONS)

    @property
    def has_rows(self) -> bool:
        """Whether the rules accept it: its rows are there, even if it does not count."""
        return self.is_accepted or self in (State.HELD, State.WITHDRAWN)

    @property
    def is_concluded(self) -> bool:
        """Whether the outcome is final."""
        return self not in (State.RECEIVED, State.FAILED)


_VERDICTS = frozenset(state for state in State if state.is_concluded and state is not State.WITHDRAWN)
# What may follow a state. A submission is received once. Everything after it may fail, and may be checked again
# under later rules or another key: then a verdict follows a verdict.
# That a later submission took its place is no state of its own: it follows from the receipts (``current``).
STEPS: Mapping[State | None, frozenset[State]] = {
    None: frozenset({State.RECEIVED}),
    State.RECEIVED: _VERDICTS | {State.FAILED},
    **{verdict: _VERDICTS | {State.FAILED} for verdict in _VERDICTS},
    # What counted or was held can be withdrawn, and what was withdrawn can be confirmed after all. Any of these may
    # have failed since.
    **{
        state: _VERDICTS | {State.FAILED, State.WITHDRAWN}
        for state in State
        if state.has_rows or state is State.FAILED
    },
}


class StepRefused(ForThePerson):
    """A state does not follow from the one before. Nothing was written."""


@dataclass(frozen=True)
class Receipt:
    """Proof that content arrived, or that somebody tried (``is_attempt``).

    ``is_new`` is false if the same bytes were already the latest. ``named`` is the provider and month in the name
    of the submission, ``size`` the bytes of its tables.
    """

    seq: int
    submission_id: str
    content_sha256: str
    received_at: str
    is_new: bool = True
    named: ProviderMonth | None = None
    size: int = 0

    @property
    def is_attempt(self) -> bool:
        """Whether the submission could not be copied. Then its content is unknown, and nothing of it is kept."""
        return not self.content_sha256

    @property
    def at(self) -> datetime:
        """When the submission was received (UTC, without a zone): the same at every later check."""
        return datetime.fromisoformat(self.received_at).replace(tzinfo=None)

    @property
    def received_on(self) -> date:
        """The day in England on which it was received."""
        return day_in_england(datetime.fromisoformat(self.received_at))


@dataclass(frozen=True)
class Outcome:
    """A state that one receipt reached."""

    receipt: Receipt
    state: State
    provider_month: ProviderMonth | None
    detail: Mapping[str, Any]

    @property
    def was_sent_again(self) -> bool:
        """Whether something was received under the same name after this attempt: then nobody need act."""
        return SENT_AGAIN in self.detail


def hold_to_steps(submission_id: str, before: Outcome | None, after: State) -> None:
    """Raise StepRefused unless ``after`` may follow the latest outcome (``None``: there is no receipt).

    An attempt that left nothing (``Receipt.is_attempt``) can only have failed.
    """
    was = before.state if before else None
    is_attempt = before is not None and before.receipt.is_attempt
    if after not in STEPS[was] or (is_attempt and after is not State.FAILED):
        said = f"is «{was}»" if was else "has no receipt"
        raise StepRefused(
            f"Submission {submission_id} {said}, and «{after}» cannot follow that. Nothing was written to the "
            "ledger. Load the submission again."
        )


@dataclass(frozen=True)
class Head:
    """The last event of a ledger. Noted outside its database, it shows later that events at the end are missing.

    ``ledger`` is the id of the ledger, ``entries`` the number of the event, ``sha256`` the hash in its row.
    """

    ledger: str
    entries: int
    sha256: str


class LedgerBroken(ForThePerson):
    """The ledger was changed by something else than Parity, or damaged. Says the first row that does not hold."""


class NotEmpty(NotAsked):
    """The ledger has receipts already."""


class Ledger(ABC):
    """What every ledger does, whatever database keeps it. Several processes may write at once."""

    @abstractmethod
    def receive(
        self, content_sha256: str, size: int, named: ProviderMonth | None, asking_the_time: Collection[str] = ()
    ) -> Receipt:
        """Write a receipt before any work.

        The same bytes again are the same receipt, with three exceptions. If another submission for that provider
        and month was received in between, the site goes back to its earlier file. If the name now says another
        provider or month, the verdict may differ. So it may if it broke a rule of ``asking_the_time``, ids of rules
        that look at the time of arrival. All three are new submissions.

        Attempts under the same name that failed before (``attempted``) are done with, and say by which submission.
        """

    @abstractmethod
    def attempted(
        self, attempt_id: str, named: ProviderMonth | None, at: str, detail: Mapping[str, Any]
    ) -> Receipt:
        """Write the receipt of a submission that could not be copied, and that it failed.

        Its content is unknown, so it is no repeat of another and none repeats it. It never counts. The same id
        again changes nothing. ``at`` is when it was tried (UTC, ISO 8601).
        """

    @abstractmethod
    def record(self, submission_id: str, state: State, of: ProviderMonth | None, detail: Mapping[str, Any]) -> None:
        """Append the outcome of a submission. ``detail`` has counts and versions, never values.

        Raises StepRefused if the state does not follow from the one before (``STEPS``).
        """

    @abstractmethod
    def events(self, provider: str | None = None) -> list[Outcome]:
        """Every state that every receipt reached, in the order of writing; or only those of a provider."""

    @abstractmethod
    def outcome(self, submission_id: str) -> Outcome:
        """The latest outcome of one submission. Raises KeyError for an unknown one."""

    @abstractmethod
    def verify(self, noted: Mapping[str, Head], *, in_full: bool = False) -> Head:
        """The last event, after every row was held to the hash chain, and the chain to the heads that were noted
        elsewhere, by where. ``in_full`` also asks the database to check its own files. Raises LedgerBroken.
        """

    @abstractmethod
    def restore(self, outcomes: Sequence[Outcome]) -> None:
        """Fill an empty ledger with receipts of before and what became of them, in order of receipt. They keep
        their numbers.

        It says from then on that it was rebuilt. Raises NotEmpty if there is a receipt in it.
        """

    def outcomes(self) -> list[Outcome]:
        """The latest outcome of every receipt, in order of receipt."""
        return latest(self.events())

    def sent(self) -> set[ProviderMonth]:
        """The provider-months that were sent, whatever became of them (``sent``)."""
        return sent(self.events())

    def current_submissions(self, on: date | None = None) -> list[Outcome]:
        """The submission that counts for each provider and month on a day, today if none is given (``current``)."""
        return current(self.events(), on or today_in_england())


def latest(events: Iterable[Outcome]) -> list[Outcome]:
    """The latest outcome of every receipt, in order of receipt. One without a provider and month has those of the
    name.
    """
    last = {event.receipt.seq: event for event in events}
    named = (last[seq] for seq in sorted(last))
    return [replace(one, provider_month=one.provider_month or one.receipt.named) for one in named]


def sent(events: Iterable[Outcome]) -> set[ProviderMonth]:
    """The provider-months of all receipts, by what became of each last. What could not be copied is none."""
    return {of for one in latest(events) if (of := one.provider_month) and not one.receipt.is_attempt}


def current(events: Collection[Outcome], on: date) -> list[Outcome]:
    """The submission that counts for each provider and month on a day: the last received of those accepted.

    A rejected resubmission never replaces an accepted file. Nor does one that is held or was withdrawn, or a late
    one before its day (``counting_from``). An accepted submission that fails when it is processed again still
    counts. Ordered by provider and month. A pure function of the events and the day: the order of processing cannot
    matter.
    """
    joined = joined_on(events)
    best = {
        outcome.provider_month: outcome
        for outcome in concluded(events)
        if outcome.provider_month and may_count(outcome, joined, on)
    }
    return [best[of] for of in sorted(best)]


def concluded(events: Iterable[Outcome]) -> list[Outcome]:
    """The last final outcome of every receipt that has one, in order of receipt."""
    last = {event.receipt.seq: event for event in events if event.state.is_concluded}
    return [last[seq] for seq in sorted(last)]


def may_count(outcome: Outcome, joined: Mapping[str, date], on: date) -> bool:
    """Whether a submission counts on a day, unless a later one does (``joined``: see ``joined_on``)."""
    if not outcome.state.is_accepted or outcome.provider_month is None:
        return False
    since = counting_from(outcome, joined)
    return since is not None and since <= on


def joined_on(events: Iterable[Outcome]) -> dict[str, date]:
    """The day on which the first submission of each provider was received."""
    joined: dict[str, date] = {}
    for event in events:
        if (of := event.provider_month or event.receipt.named) and not event.receipt.is_attempt:
            joined[of.provider] = min(event.receipt.received_on, joined.get(of.provider, date.max))
    return joined


def counting_from(outcome: Outcome, joined: Mapping[str, date]) -> date | None:
    """The first day on which an accepted submission counts; ``None`` if no window takes it any more.

    Two kinds count from the day of receipt, although their window has closed. A window that closed before the
    provider's first submission binds nobody: that is history, loaded at the start. A submission that was confirmed
    counts because a person said so.
    """
    of, received_on = outcome.provider_month, outcome.receipt.received_on
    assert of is not None, "an accepted submission has a provider and month"
    if "confirmed" in outcome.detail or closes(of.month).closes < joined.get(of.provider, received_on):
        return received_on
    return counts_from(of.month, received_on)


def day_in_england(moment: datetime) -> date:
    """The day in England of a moment. Windows close at midnight there: 23:00 UTC in summer."""
    return moment.astimezone(ZoneInfo("Europe/London")).date()


def today_in_england() -> date:
    """The day in England now."""
    return day_in_england(datetime.now(UTC))


def open_ledger(path: Path) -> Ledger:
    """The ledger, made if it is not there: the one place that decides which database keeps it.

    That is the PostgreSQL database named by ``PARITY_LEDGER`` or ``PARITY_DATABASE``, else the SQLite file at
    ``path``. A ledger of an earlier release is brought up to date. Beside ``path`` lies the file that notes its
    last event.
    """
    from pipelines.ledger.sql import SqlLedger

    if server := named_by(ENV_LEDGER, ENV_DATABASE):
        from pipelines.ledger.postgresql import PostgresqlDatabase

        return SqlLedger(PostgresqlDatabase(server), path)
    from pipelines.ledger.sqlite import SqliteDatabase

    return SqlLedger(SqliteDatabase(path), path)
