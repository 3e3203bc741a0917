"""A preview on the command line: the figures in short, what findings cost, and what cannot be known.

Belongs here: the layout in a terminal. Does not belong here: the words (``reports.preview``).
"""

from collections.abc import Sequence

from rich.markup import escape
from rich.table import Table

from pipelines.show import line, wide
from reports.pages.numbers import MISSING
from reports.preview import told
from reports.preview.content import Preview
from reports.preview.costings import costings
from reports.site.wording import counted, whose

_NOBODY = MISSING["no denominator"]
# Findings shown; the page has all that were worked out.
_COSTS = 5


def preview(found: Preview) -> None:
    """The figures of all conditions together, then what findings cost, then what a preview cannot know."""
    verdict = found.verdict
    line(f"{whose(verdict)}: {verdict['outcome']}. This is a preview: nothing has been submitted.")
    line(told.headline(found))
    if not found.figures.is_empty():
        _figures(found)
    every = costings(found)
    for costing in every[:_COSTS]:
        line("")
        line(f"{costing.cost.message} {costing.cost.fix} [{costing.cost.rule_id}, {costing.cost.effect}]")
        line(f"  {costing.said}")
        for changed in costing.changes:
            then = f". If they counted: {changed.then}" if costing.cost.is_rejecting else ""
            line(f"  {changed.label}: {changed.now}{then}.")
    left = len(every) - _COSTS
    if left > 0:
        line(f"… and {counted(left, 'more finding')}; --report shows what each costs.")
    line("")
    line("What this preview cannot know:")
    for each in told.cannot_know(found):
        line(f"- {each}")


def _figures(found: Preview) -> None:
    first, *_ = told.sections(found)
    heads = told.beside(found)
    every = [row for _, lines in first.blocks for row in lines]
    rows = [row for row in every if row.now != _NOBODY]
    shown = [True, *(any(cells) for cells in zip(*map(_cells, rows), strict=True))]
    table = Table(box=None, pad_edge=False)
    for name in _only(("Figure", *heads), shown):
        table.add_column(escape(name))
    for row in rows:
        table.add_row(*map(escape, _only((row.label, *_cells(row)), shown)))
    wide(table)
    if nobody := len(every) - len(rows):
        line(f"{counted(nobody, 'more figure')} with nobody to count.")


def _cells(row: told.Line) -> tuple[str, str, str, str]:
    return row.now, row.before, row.earlier, row.national


def _only(cells: Sequence[str], shown: Sequence[bool]) -> list[str]:
    """Those cells that are in a column with any value."""
    return [cell for cell, is_shown in zip(cells, shown, strict=True) if is_shown]
