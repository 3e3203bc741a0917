"""Events before, during and after therapy, each over its own person-time.

Belongs here: the three bars with their intervals. Does not belong here: rates (``warehouse``).
"""

from collections.abc import Callable

from reports.charts.data import PersonTime, PersonYears, Value
from reports.charts.drawing import (
    BAND,
    BLUE,
    GREY,
    NARROW,
    NORMAL,
    QUIET,
    SMALL,
    Drawing,
    Number,
    width_of,
    wrapped,
)
from reports.charts.figure import Cell, Figure, Note, Panel, Row, Table
from reports.charts.plane import across, inset
from reports.charts.words import figure_said, value_cells

_INSET = 0.03


def person_years(data: PersonYears, figure_id: str) -> Figure:
    """A bar for each span from 0 to its rate, with its interval, the events and the person-years."""
    drawing = Drawing(figure_id, data.source)
    rates = [s.rate for s in data.spans if s.rate.value is not None]
    _, high = data.scale.span([v for rate in rates for v in (0.0, rate.value, rate.upper) if v is not None])
    x = inset(0.0, high, _INSET)
    for span in data.spans:
        _head(drawing, data, span)
        top, foot = drawing.height + 2, drawing.height + 20
        drawing.begin(span.rate.source)
        _bar(drawing, span.rate, x, top, foot)
        drawing.end()
        drawing.line(_INSET, top - 1, _INSET, foot + 1, GREY)
        drawing.height = foot + 18
        drawing.text(0, drawing.height - 4, _people(data, span), SMALL, QUIET)
        drawing.height += 8
    drawing.line(_INSET, drawing.height, 1 - _INSET, drawing.height, GREY)
    across(drawing, data.scale, x, (0.0, high), drawing.height + 18)
    drawing.height += 24
    told = " ".join(f"{span.label}: {figure_said(data.scale, span.rate)}." for span in data.spans)
    return Figure(
        [Panel(drawing.svg(data.title, told), round(drawing.height))], _table(data), [Note(_key(data))], data.source
    )


def _head(drawing: Drawing, data: PersonYears, span: PersonTime) -> None:
    """The span on the left and its rate on the right, or why there is none."""
    rate = span.rate
    if rate.value is None:
        said, size, number = rate.why_missing, SMALL, None
    else:
        said, size = data.scale.beside(rate.value), NORMAL
        number = Number(rate.value, rate.column, rate.source)
    is_known = number is not None
    drawing.text(1, drawing.height + 16, said, size, anchor="end", is_bold=is_known, number=number)
    room = NARROW - width_of(said, size, is_known) - 12
    for line in wrapped(span.label, NORMAL, room, is_bold=True):
        drawing.height += 20
        drawing.text(0, drawing.height - 4, line, NORMAL, is_bold=True)


def _bar(drawing: Drawing, rate: Value, x: Callable[[float], float], top: float, foot: float) -> None:
    """A rate from 0, and its interval in the middle of the bar."""
    if rate.value is None:
        return
    drawing.rect(_INSET, top, x(rate.value), foot, BAND, number=Number(rate.value, rate.column))
    if rate.lower is None or rate.upper is None:
        return
    middle = (top + foot) / 2
    drawing.line(x(rate.lower), middle, x(rate.upper), middle, BLUE, 2)
    for end, column in ((rate.lower, "lower_95"), (rate.upper, "upper_95")):
        drawing.line(x(end), middle - 5, x(end), middle + 5, BLUE, 2, number=Number(end, column))


def _key(data: PersonYears) -> str:
    unit = data.scale.unit[:1].upper() + data.scale.unit[1:]
    return f"{unit}. The line in a bar shows where the rate is likely to be."


def _people(data: PersonYears, span: PersonTime) -> str:
    if span.rate.numerator is None or span.person_years is None:
        return ""
    return f"{span.rate.numerator:,} {data.event} in {_years(span.person_years)} person-years"


def _years(years: float) -> str:
    return f"{years:,.0f}" if years >= 10 else f"{years:.1f}"


def _table(data: PersonYears) -> Table:
    rows = []
    for span in data.spans:
        cells = value_cells(data.scale, span.rate)[:4]
        years = (
            Cell("")
            if span.person_years is None
            else Cell(_years(span.person_years), span.person_years, "person_years")
        )
        rows.append(Row(span.label, [*cells, years], span.rate.source))
    return Table(data.title, ("time", "rate", "likely from", "to", data.event, "person-years"), rows)
