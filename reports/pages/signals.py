"""What figures say beyond chance: where a figure stands, and what changed over time.

Belongs here: reading the verdicts of the warehouse (funnels, control charts, exact tests) into a few cases. Does
not belong here: the verdicts themselves (``warehouse``), the words for a case (``sentences``).
"""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date
from enum import StrEnum

from reports.pages.figures import Figure, Point

# A change is news if its last month is one of the last three; else it is history.
RECENT = 3
# mart.service_comparison: under 0.002 is a difference at 99.8 %.
_BEYOND = 0.002
_PLACES = {"within": (0, 0), "above 95": (1, 1), "below 95": (1, -1), "above 99.8": (2, 1), "below 99.8": (2, -1)}


class Case(StrEnum):
    """How a figure stands beside others, or why that cannot be said."""

    SUPPRESSED = "suppressed"
    NOT_SUBMITTED = "not submitted"
    NOT_ASKED = "not asked"
    NOBODY = "nobody"
    TOO_FEW = "too few"
    COUNT = "count"
    UNTESTED = "untested"
    ROWS = "rows"
    MONTHS = "months"
    FEW_SERVICES = "few services"
    ALIKE = "alike"
    APART = "apart"
    NEAR = "near"
    WITHIN = "within"
    SOMEWHAT = "somewhat"
    BEYOND = "beyond"


MISSING = (Case.SUPPRESSED, Case.NOT_SUBMITTED, Case.NOT_ASKED, Case.NOBODY)
DIFFERENT = (Case.APART, Case.SOMEWHAT, Case.BEYOND)


@dataclass(frozen=True)
class Standing:
    """A case, and for a difference whether the figure is the higher one."""

    case: Case
    is_high: bool = False


_BY_STATE = {
    "suppressed": Case.SUPPRESSED, "not submitted": Case.NOT_SUBMITTED, "not applicable": Case.NOT_ASKED,
    "no denominator": Case.NOBODY, "no rate": Case.TOO_FEW,
}  # fmt: skip


def standing(figure: Figure | None, kind: str, months: int) -> Standing:
    """How a figure of ``months`` months stands. ``kind``: that of its measure; no figure: not asked."""
    if figure is None:
        return Standing(Case.NOT_ASKED)
    if figure.state in _BY_STATE or figure.value is None:
        return Standing(_BY_STATE.get(figure.state, Case.SUPPRESSED))
    if kind != "share":
        return Standing(Case.COUNT if kind == "count" else Case.UNTESTED)
    if figure.position in _PLACES:
        distance, side = _PLACES[figure.position]
        return Standing((Case.WITHIN, Case.SOMEWHAT, Case.BEYOND)[distance], side > 0)
    if figure.months_submitted is not None and figure.months_submitted < months:
        return Standing(Case.MONTHS)
    return _unplaced(figure)


def _unplaced(figure: Figure) -> Standing:
    """Why a share of a whole year has no position; of few services each may still be tested against the rest."""
    why = figure.why_not or ""
    if why.startswith("denominator under"):
        return Standing(Case.TOO_FEW)
    if why == "the measure does not count people":
        return Standing(Case.ROWS)
    if why == "too close to a limit to publish":
        return Standing(Case.NEAR)
    others = (figure.services or 0) > 1
    if figure.p_against_rest is None or not others or figure.value is None or figure.national_value is None:
        return Standing(Case.FEW_SERVICES)
    if figure.p_against_rest < _BEYOND:
        return Standing(Case.APART, figure.value > figure.national_value)
    return Standing(Case.ALIKE)


@dataclass(frozen=True)
class Change:
    """What a control chart says last: the rule, the side, the months of the run, and whether that is news.

    ``rule`` is outside, trend, shift or 2 of 3; "calm" where chance explains all; "early" where there are too few
    points. ``better``: whether the change is for the better; ``None`` where neither is. ``is_now``: whether the
    newest month is one of the run.
    """

    rule: str
    is_high: bool = False
    first: date | None = None
    last: date | None = None
    is_recent: bool = False
    better: bool | None = None
    points: int = 0
    is_now: bool = False

    @property
    def is_signal(self) -> bool:
        """Whether it is beyond chance."""
        return self.first is not None


def change(points: Sequence[Point]) -> Change:
    """What the points of one chart, in order, say last."""
    charted = [point for point in points if point.signal is not None]
    if not charted:
        return Change("early", points=sum(point.value is not None for point in points))
    marked = [place for place, point in enumerate(charted) if point.signal]
    if not marked:
        return Change("calm", points=charted[-1].points or 0)
    end = start = marked[-1]
    last = charted[end]
    while start and (charted[start - 1].signal, charted[start - 1].point_type) == (last.signal, last.point_type):
        start -= 1
    return Change(
        last.point_type,
        is_high=(last.signal or 0) > 0,
        first=charted[start].period_start,
        last=last.period_start,
        is_recent=end >= len(charted) - RECENT,
        better={"improvement": True, "concern": False}.get(last.variation),
        points=last.points or 0,
        is_now=end == len(charted) - 1,
    )
