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
from reports.charts.plane import Label, Plane
from reports.charts.words import VALUE_HEAD, figure_said, one_or_many, position_said, standard_row, value_cells
from warehouse.comparison.statistics import Z_95, Z_998

_STEPS = 60


_LEVELS = ((-Z_998, "99.8 % limit"), (Z_998, "99.8 % limit"), (-Z_95, "95 % limit"), (Z_95, "95 % limit"))


@dataclass(frozen=True)
class _Sizes:
    """Denominators across, on a logarithmic scale: each tenfold is as wide."""

    low: float
    high: float

    def x(self, n: float) -> float:
        share = log10(n / self.low) / log10(self.high / self.low)
        return 0.03 + 0.94 * share

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
    plane = Plane(*data.scale.span([*values, *extra], 0.1), top, top + 280)
    drawing.height = plane.bottom + 42
    labels = plane.apart(_labels(data, sizes))
    drawing.margins = margins = plane.margins(data.scale, labels, 60)
    plane.grid(drawing, data.scale)
    _limits(drawing, data, plane, sizes)
    plane.labels(drawing, labels)
    _sizes_axis(drawing, data, plane, sizes, NARROW - sum(margins))
    for service in sorted(drawn, key=lambda s: (s.is_this, s.position not in (None, "within"), s.name)):
        _service(drawing, service, plane, sizes)
    if own is not None:
        _name(drawing, own, name, plane, sizes.x(own.figure.denominator or 1), margins)
    svg = drawing.svg(data.title, _told(data, own))
    return Figure([Panel(svg, round(drawing.height))], _table(data), _notes(data, drawn), data.source)


def _said(data: Funnel, service: Service) -> str:
    assert service.figure.value is not None
    return data.scale.said(service.figure.value, service.figure.denominator)


def _labels(data: Funnel, sizes: _Sizes) -> list[Label]:
    """Labels of the lines at their right end, the most important first."""
    centre = data.centre.value
    labels: list[Label] = []
    if centre is not None:
        number = Number(centre, data.centre.column, data.centre.source)
        labels.append(Label(centre, data.scale.said(centre, data.centre.denominator), number, is_bold=True))
    if data.standard is not None:
        labels.append(Label(data.standard, "standard"))
    if centre is not None and data.tau is not None:
        for z, words in _LEVELS:
            labels.append(Label(_limit(centre, data.tau, z, sizes.high), words))
    return [label for label in labels if 0 <= label.value <= 1]


def _limit(centre: float, tau: float, z: float, n: float) -> float:
    """A limit at ``n`` people: centre + z x sqrt(p(1 - p) / n + tau^2), as in ``mart.service_comparison``."""
    return centre + z * sqrt(centre * (1 - centre) / n + tau * tau)


def _limits(drawing: Drawing, data: Funnel, plane: Plane, sizes: _Sizes) -> None:
    centre = data.centre.value
    if data.standard is not None:
        y = plane.y(data.standard)
        drawing.line(0, y, 1, y, STANDARD, 2, "2 3", Number(data.standard, "standard"))
    if centre is None:
        return
    drawing.begin(data.centre.source)
    drawing.line(0, plane.y(centre), 1, plane.y(centre), INK, 1.5, number=Number(centre, data.centre.column))
    drawing.end()
    if data.tau is None:
        return
    for tau, colour, dash in ((0.0, GREY, "1 3"), (data.tau, INK, "6 3")):
        for z, _ in _LEVELS:
            curve = ((sizes.x(n), plane.y(_limit(centre, tau, z, n))) for n in sizes.steps())
            drawing.curve(curve, colour, dash, plane.top, plane.bottom)


def _sizes_axis(drawing: Drawing, data: Funnel, plane: Plane, sizes: _Sizes, wide: int) -> None:
    drawing.line(0, plane.bottom, 1, plane.bottom, GREY)
    end = -1.0
    for n in (first * 10**power for power in range(8) for first in (1, 2, 5)):
        half = width_of(f"{n:,}", TINY) / 2 / wide
        if sizes.low <= n <= sizes.high and sizes.x(n) - half > end:
            drawing.line(sizes.x(n), plane.bottom, sizes.x(n), plane.bottom + 4, GREY)
            drawing.tick(sizes.x(n), plane.bottom + 18, f"{n:,}", "middle")
            end = sizes.x(n) + half + 6 / wide
    drawing.text(0, plane.bottom + 37, data.denominator_is, TINY, QUIET)


def _service(drawing: Drawing, service: Service, plane: Plane, sizes: _Sizes) -> None:
    figure = service.figure
    assert figure.value is not None and figure.denominator is not None
    shape, is_hollow = mark_of(service.position)
    size = 7 if service.is_this else 4 if shape == "circle" else 5
    drawing.begin(figure.source, Number(figure.denominator, "denominator"))
    drawing.mark(
        sizes.x(figure.denominator), plane.y(figure.value), shape, BLUE if service.is_this else _colour(service),
        size, Number(figure.value, figure.column), is_hollow,
    )  # fmt: skip
    drawing.end()


def _colour(service: Service) -> str:
    return GREY if service.position in (None, "within") else INK


def _name(
    drawing: Drawing, own: Service, lines: Sequence[str], plane: Plane, x: float, margins: tuple[int, int]
) -> None:
    """The name above the plane, with a line down to the mark."""
    assert own.figure.value is not None
    left, right = margins
    drawing.line(x, plane.top - 8, x, plane.y(own.figure.value) - 8, BLUE)
    wide = max(width_of(line, SMALL, is_bold=True) for line in lines)
    # Around the mark, or from the edge of the drawing on the side where the mark stands.
    anchor = anchor_at((left + x * (NARROW - left - right)) / NARROW, wide)
    place, dx = {"middle": (x, 0), "start": (0.0, -left), "end": (1.0, right - 2)}[anchor]
    for number, line in enumerate(lines):
        drawing.text(place, 13 + 17 * number, line, SMALL, BLUE, anchor, is_bold=True, dx=dx)


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
    if data.standard is not None:
        notes.append(f"Dotted line over the whole width: the standard, {data.scale.said(data.standard)}.")
    absent = len(data.services) - len(drawn)
    if absent:
        notes.append(f"Without a figure and not drawn: {one_or_many(absent, 'service', 'services')}.")
    return [Note(" ".join(notes))]


def _told(data: Funnel, own: Service | None) -> str:
    own_said = f" {own.name}: {figure_said(data.scale, own.figure)}, {position_said(own.position)}." if own else ""
    return f"{one_or_many(len(data.services), 'service', 'services')} by number of {data.denominator_is}.{own_said}"


def _table(data: Funnel) -> Table:
    rows = [
        Row(s.name, [*value_cells(data.scale, s.figure), Cell(position_said(s.position))], s.figure.source)
        for s in data.services
    ]
    rows.append(Row(data.centre_name, [*value_cells(data.scale, data.centre), Cell("")], data.centre.source))
    if data.standard is not None:
        rows.append(standard_row(data.scale, data.standard, len(VALUE_HEAD) + 1))
    return Table(data.title, ("service", *VALUE_HEAD, "position"), rows)
