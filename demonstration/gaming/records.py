"""All records of a service as it submits them, month by month, and changing a table of them.

Belongs here: the records of all months as one set of tables, and tables that keep to the tables they belong to.
Does not belong here: a way of gaming, what the records mean (``courses``).
"""

from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass
from datetime import date

import polars as pl

from demonstration.submissions import Part
from schemas.month import months_after

MONTH = "month"
# Tables with a record for every person in every month in which a referral of theirs is open.
_OF_A_PERSON = ("IDS001", "IDS002", "IDS003", "IDS004", "IDS007", "IDS011", "IDS012", "IDS601", "IDS803")


@dataclass(frozen=True)
class Records:
    """The records of a service: table id → rows of all months.

    Every frame has the elements of the table as submitted, and ``month``: the first day of the month whose
    submission carries the row.
    """

    tables: dict[str, pl.DataFrame]

    def changed(self, **tables: pl.DataFrame) -> "Records":
        """The same records with these tables in the place of theirs."""
        return Records(self.tables | tables)

    def each(self, change: Callable[[str, pl.DataFrame], pl.DataFrame]) -> "Records":
        """Every table changed by the function of its id and rows."""
        return Records({name: change(name, frame) for name, frame in self.tables.items()})

    def months(self) -> Iterator[tuple[date, dict[str, pl.DataFrame]]]:
        """Every month with its tables, as they are submitted."""
        rows = {name: frame.partition_by(MONTH, as_dict=True, include_key=False) for name, frame in
                self.tables.items()}  # fmt: skip
        for (month,) in sorted({key for of_table in rows.values() for key in of_table}):
            assert isinstance(month, date)
            yield (
                month,
                {
                    name: of_table.get((month,), self.tables[name].drop(MONTH).clear())
                    for name, of_table in rows.items()
                },
            )


def records_of(parts: Iterable[Part], start: date) -> Records:
    """The records of all parts of a service, for the months from ``start`` on."""
    found: dict[str, list[pl.DataFrame]] = {}
    for part in parts:
        for name, table in part.tables.items():
            months = [months_after(start, number) for number in range(len(table.starts) - 1)]
            rows = pl.Series(MONTH, months, dtype=pl.Date).gather(
                pl.Series([n for n in range(len(months)) for _ in range(table.starts[n + 1] - table.starts[n])],
                          dtype=pl.UInt32)
            )  # fmt: skip
            found.setdefault(name, []).append(table.frame.with_columns(rows))
    return Records({name: pl.concat(frames, how="vertical_relaxed") for name, frames in found.items()})


def first_day(records: Records) -> pl.Expr:
    """The first day of the first month of the records."""
    return pl.lit(records.tables["IDS101"][MONTH].min(), dtype=pl.Date)


def without_orphans(records: Records) -> Records:
    """Without the rows of a person in months in which no referral of theirs is submitted, and of activities
    without their contact.
    """
    referred = records.tables["IDS101"].select("LocalPatientId", MONTH).unique()
    contacts = records.tables["IDS201"].select("CareContactId")
    activities = records.tables["IDS202"].join(contacts, on="CareContactId", how="semi", maintain_order="left")
    scored = records.tables["IDS607"].join(
        activities.select("CareActId"), on="CareActId", how="semi", maintain_order="left"
    )
    kept = {
        name: records.tables[name].join(referred, on=["LocalPatientId", MONTH], how="semi", maintain_order="left")
        for name in _OF_A_PERSON
        if name in records.tables
    }
    return records.changed(**kept, IDS202=activities, IDS607=scored)
