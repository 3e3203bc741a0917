"""What findings cost, in words: how many records, and the figures that change.

Belongs here: choosing and wording for page and terminal alike. Does not belong here: the figures of the month
(``told``), what is worked out (``pipelines.preview.costs``), every change as data (``tables``).
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import polars as pl

from reports.preview.content import Cost, Preview
from reports.preview.told import ALL, FIRST, by_id, figure_said, labels
from reports.site.wording import counted

# Figures that a finding changes, shown of each.
_MOST_CHANGES = 6


@dataclass(frozen=True)
class Changed:
    """A figure that a finding changes, in words."""

    label: str
    now: str
    then: str


@dataclass(frozen=True)
class Costing:
    """What a finding costs, in words. ``more`` figures are in the file."""

    cost: Cost
    said: str
    changes: Sequence[Changed]
    more: int


def costings(preview: Preview) -> list[Costing]:
    """Every finding whose cost was worked out."""
    if not preview.costs:
        return []
    known, place = by_id(preview.measures), _places(preview)
    return [_costing(cost, known, place) for cost in preview.costs]


def _costing(cost: Cost, known: Mapping[str, dict[str, Any]], place: Mapping[str, int]) -> Costing:
    records = counted(cost.records, "record")
    if cost.is_rejecting:
        said = f"{records} in {cost.table} {'does' if cost.records == 1 else 'do'} not count."
        if cost.rows != cost.records:
            said += f" {counted(cost.rows, 'row')} of all tables would come back if this alone were corrected."
    else:
        said = f"{records} in {cost.table} {'counts' if cost.records == 1 else 'count'}"
        said += "." if cost.is_value_used else " without this value."
        if cost.changes.height:
            of_it = "the values that it is about" if cost.is_value_used else "it"
            said += f" These figures are made of {of_it}."
            if not cost.is_value_used:
                said += " They leave such records out, or have them under «not known»."
    rows = [
        row
        for row in cost.changes.filter(pl.col("pathway") == ALL).iter_rows(named=True)
        if row["measure"] in known
    ]
    rows.sort(key=lambda row: place.get(row["measure"], len(place)))
    every = [
        Changed(
            labels().get(row["measure"], known[row["measure"]]["title"]),
            figure_said(known[row["measure"]], row, "now_"),
            figure_said(known[row["measure"]], row, "then_"),
        )
        for row in rows
    ]
    # A wait of 93 days that becomes one of 94 is 13 weeks both times: it stands in the file alone.
    changes = [each for each in every if each.now != each.then][:_MOST_CHANGES]
    if not rows:
        said += " No figure of this month depends on it."
    return Costing(cost, said, changes, len(rows) - len(changes))


def _places(preview: Preview) -> dict[str, int]:
    """The order of measures: those that stand first, then those that are asked, then as in the catalogue."""
    first = [each.measure for each in FIRST]
    every = dict.fromkeys([*first, *labels(), *preview.measures["measure"].to_list()])
    return {measure: number for number, measure in enumerate(every)}
