"""Submission windows: the deadline of each month.

Belongs here: the published closing dates (``schemas/windows.csv``: month, closes, source, confidence), and the
rule for a month without a published date. Does not belong here: what happens to late submissions.

The rule: since activity of October 2023 there is one window, and month m is submitted in month m + 1. Before that,
the window that counted was in month m + 2 (NHS England, «Year to Date Submission Model guidance», January 2024).
The exact day is published month by month, often before the last day of the month. No published date of this
dataset is known yet. So every date is derived as the last day of the window's month, until the file has a row for
it.
"""

import csv
from collections.abc import Iterable
from dataclasses import dataclass
from datetime import date
from functools import cache
from importlib.resources import files

from schemas.month import last_day, month_of, months_after, parse_month

_ONE_WINDOW_SINCE = date(2023, 10, 1)


@dataclass(frozen=True)
class Window:
    """A submission is on time until 11:59 pm on ``closes``; ``basis`` gives the source of that date."""

    closes: date
    basis: str


def closes(month: date) -> Window:
    """The window of the month of ``month``."""
    first = month_of(month)
    return _published().get(first) or _derived(first)


def windows(lines: Iterable[str]) -> dict[date, Window]:
    """Published windows by first day of the month, from the lines of a CSV file."""
    return {
        parse_month(row["month"]): Window(date.fromisoformat(row["closes"]), _basis(row))
        for row in csv.DictReader(lines)
    }


@cache
def _published() -> dict[date, Window]:
    with (files("schemas") / "windows.csv").open(encoding="utf-8") as file:
        return windows(file)


def _basis(row: dict[str, str]) -> str:
    return f"{'recalled' if row['confidence'] == 'R' else 'published'}: {row['source']}"


def _derived(first: date) -> Window:
    ahead = 1 if first >= _ONE_WINDOW_SINCE else 2
    which = "the month" if ahead == 1 else "the second month"
    return Window(last_day(months_after(first, ahead)), f"derived: last day of {which} after the month reported")
