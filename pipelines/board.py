"""The submission board: per provider and month, what was received, what counts, and what is missing.

Belongs here: the board as rows, a pure function of the ledger's events, what is expected and the day. Does not
belong here: what is expected (``pipelines.expecting``), showing it (``pipelines.show``, ``reports.pages.board``).
"""

from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass, fields
from datetime import date
from enum import StrEnum
from typing import Any

from pipelines.ledger import Outcome, State, counting_from, current, joined_on, latest
from reports.site.asked import answer_said, said
from reports.site.wording import doubts_said
from reports.site.wording import message as rule_message
from schemas.month import ProviderMonth, month_text
from schemas.rule import Effect, Rule
from schemas.windows import closes

NOT_RECEIVED = "not received"
NO_WINDOW = "no window takes this month any more; it counts if confirmed"
NOT_COPIED = "it could not be copied, and nothing of it is kept: send it again"


class Word(StrEnum):
    """How a month stands, in a word."""

    ACCEPTED = "accepted"
    REFRESHED = "refreshed"
    LATE = "late"
    HELD = "held"
    REJECTED = "rejected"
    WITHDRAWN = "withdrawn"
    FAILED = "failed"
    CHECKED = "being checked"
    OPEN = "window open"
    NOT_RECEIVED = "not received"


@dataclass(frozen=True)
class BoardMonth:
    """One provider and month. ``counts`` is the current submission, which may be an earlier one.

    ``waits`` says why the last one does not count although the rules accept it, and until when. Or it says that it
    could not be copied. It is empty for all others. ``questions`` are those about the last one, each with its id,
    what it asks, and what was answered («» if nothing).
    """

    provider_month: ProviderMonth
    state: str
    submissions: int
    latest: str | None
    counts: str | None
    waits: str = ""
    questions: tuple[Mapping[str, str], ...] = ()

    def as_row(self) -> dict[str, Any]:
        """The month for a program: provider, month as ``2025-04``, then the rest."""
        rest = {each.name: getattr(self, each.name) for each in fields(self) if each.name != "provider_month"}
        return {"provider": self.provider_month.provider, "month": month_text(self.provider_month.month), **rest}


def _board_month(
    of: ProviderMonth, outcomes: Sequence[Outcome], counts: str | None, joined: Mapping[str, date], on: date
) -> BoardMonth:
    if not outcomes:
        return BoardMonth(of, NOT_RECEIVED, 0, None, None)
    last = outcomes[-1]
    waits = _waits(last, joined, on)
    asked = tuple(
        {"id": each["id"], "asks": said(each), "answer": answer_said(each)}
        for each in last.detail.get("questions", ())
    )
    return BoardMonth(of, last.state.value, len(outcomes), last.receipt.submission_id, counts, waits, asked)


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
            return f"late: {NO_WINDOW}"
        if since > on:
            return f"late: counts from {since.isoformat()}"
    return ""


@dataclass(frozen=True)
class Standing:
    """A month of a provider that is expected or was received: how it stands.

    ``closes`` is the last day of its window, ``days_left`` the days until then, negative afterwards. ``why`` says
    more: the rule that rejected the file, what was compared of one that is held, from when a late one counts.
    """

    month: BoardMonth
    word: Word
    closes: date
    days_left: int
    why: str = ""

    def as_row(self) -> dict[str, Any]:
        """The month for a program."""
        more = {"word": self.word.value, "closes": self.closes, "days_left": self.days_left, "why": self.why}
        return {**self.month.as_row(), **more}


def overview(
    events: Collection[Outcome], on: date, expected: Collection[ProviderMonth], rules: Mapping[str, Rule]
) -> list[Standing]:
    """How every month stands that is expected or was received, ordered by provider and month.

    ``rules`` says what a rule is about, for files that it rejects. «Refreshed» is a file that took the place of one
    that had counted.
    """
    outcomes: dict[ProviderMonth, list[Outcome]] = {}
    for outcome in latest(events):
        if outcome.provider_month and not outcome.was_sent_again:
            outcomes.setdefault(outcome.provider_month, []).append(outcome)
    counting = {one.provider_month: one.receipt.submission_id for one in current(events, on)}
    joined = joined_on(events)
    found = []
    for of in sorted({*expected, *outcomes}):
        month = _board_month(of, outcomes.get(of, []), counting.get(of), joined, on)
        window = closes(of.month).closes
        word = _word(month, outcomes.get(of, []), on <= window)
        found.append(
            Standing(month, word, window, (window - on).days, _why(word, month, outcomes.get(of, []), rules))
        )
    return found


def _word(month: BoardMonth, outcomes: Sequence[Outcome], is_open: bool) -> Word:
    if not outcomes:
        return Word.OPEN if is_open else Word.NOT_RECEIVED
    state = outcomes[-1].state
    if not state.is_accepted:
        return {
            State.HELD: Word.HELD, State.FILE_REJECTED: Word.REJECTED, State.WITHDRAWN: Word.WITHDRAWN,
            State.FAILED: Word.FAILED, State.RECEIVED: Word.CHECKED,
        }[state]  # fmt: skip
    if month.waits:
        return Word.LATE
    return Word.REFRESHED if any(one.state.is_accepted for one in outcomes[:-1]) else Word.ACCEPTED


def _why(word: Word, month: BoardMonth, outcomes: Sequence[Outcome], rules: Mapping[str, Rule]) -> str:
    if word is Word.REJECTED:
        broken = outcomes[-1].detail.get("rules", {})
        rejecting = [rules[name] for name in broken if name in rules and rules[name].effect is Effect.REJECT_FILE]
        return f"{rejecting[0].id}: {rule_message(rejecting[0])}" if rejecting else ""
    return month.waits.partition(": ")[2] if word in (Word.HELD, Word.WITHDRAWN, Word.LATE) else month.waits
