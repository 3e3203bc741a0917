"""Axes: a plane with an upright axis of values, an axis of values across, and which labels an axis has room for.

Belongs here: what several charts share. Does not belong here: their marks.
"""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from itertools import pairwise
from math import ceil

from reports.charts.drawing import GRID, INK, TINY, Drawing, Number, place_of, spread, width_of
from reports.charts.scale import Scale, ticks


@dataclass(frozen=True)
class Label:
    """What a line says of itself: the value where it ends, words, and the number that they say, if they say one."""

    value: float
    words: str
    number: Number | None = None
    is_bold: bool = False


_LINE = 15


@dataclass(frozen=True)
class Plane:
    """Values from ``low`` to ``high`` between ``bottom`` and ``top`` (pixels down), over a plot's whole width."""

    low: float
    high: float
    top: float
    bottom: float

    def y(self, value: float) -> float:
        """Pixels down of a value."""
        return self.bottom - (self.bottom - self.top) * (value - self.low) / (self.high - self.low)

    def grid(self, drawing: Drawing, scale: Scale) -> None:
        """Gridlines over the plane, each with its value on the left."""
        for tick in ticks(self.low, self.high):
            drawing.line(0, self.y(tick), 1, self.y(tick), GRID)
            drawing.tick(0, self.y(tick) + 4, scale.short(tick), "end", dx=-7)

    def labels(self, drawing: Drawing, said: Sequence[Label]) -> None:
        """Labels of lines, right of the plane, moved apart where lines are close."""
        apart = spread([self.y(label.value) for label in said], _LINE, self.top, self.bottom)
        for label, y in zip(said, apart, strict=True):
            drawing.text(1, y + 4, label.words, TINY, INK, is_bold=label.is_bold, dx=7, number=label.number)

    def margins(self, scale: Scale, said: Sequence[Label], below: float) -> tuple[int, int]:
        """Pixels left and right of the plane for its labels, and for half of a label ``below`` pixels wide."""
        left = max([width_of(scale.short(tick), TINY) for tick in ticks(self.low, self.high)], default=0.0) + 8
        right = max([width_of(label.words, TINY, label.is_bold) for label in said], default=0.0) + 8
        return _tens(max(left, below / 2)), _tens(max(right, below / 2))

    def apart(self, said: Sequence[Label]) -> list[Label]:
        """The labels that stand clear of those before them: the first are the most important."""
        kept: list[Label] = []
        for each in said:
            if all(abs(self.y(each.value) - self.y(other.value)) >= _LINE for other in kept):
                kept.append(each)
        return kept


def inset(low: float, high: float, edge: float) -> Callable[[float], float]:
    """Places across of values from ``low`` to ``high``, with ``edge`` of the width at both ends free for marks."""
    return lambda value: edge + (1 - 2 * edge) * (value - low) / (high - low)


def across(
    drawing: Drawing, scale: Scale, x: Callable[[float], float], span: tuple[float, float], y: float
) -> None:
    """Round values of an axis across, their labels' baseline at ``y``: as many as do not touch, about five."""
    for about in (4, 3, 2, 1):
        found = ticks(*span, about=about)
        places = [place_of(x(tick), width_of(scale.short(tick), TINY)) for tick in found]
        if all(before[1] + 8 <= after[0] for before, after in pairwise(places)):
            break
    else:
        found = found[:1]
    for tick in found:
        drawing.tick(x(tick), y, scale.short(tick))


def _tens(pixels: float) -> int:
    return 10 * ceil(pixels / 10)


def labelled(number: int, room: float, widest: float) -> list[int]:
    """Places of labels to write under an axis ``room`` pixels long with ``number`` periods: the first, the last,
    and so many between that none touch. ``widest`` is the pixels of the widest with its distance.
    """
    last = number - 1
    if last <= 0:
        return list(range(last + 1))
    step = next((n for n in range(1, last + 1) if room * n / last >= widest), last)
    chosen = list(range(0, last, step))
    # The last one takes the place of those that it would touch.
    while chosen and room * (last - chosen[-1]) / last < widest:
        chosen.pop()
    return [*chosen, last]
