"""Control charts: one service over time, or several side by side.

Belongs here: ``control_chart`` and ``small_multiples``. Does not belong here: limits and rules
(``mart.control_chart``), the icons (``icons``).
"""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from itertools import groupby, pairwise

from reports.charts.data import ControlChart, ControlPoint, SmallMultiples
from reports.charts.drawing import BLUE, GREY, INK, ORANGE, QUIET, STANDARD, TINY, Drawing, Number, width_of
from reports.charts.figure import Cell, Figure, Note, Panel, Row, Table
from reports.charts.icons import assurance_icon, assurance_words, variation_icon, variation_words
from reports.charts.plane import LEFT, RIGHT, Plane, labelled
from reports.charts.words import count_cell, number_cell, one_or_many, standard_row

MARK = {"improvement": ("square", BLUE), "concern": ("diamond", ORANGE), "neither": ("triangle", INK)}
_CHANCE = ("circle", GREY)
_HEAD = ("figure", "mean", "lower limit", "upper limit", "of people", "what it says")


@dataclass(frozen=True)
class _Months:
    """Where the periods of a chart stand across."""

    number: int

    @property
    def step(self) -> float:
        return (RIGHT - LEFT - 0.02) / max(1, self.number - 1)

    def x(self, place: int) -> float:
        return LEFT + 0.01 + place * self.step


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
        Row(f"{chart.name}, {row.head}", row.cells, row.source)
        for chart in data.charts
        for row in _table(chart).rows
    ]
    table = Table(data.title, ("service and period", *_HEAD), rows)
    return Figure(panels, table, [Note("All charts have scales of the same length.")])


def _drawn(data: ControlChart) -> list[float]:
    drawn = (v for p in data.points if p.value is not None for v in (p.value, p.mean, p.lower_limit, p.upper_limit))
    return [each for each in (*drawn, data.standard) if each is not None]


def _panel(data: ControlChart, figure_id: str, plane: Plane) -> Panel:
    drawing = Drawing(figure_id, data.source)
    months = _Months(len(data.points))
    plane.grid(drawing, data.scale)
    _gaps(drawing, data.points, months, plane)
    _lines(drawing, data, months, plane)
    _points(drawing, data.points, months, plane)
    _periods(drawing, data.points, months, plane)
    drawing.height = plane.bottom + 26
    return Panel(drawing.svg(data.title, _told(data)), round(drawing.height), data.name)


def _gaps(drawing: Drawing, points: Sequence[ControlPoint], months: _Months, plane: Plane) -> None:
    for place, point in enumerate(points):
        if point.value is None:
            middle, half = months.x(place), min(months.step / 2, 0.03)
            drawing.hatched(max(middle - half, LEFT), plane.bottom - 8, min(middle + half, RIGHT), plane.bottom)


def _lines(drawing: Drawing, data: ControlChart, months: _Months, plane: Plane) -> None:
    """Mean and limits of each segment, and the standard, with labels for the latest."""
    said: list[tuple[float, str, bool]] = []
    charted = [(place, p) for place, p in enumerate(data.points) if p.value is not None and p.mean is not None]
    for _, group in groupby(charted, key=lambda each: each[1].segment):
        inside = list(group)
        (first, point), (last, _) = inside[0], inside[-1]
        start, end = months.x(first) - min(months.step / 2, 0.01), months.x(last) + min(months.step / 2, 0.01)
        said = []
        for value, column, words in (
            (point.upper_limit, "upper_limit", ""),
            (point.mean, "mean", "mean "),
            (point.lower_limit, "lower_limit", ""),
        ):
            if value is None:
                continue
            number = Number(value, column, point.source)
            y = plane.y(value)
            drawing.line(start, y, end, y, INK if words else QUIET, 1.5, "" if words else "5 3", number)
            said.append((value, data.scale.said(value), bool(words)))
    if data.standard is not None:
        y = plane.y(data.standard)
        drawing.line(LEFT, y, RIGHT, y, STANDARD, 1.5, "1 3", Number(data.standard, "standard"))
    plane.labels(drawing, said)


def _points(drawing: Drawing, points: Sequence[ControlPoint], months: _Months, plane: Plane) -> None:
    known = [
        (months.x(place), plane.y(p.value), p) if p.value is not None else None for place, p in enumerate(points)
    ]
    for one, other in pairwise(known):
        if one is not None and other is not None and one[2].segment == other[2].segment:
            drawing.line(one[0], one[1], other[0], other[1], GREY, 1.5)
    for each in known:
        if each is not None:
            x, y, point = each
            assert point.value is not None
            shape, colour = MARK.get(point.variation, _CHANCE)
            if shape == "triangle" and (point.signal or 0) < 0:
                shape = "triangle down"
            number = Number(point.value, "value", point.source)
            drawing.mark(x, y, shape, colour, 4 if shape == "circle" else 6, number)


def _periods(drawing: Drawing, points: Sequence[ControlPoint], months: _Months, plane: Plane) -> None:
    drawing.line(LEFT, plane.bottom, RIGHT, plane.bottom, GREY)
    labels = [point.label for point in points]
    widest = max(width_of(label, TINY) for label in labels) + 10
    for place in labelled(labels, (RIGHT - LEFT) * 250, widest):
        drawing.text(months.x(place), plane.bottom + 18, labels[place], TINY, QUIET, "middle")


def _notes(data: ControlChart) -> list[Note]:
    latest = data.points[-1]
    said = latest.why_missing if latest.value is None else data.scale.said(latest.value, latest.denominator)
    notes = [Note(f"{latest.label}: {said}. {variation_words(latest)}.", variation_icon(latest))]
    if data.assurance is not None and data.standard is not None:
        notes.append(Note(f"{assurance_words(data, data.scale)}.", assurance_icon(data.assurance)))
    charted = [point for point in data.points if point.value is not None]
    if charted and charted[-1].limits == "trial":
        own = sum(point.segment == charted[-1].segment for point in charted)
        notes.append(Note(f"Early limits: they are of {one_or_many(own, 'month', 'months')}, and 12 are needed."))
    notes += [
        Note(f"The limits start anew in {point.label}: {point.rebased_because}.")
        for point in data.points
        if point.rebased_because
    ]
    notes += [Note(words) for words in _gaps_said(data.points)]
    return notes


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
        yield f"No figure for {', '.join(spans)}: {reason}."


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
