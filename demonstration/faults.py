"""The faults: known errors planted in good submissions, and the answer key.

Belongs here: choosing rows and rules, and the wrong values. Does not belong here: rules (``schemas.rule``) and the
check that must find the errors (``validate``).
"""

from dataclasses import dataclass
from datetime import date
from functools import cache

import numpy as np
import polars as pl

from demonstration.draws import Integers, keyed
from demonstration.monthly import MonthlyTable
from schemas.dataset import TABLES
from schemas.generated import generated_rules
from schemas.table import Table

ANSWER_KEY: dict[str, pl.DataType] = {
    "provider": pl.String(),
    "month": pl.String(),
    "table": pl.String(),
    "row_number": pl.Int64(),
    "rule_id": pl.String(),
    "field": pl.String(),
    "planted": pl.String(),
}


@dataclass(frozen=True)
class Fault:
    """One way to break one generated rule; ``value`` None is a blank."""

    rule_id: str
    field: str
    value: str | None


def possible_faults(table: Table, start: date, end: date) -> tuple[Fault, ...]:
    """One fault per generated rule of ``table`` that one wrong value can break alone.

    Keys and the fields that name a parent are left out: a fault there would also reject other records.
    """
    return _faults_of(table.id, start, end)


@cache
def _faults_of(table_id: str, start: date, end: date) -> tuple[Fault, ...]:
    table = TABLES[table_id]
    spared = set(table.key) | ({table.parent[0]} if table.parent else set())
    return tuple(
        Fault(rule.id, rule.fields[0], rule.bad[0][rule.fields[0]])
        for rule in generated_rules(table, start, end)
        if rule.fields[0] not in spared and not rule.fields[0].endswith("Id")
    )


def plant(
    table: MonthlyTable,
    provider: str,
    start: date,
    share: float,
    rows_before: Integers,
    seed: int,
    index: int,
) -> tuple[MonthlyTable, pl.DataFrame]:
    """The table with about ``share`` of its rows broken in one place, and the answer key of what was done.

    ``rows_before`` are the rows that earlier parts put before this one's, per month; row 1 is the row of names.
    Whether and how a row is broken follows from the seed, provider, table, month and row alone. ``start`` is the
    first day of month 0.
    """
    faults = possible_faults(table.table, start, start)
    faults = tuple(fault for fault in faults if fault.field in table.frame.columns)
    height = table.frame.height
    if not faults or not height or share <= 0:
        return table, pl.DataFrame(schema=ANSWER_KEY)
    month = np.searchsorted(table.starts, np.arange(height), side="right") - 1
    # Several months may begin at one row when the earlier of them are empty: the last of them has the row.
    row = np.arange(height) - table.starts[month] + rows_before[month] + 2
    number = int(table.table.id[3:]) + (1000 if table.table.id.startswith("SMI") else 0)
    place = month * 1_000_000_000 + row
    broken = np.flatnonzero(keyed(place, seed, index, number, 1) < share)
    chosen = (keyed(place[broken], seed, index, number, 2) * len(faults)).astype(np.int64)
    wrong: dict[str, pl.Series] = {}
    for fault in np.unique(chosen):
        name = faults[fault].field
        column = wrong[name] if name in wrong else table.frame[name].cast(pl.String)
        wrong[name] = column.scatter(broken[chosen == fault], faults[fault].value)
    frame = table.frame.with_columns(**wrong)
    calendar_month = np.datetime64(start, "M") + month[broken]
    key = pl.DataFrame(
        {
            "provider": pl.Series([provider]).new_from_index(0, len(broken)),
            "month": pl.Series(calendar_month.astype(str)),
            "table": pl.Series([table.table.id]).new_from_index(0, len(broken)),
            "row_number": row[broken],
            "rule_id": pl.Series([fault.rule_id for fault in faults]).gather(chosen),
            "field": pl.Series([fault.field for fault in faults]).gather(chosen),
            "planted": pl.Series([fault.value for fault in faults], dtype=pl.String).gather(chosen),
        },
        schema=ANSWER_KEY,
    )
    return MonthlyTable(table.table, frame, table.starts), key
