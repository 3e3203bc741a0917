"""How long people wait: the share that has begun treatment, week by week, of all who were referred.

Belongs here: the steps of the curves, their marks at the standards, the table. Does not belong here: the estimates
(``mart.waiting_curve``).
"""

from collections.abc import Callable, Sequence
from dataclasses import replace
from itertools import pairwise

from reports.charts.data import Source, Waits, Week
from reports.charts.drawing import BAND, BLUE, GREY, ORANGE, QUIET, STANDARD, TINY, Drawing, Number
from reports.charts.figure import Figure, Note, Panel, Row, Table
from reports.charts.plane import Label, Plane, across, inset
from reports.charts.scale import NO_BREAK, SHARE, Scale
from reports.charts.words import count_cell, number_cell

_WEEK = 7
# Weeks that the axis has at least, so that it measures out whole ones.
_LEAST = 4
_WEEKS = Scale()
_HEAD = ("have begun", "likely from", "to", "have left", "if nobody left", "still waited", "days")
# Curve → its column, colour, dashes and the shape of its marks.
_CURVES: dict[str, tuple[str, str, str, str]] = {
    "begun": ("ci_started", BLUE, "", "circle"),
    "if_nobody_left": ("km_started", ORANGE, "6 3", "diamond"),
    "left": ("ci_left", GREY, "2 3", "square"),
}
_WORDS = {"begun": "begun", "if_nobody_left": "if nobody left", "left": "left"}


def waits(data: Waits, figure_id: str) -> Figure:
    """Steps for who has begun, with its interval, who has left, and who would have begun if nobody left.

    Marks stand at the standards and at the end. What lies beyond the last week is not known and not drawn. Raises
    ``ValueError`` without weeks.
    """
    if not data.weeks:
        raise ValueError("a chart of waits needs a week at least")
    plane = Plane(0.0, 1.0, 12, 210)
    drawing = Drawing(figure_id, data.source, plane.bottom + 44)
    said = plane.apart(_labels(data.weeks[-1]))
    drawing.margins = plane.margins(SHARE, said, 40)
    plane.grid(drawing, SHARE)
    last = max(data.weeks[-1].day, _LEAST * _WEEK)
    x = inset(0, last, 0.01)
    for standard in data.standards:
        if standard <= data.weeks[-1].day:
            drawing.line(x(standard), plane.top, x(standard), plane.bottom, STANDARD, 1, "2 3")
    for bound in ("begun_lower", "begun_upper"):
        _steps(drawing, plane, x, _values(data.weeks, bound), BAND, "3 2")
    for curve, (_, colour, dash, _shape) in _CURVES.items():
        _steps(drawing, plane, x, _values(data.weeks, curve), colour, dash)
    _marks(drawing, plane, x, data)
    plane.labels(drawing, said)
    across(drawing, _WEEKS, lambda week: x(week * _WEEK), (0, last / _WEEK), plane.bottom + 16)
    drawing.text(0.5, plane.bottom + 36, "weeks since the referral", TINY, QUIET, "middle")
    panel = Panel(drawing.svg(data.title, _told(data)), round(drawing.height))
    return Figure([panel], _table(data), _notes(data), data.source)


def _values(weeks: Sequence[Week], name: str) -> list[tuple[int, float]]:
    found = ((week.day, getattr(week, name)) for week in weeks)
    return [(day, value) for day, value in found if value is not None]


def _steps(
    drawing: Drawing, plane: Plane, x: Callable[[float], float], values: Sequence[tuple[int, float]], colour: str,
    dash: str,
) -> None:  # fmt: skip
    """What is known at the end of a week holds from then on, until the next."""
    if len(values) < 2:
        return
    points = [(x(values[0][0]), plane.y(values[0][1]))]
    for (_, before), (day, value) in pairwise(values):
        points += [(x(day), plane.y(before)), (x(day), plane.y(value))]
    drawing.curve(points, colour, dash, plane.top - 2, plane.bottom + 2)


def _marked(data: Waits) -> list[Week]:
    return [week for week in data.weeks if week.day in (*data.standards, data.weeks[-1].day)]


def _marks(drawing: Drawing, plane: Plane, x: Callable[[float], float], data: Waits) -> None:
    for week in _marked(data):
        drawing.begin(_of_day(data, week))
        for curve, (column, colour, _, shape) in _CURVES.items():
            value = getattr(week, curve)
            if value is not None:
                drawing.mark(x(week.day), plane.y(value), shape, colour, 4, Number(value, column))
        drawing.end()


def _labels(last: Week) -> list[Label]:
    found = ((name, getattr(last, name)) for name in _CURVES)
    return [Label(value, _WORDS[name], is_bold=name == "begun") for name, value in found if value is not None]


def _of_day(data: Waits, week: Week) -> Source:
    return replace(data.source, group=str(week.day))


def _told(data: Waits) -> str:
    said = []
    for week in _marked(data):
        words = [f"{SHARE.said(week.begun)} have begun", f"{SHARE.said(week.left)} have left"]
        if week.if_nobody_left is not None:
            words.append(f"{SHARE.said(week.if_nobody_left)} would have begun if nobody left")
        said.append(f"After {week.day // _WEEK}{NO_BREAK}weeks {', '.join(words)}.")
    return " ".join(said)


def _notes(data: Waits) -> list[Note]:
    notes = [Note("Of all referred. Line: begun treatment, likely between the thin lines. Dots: left before it.")]
    if any(week.if_nobody_left is not None for week in data.weeks):
        notes.append(Note("Dashes: would have begun if nobody left."))
    drawn = [f"{standard // _WEEK}" for standard in data.standards if standard <= data.weeks[-1].day]
    if drawn:
        lines = "The upright line is" if len(drawn) == 1 else "The upright lines are"
        notes.append(Note(f"{lines} {' and '.join(drawn)} weeks."))
    return notes


def _table(data: Waits) -> Table:
    rows = [
        Row(
            f"{week.day // _WEEK}",
            [
                number_cell(SHARE, week.begun, "ci_started"),
                number_cell(SHARE, week.begun_lower, "ci_started_lower_95"),
                number_cell(SHARE, week.begun_upper, "ci_started_upper_95"),
                number_cell(SHARE, week.left, "ci_left"),
                number_cell(SHARE, week.if_nobody_left, "km_started"),
                count_cell(week.at_risk, "at_risk"),
                count_cell(week.day, "day"),
            ],
            _of_day(data, week),
        )
        for week in data.weeks
    ]
    return Table(data.title, ("weeks since the referral", *_HEAD), rows)
