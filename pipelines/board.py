"""The submission board: provider × month, what was received and what counts.

Belongs here: the board as rows, a pure function of the ledger's outcomes. Does not belong here: showing it
(``pipelines.show``).
"""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import date

from pipelines.ledger import Outcome

NOT_RECEIVED = "not received"


@dataclass(frozen=True)
class Cell:
    """One provider's month. ``counts``: the submission that counts, which may be an earlier one."""

    provider: str
    month: date
    state: str
    submissions: int
    latest: str | None
    counts: str | None


def board(outcomes: Sequence[Outcome], winners: Iterable[Outcome]) -> list[Cell]:
    """A cell for every provider that ever submitted and every month from the first to the last received.

    Ordered by provider and month. ``state`` is that of the submission received last; «not received» where
    there is none.
    """
    counting = {(w.provider, w.month): w.receipt.submission_id for w in winners}
    received: dict[tuple[str, date], list[Outcome]] = {}
    for outcome in outcomes:
        if outcome.provider and outcome.month:
            received.setdefault((outcome.provider, outcome.month), []).append(outcome)
    months = months_between(min(m for _, m in received), max(m for _, m in received)) if received else []
    return [
        _cell(provider, month, received.get((provider, month), []), counting.get((provider, month)))
        for provider in sorted({provider for provider, _ in received})
        for month in months
    ]


def months_between(first: date, last: date) -> list[date]:
    """The first days of the months from ``first`` to ``last``, both included."""
    count = (last.year - first.year) * 12 + last.month - first.month
    start = first.year * 12 + first.month - 1
    return [date((start + i) // 12, (start + i) % 12 + 1, 1) for i in range(count + 1)]


def _cell(provider: str, month: date, outcomes: Sequence[Outcome], counts: str | None) -> Cell:
    if not outcomes:
        return Cell(provider, month, NOT_RECEIVED, 0, None, None)
    last = outcomes[-1]
    return Cell(provider, month, last.state.value, len(outcomes), last.receipt.submission_id, counts)
