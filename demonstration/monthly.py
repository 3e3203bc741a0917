"""The division into months: which record is in which monthly submission, and in which row.

Belongs here: records that happen once, records that recur while a referral is open, and the tables that hold
them month by month. Does not belong here: what the records say (``records``).
"""

from dataclasses import dataclass
from datetime import date

import numpy as np
import polars as pl

from demonstration.draws import Integers
from schemas.month import months_after
from schemas.table import Table
from schemas.versions import Version, tables_of


@dataclass(frozen=True)
class Calendar:
    """Months of the demonstration: month 0 begins on ``start`` (a first of month); earlier ones are negative."""

    start: date
    months: int

    @property
    def first(self) -> int:
        """Month 0 as months since January 1970."""
        return int(np.datetime64(self.start, "M").astype(np.int64))

    def month_of(self, days: Integers) -> Integers:
        """The month of each day (days since 1970-01-01)."""
        return days.astype("datetime64[D]").astype("datetime64[M]").astype(np.int64) - self.first

    def first_day(self, month: int) -> date:
        """First day of a month; ``first_day(month + 1)`` is the day after its last."""
        return months_after(self.start, month)


@dataclass(frozen=True)
class Placed:
    """Records in order of month: ``record`` indexes whatever is recorded, ``month`` is its month."""

    record: Integers
    month: Integers

    def where(self, chosen: Integers) -> "Placed":
        """The records at these positions, in this order."""
        return Placed(self.record[chosen], self.month[chosen])


def once(month: Integers, months: int) -> Placed:
    """Records that are submitted in the one month in which they happen."""
    inside = np.flatnonzero((month >= 0) & (month < months))
    inside = inside[np.argsort(month[inside], kind="stable")]
    return Placed(inside, month[inside])


def recurring(first: Integers, last: Integers, months: int) -> Placed:
    """Records that are submitted every month from ``first`` to ``last``, both included."""
    begin = np.maximum(first, 0)
    counts = np.maximum(np.minimum(last, months - 1) - begin + 1, 0)
    record = np.repeat(np.arange(len(first)), counts)
    month = begin[record] + np.arange(len(record)) - np.repeat(np.cumsum(counts) - counts, counts)
    order = np.argsort(month, kind="stable")
    return Placed(record[order], month[order])


def joined(*parts: tuple[Integers, dict[str, pl.Series]]) -> tuple[Integers, dict[str, pl.Series]]:
    """Rows of several kinds in one table, in order of month; an element that a kind does not have is blank."""
    month = np.concatenate([months for months, _ in parts])
    order = np.argsort(month, kind="stable")
    frame = pl.concat([pl.DataFrame(columns) for _, columns in parts], how="diagonal")
    return month[order], {name: frame[name].gather(order) for name in frame.columns}


@dataclass(frozen=True)
class MonthlyTable:
    """One table over all months: rows ``starts[m]`` to ``starts[m + 1]`` of ``frame`` belong to month ``m``."""

    table: Table
    frame: pl.DataFrame
    starts: Integers

    def of_month(self, month: int) -> pl.DataFrame:
        """The records of one month, as submitted."""
        return self.frame.slice(int(self.starts[month]), int(self.starts[month + 1] - self.starts[month]))


def monthly(
    table: Table, version: str, months: int, month: Integers, columns: dict[str, pl.Series]
) -> MonthlyTable:
    """A table from its columns, one entry per row in order of month; elements not given are blank.

    It has every element of ``version`` in declared order. Raises KeyError for a column that the version does
    not have.
    """
    names = [field.name for field in tables_of(Version(version))[table.id].fields]
    unknown = set(columns) - set(names)
    if unknown:
        raise KeyError(f"{table.name} of version {version} has no {sorted(unknown)}")
    blank = pl.Series([None], dtype=pl.String)
    frame = pl.DataFrame({name: columns.get(name, blank.new_from_index(0, len(month))) for name in names})
    return MonthlyTable(table, frame, np.searchsorted(month, np.arange(months + 1)))
