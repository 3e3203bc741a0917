"""Services by questions: a symbol in each cell of a table.

Belongs here: the matrix. Does not belong here: which measure answers a question (the pages).

It is a table, not one drawing: a screen reader walks through its cells, and its columns wrap as the page is wide.
"""

from html import escape
from itertools import groupby

from reports.charts.data import Matrix, MatrixCell, MatrixRow, Source
from reports.charts.drawing import BLUE, GREY, INK, ORANGE, PATHS
from reports.charts.figure import Figure, Note, Panel, raw
from reports.charts.words import figure_said, position_said


def matrix(data: Matrix, figure_id: str) -> Figure:
    """Rows by region and name. A circle is within the limits; a square better, a diamond worse, a triangle beyond
    them where neither is better; filled, beyond 99.8 %. A small ring is not compared, a cross has no figure.
    """
    rows = sorted(data.rows, key=lambda row: (row.region, row.name))
    heads = "".join(f'<th scope="col"><span>{escape(question)}</span></th>' for question in data.questions)
    body = "".join(
        f"<tbody>{_region(region, data)}{''.join(_row(data, row, figure_id) for row in group)}</tbody>"
        for region, group in groupby(rows, key=lambda row: row.region)
    )
    symbols = "".join(
        f'<symbol id="{figure_id}-{name}" viewBox="-10 -10 20 20">{mark}</symbol>'
        for name, mark in _SYMBOLS.items()
    )
    html = (
        f'<svg width="0" height="0" aria-hidden="true"><defs>{symbols}</defs></svg>'
        f'<table class="matrix"{data.source.attributes()}><caption>{escape(data.title)}</caption>'
        f'<thead><tr><th scope="col">service</th>{heads}</tr></thead>{body}</table>'
    )
    return Figure([Panel(html, 0)], None, _notes(), data.source)


def _region(region: str, data: Matrix) -> str:
    """A heading for the services of a region, if they have one."""
    wide = len(data.questions) + 1
    return f'<tr><th scope="rowgroup" colspan="{wide}">{escape(region)}</th></tr>' if region else ""


def _row(data: Matrix, row: MatrixRow, figure_id: str) -> str:
    this = ' class="this"' if row.is_this else ""
    around = row.source.within(data.source)
    cells = "".join(_cell(cell, around, figure_id) for cell in row.cells)
    return f'<tr{this}{row.source.attributes(data.source)}><th scope="row">{escape(row.name)}</th>{cells}</tr>'


def _cell(cell: MatrixCell, around: Source, figure_id: str) -> str:
    """A symbol whose title is its words: for a screen reader, and where a pointer rests. 200 services x 8 questions
    are 1,600 of them: every byte counts.
    """
    figure = cell.figure
    number = "" if figure.value is None else f' data-value="{raw(figure.value)}" data-column="{figure.column}"'
    return (
        f'<td{figure.source.attributes(around)}{number}><svg role="img"><title>{escape(cell_said(cell))}</title>'
        f'<use href="#{figure_id}-{symbol_of(cell)}"/></svg></td>'
    )


def cell_said(cell: MatrixCell) -> str:
    """The figure and where it stands, in words."""
    if cell.figure.value is None:
        return cell.figure.why_missing
    return f"{figure_said(cell.scale, cell.figure)}; {position_said(cell.position)}"


def symbol_of(cell: MatrixCell) -> str:
    """Name of the symbol of a cell."""
    if cell.figure.value is None:
        return "none"
    if cell.position is None:
        return "alone"
    if cell.position == "within":
        return "within"
    side, level = cell.position.split(" ")
    if cell.better in ("higher", "lower"):
        kind = "better" if (side == "above") == (cell.better == "higher") else "worse"
    else:
        kind = side
    return f"{kind}-{level.replace('.', '')}"


def _mark(shape: str, colour: str, size: float, is_hollow: bool) -> str:
    fill = "#fff" if is_hollow else colour
    pen = f'fill="{fill}" stroke="{colour}" stroke-width="{2 / size:.2f}"'
    return f'<path d="{PATHS[shape]}" transform="scale({size:g})" {pen}/>'


_SYMBOLS = {
    "within": f'<circle r="3.5" fill="{GREY}"/>',
    "alone": f'<circle r="3" fill="#fff" stroke="{GREY}" stroke-width="1.5"/>',
    "none": f'<path d="{PATHS["cross"]}" transform="scale(5)" fill="none" stroke="{GREY}" stroke-width=".4"/>',
    **{
        f"{kind}-{level}": _mark(shape, colour, 6.5, level == "95")
        for kind, shape, colour in (
            ("better", "square", BLUE), ("worse", "diamond", ORANGE), ("above", "triangle", INK),
            ("below", "triangle down", INK),
        )
        for level in ("95", "998")
    },
}  # fmt: skip


def _notes() -> list[Note]:
    return [
        Note(
            "Circle: within the limits. Square: better. Diamond: worse. Triangle: higher or lower. "
            "Filled: beyond the 99.8 % limit; open: beyond the 95 % limit. "
            "Small ring: not compared. Cross: no figure."
        )
    ]
