"""Services by the number of people their figure is of, with the limits around the value of all of them.

Belongs here: the funnel plot. Does not belong here: positions (``mart.service_comparison``) and tau
(``mart.funnel``).
"""

from collections.abc import Sequence
from dataclasses import dataclass
from math import log10, sqrt

from reports.charts.data import Funnel, Service
from reports.charts.drawing import (
    BLUE,
    GREY,
    INK,
    NARROW,
    QUIET,
    SMALL,
    STANDARD,
    TINY,
    Drawing,
    Number,
    anchor_at,
    mark_of,
    width_of,
    wrapped,
)
from reports.charts.figure import Cell, Figure, Note, Panel, Row, Table
from reports.charts.plane import LEFT, Plane
from reports.charts.words import VALUE_HEAD, figure_said, one_or_many, position_said, standard_row, value_cells
from warehouse.comparison.statistics import Z_95, Z_998

# Room on the right for «99.8 % limit».
_RIGHT = 0.71
_STEPS = 60


@dataclass(frozen=True)
class _Sizes:
    """Denominators across, on a logarithmic scale: each tenfold is as wide."""

    low: float
    high: float

    def x(self, n: float) -> float:
        share = log10(n / self.low) / log10(self.high / self.low)
        return LEFT + 0.02 + (_RIGHT - LEFT - 0.04) * share

    def steps(self) -> list[float]:
        return [self.low * (self.high / self.low) ** (i / _STEPS) for i in range(_STEPS + 1)]


def funnel(data: Funnel, figure_id: str) -> Figure:
    """Shares by denominator with limits around the centre; this service last, with its name.

    The dashed 95 and 99.8 % limits allow for ``tau``; those of chance alone are dotted. Without ``tau`` there are
    no limits, and a note says so. A triangle is beyond a limit, to the side it points to; filled, beyond 99.8 %.
    """
    drawn = [s for s in data.services if s.figure.value is not None and s.figure.denominator]
    own = next((s for s in drawn if s.is_this), None)
    drawing = Drawing(figure_id, data.source)
    counts = [s.figure.denominator or 1 for s in drawn] or [1, 100]
    sizes = _Sizes(min(counts) / 1.2, max(counts) * 1.2)
    name = [] if own is None else wrapped(f"{own.name} {_said(data, own)}", SMALL, NARROW, is_bold=True)
    top = 17.0 * len(name) + 12
    values = [s.figure.value for s in drawn if s.figure.value is not None]
    extra = [v for v in (data.centre.value, data.standard) if v is not None]
    plane = Plane(*data.scale.span([*values, *extra], 0.1), top, top + 240, _RIGHT)
    plane.grid(drawing, data.scale)
    _limits(drawing, data, plane, sizes)
    _sizes_axis(drawing, data, plane, sizes)
    for service in sorted(drawn, key=lambda s: (s.is_this, s.position not in (None, "within"), s.name)):
        _service(drawing, service, plane, sizes)
    if own is not None:
        _name(drawing, own, name, plane, sizes)
    drawing.height = plane.bottom + 42
    svg = drawing.svg(data.title, _told(data, own))
    return Figure([Panel(svg, round(drawing.height))], _table(data), _notes(data, drawn), data.source)


def _said(data: Funnel, service: Service) -> str:
    assert service.figure.value is not None
    return data.scale.said(service.figure.value, service.figure.denominator)


def _limits(drawing: Drawing, data: Funnel, plane: Plane, sizes: _Sizes) -> None:
    centre, labels = data.centre.value, []
    if data.standard is not None:
        y = plane.y(data.standard)
        drawing.line(LEFT, y, _RIGHT, y, STANDARD, 1.5, "1 3", Number(data.standard, "standard"))
        labels.append((data.standard, "standard", False))
    if centre is None:
        plane.labels(drawing, labels)
        return
    drawing.begin(data.centre.source)
    drawing.line(
        LEFT, plane.y(centre), _RIGHT, plane.y(centre), INK, 1.5, number=Number(centre, data.centre.column)
    )
    drawing.end()
    labels.append((centre, data.scale.said(centre, data.centre.denominator), True))
    if data.tau is not None:
        for tau, colour, dash in ((0.0, GREY, "1 3"), (data.tau, INK, "6 3")):
            for z, words in (
                (-Z_95, "95 % limit"),
                (Z_95, "95 % limit"),
                (-Z_998, "99.8 % limit"),
                (Z_998, "99.8 % limit"),
            ):
                curve = [(n, centre + z * sqrt(centre * (1 - centre) / n + tau * tau)) for n in sizes.steps()]
                inside = [(sizes.x(n), plane.y(p)) for n, p in curve if plane.low <= p <= plane.high]
                if len(inside) > 1:
                    drawing.curve(inside, colour, 1.5, dash)
                if tau == data.tau and plane.low <= curve[-1][1] <= plane.high:
                    labels.append((curve[-1][1], words, False))
    plane.labels(drawing, labels)


def _sizes_axis(drawing: Drawing, data: Funnel, plane: Plane, sizes: _Sizes) -> None:
    drawing.line(LEFT, plane.bottom, _RIGHT, plane.bottom, GREY)
    end = -1.0
    for n in (first * 10**power for power in range(8) for first in (1, 2, 5)):
        half = width_of(f"{n:,}", TINY) / 2 / NARROW
        if sizes.low <= n <= sizes.high and sizes.x(n) - half > end:
            drawing.line(sizes.x(n), plane.bottom, sizes.x(n), plane.bottom + 4, GREY)
            drawing.text(sizes.x(n), plane.bottom + 18, f"{n:,}", TINY, QUIET, "middle")
            end = sizes.x(n) + half + 6 / NARROW
    drawing.text(LEFT, plane.bottom + 36, data.denominator_is, TINY, QUIET)


def _service(drawing: Drawing, service: Service, plane: Plane, sizes: _Sizes) -> None:
    figure = service.figure
    assert figure.value is not None and figure.denominator is not None
    shape, is_hollow = mark_of(service.position)
    size = 7 if service.is_this else 4
    drawing.begin(figure.source, Number(figure.denominator, "denominator"))
    drawing.mark(
        sizes.x(figure.denominator), plane.y(figure.value), shape, BLUE if service.is_this else _colour(service),
        size, Number(figure.value, figure.column), is_hollow,
    )  # fmt: skip
    drawing.end()


def _colour(service: Service) -> str:
    return GREY if service.position in (None, "within") else INK


def _name(drawing: Drawing, own: Service, lines: Sequence[str], plane: Plane, sizes: _Sizes) -> None:
    """The name above the plane, with a line down to the mark."""
    assert own.figure.denominator is not None and own.figure.value is not None
    x = sizes.x(own.figure.denominator)
    drawing.line(x, plane.top - 8, x, plane.y(own.figure.value) - 8, BLUE)
    anchor = anchor_at(x, max(width_of(line, SMALL, is_bold=True) for line in lines))
    place = {"start": min(x, 0.5), "middle": x, "end": max(x, 0.5)}[anchor]
    widest = max(width_of(line, SMALL, is_bold=True) for line in lines) / NARROW
    if (anchor == "start" and place + widest > 1) or (anchor == "end" and place - widest < 0):
        anchor, place = "start", 0.0
    for number, line in enumerate(lines):
        drawing.text(place, 13 + 17 * number, line, SMALL, BLUE, anchor, is_bold=True)


def _notes(data: Funnel, drawn: Sequence[Service]) -> list[Note]:
    notes = []
    if data.centre.value is not None:
        notes.append(
            f"Solid line: {data.centre_name}, {data.scale.said(data.centre.value, data.centre.denominator)}."
        )
    if data.tau is None:
        notes.append(f"No limits: {one_or_many(len(drawn), 'service is', 'services are')} too few to draw them.")
    else:
        notes.append("Dashed limits allow for chance and for how services differ; dotted ones for chance alone.")
        notes.append("A triangle lies beyond a dashed limit; a filled one beyond the 99.8 % limit.")
    absent = len(data.services) - len(drawn)
    if absent:
        notes.append(f"Without a figure and not drawn: {one_or_many(absent, 'service', 'services')}.")
    return [Note(" ".join(notes))]


def _told(data: Funnel, own: Service | None) -> str:
    own_said = f" {own.name}: {figure_said(data.scale, own.figure)}, {position_said(own)}." if own else ""
    return f"{one_or_many(len(data.services), 'service', 'services')} by number of {data.denominator_is}.{own_said}"


def _table(data: Funnel) -> Table:
    rows = [
        Row(s.name, [*value_cells(data.scale, s.figure), Cell(position_said(s))], s.figure.source)
        for s in data.services
    ]
    rows.append(Row(data.centre_name, [*value_cells(data.scale, data.centre), Cell("")], data.centre.source))
    if data.standard is not None:
        rows.append(standard_row(data.scale, data.standard, len(VALUE_HEAD) + 1))
    return Table(data.title, ("service", *VALUE_HEAD, "position"), rows)
