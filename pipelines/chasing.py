"""Whom the centre writes to, what it says, and which figures a missing month touches.

Belongs here: choosing the months and the text of a mail. Does not belong here: the standing of a month
(``pipelines.board``), sending: Parity sends nothing.
"""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import date

from pipelines.board import Standing, Word
from reports.site.wording import counted, day
from schemas.month import months_after
from schemas.windows import counts_from

# Days before a deadline from which on somebody who has sent nothing is reminded.
REMINDED = 7
_WRITTEN = (Word.NOT_RECEIVED, Word.REJECTED, Word.FAILED, Word.HELD, Word.WITHDRAWN)


@dataclass(frozen=True)
class Chase:
    """A provider to write to: the months it is about, and the text."""

    provider: str
    months: tuple[date, ...]
    text: str


def to_chase(standings: Iterable[Standing], on: date) -> list[Chase]:
    """One mail for each provider of which something is missing, in the order of their codes."""
    by_provider: dict[str, list[Standing]] = {}
    for each in standings:
        if each.word in _WRITTEN or (each.word is Word.OPEN and each.days_left <= REMINDED):
            by_provider.setdefault(each.month.provider_month.provider, []).append(each)
    return [
        Chase(provider, tuple(each.month.provider_month.month for each in of), _mail(provider, of, on))
        for provider, of in sorted(by_provider.items())
    ]


def touched(month: date) -> list[str]:
    """The periods whose figures, of the provider and of England, a month without a submission lacks."""
    quarter = months_after(month, -((month.month - 4) % 3))
    year = date(month.year - (month.month < 4), 4, 1)
    found = [
        f"{month:%B %Y}",
        f"the quarter {quarter:%B} to {months_after(quarter, 2):%B %Y}",
        f"the financial year {year.year}-{(year.year + 1) % 100:02d}",
        f"every 12 months with {month:%B %Y} in them",
    ]
    ends = [found[0]]
    if months_after(quarter, 2) == month:
        ends.append(found[1])
    if months_after(year, 11) == month:
        ends.append(found[2])
    return [*found, f"who is there at a month end (open, waiting): {', '.join(ends)}"]


def _mail(provider: str, of: Sequence[Standing], on: date) -> str:
    """The text of a mail, ready to be sent. It names months, days and rules, and nothing of a person."""
    lines = [f"Subject: {provider}: {_months(of)} for Parity", "", "Dear colleagues,", ""]
    for each in of:
        lines += [_said(each, on), ""]
    missing = [each.month.provider_month.month for each in of if each.month.counts is None]
    if missing:
        lines += ["Until then these figures are without you, yours and England's:"]
        shown = missing[:1] if len(missing) > 1 else missing
        lines += [f"- {period}" for month in shown for period in touched(month)]
        if len(missing) > 1:
            lines.append(f"- and the same for {counted(len(missing) - 1, 'other month')}")
        lines.append("")
    lines += ["Do you need help with a file? Please answer this mail.", "", "With kind regards"]
    return "\n".join(lines)


def _said(each: Standing, on: date) -> str:
    month = f"{each.month.provider_month.month:%B %Y}"
    closes = day(each.closes.isoformat())
    if each.word is Word.OPEN:
        return f"{month}: we have nothing from you yet. Please send it by {closes}: {_left(each.days_left)}."
    if each.word is Word.HELD:
        return f"{month}: your last file is held and does not count. It has {each.why}. Is that right? {_ask(each)}"
    if each.word is Word.WITHDRAWN:
        return f"{month} was withdrawn: {each.why}. Please send it again. {_from(each, on)}"
    if each.word is Word.REJECTED:
        said = (
            f"{month}: your last file was rejected. {each.why} Its report says what to correct. {_from(each, on)}"
        )
        return said if each.month.counts is None else f"{said} Your earlier file counts until then."
    if each.word is Word.FAILED:
        return f"{month}: your last file could not be processed, through no fault of yours. Please send it again."
    return f"{month}: we have nothing from you. The window closed on {closes}. {_from(each, on)}"


def _ask(each: Standing) -> str:
    earlier = "Your earlier file counts until then." if each.month.counts else "The month is missing until then."
    return f"If so, tell us why and we let it count. If not, please send the whole month. {earlier}"


def _from(each: Standing, on: date) -> str:
    """From when a file that comes today counts."""
    since = counts_from(each.month.provider_month.month, on)
    if since is None:
        return "No window takes this month any more: a file counts only if we confirm it."
    if since == on:
        return f"A file that comes by {day(each.closes.isoformat())} counts at once: {_left(each.days_left)}."
    return f"A file that comes today counts from {day(since.isoformat())}."


def _left(days: int) -> str:
    return "that is today" if days == 0 else f"{counted(days, 'day')} left"


def _months(of: Sequence[Standing]) -> str:
    first = f"{of[0].month.provider_month.month:%B %Y}"
    return first if len(of) == 1 else f"{first} and {counted(len(of) - 1, 'other month')}"
