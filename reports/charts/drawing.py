"""Marks, lines and texts of a chart as SVG that is as wide as the page lets it.

Belongs here: primitives, and where text fits. Does not belong here: what a chart shows (the module of each chart).

Across, everything stands at a share of the width (0 to 1, written in per cent); down, at pixels. Text has one size
at every width. Labels are placed for ``NARROW`` pixels: on a wider page their distances only grow.
"""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field
from html import escape
from math import isfinite

from reports.charts.data import NOWHERE, Source
from reports.charts.figure import raw

# A screen of 320 pixels less the margins of the page and of a card.
NARROW = 250
TINY, SMALL, NORMAL = 12, 13, 15
# On white: text 4.5:1 or more, marks 3:1 or more. Every kind has its shape as well.
INK, QUIET, GRID = "#212b32", "#4c6272", "#d8dde0"
BLUE, ORANGE, GREY, PALE, FAINT = "#005eb8", "#c25100", "#768692", "#c9dcee", "#eaf1f8"
STANDARD, BAND = "#6b2c7e", "#5190c9"
# Advance widths of Arial in thousandths of its size (Helvetica's metrics); a wide letter for any other character.
_WIDTHS = {
    **dict.fromkeys("ijl'", 222), **dict.fromkeys("I !./,:;[]\\ft\N{NO-BREAK SPACE}·", 278),
    **dict.fromkeys("()r-`", 333), **dict.fromkeys("Jckysvxz", 500), **dict.fromkeys("abdeghnopquL", 556),
    **dict.fromkeys("0123456789$#?_–«»", 556),
    **dict.fromkeys("<=>+~×", 584), **dict.fromkeys("FTZ", 611), **dict.fromkeys("ABEKPSVXY&", 667),
    **dict.fromkeys("CDHNRUw", 722), **dict.fromkeys("GOQ", 778), **dict.fromkeys("Mm", 833), "W": 944,
    "%": 889, "|": 260,
}  # fmt: skip


def width_of(words: str, size: float, is_bold: bool = False) -> float:
    """Width in pixels of a line of text, rounded up by 4 %, for fonts that stand in for Arial."""
    return sum(_WIDTHS.get(letter, 950) for letter in words) / 1000 * size * (1.08 if is_bold else 1.0) * 1.04


def wrapped(words: str, size: float, room: float, is_bold: bool = False) -> list[str]:
    """Lines no wider than ``room`` pixels; a word that is wider alone is cut with a hyphen."""
    lines, line = [], ""
    for word in words.split(" "):
        longer = f"{line} {word}" if line else word
        if width_of(longer, size, is_bold) <= room:
            line = longer
            continue
        if line:
            lines.append(line)
        while width_of(word, size, is_bold) > room and len(word) > 1:
            fits = max(1, sum(width_of(word[: n + 1] + "-", size, is_bold) <= room for n in range(1, len(word))))
            lines.append(word[:fits] + "-")
            word = word[fits:]
        line = word
    return [*lines, line]


def spread(places: Sequence[float], gap: float, low: float, high: float) -> list[float]:
    """The places moved as little as need be so that neighbours are ``gap`` apart, between ``low`` and ``high``.

    In the order given; equal places keep it. With no room for all they are evenly apart from ``low`` on.
    """
    order = sorted(range(len(places)), key=lambda i: places[i])
    moved = [max(low, places[i]) for i in order]
    for i in range(1, len(moved)):
        moved[i] = max(moved[i], moved[i - 1] + gap)
    top = high
    for i in range(len(moved) - 1, -1, -1):
        moved[i] = max(min(moved[i], top), low + i * gap)
        top = moved[i] - gap
    result = [0.0] * len(moved)
    for place, i in zip(moved, order, strict=True):
        result[i] = place
    return result


@dataclass(frozen=True)
class Number:
    """A number that an element draws or says: written into it, to be read back."""

    value: float
    column: str
    source: Source = NOWHERE


def _number(number: Number | None, around: Source) -> str:
    if number is None:
        return ""
    return f'{number.source.attributes(around)} data-value="{raw(number.value)}" data-column="{number.column}"'


def _x(share: float) -> str:
    if not isfinite(share):
        raise ValueError("a chart cannot draw a value that is not finite")
    return f"{100 * share:.2f}".rstrip("0").rstrip(".") + "%"


def _y(place: float) -> str:
    return f"{place:.1f}".rstrip("0").rstrip(".")


@dataclass
class Drawing:
    """A chart in the making: its elements, its texts (drawn last), and how far down it reaches (``height``).

    ``margins`` are the pixels left and right of it where labels stand: 0 to 1 is the width between them. They are
    multiples of 10, and the style sheet has a class for each.
    """

    figure_id: str
    source: Source = NOWHERE
    height: float = 0.0
    margins: tuple[int, int] = (0, 0)
    parts: list[str] = field(default_factory=list)
    texts: list[str] = field(default_factory=list)
    has_hatching: bool = False

    def text(
        self, x: float, y: float, words: str, size: int = SMALL, colour: str = INK, anchor: str = "start",
        is_bold: bool = False, dx: float = 0, number: Number | None = None,
    ) -> None:  # fmt: skip
        """A line of text with its baseline at ``y``, ``dx`` pixels beside ``x``; ``number`` is what it says."""
        bold = ' font-weight="bold"' if is_bold else ""
        at = "" if anchor == "start" else f' text-anchor="{anchor}"'
        beside = f' dx="{dx:g}"' if dx else ""
        self.texts.append(
            f'<text x="{_x(x)}" y="{_y(y)}" font-size="{size}" fill="{colour}"{beside}{at}{bold}'
            f"{_number(number, self.source)}>{escape(words)}</text>"
        )

    def near(self, x: float, y: float, words: str, size: int = SMALL, number: Number | None = None) -> None:
        """A line of text around ``x``: in the middle, or to the side where there is room for it."""
        self.text(x, y, words, size, anchor=anchor_at(x, width_of(words, size)), number=number)

    def tick(self, x: float, y: float, words: str, anchor: str = "", dx: float = 0) -> None:
        """The label of an axis: it measures out and is no figure. Without ``anchor`` around ``x``, as ``near``."""
        at = anchor or anchor_at(x, width_of(words, TINY))
        self.text(x, y, words, TINY, QUIET, at, dx=dx)
        self.texts[-1] = self.texts[-1].replace("<text ", '<text data-column="axis" ', 1)

    def line(
        self, x1: float, y1: float, x2: float, y2: float, colour: str = INK, width: float = 1, dash: str = "",
        number: Number | None = None,
    ) -> None:  # fmt: skip
        """A straight line."""
        dashed = f' stroke-dasharray="{dash}"' if dash else ""
        self.parts.append(
            f'<line x1="{_x(x1)}" y1="{_y(y1)}" x2="{_x(x2)}" y2="{_y(y2)}" stroke="{colour}" '
            f'stroke-width="{width:g}"{dashed}{_number(number, self.source)}/>'
        )

    def rect(
        self, x: float, y: float, x2: float, y2: float, fill: str, stroke: str = "", number: Number | None = None
    ) -> None:
        """A rectangle between two corners."""
        edge = f' stroke="{stroke}"' if stroke else ""
        self.parts.append(
            f'<rect x="{_x(x)}" y="{_y(y)}" width="{_x(max(x2 - x, 0.0))}" height="{_y(max(y2 - y, 0.0))}" '
            f'fill="{fill}"{edge}{_number(number, self.source)}/>'
        )

    def curve(
        self, points: Iterable[tuple[float, float]], colour: str, dash: str, top: float, bottom: float
    ) -> None:
        """Points joined, (share of the width, pixels down), cut off above ``top`` and below ``bottom``."""
        path = " ".join(f"{1000 * x:.0f},{_y(y - top)}" for x, y in points)
        # 1000 units across, stretched over the width; the pen is not stretched.
        self.parts.append(
            f'<svg y="{_y(top)}" width="100%" height="{_y(bottom - top)}" viewBox="0 0 1000 {_y(bottom - top)}" '
            f'preserveAspectRatio="none"><polyline points="{path}" fill="none" stroke="{colour}" '
            f'stroke-width="1.5" stroke-dasharray="{dash}" vector-effect="non-scaling-stroke"/></svg>'
        )

    def mark(
        self, x: float, y: float, shape: str, colour: str, size: float = 5, number: Number | None = None,
        is_hollow: bool = False,
    ) -> None:  # fmt: skip
        """A circle, square, diamond or triangle of ``size`` pixels to each side, with a white edge, or hollow."""
        fill, edge, wide = ("#fff", colour, 2) if is_hollow else (colour, "#fff", 1)
        paint, own = f'fill="{fill}" stroke="{edge}"', _number(number, self.source)
        if shape == "circle":
            pen = f' stroke-width="{wide}"' if is_hollow else ""
            self.parts.append(f'<circle cx="{_x(x)}" cy="{_y(y)}" r="{size:g}" {paint}{pen}{own}></circle>')
            return
        self.parts.append(
            f'<svg x="{_x(x)}" y="{_y(y)}" overflow="visible"{own}>'
            f'<path d="{PATHS[shape]}" transform="scale({size:g})" {paint} stroke-width="{wide / size:.2f}"/></svg>'
        )

    def flag(self, x: float, top: float, foot: float, number: Number | None = None) -> None:
        """The standard: a pole from ``foot`` up to a pennant at ``top``."""
        self.line(x, top, x, foot, STANDARD, 2, number=number)
        side = "-1" if x > 0.5 else "1"
        self.parts.append(
            f'<svg x="{_x(x)}" y="{_y(top)}" overflow="visible"><path d="M0 0L11 5L0 10z" '
            f'transform="scale({side} 1)" fill="{STANDARD}"/></svg>'
        )

    def begin(self, source: Source, number: Number | None = None) -> None:
        """Elements up to ``end`` are of ``source``, where it differs from that of the chart; together they draw
        ``number``, such as the denominator that is the place of a mark across.
        """
        self.parts.append(f"<g{source.attributes(self.source)}{_number(number, self.source)}>")

    def end(self) -> None:
        """End of a group."""
        self.parts.append("</g>")

    def hatched(self, x: float, y: float, x2: float, y2: float, number: Number | None = None) -> None:
        """A rectangle filled with hatching: what is not known."""
        self.has_hatching = True
        self.rect(x, y, x2, y2, f"url(#{self.figure_id}-hatch)", GREY, number)

    def swatch(self, y: float, is_hatched: bool) -> None:
        """A small square at the left that says what a label beside it is of."""
        self.has_hatching = self.has_hatching or is_hatched
        fill = f"url(#{self.figure_id}-hatch)" if is_hatched else PALE
        self.parts.append(f'<rect x="1" y="{_y(y)}" width="11" height="11" fill="{fill}" stroke="{GREY}"/>')

    def svg(self, title: str, told: str) -> str:
        """The drawing as an image with its title and what it shows in words. Texts have a white edge."""
        hatch = _HATCH.format(self.figure_id, GREY) if self.has_hatching else ""
        named = f'aria-labelledby="{self.figure_id}-title {self.figure_id}-desc"'
        words = f'<title id="{self.figure_id}-title">{escape(title)}</title>'
        words += f'<desc id="{self.figure_id}-desc">{escape(told)}</desc>'
        left, right = self.margins
        return (
            f'<svg class="left-{left} right-{right}" width="100%" height="{self.height:.0f}" role="img" {named} '
            'xmlns="http://www.w3.org/2000/svg" overflow="visible" '
            f'font-family="Arial, Helvetica, sans-serif"{self.source.attributes()}>{words}{hatch}'
            f"{''.join(self.parts)}{_TEXTS}{''.join(self.texts)}</g></svg>"
        )


_TEXTS = '<g paint-order="stroke" stroke="#fff" stroke-width="3" stroke-linejoin="round">'
_HATCH = (
    '<defs><pattern id="{0}-hatch" width="6" height="6" patternUnits="userSpaceOnUse" '
    'patternTransform="rotate(45)"><rect width="6" height="6" fill="#fff"/>'
    '<line x2="0" y2="6" stroke="{1}" stroke-width="3"/></pattern></defs>'
)
PATHS = {
    "square": "M-.9 -.9H.9V.9H-.9z",
    "diamond": "M0 -1.2L1.2 0L0 1.2L-1.2 0z",
    "triangle": "M0 -1.15L1.1 .9H-1.1z",
    "triangle down": "M0 1.15L1.1 -.9H-1.1z",
    "cross": "M-.8 -.8L.8 .8M-.8 .8L.8 -.8",
}


def anchor_at(x: float, wide: float) -> str:
    """``middle`` if a text ``wide`` pixels fits around ``x``, else the side on which it does."""
    place = x * NARROW
    if wide / 2 <= place <= NARROW - wide / 2:
        return "middle"
    return "start" if place < NARROW / 2 else "end"


def place_of(x: float, wide: float) -> tuple[float, float]:
    """From and to which pixel a text ``wide`` pixels stands around ``x``, as ``Drawing.near`` places it."""
    start = x * NARROW - {"start": 0.0, "middle": wide / 2, "end": wide}[anchor_at(x, wide)]
    return start, start + wide


def mark_of(position: str | None) -> tuple[str, bool]:
    """Shape of a position in a funnel, and whether it is hollow: a circle within the limits, a triangle that points
    to the side of a figure beyond them; filled, beyond the 99.8 % limit. A ring has no position.
    """
    if position is None or position == "within":
        return "circle", position is None
    side, level = position.split(" ")
    return "triangle" if side == "above" else "triangle down", level == "95"
