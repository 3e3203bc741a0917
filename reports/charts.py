"""Charts as SVG text: a funnel plot and a panel of control charts.

Belongs here: drawing figures. Does not belong here: limits and positions (``warehouse``), the text around a chart.
"""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from html import escape
from math import log10, sqrt

from warehouse.comparison.statistics import Z_95, Z_998

# Dark enough on white and told apart without colour vision (Okabe and Ito), and by shape as well.
BLUE, ORANGE, GREY, FAINT, INK = "#0072B2", "#B34700", "#6B7280", "#B6BCC6", "#1F2937"
_FONT = 'font-family="Arial, Helvetica, sans-serif"'


@dataclass(frozen=True)
class FunnelPoint:
    """A service: its denominator, its share, its position (against the adjusted limits), its name."""

    denominator: int
    share: float
    position: str
    name: str


@dataclass(frozen=True)
class ControlChart:
    """One chart: a value per label, mean and limits (``None`` where there are none), the marked points."""

    title: str
    labels: Sequence[str]
    values: Sequence[float]
    mean: float
    limits: tuple[float, float] | None
    is_special: Sequence[bool]


def funnel_plot(points: Sequence[FunnelPoint], centre: float, tau: float, title: str, subtitle: str) -> str:
    """Shares by denominator (logarithmic) with limits around ``centre``; at least one point.

    The 95 and 99.8 % limits allow for ``tau``, the standard deviation between services; those of chance alone are
    drawn faintly inside them.
    """
    plane = _Plane.around(points)
    parts = [_text(plane.left, 24, title, 17, weight="bold"), _text(plane.left, 46, subtitle, 13, GREY)]
    parts += [*_axes(plane), *_limits(plane, centre, tau)]
    for p in sorted(points, key=lambda p: (p.position != "within", p.denominator, p.name)):
        words = f"{p.name}: {100 * p.share:.1f} %"
        parts.append(_mark(plane.x(p.denominator), plane.y(p.share), p.position, words))
    for place, kind, words in (
        (plane.width - 290, "within", "within"), (plane.width - 220, "above 95", "beyond 95 %"),
        (plane.width - 110, "above 99.8", "beyond 99.8 %"),
    ):  # fmt: skip
        parts += [_mark(place, 42, kind, words), _text(place + 10, 46, words, 12)]
    return _svg(plane.width, plane.height, title, subtitle, parts)


@dataclass(frozen=True)
class _Plane:
    """Where a denominator and a share stand in the picture of a funnel plot."""

    low_n: float
    high_n: float
    low: float
    high: float
    width: int = 820
    height: int = 500
    left: int = 64
    top: int = 66
    bottom: int = 444
    right: int = 800

    @classmethod
    def around(cls, points: Sequence[FunnelPoint]) -> "_Plane":
        sizes, shares = [p.denominator for p in points], [p.share for p in points]
        low_n, high_n = 10 ** int(log10(min(sizes))), max(sizes) * 1.15
        return cls(low_n, high_n, max(0.0, min(shares) - 0.03), min(1.0, max(shares) + 0.03))

    def x(self, n: float) -> float:
        width = self.right - self.left
        return self.left + width * log10(n / self.low_n) / log10(self.high_n / self.low_n)

    def y(self, share: float) -> float:
        return self.top + (self.bottom - self.top) * (self.high - share) / (self.high - self.low)


def _axes(plane: _Plane) -> Iterable[str]:
    for tick in _ticks(plane.low, plane.high):
        yield _line(plane.left, plane.right, plane.y(tick), "#E5E7EB")
        yield _text(plane.left - 8, plane.y(tick) + 4, f"{100 * tick:.0f} %", 12, anchor="end")
    for n in (first * 10**power for power in range(1, 7) for first in (1, 3)):
        if plane.low_n <= n <= plane.high_n:
            yield _text(plane.x(n), plane.bottom + 20, f"{n:,}", 12, anchor="middle")
    middle = (plane.left + plane.right) / 2
    yield _text(middle, plane.height - 14, "courses in the denominator", 13, anchor="middle")


def _limits(plane: _Plane, centre: float, tau: float) -> Iterable[str]:
    """The curves of the limits, first those of chance alone, and the line of the centre."""
    steps = [plane.low_n * (plane.high_n / plane.low_n) ** (i / 160) for i in range(161)]
    for spread, colour in ((0.0, FAINT), (tau, INK)):
        for z, words in ((-Z_95, ""), (Z_95, "95 %"), (-Z_998, ""), (Z_998, "99.8 %")):
            curve = [(n, centre + z * sqrt(centre * (1 - centre) / n + spread**2)) for n in steps]
            line = " ".join(f"{plane.x(n):.1f},{plane.y(p):.1f}" for n, p in curve if plane.low <= p <= plane.high)
            dash = "6 4" if abs(z) == Z_95 else ""
            yield f'<polyline points="{line}" fill="none" stroke="{colour}" stroke-dasharray="{dash}"/>'
            if spread == tau:
                yield _text(plane.x(steps[140]) + 4, plane.y(curve[140][1]) - 4, words, 11, GREY)
    yield _line(plane.left, plane.right, plane.y(centre), INK)


def control_panel(charts: Sequence[ControlChart], title: str, subtitle: str, columns: int = 4) -> str:
    """A grid of small control charts, special-cause points as diamonds.

    Every chart spans 20 points around its mean, or more if its points or limits need it. So variation looks
    equally large in all charts.
    """
    wide, tall, top = 210, 140, 66
    parts = [_text(16, 24, title, 17, weight="bold"), _text(16, 46, subtitle, 13, GREY)]
    for place, chart in enumerate(charts):
        parts += _small_chart(chart, 16 + wide * (place % columns), top + tall * (place // columns), wide, tall)
    rows = -(-len(charts) // columns)
    return _svg(wide * columns + 32, top + tall * rows + 8, title, subtitle, parts)


def _small_chart(chart: ControlChart, left: int, upper: int, wide: int, tall: int) -> list[str]:
    drawn = [*chart.values, *(chart.limits or ())]
    half: float = max(0.1, max(abs(v - chart.mean) for v in drawn)) + 0.005
    steps = max(1, len(chart.values) - 1)
    start, end = left + 34, left + wide - 22

    def x(position: int) -> float:
        return start + (end - start) * position / steps

    def y(value: float) -> float:
        return upper + 20 + (tall - 54) * (chart.mean + half - value) / (2 * half)

    parts = [_text(left, upper + 12, chart.title, 11, weight="bold"), _line(start, end, y(chart.mean), INK)]
    parts += [_line(start, end, y(limit), GREY, "4 3") for limit in chart.limits or ()]
    line = " ".join(f"{x(i):.1f},{y(v):.1f}" for i, v in enumerate(chart.values))
    parts.append(f'<polyline points="{line}" fill="none" stroke="{BLUE}"/>')
    for i, (value, special) in enumerate(zip(chart.values, chart.is_special, strict=True)):
        said = f"{chart.labels[i]}: {100 * value:.1f} %"
        parts.append(_mark(x(i), y(value), "above 99.8" if special else "within", said))
    for tick in (chart.mean - half, chart.mean, chart.mean + half):
        parts.append(_text(left + 26, y(tick) + 4, f"{100 * tick:.0f}", 10, anchor="end"))
    parts.append(_text(start, upper + tall - 18, chart.labels[0], 10, GREY))
    parts.append(_text(end, upper + tall - 18, chart.labels[-1], 10, GREY, anchor="end"))
    return parts


def _mark(x: float, y: float, position: str, said: str) -> str:
    title = f"<title>{escape(said)}</title>"
    if position.endswith("99.8"):
        path = f"M{x:.1f} {y - 5:.1f}l5 5l-5 5l-5 -5z"
        return f'<path d="{path}" fill="{ORANGE}" stroke="white" stroke-width="0.6">{title}</path>'
    paint = f'r="3.2" fill="{BLUE}" stroke="white" stroke-width="0.6"'
    if position.endswith("95"):
        paint = f'r="3.6" fill="white" stroke="{ORANGE}" stroke-width="1.8"'
    return f'<circle cx="{x:.1f}" cy="{y:.1f}" {paint}>{title}</circle>'


def _line(start: float, end: float, y: float, colour: str, dash: str = "") -> str:
    place = f'x1="{start:.1f}" x2="{end:.1f}" y1="{y:.1f}" y2="{y:.1f}"'
    return f'<line {place} stroke="{colour}" stroke-dasharray="{dash}"/>'


def _ticks(low: float, high: float) -> Iterable[float]:
    return (tick / 100 for tick in range(0, 101, 10) if low <= tick / 100 <= high)


def _text(
    x: float, y: float, words: str, size: int, colour: str = INK, anchor: str = "start", weight: str = "normal"
) -> str:
    return (
        f'<text x="{x:.1f}" y="{y:.1f}" font-size="{size}" fill="{colour}" text-anchor="{anchor}" '
        f'font-weight="{weight}">{escape(words)}</text>'
    )


def _svg(width: int, height: int, title: str, subtitle: str, parts: Sequence[str]) -> str:
    return (
        f'<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 {width} {height}" role="img" {_FONT}>\n'
        f"<title>{escape(title)}</title>\n<desc>{escape(subtitle)}</desc>\n"
        f'<rect width="{width}" height="{height}" fill="white"/>\n' + "\n".join(parts) + "\n</svg>\n"
    )
