"""Submission windows: until when a month can be submitted, and from when a late submission counts.

Belongs here: the published closing dates (``schemas/windows.csv``: month, closes, source, confidence), the rules
for months without one (``schemas/window_rules.csv``), and what a window means for a file. Does not belong here:
which submission counts (``pipelines.ledger``).

The rules, each with its months, source and confidence (F: found in the source, R: recalled):

- Until activity of September 2023 a month had two windows: the primary one in month m + 1, the refresh in m + 2.
- Since October 2023 it has one, the performance window, in month m + 1.
- Since April 2020 a month can be submitted again until its financial year ends: in any later window of that year.

A window counts at its end. So a file that comes after its month has closed counts from the day after the next
window closes. After the last window of the financial year no window takes it any more.

The exact day is published month by month, often before the last day of the month. No published date of this dataset
is known yet. So every date is derived as the last day of the window's month, until ``windows.csv`` has a row for
it.
"""

import csv
from collections.abc import Iterable
from dataclasses import dataclass
from datetime import date, timedelta
from functools import cache
from importlib.resources import files

from schemas.month import last_day, month_of, months_after, months_between, parse_month

_RESUBMISSION = "resubmission"
_YEAR_BEGINS = 4  # the financial year, in April


@dataclass(frozen=True)
class Rule:
    """One kind of window: for which months, and how many months later. ``months_after`` is None for resubmissions:
    they have a whole financial year.
    """

    window: str
    first_month: date
    last_month: date | None
    months_after: int | None
    source: str
    confidence: str

    def is_of(self, month: date) -> bool:
        """Whether a month has this window."""
        return self.first_month <= month and (self.last_month is None or month <= self.last_month)


@dataclass(frozen=True)
class Window:
    """A submission is on time until 11:59 pm on ``closes``; ``basis`` gives the source of that date."""

    closes: date
    basis: str


def closes(month: date) -> Window:
    """The window of the month of ``month``."""
    first = month_of(month)
    return _published().get(first) or _derived(first)


def counts_from(month: date, received_on: date) -> date | None:
    """The first day on which a file received on that day counts for its month.

    Its own day while a window of the month is open. Later the day after the next window of the financial year
    closes. ``None`` where there is none: the year is closed.
    """
    first = month_of(month)
    if received_on <= closes(first).closes:
        return received_on
    if not any(rule.window == _RESUBMISSION and rule.is_of(first) for rule in rules()):
        return None
    later = (closes(each).closes for each in months_between(first, _last_of_year(first))[1:])
    return next((day + timedelta(days=1) for day in later if day >= received_on), None)


@cache
def rules() -> tuple[Rule, ...]:
    """The kinds of windows, in the order of the file."""
    with (files("schemas") / "window_rules.csv").open(encoding="utf-8") as file:
        return tuple(
            Rule(
                row["window"],
                parse_month(row["first_month"]),
                parse_month(row["last_month"]) if row["last_month"] else None,
                int(row["months_after"]) if row["months_after"] else None,
                row["source"],
                row["confidence"],
            )
            for row in csv.DictReader(file)
        )


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
    ahead = max(rule.months_after for rule in rules() if rule.months_after is not None and rule.is_of(first))
    which = "the month" if ahead == 1 else "the second month"
    return Window(last_day(months_after(first, ahead)), f"derived: last day of {which} after the month reported")


def _last_of_year(month: date) -> date:
    """The last month of the financial year of a month: March."""
    return date(month.year + (month.month >= _YEAR_BEGINS), _YEAR_BEGINS - 1, 1)
