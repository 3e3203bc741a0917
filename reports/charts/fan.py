"""Fan charts: what came month by month, what the present rate gives, and what a target needs.

Belongs here: ``fan``. Does not belong here: the forecast (``mart.trajectory``), the sentence about a target (the
pages).

A month that is forecast is a box in a box: where 95 and where 80 of 100 would lie, with a ring at the median. The
edges of the boxes differ in their pen, so that it is read without colour.
"""

from collections.abc import Sequence
from itertools import pairwise

from reports.charts.data import Fan, FanPoint
from reports.charts.drawing import (
    BLUE,
    FAINT,
    GREY,
    INK,
    NARROW,
    PALE,
    QUIET,
    STANDARD,
    TINY,
    Drawing,
    Number,
    width_of,
)
from reports.charts.figure import Cell, Figure, Note, Panel, Row, Table
from reports.charts.plane import Label, Plane, labelled
from reports.charts.words import number_cell

_HEAD = ("came", "forecast", "80 of 100 from", "to", "95 of 100 from", "to")
_COLUMNS = ("median", "lower_80", "upper_80", "lower_95", "upper_95")
# Half a box as a share of the distance of months: neighbours do not touch.
_HALF = 0.4


def fan(data: Fan, figure_id: str) -> Figure:
    """Months that came as joined points, months to come as boxes of 95 and 80 % with their median.

    A month without a number is hatched on the axis and said in words. Raises ``ValueError`` for a value that is not
    finite, or a chart without months.
    """
    if not data.points:
        raise ValueError("a fan chart needs at least one month")
    low, high = data.scale.span(_drawn(data))
    plane = Plane(low, high, 12, 190)
    drawing = Drawing(figure_id, data.source, plane.bottom + 26)
    said = _labels(data)
    widest = max(width_of(point.label, TINY) for point in data.points)
    drawing.margins = plane.margins(data.scale, said, widest)
    plane.grid(drawing, data.scale)
    step = 0.94 / max(1, len(data.points) - 1)
    for place, point in enumerate(data.points):
        _month(drawing, point, _x(place, step, len(data.points)), step, plane)
    _joined(drawing, data.points, step, plane)
    if data.aim is not None:
        y, end = plane.y(data.aim.value), _x(data.aim.place, step, len(data.points))
        start = _x(_first_to_come(data), step, len(data.points)) - step / 2
        number = Number(data.aim.value, data.aim.column, data.aim.source)
        drawing.line(max(0.0, min(start, end - step)), y, min(1.0, end + step / 2), y, STANDARD, 2, "2 3", number)
    plane.labels(drawing, said)
    _axis(drawing, data.points, step, plane, widest)
    panel = Panel(drawing.svg(data.title, " ".join(note.words for note in _notes(data))), round(drawing.height))
    return Figure([panel], _table(data), _notes(data), data.source)


def _x(place: int, step: float, number: int) -> float:
    return 0.03 + place * step if number > 1 else 0.5


def _first_to_come(data: Fan) -> int:
    coming = (place for place, point in enumerate(data.points) if point.median is not None)
    return next(coming, len(data.points) - 1)


def _drawn(data: Fan) -> list[float]:
    values = [value for p in data.points for value in (p.actual, p.median, p.lower_95, p.upper_95)]
    return [float(value) for value in (*values, data.aim.value if data.aim else None) if value is not None]


def _month(drawing: Drawing, point: FanPoint, x: float, step: float, plane: Plane) -> None:
    """The boxes and the median of a month to come; hatching where there is no number."""
    left, right = max(0.0, x - _HALF * step), min(1.0, x + _HALF * step)
    if point.actual is None and point.median is None:
        drawing.hatched(left, plane.bottom - 9, right, plane.bottom)
    if point.median is None:
        return
    drawing.begin(point.source)
    for fill, pen, dash, lower, upper, columns in (
        (FAINT, GREY, "2 2", point.lower_95, point.upper_95, ("lower_95", "upper_95")),
        (PALE, BLUE, "", point.lower_80, point.upper_80, ("lower_80", "upper_80")),
    ):
        if lower is None or upper is None:
            continue
        drawing.rect(left, plane.y(upper), right, plane.y(lower), fill)
        for value, column in zip((lower, upper), columns, strict=True):
            drawing.line(left, plane.y(value), right, plane.y(value), pen, 1.5, dash, Number(value, column))
    drawing.mark(x, plane.y(point.median), "circle", BLUE, 3.5, Number(point.median, "median"), is_hollow=True)
    drawing.end()


def _joined(drawing: Drawing, points: Sequence[FanPoint], step: float, plane: Plane) -> None:
    """What came: points joined where one month follows the other."""
    at = [
        None if point.actual is None else (_x(place, step, len(points)), plane.y(point.actual))
        for place, point in enumerate(points)
    ]
    for one, other in pairwise(at):
        if one is not None and other is not None:
            drawing.line(*one, *other, QUIET, 1.5)
    for place, point in zip(at, points, strict=True):
        if place is not None and point.actual is not None:
            drawing.mark(*place, "circle", INK, 4, Number(point.actual, "actual", point.source))


def _labels(data: Fan) -> list[Label]:
    """The median of the last month, and the aim."""
    said = []
    last = data.points[-1]
    if last.median is not None:
        said.append(
            Label(last.median, data.scale.beside(last.median), Number(last.median, "median", last.source), True)
        )
    if data.aim is not None:
        number = Number(data.aim.value, data.aim.column, data.aim.source)
        said.append(Label(data.aim.value, data.scale.beside(data.aim.value), number))
    return said


def _axis(drawing: Drawing, points: Sequence[FanPoint], step: float, plane: Plane, widest: float) -> None:
    drawing.line(0, plane.bottom, 1, plane.bottom, GREY)
    for place in range(len(points)):
        x = _x(place, step, len(points))
        drawing.line(x, plane.bottom, x, plane.bottom + 4, GREY)
    room = 0.94 * (NARROW - sum(drawing.margins))
    for place in labelled(len(points), room, widest + 10):
        drawing.text(_x(place, step, len(points)), plane.bottom + 19, points[place].label, TINY, QUIET, "middle")


def _notes(data: Fan) -> list[Note]:
    notes = []
    if any(point.actual is not None for point in data.points):
        notes.append("Filled points: what came.")
    if any(point.median is not None for point in data.points):
        notes.append("Rings: what the present rate gives.")
        notes.append("Inner boxes hold 80 of 100 months like it, outer boxes 95.")
    if data.aim is not None:
        notes.append(f"Dotted line: {data.aim.words}, {data.scale.said(data.aim.value)}.")
    if absent := [point for point in data.points if point.actual is None and point.median is None]:
        reasons = ", ".join(dict.fromkeys(point.why_missing for point in absent))
        notes.append(f"No number for hatched months: {reasons}.")
    return [Note(" ".join(notes))]


def _table(data: Fan) -> Table:
    rows = []
    for point in data.points:
        limits = [number_cell(data.scale, getattr(point, column), column) for column in _COLUMNS]
        if point.actual is not None:
            came = number_cell(data.scale, point.actual, "actual")
        else:
            came = Cell("" if point.median is not None else point.why_missing)
        rows.append(Row(point.label, [came, *limits], point.source))
    if data.aim is not None:
        cell = number_cell(data.scale, data.aim.value, data.aim.column)
        cells = [Cell(""), cell, *(Cell("") for _ in _HEAD[2:])]
        rows.append(Row(data.aim.words[:1].upper() + data.aim.words[1:], cells, data.aim.source))
    return Table(data.title, ("month", *_HEAD), rows)
