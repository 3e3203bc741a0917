"""How values are measured out and written: the range of an axis, its ticks, a number in words.

Belongs here: ``Scale`` and what follows from it alone. Does not belong here: marks and lines (``drawing``).
"""

from collections.abc import Iterable
from dataclasses import dataclass
from math import ceil, floor, isfinite, log10

# A share of so many people has one decimal: below, one person moves it by more than a tenth of a per cent.
DECIMAL_FROM = 1_000
NO_BREAK = "\N{NO-BREAK SPACE}"


@dataclass(frozen=True)
class Scale:
    """What values are: a share (drawn and written in per cent), or a number of ``unit`` with ``decimals``.

    No axis goes below ``lowest`` or above ``highest``.
    """

    is_share: bool = False
    unit: str = ""
    decimals: int = 0
    lowest: float | None = 0.0
    highest: float | None = None

    def said(self, value: float, people: int | None = None) -> str:
        """The value as text. A share of ``people``: one decimal from 1,000; «under 1 %» and «over 99 %» for what
        would round to none or all.
        """
        if not self.is_share:
            number = f"{value:,.{self.decimals}f}"
            return f"{number}{NO_BREAK}{self.unit}" if self.unit else number
        decimals = 1 if people is not None and people >= DECIMAL_FROM else 0
        least = 10**-decimals
        if value > 0 and 100 * value < least / 2:
            return f"under{NO_BREAK}{least:g}{NO_BREAK}%"
        if value < 1 and 100 - 100 * value < least / 2:
            return f"over{NO_BREAK}{100 - least:g}{NO_BREAK}%"
        return f"{100 * value:.{decimals}f}{NO_BREAK}%"

    def between(self, low: float, high: float, people: int | None = None, word: str = "to") -> str:
        """A range as text, the unit said once: «50 to 73 %»."""
        start, end = self.said(low, people), self.said(high, people)
        unit = NO_BREAK + ("%" if self.is_share else self.unit)
        alike = start.endswith(unit) and end.endswith(unit) and not start.startswith(("under", "over"))
        return f"{start.removesuffix(unit) if alike else start} {word} {end}"

    def beside(self, value: float, length: float = 1.0) -> str:
        """The value beside a line, on an axis of ``length``: a number without its unit, of a count one decimal at
        most. A share has a decimal where the axis is shorter than 10 points.
        """
        if self.is_share:
            return f"{100 * value:.{1 if length < 0.1 else 0}f}{NO_BREAK}%"
        number = f"{value:,.{max(self.decimals, 1)}f}"
        return number if self.decimals else number.removesuffix(".0")

    def short(self, value: float) -> str:
        """A tick beside an axis: without the unit of a number."""
        return f"{_plain(100 * value)}{NO_BREAK}%" if self.is_share else _plain(value)

    def span(self, values: Iterable[float], pad: float = 0.08) -> tuple[float, float]:
        """An axis that holds all ``values`` with a margin of ``pad``, and stays within what is possible.

        Raises ``ValueError`` for a value that is not a finite number.
        """
        known = list(values)
        if not all(map(isfinite, known)):
            raise ValueError("a chart cannot draw a value that is not finite")
        low, high = (min(known), max(known)) if known else (0.0, 1.0)
        least = 0.1 if self.is_share else 10.0**-self.decimals * 5
        margin = max((high - low) * pad, (least - (high - low)) / 2, 0.0)
        start, end = low - margin, high + margin
        if self.lowest is not None:
            start = max(start, min(self.lowest, low))
        if self.highest is not None:
            end = min(end, max(self.highest, high))
        # At a bound all of the least range is on the other side.
        if end - start < least:
            start, end = (start, start + least) if start >= low else (end - least, end)
        return start, end


def _plain(value: float) -> str:
    return f"{round(value, 6):,.10g}" if abs(value) < 1e9 else f"{value:.3g}"


SHARE = Scale(is_share=True, highest=1.0)


def ticks(low: float, high: float, about: int = 4) -> list[float]:
    """Round numbers between ``low`` and ``high``, ``about`` as many as asked or a few more; steps of 1, 2 or 5."""
    if high <= low:
        return [low]
    rough = (high - low) / about
    power = 10.0 ** floor(log10(rough))
    step = next(power * first for first in (1, 2, 5, 10) if power * first >= rough * 0.75)
    first = ceil(low / step - 1e-9)
    return [(first + i) * step for i in range(int((high - first * step) / step + 1e-9) + 1)]
