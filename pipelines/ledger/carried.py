"""What a ledger has of one provider, carried to where its submissions are loaded.

Belongs here: answering what a load asks of a ledger, and keeping what it records until the one who has the ledger
writes it. Does not belong here: writing it (``pipelines.loads``).
"""

from collections.abc import Collection, Mapping, Sequence
from typing import Any

from pipelines.ledger import Head, Ledger, Outcome, Receipt, State, hold_to_steps, latest
from schemas.errors import ForThePerson
from schemas.month import ProviderMonth


class NotCarried(ForThePerson):
    """A submission asks for another provider than the one that its name says. Its ledger is not here."""


class CarriedLedger(Ledger):
    """The events of one provider, the ``latest`` outcomes of some submissions, and what was recorded since.

    It can be pickled. ``recorded`` is what was recorded here, in order.
    """

    def __init__(self, provider: str, events: Sequence[Outcome], latest: Sequence[Outcome]) -> None:
        self.provider, self._events, self._latest = provider, events, latest
        self.recorded: list[Outcome] = []

    def events(self, provider: str | None = None) -> list[Outcome]:
        """The events of the provider. Raises NotCarried for any other."""
        if provider != self.provider:
            raise NotCarried("The header names another provider than the name of the submission.")
        return [*self._events, *(event for event in self.recorded if event.provider_month)]

    def outcome(self, submission_id: str) -> Outcome:
        """The latest outcome of one submission. Raises KeyError for an unknown one."""
        known = [*self._events, *self._latest, *self.recorded]
        found = latest(event for event in known if event.receipt.submission_id == submission_id)
        if not found:
            raise KeyError(submission_id)
        return found[-1]

    def record(self, submission_id: str, state: State, of: ProviderMonth | None, detail: Mapping[str, Any]) -> None:
        """Keep an outcome for the ledger. Raises StepRefused as the ledger does."""
        before = self.outcome(submission_id)
        hold_to_steps(submission_id, before, state)
        self.recorded.append(Outcome(before.receipt, state, of, detail))

    def receive(
        self, content_sha256: str, size: int, named: ProviderMonth | None, asking_the_time: Collection[str] = ()
    ) -> Receipt:
        """Nothing is received here."""
        raise NotImplementedError

    def attempted(
        self, attempt_id: str, named: ProviderMonth | None, at: str, detail: Mapping[str, Any]
    ) -> Receipt:
        """Nothing is received here."""
        raise NotImplementedError

    def verify(self, noted: Mapping[str, Head], *, in_full: bool = False) -> Head:
        """Only the ledger itself can be verified."""
        raise NotImplementedError

    def restore(self, outcomes: Sequence[Outcome]) -> None:
        """Only the ledger itself can be rebuilt."""
        raise NotImplementedError
