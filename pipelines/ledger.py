"""The ledger: what was received, its outcome, and which submission counts.

Belongs here: what a ledger holds and is asked, and which database keeps it. Does not belong here: the database
(``pipelines.ledger_sqlite``), files, checking.

Append-only. A receipt is written before any work, so the board also shows a submission that failed half-way.
"""

from collections.abc import Collection, Mapping
from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum
from pathlib import Path
from typing import Any, Protocol

from schemas.month import ProviderMonth


class State(StrEnum):
    """The states of a submission, in the words of the board."""

    RECEIVED = "received"
    FAILED = "failed"
    FILE_REJECTED = "file rejected"
    ACCEPTED_WITH_REJECTIONS = "accepted with rejections"
    ACCEPTED_WITH_WARNINGS = "accepted with warnings"
    ACCEPTED = "accepted"

    @property
    def is_accepted(self) -> bool:
        """Whether the submission may count."""
        return self in (State.ACCEPTED, State.ACCEPTED_WITH_WARNINGS, State.ACCEPTED_WITH_REJECTIONS)

    @property
    def is_concluded(self) -> bool:
        """Whether the outcome is final."""
        return self not in (State.RECEIVED, State.FAILED)


@dataclass(frozen=True)
class Receipt:
    """Proof that content arrived.

    ``is_new`` is false if the same bytes were already the latest.
    """

    seq: int
    submission_id: str
    content_sha256: str
    received_at: str
    is_new: bool = True

    @property
    def at(self) -> datetime:
        """When the submission was received (UTC, without a zone): the same at every later check."""
        return datetime.fromisoformat(self.received_at).replace(tzinfo=None)


@dataclass(frozen=True)
class Outcome:
    """The latest state of one receipt."""

    receipt: Receipt
    state: State
    provider_month: ProviderMonth | None
    detail: Mapping[str, Any]


class Ledger(Protocol):
    """What every ledger does, whatever database keeps it. Several processes may write at once."""

    def receive(
        self, content_sha256: str, size: int, named: ProviderMonth | None, asking_the_time: Collection[str] = ()
    ) -> Receipt:
        """Write a receipt before any work.

        The same bytes again are the same receipt, with three exceptions. If another submission for that provider
        and month was received in between, the site goes back to its earlier file. If the name now says another
        provider or month, the verdict may differ. So it may if it broke a rule of ``asking_the_time``, ids of rules
        that look at the time of arrival. All three are new submissions.
        """

    def record(self, submission_id: str, state: State, of: ProviderMonth | None, detail: Mapping[str, Any]) -> None:
        """Append the outcome of a submission. ``detail`` has counts and versions, never values."""

    def outcomes(self) -> list[Outcome]:
        """The latest outcome of every receipt, in order of receipt."""

    def outcome(self, submission_id: str) -> Outcome:
        """The latest outcome of one submission. Raises KeyError for an unknown one."""

    def current_submissions(self) -> list[Outcome]:
        """The submission that counts for each provider and month: the last accepted one.

        A rejected resubmission never replaces an accepted file. An accepted submission that fails when it is
        processed again still counts. Ordered by provider and month. A pure function of the ledger: the order of
        processing cannot matter.
        """


def open_ledger(path: Path) -> Ledger:
    """The ledger at ``path``, made if it is not there: the one place that decides which database keeps it."""
    from pipelines.ledger_sqlite import SqliteLedger

    return SqliteLedger(path)
