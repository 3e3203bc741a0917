"""The stream: what became of the same people from referral to recovery, with what is not known.

Belongs here: the bars of the stages and their parts. Does not belong here: the counts (``mart.stream``).
"""

from reports.charts.data import Part, Stage, Stream
from reports.charts.drawing import (
    BLUE,
    FAINT,
    GREY,
    NARROW,
    NORMAL,
    PALE,
    QUIET,
    SMALL,
    Drawing,
    Number,
    width_of,
    wrapped,
)
from reports.charts.figure import Cell, Figure, Note, Panel, Row, Table
from reports.charts.words import count_cell

HATCHED = ("open", "not known")


def stream(data: Stream, figure_id: str) -> Figure:
    """A bar for each stage, as long as its share of the people referred. Its parts: those who went on (dark), who
    left (pale), who may still go on or of whom nothing is known (hatched). A rest that no part explains is hatched.
    """
    drawing = Drawing(figure_id, data.source)
    whole = data.stages[0].people if data.stages else None
    for place, stage in enumerate(data.stages):
        following = data.stages[place + 1] if place + 1 < len(data.stages) else None
        _stage(drawing, stage, following, whole)
    told = " ".join(f"{stage.label}: {_said(stage, whole)}." for stage in data.stages)
    return Figure(
        [Panel(drawing.svg(data.title, told), round(drawing.height))], _table(data, whole), _notes(), data.source
    )


def _said(stage: Stage, whole: int | None) -> str:
    if stage.people is None:
        return stage.why_missing
    if not whole:
        return f"{stage.people:,}"
    return f"{stage.people:,} ({100 * stage.people / whole:.0f} of 100)"


def _stage(drawing: Drawing, stage: Stage, following: Stage | None, whole: int | None) -> None:
    said = _said(stage, whole)
    room = NARROW - width_of(said, SMALL) - 12
    for place, line in enumerate(wrapped(stage.label, NORMAL, room, is_bold=True)):
        drawing.height += 20
        drawing.text(0, drawing.height - 4, line, NORMAL, is_bold=True)
        if place == 0:
            number = None if stage.people is None else Number(stage.people, stage.column, stage.source)
            drawing.text(1, drawing.height - 4, said, SMALL, anchor="end", number=number)
    top, foot = drawing.height + 1, drawing.height + 21
    drawing.height = foot + 4
    drawing.rect(0, top, 1, foot, FAINT)
    if stage.people is not None and whole:
        _bar(drawing, stage, following, whole, top, foot)
    for part in stage.parts:
        words = part.why_missing if part.people is None else f"{part.people:,}"
        drawing.swatch(drawing.height + 4, part.kind in HATCHED)
        own = None if part.people is None else Number(part.people, part.column, part.source)
        lines = wrapped(f"{part.label}: {words}", SMALL, NARROW - 18)
        for place, line in enumerate(lines):
            drawing.height += 18
            is_last = place == len(lines) - 1
            drawing.text(0, drawing.height - 4, line, SMALL, QUIET, dx=18, number=own if is_last else None)
    drawing.height += 12


def _bar(drawing: Drawing, stage: Stage, following: Stage | None, whole: int, top: float, foot: float) -> None:
    assert stage.people is not None
    end = min(1.0, stage.people / whole)
    went_on = stage.people if following is None else following.people or 0
    x = min(end, went_on / whole)
    drawing.rect(0, top, x, foot, BLUE)
    for part in stage.parts:
        if part.people is None:
            continue
        start, x = x, min(end, x + part.people / whole)
        number = Number(part.people, part.column, part.source)
        if part.kind in HATCHED:
            drawing.hatched(start, top, x, foot, number)
        else:
            drawing.rect(start, top, x, foot, PALE, GREY, number)
    if x < end:
        drawing.hatched(x, top, end, foot)
    # All of the stage, drawn by its parts.
    drawing.rect(0, top, end, foot, "none", number=Number(stage.people, stage.column, stage.source))


def _notes() -> list[Note]:
    return [Note("Dark: went on. Pale: did not go on. Hatched: may still go on, or not known.")]


def _table(data: Stream, whole: int | None) -> Table:
    rows = []
    for stage in data.stages:
        rows.append(_row(stage.label, stage, whole))
        rows += [_row(f"{stage.label}, of these: {part.label.lower()}", part, whole) for part in stage.parts]
    return Table(data.title, ("stage", "people", "of 100 referred"), rows)


def _row(head: str, each: Stage | Part, whole: int | None) -> Row:
    return Row(head, [count_cell(each.people, each.column, each.why_missing), _of_100(each, whole)], each.source)


def _of_100(each: Stage | Part, whole: int | None) -> Cell:
    if each.people is None or not whole:
        return Cell("")
    share = 100 * each.people / whole
    return Cell(f"{share:.0f}", share, f"{each.column}_of_100")
