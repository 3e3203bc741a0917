"""Scores at the start and at the end, with the cut-off.

Belongs here: the distribution, as columns of people or as percentiles. Does not belong here: scores
(``warehouse``).
"""

from collections.abc import Callable, Mapping
from dataclasses import replace
from itertools import pairwise

from reports.charts.data import Distribution, Scores, Source
from reports.charts.drawing import BAND, BLUE, GREY, INK, QUIET, SMALL, TINY, Drawing, Number
from reports.charts.figure import Cell, Figure, Note, Panel, Row, Table
from reports.charts.plane import across, inset
from reports.charts.scale import Scale
from reports.charts.words import count_cell, number_cell, one_or_many

_INSET = 0.03
_TALL = 98.0
_PERCENTILES = (5, 10, 25, 50, 75, 90, 95)


def distribution(data: Distribution, figure_id: str) -> Figure:
    """Below each other, on one axis of scores: columns of people, and a bar of the middle half with the median.

    Columns of one chart have one scale of people. A count that is not shown is a low hatched column.
    """
    drawing = Drawing(figure_id, data.source)
    step = _step(data)
    x = inset(data.lowest - step / 2, data.highest + step / 2, _INSET)
    most = max([people for each in data.scores for _, people in each.counts if people is not None], default=1) or 1
    drawing.height = 22 if data.cut_off is not None else 2
    top = drawing.height
    for scores in data.scores:
        _scores(drawing, scores, x, step, most)
    if data.cut_off is not None:
        number = Number(data.cut_off, "cut_off")
        drawing.line(x(data.cut_off), top - 4, x(data.cut_off), drawing.height, INK, 1.5, "5 3", number)
        drawing.near(x(data.cut_off), 13, f"Cut-off {data.cut_off:g}", SMALL)
    drawing.line(_INSET, drawing.height, 1 - _INSET, drawing.height, GREY)
    across(drawing, Scale(lowest=None), x, (data.lowest, data.highest), drawing.height + 17)
    drawing.height += 24
    return Figure(
        [Panel(drawing.svg(data.title, _told(data)), round(drawing.height))],
        _table(data),
        _notes(data),
        data.source,
    )


def _step(data: Distribution) -> float:
    """The distance between scores: of GBO and ReQoL-10 1, of a mean score less."""
    scores = sorted({score for each in data.scores for score, _ in each.counts})
    return min((b - a for a, b in pairwise(scores)), default=1.0)


def _scores(drawing: Drawing, scores: Scores, x: Callable[[float], float], step: float, most: int) -> None:
    drawing.height += 18
    people = one_or_many(scores.people, "person", "people")
    drawing.text(0, drawing.height - 4, f"{scores.label}: {people}", SMALL, is_bold=True)
    drawing.begin(scores.source)
    if scores.counts:
        _columns(drawing, scores, x, step, most)
    if scores.percentiles:
        _strip(drawing, dict(scores.percentiles), x)
    drawing.end()
    drawing.height += 8


def _columns(drawing: Drawing, scores: Scores, x: Callable[[float], float], step: float, most: int) -> None:
    """People by score; the highest column has its number."""
    drawing.height += _TALL
    foot = drawing.height
    known = [(people, score) for score, people in scores.counts if people]
    highest = max(known, key=lambda each: each[0], default=None)
    for score, people in scores.counts:
        left, right = x(score - step * 0.42), x(score + step * 0.42)
        if people is None:
            drawing.hatched(left, foot - 8, right, foot)
            continue
        top = foot - (_TALL - 20) * people / most
        number = Number(people, "people", Source(group=f"{score:g}"))
        drawing.rect(left, top, right, foot, BAND, number=number)
        if highest == (people, score):
            said = replace(number, source=number.source.within(scores.source))
            drawing.near(x(score), top - 4, f"{people:,}", TINY, number=said)
    drawing.line(_INSET, foot, 1 - _INSET, foot, GREY)


def _strip(drawing: Drawing, at: Mapping[int, float], x: Callable[[float], float]) -> None:
    """Nine in ten people as a line, the middle half as a bar, the median as an upright line."""
    drawing.height += 24
    middle = drawing.height - 12
    for first, last, thick, colour in ((5, 95, 2.0, GREY), (25, 75, 10.0, BAND)):
        if first in at and last in at:
            drawing.line(x(at[first]), middle, x(at[last]), middle, colour, thick)
    for percentile in _PERCENTILES:
        if percentile in at:
            tall, pen, wide = (9, BLUE, 3.0) if percentile == 50 else (5, QUIET, 1.5)
            place, number = x(at[percentile]), Number(at[percentile], f"p{percentile:02}")
            drawing.line(place, middle - tall, place, middle + tall, pen, wide, number=number)


def _notes(data: Distribution) -> list[Note]:
    notes = []
    if any(each.counts for each in data.scores):
        notes.append("Columns: people by score. The highest column has its number.")
    if any(each.percentiles for each in data.scores):
        notes.append(
            "Thick bar: the middle half of people; upright line: the middle score; thin line: 9 in 10 people."
        )
    if any(people is None for each in data.scores for _, people in each.counts):
        notes.append("Hatched: a number too small to show.")
    return [Note(" ".join(notes))] if notes else []


def _told(data: Distribution) -> str:
    said = []
    for each in data.scores:
        median = dict(each.percentiles).get(50)
        middle = "" if median is None else f", middle score {median:g}"
        said.append(f"{each.label}: {one_or_many(each.people, 'person', 'people')}{middle}.")
    return " ".join([*said, f"Cut-off {data.cut_off:g}." if data.cut_off is not None else ""]).strip()


def _table(data: Distribution) -> Table:
    scale = Scale(lowest=None, decimals=1)
    scores = sorted({score for each in data.scores for score, _ in each.counts})
    rows = []
    for score in scores:
        cells = [
            replace(count_cell(dict(each.counts).get(score), "people", "not shown"), source=each.source)
            for each in data.scores
        ]
        rows.append(Row(f"Score {score:g}", cells, Source(group=f"{score:g}")))
    for percentile in _PERCENTILES:
        at = [dict(each.percentiles).get(percentile) for each in data.scores]
        if any(each is not None for each in at):
            found = [
                replace(number_cell(scale, score, f"p{percentile:02}"), source=each.source)
                for score, each in zip(at, data.scores, strict=True)
            ]
            rows.append(Row(f"{percentile} of 100 people score at or below", found))
    if data.cut_off is not None:
        cells = [Cell(f"{data.cut_off:g}", data.cut_off, "cut_off"), *(Cell("") for _ in data.scores)]
        rows.append(Row("Cut-off", cells[: len(data.scores)]))
    return Table(data.title, ("score", *(each.label for each in data.scores)), rows)
