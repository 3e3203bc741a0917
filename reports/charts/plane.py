"""A plane with an upright axis of values: gridlines, their labels, the places of values.

Belongs here: what control charts, funnels and distributions share. Does not belong here: their marks.
"""

from collections.abc import Sequence
from dataclasses import dataclass

from reports.charts.drawing import GRID, INK, QUIET, TINY, Drawing, spread
from reports.charts.scale import Scale, ticks

# 42 of 250 pixels for «100 %» on the left, as many for the labels of lines on the right.
LEFT, RIGHT = 0.17, 0.83


@dataclass(frozen=True)
class Plane:
    """Values from ``low`` to ``high`` between ``bottom`` and ``top`` (pixels down)."""

    low: float
    high: float
    top: float
    bottom: float
    right: float = RIGHT

    def y(self, value: float) -> float:
        """Pixels down of a value."""
        return self.bottom - (self.bottom - self.top) * (value - self.low) / (self.high - self.low)

    def grid(self, drawing: Drawing, scale: Scale, about: int = 4) -> None:
        """Gridlines over the plane, each with its value on the left."""
        for tick in ticks(self.low, self.high, about):
            drawing.line(0.0, self.y(tick), self.right, self.y(tick), GRID)
            drawing.text(LEFT, self.y(tick) - 3, scale.short(tick), TINY, QUIET, "end", dx=-8)

    def labels(self, drawing: Drawing, said: Sequence[tuple[float, str, bool]]) -> None:
        """Labels of lines, right of the plane: value, words, whether bold; moved apart where lines are close."""
        apart = spread([self.y(value) for value, _, _ in said], 15, self.top, self.bottom)
        for (_, words, is_bold), y in zip(said, apart, strict=True):
            drawing.text(self.right, y + 4, words, TINY, INK, is_bold=is_bold, dx=7)


def labelled(labels: Sequence[str], room: float, widest: float) -> list[int]:
    """Places of the labels to write under an axis ``room`` pixels long, of equal steps: the first, the last, and so
    many between that none touch; ``widest`` is the pixels of the widest with its distance.
    """
    last = len(labels) - 1
    if last <= 0:
        return list(range(last + 1))
    step = max(1, next((n for n in range(1, last + 1) if room * n / last >= widest), last))
    chosen = list(range(0, last + 1, step))
    if chosen[-1] != last:
        # The last one takes the place of a neighbour that it would touch.
        while len(chosen) > 1 and room * (last - chosen[-1]) / last < widest:
            chosen.pop()
        chosen.append(last)
    return chosen
