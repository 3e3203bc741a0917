"""Services below each other with their intervals, by name or region: never by value.

Belongs here: the caterpillar plot. Does not belong here: what a service is compared with (``warehouse``).
"""

from collections.abc import Callable, Iterable
from itertools import groupby

from reports.charts.data import Caterpillar, Service
from reports.charts.drawing import (
    BAND,
    BLUE,
    FAINT,
    GREY,
    GRID,
    INK,
    NARROW,
    QUIET,
    SMALL,
    STANDARD,
    Drawing,
    Number,
    mark_of,
    width_of,
    wrapped,
)
from reports.charts.figure import Cell, Figure, Note, Panel, Row, Table
from reports.charts.plane import across, inset
from reports.charts.words import VALUE_HEAD, figure_said, one_or_many, position_said, standard_row, value_cells

# With more services only this one has its name; all names are in the table.
MOST_NAMED = 40
_INSET = 0.03


def caterpillar(data: Caterpillar, figure_id: str) -> Figure:
    """A row for each service: its name, its value, its interval; the centre as a line through all rows.

    Beyond ``MOST_NAMED`` services rows are narrow and only this service is named.
    """
    drawing = Drawing(figure_id, data.source)
    services = sorted(data.services, key=lambda s: (s.region if data.by_region else "", s.name))
    low, high = data.scale.span(_drawn(data), 0.04)
    x = inset(low, high, _INSET)
    _axis(drawing, data, x, (low, high))
    top = drawing.height
    is_named = len(services) <= MOST_NAMED
    for region, group in groupby(services, key=lambda s: s.region if data.by_region else ""):
        if region:
            drawing.height += 24
            drawing.text(0, drawing.height - 7, region, SMALL, is_bold=True)
        for service in group:
            _row(drawing, data, service, x, is_named)
    _through(drawing, data, x, top)
    drawing.height += 4
    _axis(drawing, data, x, (low, high))
    svg = drawing.svg(data.title, _told(data))
    return Figure([Panel(svg, round(drawing.height))], _table(data, services), _notes(data, is_named), data.source)


def _drawn(data: Caterpillar) -> list[float]:
    figures = [s.figure for s in data.services]
    values = [v for f in figures if f.value is not None for v in (f.value, f.lower, f.upper)]
    extra = [data.centre.value if data.centre else None, data.standard]
    return [v for v in (*values, *extra) if v is not None]


def _axis(drawing: Drawing, data: Caterpillar, x: Callable[[float], float], span: tuple[float, float]) -> None:
    across(drawing, data.scale, x, span, drawing.height + 14)
    drawing.height += 22


def _row(
    drawing: Drawing, data: Caterpillar, service: Service, x: Callable[[float], float], is_named: bool
) -> None:
    figure = service.figure
    said = figure.why_missing if figure.value is None else data.scale.said(figure.value, figure.denominator)
    top = drawing.height
    if is_named or service.is_this:
        room = NARROW - width_of(said, SMALL, service.is_this) - 12
        drawing.height += 3
        number = None if figure.value is None else Number(figure.value, figure.column, figure.source)
        drawing.text(1, drawing.height + 14, said, SMALL, anchor="end", is_bold=service.is_this, number=number)
        for line in wrapped(service.name, SMALL, room, service.is_this):
            drawing.height += 17
            drawing.text(0, drawing.height - 3, line, SMALL, is_bold=service.is_this)
    tall = 18 if is_named else 8
    middle = drawing.height + tall / 2
    drawing.height += tall + (5 if is_named else 0)
    if service.is_this:
        drawing.rect(0, top - 1, 1, drawing.height - 1, FAINT)
    elif is_named:
        drawing.line(0, drawing.height - 1, 1, drawing.height - 1, GRID)
    if figure.value is None:
        return
    drawing.begin(figure.source)
    thick = 4 if is_named else 2
    colour = BLUE if service.is_this else QUIET
    if figure.lower is not None and figure.upper is not None:
        drawing.line(x(figure.lower), middle, x(figure.upper), middle, BAND if service.is_this else GREY, thick)
        for end, column in ((figure.lower, "lower_95"), (figure.upper, "upper_95")):
            drawing.line(x(end), middle - thick, x(end), middle + thick, colour, number=Number(end, column))
    shape, is_hollow = mark_of(service.position)
    own = Number(figure.value, figure.column)
    drawing.mark(x(figure.value), middle, shape, colour, 6 if service.is_this else thick + 1, own, is_hollow)
    drawing.end()


def _through(drawing: Drawing, data: Caterpillar, x: Callable[[float], float], top: float) -> None:
    """Lines of the centre and the standard, below all of the rows but the shade of this service's."""
    rows, drawing.parts = drawing.parts, []
    if data.centre is not None and data.centre.value is not None:
        drawing.begin(data.centre.source)
        place = x(data.centre.value)
        drawing.line(
            place, top, place, drawing.height, INK, 1.5, number=Number(data.centre.value, data.centre.column)
        )
        drawing.end()
    if data.standard is not None:
        place = x(data.standard)
        drawing.line(place, top, place, drawing.height, STANDARD, 2, "2 3", Number(data.standard, "standard"))
    shade = [each for each in rows if f'fill="{FAINT}"' in each]
    drawing.parts = [*shade, *drawing.parts, *(each for each in rows if each not in shade)]


def _notes(data: Caterpillar, is_named: bool) -> list[Note]:
    notes = []
    if data.centre is not None and data.centre.value is not None:
        notes.append(f"Line: {data.centre_name}, {data.scale.said(data.centre.value, data.centre.denominator)}.")
    if data.standard is not None:
        notes.append(f"Dotted line: the standard, {data.scale.said(data.standard)}.")
    if any(each.figure.lower is not None for each in data.services):
        notes.append("Bars: where each figure is likely to be.")
    notes.append(f"Sorted by {'region and name' if data.by_region else 'name'}, not by value.")
    if not is_named:
        notes.append("All names are in the table.")
    return [Note(" ".join(notes))]


def _told(data: Caterpillar) -> str:
    own = [
        f" {s.name}: {figure_said(data.scale, s.figure)}, {position_said(s.position)}."
        for s in data.services
        if s.is_this
    ]
    return f"{one_or_many(len(data.services), 'service', 'services')} with intervals.{''.join(own)}"


def _table(data: Caterpillar, services: Iterable[Service]) -> Table:
    rows = [
        Row(
            s.name,
            [Cell(s.region), *value_cells(data.scale, s.figure), Cell(position_said(s.position))],
            s.figure.source,
        )
        for s in services
    ]
    if data.centre is not None:
        cells = [Cell(""), *value_cells(data.scale, data.centre), Cell("")]
        rows.append(Row(data.centre_name, cells, data.centre.source))
    if data.standard is not None:
        rows.append(standard_row(data.scale, data.standard, len(VALUE_HEAD) + 2, before=1))
    return Table(data.title, ("service", "region", *VALUE_HEAD, "position"), rows)
