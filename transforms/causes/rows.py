"""Rows with fewer values than there are names, where it is not plain which values are missing.

Belongs here: putting such rows of all tables together. Does not belong here: telling whether it is plain
(``transforms.receive.row_ends``), a single such row: it stands for itself.
"""

from collections.abc import Mapping

import polars as pl

from schemas.causes import CAUSES
from transforms.causes.cause import FEWEST, Affected, Cause
from transforms.receive.structure import rows_said
from transforms.receive.table import Received
from transforms.said_once import more_tables


def causes_of_rows(read: Mapping[str, Received]) -> list[Cause]:
    """The short rows of all tables with a few of them, and the columns of which they have no value."""
    found = [each for each in read.values() if each.refused.short.height >= FEWEST]
    if not found:
        return []
    affected = tuple(column for each in found for column in _lacking(each))
    return [Cause(CAUSES["CAUSE-ROWS-SHORT"], _said(found), affected)]


def _lacking(received: Received) -> list[Affected]:
    short = received.refused.short
    rows = {
        name: short.filter(pl.col("values") <= place)["row_number"].sort()
        for name, place in sorted(received.columns.items(), key=lambda each: each[1])
    }
    return [Affected(received.table.id, name, each, received.rows_in) for name, each in rows.items() if len(each)]


def _said(found: list[Received]) -> str:
    first, *others = found
    more = sum(each.refused.short.height for each in others)
    also = f", and {more:,} rows of {more_tables(len(others))}" if others else ""
    return f"in {first.table.name} {rows_said(first.refused.short['row_number'].to_list())}{also}"
