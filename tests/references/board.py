"""The centre's board, told slowly: one provider and month after the other, in plain Python.

Belongs here: what is expected and how a month stands, as docs/for-the-centre.md says it. Does not belong here: the
ledger, windows with published dates, anything of ``pipelines``.
"""

from calendar import monthrange
from dataclasses import dataclass
from datetime import date, timedelta

ACCEPTED = ("accepted", "accepted with warnings", "accepted with rejections")


@dataclass(frozen=True)
class Arrival:
    """A file: for whom and which month, on which day it came, and what became of it."""

    provider: str
    month: date
    day: date
    state: str


def next_month(month: date) -> date:
    return date(month.year + month.month // 12, month.month % 12 + 1, 1)


def closing(month: date) -> date:
    """The last day of the month after."""
    after = next_month(month)
    return after.replace(day=monthrange(after.year, after.month)[1])


def counts_since(of: Arrival, arrivals: list[Arrival]) -> date | None:
    """From which day an accepted file counts."""
    joined = min(each.day for each in arrivals if each.provider == of.provider)
    if closing(of.month) < joined or of.day <= closing(of.month):
        return of.day
    month = next_month(of.month)
    while month.month != 4:  # a new financial year takes it no more
        if closing(month) >= of.day:
            return closing(month) + timedelta(days=1)
        month = next_month(month)
    return None


def word(provider: str, month: date, arrivals: list[Arrival], on: date) -> str:
    mine = [each for each in arrivals if (each.provider, each.month) == (provider, month)]
    if not mine:
        return "window open" if on <= closing(month) else "not received"
    last = mine[-1]
    if last.state == "file rejected":
        return "rejected"
    if last.state not in ACCEPTED:
        return "being checked" if last.state == "received" else last.state
    since = counts_since(last, arrivals)
    if since is None or since > on:
        return "late"
    return "refreshed" if any(each.state in ACCEPTED for each in mine[:-1]) else "accepted"


def board(
    arrivals: list[Arrival], on: date, by_list: dict[str, tuple[date, date | None]], ends: dict[str, date]
) -> dict[tuple[str, date], str]:
    """The word of every month that is expected or was received."""
    found = {}
    for provider in {each.provider for each in arrivals} | set(by_list):
        sent = [each.month for each in arrivals if each.provider == provider]
        month = date(2024, 1, 1)
        while month < date(2028, 1, 1):
            is_expected = False
            if sent and min(sent) <= month:
                stops = max(sent)
                for _ in range(6):
                    stops = next_month(stops)
                is_expected = month <= stops
            if provider in by_list:
                first, last = by_list[provider]
                is_expected = is_expected or (first <= month and (last is None or month <= last))
            is_expected = is_expected and next_month(month) <= on.replace(day=1)
            is_expected = is_expected and (provider not in ends or month < ends[provider])
            if is_expected or month in sent:
                found[provider, month] = word(provider, month, arrivals, on)
            month = next_month(month)
    return found
