"""The submission board: per provider and month, what was received and what counts.

Belongs here: the board as rows, a pure function of the ledger's events and the day. Does not belong here: showing
it (``pipelines.show``).
"""

from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass, fields
from datetime import date

from pipelines.ledger import Outcome, State, counting_from, current, joined_on, latest
from reports.site.wording import doubts_said
from schemas.month import ProviderMonth, month_text, months_between

NOT_RECEIVED = "not received"
NOT_COPIED = "it could not be copied, and nothing of it is kept: send it again"


@dataclass(frozen=True)
class BoardMonth:
    """One provider and month. ``counts`` is the current submission, which may be an earlier one.

    ``waits`` says why the last one does not count although the rules accept it, and until when. Or it says that it
    could not be copied. It is empty for all others.
    """

    provider_month: ProviderMonth
    state: str
    submissions: int
    latest: str | None
    counts: str | None
    waits: str = ""

    def as_row(self) -> dict[str, str | int | None]:
        """The month for a program: provider, month as ``2025-04``, then the rest."""
        rest = {each.name: getattr(self, each.name) for each in fields(self) if each.name != "provider_month"}
        return {"provider": self.provider_month.provider, "month": month_text(self.provider_month.month), **rest}


def board(events: Collection[Outcome], on: date) -> list[BoardMonth]:
    """A row for every provider that ever submitted and every month from the first to the last received, on a day.

    Ordered by provider and month. ``state`` is that of the last received submission, or «not received».
    """
    counting = {one.provider_month: one.receipt.submission_id for one in current(events, on)}
    joined = joined_on(events)
    received: dict[ProviderMonth, list[Outcome]] = {}
    for outcome in latest(events):
        if outcome.provider_month and not outcome.was_sent_again:
            received.setdefault(outcome.provider_month, []).append(outcome)
    reported = [of.month for of in received]
    months = months_between(min(reported), max(reported)) if reported else []
    every = [ProviderMonth(code, month) for code in sorted({of.provider for of in received}) for month in months]
    return [_board_month(of, received.get(of, []), counting.get(of), joined, on) for of in every]


def _board_month(
    of: ProviderMonth, outcomes: Sequence[Outcome], counts: str | None, joined: Mapping[str, date], on: date
) -> BoardMonth:
    if not outcomes:
        return BoardMonth(of, NOT_RECEIVED, 0, None, None)
    last = outcomes[-1]
    waits = _waits(last, joined, on)
    return BoardMonth(of, last.state.value, len(outcomes), last.receipt.submission_id, counts, waits)


def _waits(last: Outcome, joined: Mapping[str, date], on: date) -> str:
    """Why and until when the last submission of a month does not count, in words."""
    if last.receipt.is_attempt:
        return NOT_COPIED
    if last.state is State.WITHDRAWN:
        return f"withdrawn: {last.detail.get('why')}"
    if last.state is State.HELD:
        return "held until confirmed: " + "; ".join(doubts_said(last.detail.get("held", ())))
    if last.state.is_accepted:
        since = counting_from(last, joined)
        if since is None:
            return "late: no window takes this month any more; it counts if confirmed"
        if since > on:
            return f"late: counts from {since.isoformat()}"
    return ""
