"""Control charts: one service over time, or several side by side.

Belongs here: ``control_chart`` and ``small_multiples``. Does not belong here: limits and rules
(``mart.control_chart``), the icons (``icons``).
"""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from itertools import groupby, pairwise

from reports.charts.data import ControlChart, ControlPoint, SmallMultiples
from reports.charts.drawing import GREY, INK, NARROW, QUIET, STANDARD, TINY, Drawing, Number, width_of
from reports.charts.figure import Cell, Figure, Note, Panel, Row, Table
from reports.charts.icons import COLOUR, assurance_icon, assurance_words, variation_icon, variation_words
from reports.charts.plane import Label, Plane, labelled
from reports.charts.scale import NO_BREAK
from reports.charts.words import count_cell, number_cell, one_or_many, standard_row

_SHAPE = {"improvement": "square", "concern": "diamond", "neither": "triangle"}
_HEAD = ("figure", "mean", "lower limit", "upper limit", "of people", "what it says")


@dataclass(frozen=True)
class _Periods:
    """Where the periods of a chart stand across."""

    number: int

    @property
    def step(self) -> float:
        """Distance of neighbours."""
        return 0.96 / max(1, self.number - 1)

    def x(self, place: int) -> float:
        """Place across of a period; the only one in the middle."""
        return 0.02 + place * self.step if self.number > 1 else 0.5

    def edges(self, first: int, last: int) -> tuple[float, float]:
        """From half a step before ``first`` to half a step after ``last``, within the plane."""
        half = min(self.step / 2, 0.06)
        return max(0.0, self.x(first) - half), min(1.0, self.x(last) + half)


def control_chart(data: ControlChart, figure_id: str) -> Figure:
    """Points joined, mean and limits as steps where the chart starts anew, special points by shape and colour.

    A period without a figure is a gap, hatched, and said in words with its reason. Raises ``ValueError`` for a
    value that is not finite, or a chart without periods.
    """
    if not data.points:
        raise ValueError("a control chart needs at least one period")
    low, high = data.scale.span(_drawn(data))
    plane = Plane(low, high, 12, 190)
    panel = _panel(data, figure_id, plane)
    return Figure([panel], _table(data), _notes(data), data.source)


def small_multiples(data: SmallMultiples, figure_id: str) -> Figure:
    """A control chart for each service or measure, all on scales of equal length, so that variation looks alike."""
    spans = [chart.scale.span(_drawn(chart)) for chart in data.charts]
    length = max(high - low for low, high in spans)
    panels = []
    for place, (chart, (low, high)) in enumerate(zip(data.charts, spans, strict=True)):
        start = max(
            (low + high - length) / 2, chart.scale.lowest if chart.scale.lowest is not None else low - length
        )
        plane = Plane(start, start + length, 10, 110)
        panels.append(_panel(chart, f"{figure_id}-{place + 1}", plane))
    rows = [
        Row(f"{chart.name}, {row.head}", row.cells, row.source.within(chart.source))
        for chart in data.charts
        for row in _table(chart).rows
    ]
    table = Table(data.title, ("service and period", *_HEAD), rows)
    return Figure(panels, table, [Note("All charts have scales of the same length.")])


def _drawn(data: ControlChart) -> list[float]:
    drawn = (v for p in data.points if p.value is not None for v in (p.value, p.mean, p.lower_limit, p.upper_limit))
    return [each for each in (*drawn, data.standard) if each is not None]


def _panel(data: ControlChart, figure_id: str, plane: Plane) -> Panel:
    drawing = Drawing(figure_id, data.source, plane.bottom + 26)
    periods = _Periods(len(data.points))
    said = _labels(data, plane)
    widest = max(width_of(point.label, TINY) for point in data.points)
    drawing.margins = plane.margins(data.scale, said, widest)
    plane.grid(drawing, data.scale)
    _gaps(drawing, data.points, periods, plane)
    _lines(drawing, data, periods, plane)
    plane.labels(drawing, said)
    _points(drawing, data.points, periods, plane)
    _axis(drawing, data.points, periods, plane, widest)
    return Panel(drawing.svg(data.title, _told(data)), round(drawing.height), data.name)


def _gaps(drawing: Drawing, points: Sequence[ControlPoint], periods: _Periods, plane: Plane) -> None:
    """Runs of periods without a figure, as a hatched stretch of the axis."""
    for is_gap, run in groupby(enumerate(points), key=lambda each: each[1].value is None):
        places = [place for place, _ in run]
        if is_gap:
            start, end = periods.edges(places[0], places[-1])
            drawing.hatched(start, plane.bottom - 9, end, plane.bottom)


def _lines(drawing: Drawing, data: ControlChart, periods: _Periods, plane: Plane) -> None:
    """Mean and limits of each segment, and the standard."""
    if data.standard is not None:
        y = plane.y(data.standard)
        drawing.line(0, y, 1, y, STANDARD, 2, "2 3", Number(data.standard, "standard"))
    charted = [(place, p) for place, p in enumerate(data.points) if p.value is not None and p.mean is not None]
    for _, group in groupby(charted, key=lambda each: each[1].segment):
        inside = list(group)
        start, end = periods.edges(inside[0][0], inside[-1][0])
        for value, column in _lines_of(inside[0][1]):
            number = Number(value, column, inside[0][1].source)
            colour, dash = _PENS[column]
            drawing.line(start, plane.y(value), end, plane.y(value), colour, 1.5, dash, number)


_PENS = {"upper_limit": (QUIET, "6 3"), "mean": (INK, ""), "lower_limit": (QUIET, "6 3")}


def _lines_of(point: ControlPoint) -> list[tuple[float, str]]:
    lines = ((point.upper_limit, "upper_limit"), (point.mean, "mean"), (point.lower_limit, "lower_limit"))
    return [(value, column) for value, column in lines if value is not None]


def _labels(data: ControlChart, plane: Plane) -> list[Label]:
    """Values of the latest mean and limits."""
    charted = [point for point in data.points if point.value is not None]
    if not charted:
        return []
    latest, length = charted[-1], plane.high - plane.low
    return [
        Label(value, data.scale.beside(value, length), Number(value, column, latest.source), column == "mean")
        for value, column in _lines_of(latest)
    ]


def _points(drawing: Drawing, points: Sequence[ControlPoint], periods: _Periods, plane: Plane) -> None:
    places = [None if p.value is None else (periods.x(i), plane.y(p.value)) for i, p in enumerate(points)]
    for (one, other), (before, after) in zip(pairwise(places), pairwise(points), strict=True):
        if one is not None and other is not None and before.segment == after.segment:
            drawing.line(*one, *other, QUIET, 1.5)
    for place, point in zip(places, points, strict=True):
        if place is not None and point.value is not None:
            shape, colour = _SHAPE.get(point.variation, "circle"), COLOUR.get(point.variation, GREY)
            if shape == "triangle" and point.signal == -1:
                shape = "triangle down"
            size = 4 if shape == "circle" else 6
            drawing.mark(*place, shape, colour, size, Number(point.value, "value", point.source))


def _axis(drawing: Drawing, points: Sequence[ControlPoint], periods: _Periods, plane: Plane, widest: float) -> None:
    """Labels of periods, ``widest`` pixels wide at most."""
    drawing.line(0, plane.bottom, 1, plane.bottom, GREY)
    for place in range(len(points)):
        drawing.line(periods.x(place), plane.bottom, periods.x(place), plane.bottom + 4, GREY)
    room = 0.96 * (NARROW - sum(drawing.margins))
    for place in labelled(len(points), room, widest + 10):
        drawing.text(periods.x(place), plane.bottom + 19, points[place].label, TINY, QUIET, "middle")


def _notes(data: ControlChart) -> list[Note]:
    latest = data.points[-1]
    said = latest.why_missing if latest.value is None else data.scale.said(latest.value, latest.denominator)
    notes = [Note(f"{latest.label}: {said}. {variation_words(latest)}.", variation_icon(latest))]
    if data.assurance is not None and data.standard is not None:
        notes.append(Note(f"{assurance_words(data)}.", assurance_icon(data.assurance)))
    charted = [point for point in data.points if point.value is not None and point.mean is not None]
    if charted:
        notes.append(Note(_key(data, charted[-1])))
    if charted and charted[-1].limits == "trial":
        own = sum(point.segment == charted[-1].segment for point in charted)
        notes.append(Note(f"Early limits: they are of {one_or_many(own, 'point', 'points')}, and 12 are needed."))
    notes += [
        Note(f"The limits start anew in {point.label}: {point.rebased_because}.")
        for point in data.points
        if point.rebased_because
    ]
    notes += [Note(words) for words in _gaps_said(data.points)]
    return notes


def _key(data: ControlChart, latest: ControlPoint) -> str:
    """What the lines are, with their values."""
    assert latest.mean is not None
    low, high = data.scale.span(_drawn(data))
    words = f"Line: mean, {data.scale.beside(latest.mean, high - low)}."
    if latest.lower_limit is not None and latest.upper_limit is not None:
        lower, upper = (data.scale.beside(v, high - low) for v in (latest.lower_limit, latest.upper_limit))
        words += f" Dashed: limits, {lower.removesuffix(f'{NO_BREAK}%')} to {upper}."
    if data.standard is not None:
        words += f" Dotted: standard, {data.scale.said(data.standard)}."
    return words


def _gaps_said(points: Sequence[ControlPoint]) -> Iterable[str]:
    """Runs of periods without a figure, with their reason."""
    runs = groupby(points, key=lambda point: None if point.value is not None else point.why_missing)
    by_reason: dict[str, list[str]] = {}
    for reason, run in runs:
        if reason is not None:
            labels = [point.label for point in run]
            words = labels[0] if len(labels) == 1 else f"{labels[0]} to {labels[-1]}"
            by_reason.setdefault(reason, []).append(words)
    for reason, spans in by_reason.items():
        because = "" if reason == "no figure" else f": {reason}"
        yield f"No figure for {', '.join(spans)}{because}."


def _told(data: ControlChart) -> str:
    return " ".join(note.words for note in _notes(data))


def _table(data: ControlChart) -> Table:
    rows = []
    for point in data.points:
        if point.value is None:
            cells = [Cell(point.why_missing), *(Cell("") for _ in _HEAD[1:])]
        else:
            cells = [
                number_cell(data.scale, point.value, "value", point.denominator),
                number_cell(data.scale, point.mean, "mean", point.denominator),
                number_cell(data.scale, point.lower_limit, "lower_limit", point.denominator),
                number_cell(data.scale, point.upper_limit, "upper_limit", point.denominator),
                count_cell(point.denominator, "denominator"),
                Cell(variation_words(point)),
            ]
        rows.append(Row(point.label, cells, point.source))
    if data.standard is not None:
        rows.append(standard_row(data.scale, data.standard, len(_HEAD)))
    return Table(data.title, ("period", *_HEAD), rows)
