"""Where one figure stands: its interval, the national value of services like it, the standard.

Belongs here: the position line. Does not belong here: the sentence that says what it means (the pages).
"""

from collections.abc import Callable

from reports.charts.data import Position, Value
from reports.charts.drawing import (
    BAND,
    BLUE,
    GREY,
    INK,
    NARROW,
    NORMAL,
    Drawing,
    Number,
    anchor_at,
    place_of,
    width_of,
)
from reports.charts.figure import Figure, Panel, Row, Table
from reports.charts.plane import across, inset
from reports.charts.scale import ticks
from reports.charts.words import VALUE_HEAD, figure_said, standard_row, value_cells

# A dot at either end stays inside.
_INSET = 0.04
# Pixels between a pole and a label.
_CLEAR = 5


def position(data: Position, figure_id: str) -> Figure:
    """One row: interval as a bar, a dot, the national value as an upright line, the standard as a flag.

    Each label has a row of its own, so none touches another. Raises ``ValueError`` for a value that is not finite.
    """
    drawing = Drawing(figure_id, data.own.source)
    low, high = _range(data)
    x = inset(low, high, _INSET)
    middle = 60.0 if data.standard is not None else 34.0
    _axis(drawing, data, x, (low, high), middle)
    if data.standard is not None:
        drawing.flag(x(data.standard), 18, middle + 9, Number(data.standard, "standard"))
        standard = Number(data.standard, "standard")
        drawing.near(x(data.standard), 13, f"Standard {data.scale.said(data.standard)}", number=standard)
    _interval(drawing, data.own, x, middle)
    _national(drawing, data, x, middle)
    own = data.own
    number = None
    if own.value is None:
        said, place = _first_upper(own.why_missing), x(low)
    else:
        number = Number(own.value, own.column)
        drawing.mark(x(own.value), middle, "circle", BLUE, 7, number)
        said, place = data.scale.said(own.value, own.denominator), x(own.value)
    pole = None if data.standard is None else x(data.standard)
    at, anchor, dx = beside_pole(place, pole, width_of(said, NORMAL, is_bold=True))
    drawing.text(at, middle - 14, said, NORMAL, INK, anchor, is_bold=True, dx=dx, number=number)
    drawing.height = middle + 56
    svg = drawing.svg(data.title, _told(data))
    return Figure([Panel(svg, round(drawing.height))], _table(data), (), own.source)


def beside_pole(place: float, pole: float | None, wide: float) -> tuple[float, str, float]:
    """Where a label ``wide`` pixels stands so that no pole crosses it: place, anchor, pixels beside the place.

    Around ``place`` if it can; else moved as little as need be, away from the pole. Where there is no room on that
    side, on the other side of the pole and bound to it: on a wider page the two move apart.
    """
    anchor = anchor_at(place, wide)
    start, _ = place_of(place, wide)
    if pole is None:
        return place, anchor, 0
    line = pole * NARROW
    if not start - _CLEAR < line < start + wide + _CLEAR:
        return place, anchor, 0
    left, right = line - _CLEAR - wide, line + _CLEAR
    if pole >= place and left >= 0:
        return place, anchor, left - start
    if pole <= place and right + wide <= NARROW:
        return place, anchor, right - start
    return (pole, "end", -_CLEAR) if left >= 0 else (pole, "start", _CLEAR)


def _first_upper(words: str) -> str:
    return words[:1].upper() + words[1:]


def _range(data: Position) -> tuple[float, float]:
    """All that a share can be; of a number, from its lowest value to a round one beyond all that is drawn."""
    if data.scale.is_share:
        return 0.0, 1.0
    own, national = data.own, data.national
    values = (own.value, own.lower, own.upper, data.standard, national.value if national else None)
    low, high = data.scale.span([each for each in values if each is not None])
    if data.scale.lowest is not None:
        low = min(low, data.scale.lowest)
    steps = ticks(low, high, 4)
    step = steps[1] - steps[0] if len(steps) > 1 else high - low
    return low, max(high, steps[-1] + step)


def _axis(
    drawing: Drawing, data: Position, x: Callable[[float], float], span: tuple[float, float], middle: float
) -> None:
    drawing.line(_INSET, middle, 1 - _INSET, middle, GREY)
    for end in span:
        drawing.line(x(end), middle - 4, x(end), middle + 4, GREY)
    across(drawing, data.scale, x, span, middle + 51)


def _interval(drawing: Drawing, own: Value, x: Callable[[float], float], middle: float) -> None:
    if own.lower is None or own.upper is None:
        return
    drawing.rect(x(own.lower), middle - 6, x(own.upper), middle + 6, BAND)
    for end, column in ((own.lower, "lower_95"), (own.upper, "upper_95")):
        drawing.line(x(end), middle - 7, x(end), middle + 7, BLUE, 2, number=Number(end, column))


def _national(drawing: Drawing, data: Position, x: Callable[[float], float], middle: float) -> None:
    national = data.national
    if national is None or national.value is None:
        return
    place = x(national.value)
    number = Number(national.value, national.column, national.source)
    drawing.line(place, middle - 11, place, middle + 17, INK, 3, number=number)
    said = f"{data.national_name} {data.scale.said(national.value, national.denominator)}"
    drawing.near(place, middle + 31, said, number=number)


def _told(data: Position) -> str:
    told = [f"{data.name}: {figure_said(data.scale, data.own)}."]
    if data.national is not None:
        told.append(f"{data.national_name}: {figure_said(data.scale, data.national)}.")
    if data.standard is not None:
        told.append(f"Standard: {data.scale.said(data.standard)}.")
    return " ".join(told)


def _table(data: Position) -> Table:
    rows = [Row(data.name, value_cells(data.scale, data.own))]
    if data.national is not None:
        rows.append(Row(data.national_name, value_cells(data.scale, data.national), data.national.source))
    if data.standard is not None:
        rows.append(standard_row(data.scale, data.standard, len(VALUE_HEAD)))
    return Table(data.title, ("figure of", *VALUE_HEAD), rows)
