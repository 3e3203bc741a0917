"""The rule for published figures, slowly: one figure at a time, from the people behind it, in plain Python.

Belongs here: marks, random errors and what is shown, written from decision 0022 and not from the SQL. Does not belong
here: attacks (``tests.references.attackers``).
"""

import hashlib
import math
from collections.abc import Iterable
from dataclasses import dataclass, field

from warehouse.disclosure.suppression import SUPPRESSION, Suppression


@dataclass(frozen=True)
class Cell:
    """An exact figure: how many rows are counted and how many are not, and the people of both, a person a row.

    ``values`` are those of a mean or quantile, one for each row counted.
    """

    kind: str
    counted: tuple[str, ...]
    others: tuple[str, ...] = ()
    values: tuple[float, ...] = ()
    grain: str = "pathway"
    origin: int | None = None

    @property
    def everybody(self) -> tuple[str, ...]:
        return (*self.counted, *self.others)


def sketch(people: Iterable[str]) -> int | None:
    """The marks of these people, one of 64 each; None of nobody."""
    marks = {int(hashlib.sha256(person.encode()).hexdigest()[:16], 16) % 64 for person in people}
    return sum(1 << mark for mark in marks) if marks else None


@dataclass(frozen=True)
class Protector:
    """Who knows the secret and applies the rule."""

    secret: str
    rule: Suppression = field(default=SUPPRESSION)

    def shown(self, cell: Cell) -> tuple[int | None, int | None, float | None]:
        """Numerator, denominator and average as published."""
        counted, everybody = self.count(cell.counted, cell), self.count(cell.everybody, cell)
        if cell.kind == "count":
            return counted, None, None
        if cell.kind != "share":
            return None, everybody, self._average(cell, everybody)
        few_others = (sketch(cell.others) or 0).bit_count() < self.rule.smallest
        if few_others or counted is None or everybody is None or everybody - counted < self.rule.smallest:
            counted = None
        return counted, everybody, None

    def rate(self, cell: Cell) -> float | None:
        """The share as published: of the counts shown, if the denominator is of enough people."""
        counted, of, _ = self.shown(cell)
        if cell.kind != "share" or counted is None or of is None:
            return None
        return counted / of if of >= self.rule.rate_from * rows_of_one(cell.everybody, cell.grain) else None

    def count(self, rows: tuple[str, ...], cell: Cell) -> int | None:
        """The protected count of these rows, or None."""
        if not rows:
            return None
        marks = (sketch(rows) or 0).bit_count()
        error = self.error(rows, cell.origin)
        protected = max(0, len(rows) + error * rows_of_one(rows, cell.grain))
        enough = marks + min(0, error) >= self.rule.smallest and protected >= self.rule.smallest
        return protected if enough else None

    def error(self, rows: tuple[str, ...], origin: int | None = None) -> int:
        """The random error of the count of these rows."""
        first, second, _, _ = self._numbers(rows, origin)
        return self._steps(first) - self._steps(second)

    def _average(self, cell: Cell, shown: int | None) -> float | None:
        crowd = round(crowd_of(sketch(cell.counted)))
        if shown is None:
            return None
        if cell.kind == "mean":
            if min(shown, crowd) < self.rule.mean_from:
                return None
            _, _, third, fourth = self._numbers(cell.counted, cell.origin)
            error = (math.log(third) - math.log(fourth)) / math.log(self.rule.alpha)
            part = error * rows_of_one(cell.counted, cell.grain) / len(cell.values)
            mean = sum(cell.values) / len(cell.values) * max(0, 1 + part)
            return round(mean, 1 if shown >= self.rule.decimal_from else 0)
        needed = {"median": 2, "p90": 10}[cell.kind] * self.rule.smallest
        return math.floor(quantile(cell) + 0.5) if min(shown, crowd) >= needed else None

    def _numbers(self, rows: tuple[str, ...], origin: int | None) -> list[float]:
        """Four numbers between 0 and 1 that only the secret, the people and the count decide."""
        marks = sketch(rows) or 0
        text = f"{self.secret}|{marks}|{len(rows)}" + (f"|{origin}" if marks.bit_count() >= 60 else "")
        digits = hashlib.sha256(text.encode()).hexdigest()
        return [(int(digits[place : place + 8], 16) + 1) / 2**32 for place in (0, 8, 16, 24)]

    def _steps(self, number: float) -> int:
        """How often a coin with ``alpha`` has to be thrown until it fails: at least k times with alpha^k."""
        steps = 0
        while number <= self.rule.alpha ** (steps + 1):
            steps += 1
        return steps


def quantile(cell: Cell) -> float:
    """The continuous quantile of the values (type 7)."""
    values = sorted(cell.values)
    place = (len(values) - 1) * {"median": 0.5, "p90": 0.9}[cell.kind]
    low = math.floor(place)
    high = min(low + 1, len(values) - 1)
    return values[low] + (values[high] - values[low]) * (place - low)


def crowd_of(marks: int | None) -> float:
    """About how many people bear these marks: 64 ln(64 / marks that nobody bears), of 60 marks at most."""
    return 64 * math.log(64 / (64 - min(60, (marks or 0).bit_count())))


def rows_of_one(rows: tuple[str, ...], grain: str) -> int:
    """Rows of one person: among many people one, or of contacts and the like no more than 24."""
    marks = sketch(rows) or 0
    if marks.bit_count() < 60:
        each = len(rows) / crowd_of(marks)
    else:
        each = 1 if grain in ("pathway", "caseload") else min(24, len(rows) / crowd_of(marks))
    return max(1, math.floor(each + 0.5))
