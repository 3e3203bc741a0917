"""The submission board: per provider and month, what was received and what counts.

Belongs here: the board as rows, a pure function of the ledger's outcomes. Does not belong here: showing it
(``pipelines.show``).
"""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, fields

from pipelines.ledger import Outcome
from schemas.month import ProviderMonth, month_text, months_between

NOT_RECEIVED = "not received"


@dataclass(frozen=True)
class BoardMonth:
    """One provider and month. ``counts`` is the current submission, which may be an earlier one."""

    provider_month: ProviderMonth
    state: str
    submissions: int
    latest: str | None
    counts: str | None

    def as_row(self) -> dict[str, str | int | None]:
        """The month for a program: provider, month as ``2025-04``, then the rest."""
        rest = {each.name: getattr(self, each.name) for each in fields(self) if each.name != "provider_month"}
        return {"provider": self.provider_month.provider, "month": month_text(self.provider_month.month), **rest}


def board(outcomes: Sequence[Outcome], current: Iterable[Outcome]) -> list[BoardMonth]:
    """A row for every provider that ever submitted and every month from the first to the last received.

    Ordered by provider and month. ``state`` is that of the last received submission, or «not received».
    """
    counting = {submission.provider_month: submission.receipt.submission_id for submission in current}
    received: dict[ProviderMonth, list[Outcome]] = {}
    for outcome in outcomes:
        if outcome.provider_month:
            received.setdefault(outcome.provider_month, []).append(outcome)
    reported = [of.month for of in received]
    months = months_between(min(reported), max(reported)) if reported else []
    every = [ProviderMonth(code, month) for code in sorted({of.provider for of in received}) for month in months]
    return [_board_month(of, received.get(of, []), counting.get(of)) for of in every]


def _board_month(of: ProviderMonth, outcomes: Sequence[Outcome], counts: str | None) -> BoardMonth:
    if not outcomes:
        return BoardMonth(of, NOT_RECEIVED, 0, None, None)
    last = outcomes[-1]
    return BoardMonth(of, last.state.value, len(outcomes), last.receipt.submission_id, counts)
