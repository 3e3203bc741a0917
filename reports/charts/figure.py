"""A finished chart: its SVG, and the table with every number drawn.

Belongs here: ``Figure``, ``Table`` and their HTML. Does not belong here: what is drawn (the module of each chart).
"""

import re
from collections.abc import Sequence
from dataclasses import dataclass
from html import escape

from reports.charts.data import NOWHERE, Source


@dataclass(frozen=True)
class Cell:
    """Text of a cell; where it is a number, the number and the column of the release it is from.

    ``source`` is what differs from its row.
    """

    text: str
    value: float | None = None
    column: str = ""
    source: Source = NOWHERE

    @property
    def html(self) -> str:
        """The text, and the number behind it to be read back."""
        if self.value is None:
            return escape(self.text)
        own = f'value="{raw(self.value)}" data-column="{self.column}"{self.source.attributes()}'
        return f"<data {own}>{escape(self.text)}</data>"


@dataclass(frozen=True)
class Row:
    """A row: its name and its cells."""

    head: str
    cells: Sequence[Cell]
    source: Source = NOWHERE


@dataclass(frozen=True)
class Table:
    """Every number of a chart: ``head`` names the column of the rows' names and those of their cells."""

    caption: str
    head: Sequence[str]
    rows: Sequence[Row]

    def html(self, around: Source) -> str:
        """A table whose cells carry the name of their column, for narrow screens, and their number."""
        heads = "".join(f'<th scope="col">{escape(each)}</th>' for each in self.head)
        rows = "".join(
            f'<tr{row.source.attributes(around)}><th scope="row">{escape(row.head)}</th>'
            + "".join(
                f'<td data-label="{escape(label)}">{cell.html}</td>'
                for label, cell in zip(self.head[1:], row.cells, strict=True)
            )
            + "</tr>"
            for row in self.rows
        )
        return (
            f"<table{around.attributes()}><caption>{escape(self.caption)}</caption>"
            f"<thead><tr>{heads}</tr></thead><tbody>{rows}</tbody></table>"
        )


@dataclass(frozen=True)
class Note:
    """A line above a chart: words, and an icon that says the same."""

    words: str
    icon: str = ""


@dataclass(frozen=True)
class Panel:
    """One drawing of a chart; its name where there are several."""

    svg: str
    height: int
    name: str = ""


@dataclass(frozen=True)
class Figure:
    """A chart: one drawing or several, as wide as the page lets them; what to know of it; its table.

    ``table`` is None where the drawing is the table already.
    """

    panels: Sequence[Panel]
    table: Table | None
    notes: Sequence[Note] = ()
    source: Source = NOWHERE

    @property
    def svg(self) -> str:
        """The drawings as inline SVG, several of them in a grid with their names."""
        if len(self.panels) == 1:
            return self.panels[0].svg
        cells = "".join(f"<div><p>{escape(panel.name)}</p>{panel.svg}</div>" for panel in self.panels)
        return f'<div class="multiples">{cells}</div>'

    @property
    def html(self) -> str:
        """Notes, drawings, and the table beneath, closed until somebody opens it."""
        notes = "".join(f"<p>{note.icon}{escape(note.words)}</p>" for note in self.notes)
        told = f"<figcaption>{notes}</figcaption>" if notes else ""
        if self.table is None:
            return f'<figure class="chart">{told}{self.svg}</figure>'
        return (
            f'<figure class="chart">{told}{self.svg}<details><summary>Every number in this chart</summary>'
            f'<div class="table">{self.table.html(self.source)}</div></details></figure>'
        )

    def file(self, width: int, columns: int = 1) -> str:
        """The drawings as one SVG file, ``width`` pixels wide, on white; several in ``columns``, with names."""
        wide, gap = width / columns, 24
        named = 22 if len(self.panels) > 1 else 0
        tall = named + max(panel.height for panel in self.panels) + (gap if named else 0)
        parts = []
        for place, panel in enumerate(self.panels):
            x, y = wide * (place % columns), tall * (place // columns)
            name = f'<text x="{x:g}" y="{y + 14:g}" font-size="13" font-weight="bold">{escape(panel.name)}</text>'
            room = wide - (gap if named else 0)
            parts.append((name if named else "") + _placed(panel.svg, x, y + named, room))
        rows = -(-len(self.panels) // columns)
        return (
            f'<svg xmlns="http://www.w3.org/2000/svg" width="{width}" height="{tall * rows}" '
            'font-family="Arial, Helvetica, sans-serif"><rect width="100%" height="100%" fill="#fff"/>'
            + "".join(parts)
            + "</svg>\n"
        )


def _placed(svg: str, x: float, y: float, wide: float) -> str:
    """A drawing at its place in another, with the margins that the style sheet would give it."""
    left, right = (int(each) for each in re.findall(r"(?:left|right)-(\d+)", svg)[:2])
    return re.sub(
        'class="[^"]*" width="100%"', f'x="{x + left:g}" y="{y:g}" width="{wide - left - right:g}"', svg, count=1
    )


def raw(value: float) -> str:
    """A number as it is, to be read back: a whole number without a point, any other with every digit."""
    return str(value) if isinstance(value, int) else repr(float(value))
