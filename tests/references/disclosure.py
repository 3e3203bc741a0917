"""The rule for published figures, slowly: one figure at a time, from the people behind it, in plain Python.

Belongs here: marks, random errors and what is shown, written from decision 0022 and not from the SQL. Does not belong
here: attacks (``tests.references.attackers``).
"""

import hashlib
import math
from collections.abc import Iterable
from dataclasses import dataclass, field, replace

from warehouse.disclosure.suppression import SUPPRESSION, Suppression


@dataclass(frozen=True)
class Cell:
    """An exact figure: how many rows are counted and how many are not, and the people of both, a person a row.

    ``values`` are those of a mean or quantile, one for each row counted. Of a rate every row counted is an event,
    ``others`` are the people without one, and ``days`` the person-days of all.
    """

    kind: str
    counted: tuple[str, ...]
    others: tuple[str, ...] = ()
    values: tuple[float, ...] = ()
    grain: str = "pathway"
    origin: int | None = None
    days: int = 0

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

    def shown(self, cell: Cell, measure: str) -> tuple[int | None, int | None, float | None]:
        """Numerator, denominator and value as published."""
        if cell.kind == "rate":
            return None, None, self._rate(cell)
        counted, everybody = self.count(cell.counted, cell), self.count(cell.everybody, cell)
        if cell.kind == "count":
            return counted, None, counted
        if cell.kind != "share":
            return None, everybody, self._average(cell, everybody)
        if counted is not None and everybody is not None:
            counted = self._numerator(cell, counted, everybody, measure)
        else:
            counted = None
        if not counted or not everybody:
            return counted, everybody, None
        enough = self.rule.rate_from * rows_of_one(cell.everybody, cell.grain)
        return counted, everybody, counted / everybody if everybody >= enough else None

    def _numerator(self, cell: Cell, counted: int, everybody: int, measure: str) -> int | None:
        """What is shown of those counted in a share: no more than everybody, and of everybody a few less."""
        if cell.grain not in ("pathway", "caseload"):
            few = (sketch(cell.others) or 0).bit_count() < self.rule.smallest
            return None if few or everybody - counted < self.rule.smallest else counted
        if cell.others:
            return min(counted, everybody)
        key = hashlib.sha256(
            f"{self._key(len(cell.counted), cell.counted, cell.origin)}|{measure}".encode()
        ).hexdigest()
        up, down, more, less = (self._steps(number) for number in _uniform(key))
        left = everybody - max(0, 1 + up - down + more - less)
        return left if left >= self.rule.smallest else None

    def _rate(self, cell: Cell) -> float | None:
        events = self.count(cell.counted, replace(cell, grain="event"))
        everybody = (*set(cell.counted), *cell.others)
        crowd = crowd_of(sketch(everybody))
        if events is None or round(crowd) < self.rule.mean_from:
            return None
        _, _, third, fourth = _uniform(self._key(cell.days, everybody, cell.origin))
        error = (math.log(third) - math.log(fourth)) / math.log(self.rule.alpha)
        return round(365.25 * events / cell.days * max(0, 1 + error / crowd), 1)

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
        return math.floor(quantile(cell) + 0.5 + 1e-9) if min(shown, crowd) >= needed else None

    def _numbers(self, rows: tuple[str, ...], origin: int | None) -> list[float]:
        """Four numbers between 0 and 1 that only the secret, the people and the count decide."""
        return _uniform(self._key(len(rows), rows, origin))

    def _key(self, n: int, people: Iterable[str], origin: int | None) -> str:
        marks = sketch(people) or 0
        text = f"{self.secret}|{marks}|{n}" + (f"|{origin}" if marks.bit_count() >= 60 else "")
        return hashlib.sha256(text.encode()).hexdigest()

    def _steps(self, number: float) -> int:
        """How often a coin with ``alpha`` has to be thrown until it fails: at least k times with alpha^k."""
        steps = 0
        while number <= self.rule.alpha ** (steps + 1):
            steps += 1
        return steps


def _uniform(key: str) -> list[float]:
    """Four numbers above 0, up to 1, from the digits of a key."""
    return [(int(key[place : place + 8], 16) + 1) / 2**32 for place in (0, 8, 16, 24)]


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
