"""Icons of variation and assurance, in the manner of «Making Data Count»: what a control chart says, in one mark.

Belongs here: the two icons and their words. Does not belong here: the judgement (``mart.control_chart``).
"""

from reports.charts.data import ControlChart, ControlPoint
from reports.charts.drawing import BLUE, GREY, INK, ORANGE, QUIET

# What ``variation`` says, in words; a signal is high or rising (1), or low or falling (-1).
_VARIATION = {
    "improvement": {1: "Improvement: higher than chance explains", -1: "Improvement: lower than chance explains"},
    "concern": {1: "Concern: higher than chance explains", -1: "Concern: lower than chance explains"},
    "neither": {1: "Higher than chance explains", -1: "Lower than chance explains"},
}
COLOUR = {"improvement": BLUE, "concern": ORANGE, "neither": INK}
_ASSURANCE = {
    "passes": ("Meets the standard of {} each time as things are", BLUE, "P"),
    "fails": ("Misses the standard of {} each time as things are", ORANGE, "F"),
    "inconsistent": ("May meet or miss the standard of {} by chance", QUIET, "?"),
}
_NO_SIGNAL = {
    "too few points": "Too few months for limits: at least 6 are needed",
    "not meaningful": "No limits: nearly all months are the same",
    "not charted": "No point for the latest month",
}


def variation_words(point: ControlPoint) -> str:
    """What the latest point says."""
    by_side = _VARIATION.get(point.variation)
    if by_side is not None and point.signal:
        return by_side[point.signal]
    return _NO_SIGNAL.get(point.limits, "No more than chance explains")


def variation_icon(point: ControlPoint) -> str:
    """Dots that rise or fall at the end, coloured and with H or L, for a signal; a grey even wave for chance; none
    where there are no limits.
    """
    if point.limits not in ("standing", "trial"):
        return ""
    colour = COLOUR.get(point.variation)
    if colour is None or not point.signal:
        places = [(6, 18), (10, 13), (14, 18), (18, 13), (22, 18), (26, 13)]
        dots = "".join(f'<circle cx="{x}" cy="{y}" r="2.2" fill="{GREY}"/>' for x, y in places)
        return _icon(GREY, dots)
    places = [(7, 20), (11, 23), (16, 22), (20, 17), (24, 12)]
    dots = "".join(
        f'<circle cx="{x}" cy="{y if point.signal > 0 else 32 - y}" r="2.4" fill="{GREY if x < 15 else colour}"/>'
        for x, y in places
    )
    letter = "H" if point.signal > 0 else "L"
    return _icon(colour, dots + _letter(letter, 12, 16 if point.signal > 0 else 25, colour))


def assurance_words(chart: ControlChart) -> str:
    """Whether the process as it is meets the standard."""
    assert chart.assurance is not None and chart.standard is not None
    return _ASSURANCE[chart.assurance][0].format(chart.scale.said(chart.standard))


def assurance_icon(assurance: str) -> str:
    """A letter over the line of the standard: P (passes), F (fails), ? (by chance)."""
    _, colour, letter = _ASSURANCE[assurance]
    line = f'<line x1="6" x2="26" y1="23" y2="23" stroke="{colour}" stroke-width="2" stroke-dasharray="4 2"/>'
    return _icon(colour, line + _letter(letter, 16, 19, colour))


def _letter(letter: str, x: int, y: int, colour: str) -> str:
    return (
        f'<text x="{x}" y="{y}" font-size="13" font-weight="bold" text-anchor="middle" '
        f'font-family="Arial, Helvetica, sans-serif" fill="{colour}">{letter}</text>'
    )


def _icon(colour: str, inside: str) -> str:
    """The words stand beside it, so that a screen reader passes over it."""
    ring = f'<circle cx="16" cy="16" r="14.5" fill="#fff" stroke="{colour}" stroke-width="2.5"/>'
    return f'<svg class="icon" width="32" height="32" viewBox="0 0 32 32" aria-hidden="true">{ring}{inside}</svg>'
