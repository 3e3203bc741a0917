"""What the charts are drawn from: plain numbers and texts, and where each number stands in a release.

Belongs here: the frozen dataclasses that a page fills. Does not belong here: figures (``warehouse``), drawing (the
module of each chart).
"""

from collections.abc import Sequence
from dataclasses import astuple, dataclass, field
from html import escape

from reports.charts.scale import SHARE, Scale


@dataclass(frozen=True)
class Source:
    """Where a number stands in a release; a part left empty is that of the chart around it."""

    measure: str = ""
    org: str = ""
    period: str = ""
    pathway: str = ""
    group: str = ""
    table: str = ""
    period_type: str = ""
    level: str = ""
    breakdown: str = ""
    source: str = ""

    def attributes(self, around: "Source | None" = None) -> str:
        """``data-*`` attributes of the parts that are given and differ from those of the element around it."""
        outer = dict(around._parts()) if around else {}
        return "".join(
            f' data-{name}="{escape(value)}"' for name, value in self._parts() if value and value != outer.get(name)
        )

    def within(self, around: "Source") -> "Source":
        """A source whose empty parts are those of the one around it."""
        return Source(*(own or outer for own, outer in zip(astuple(self), astuple(around), strict=True)))

    def _parts(self) -> tuple[tuple[str, str], ...]:
        return (
            ("table", self.table), ("level", self.level), ("org", self.org), ("measure", self.measure),
            ("period-type", self.period_type), ("period", self.period), ("pathway", self.pathway),
            ("breakdown", self.breakdown), ("group", self.group), ("source", self.source),
        )  # fmt: skip


NOWHERE = Source()


@dataclass(frozen=True)
class Value:
    """A figure with its 95 % interval and the people it is of; without a value, why there is none (in words).

    ``column`` is the column of the release that the value is from.
    """

    value: float | None
    lower: float | None = None
    upper: float | None = None
    numerator: int | None = None
    denominator: int | None = None
    why_missing: str = "no figure"
    source: Source = NOWHERE
    column: str = "value"


@dataclass(frozen=True)
class Position:
    """Where one figure stands: the service's, the national one of services like it, the standard."""

    title: str
    name: str
    own: Value
    national: Value | None = None
    national_name: str = "Services like it"
    standard: float | None = None
    scale: Scale = SHARE


@dataclass(frozen=True)
class ControlPoint:
    """A month of a control chart, as ``mart.control_chart`` has it; without a value, why it is no point.

    ``variation`` is improvement, concern, neither, common cause, or what ``limits`` says; ``rebased_because``
    stands at the first point of a segment that a known change began.
    """

    label: str
    value: float | None
    mean: float | None = None
    lower_limit: float | None = None
    upper_limit: float | None = None
    limits: str = "not charted"
    variation: str = "not charted"
    signal: int | None = None
    segment: int | None = None
    rebased_because: str = ""
    why_missing: str = "not submitted"
    denominator: int | None = None
    source: Source = NOWHERE


@dataclass(frozen=True)
class ControlChart:
    """One service over time: every period in order, those without a figure too.

    ``assurance`` is passes, fails, inconsistent, or ``None`` without a standard (``mart.control_chart_summary``).
    """

    title: str
    name: str
    points: Sequence[ControlPoint]
    standard: float | None = None
    assurance: str | None = None
    scale: Scale = SHARE
    source: Source = NOWHERE


@dataclass(frozen=True)
class Service:
    """A service beside others. ``position`` is ``funnel_position_adjusted``, ``None`` where it has none."""

    name: str
    figure: Value
    position: str | None = None
    region: str = ""
    is_this: bool = False


@dataclass(frozen=True)
class Funnel:
    """Shares by denominator around the peers' share ``centre``.

    ``tau`` is the standard deviation between services beyond chance; ``None`` where there are too few services for
    limits, and then none are drawn.
    """

    title: str
    services: Sequence[Service]
    centre: Value
    tau: float | None
    centre_name: str = "England"
    standard: float | None = None
    denominator_is: str = "people"
    scale: Scale = SHARE
    source: Source = NOWHERE


@dataclass(frozen=True)
class Caterpillar:
    """Services with their intervals, by name, or by region and name; never by value."""

    title: str
    services: Sequence[Service]
    centre: Value | None = None
    centre_name: str = "England"
    by_region: bool = False
    standard: float | None = None
    scale: Scale = SHARE
    source: Source = NOWHERE


@dataclass(frozen=True)
class Scores:
    """Scores at one occasion: how many people had each score (counts), or percentiles of them, or both.

    ``percentiles`` maps 5, 10, 25, 50, 75, 90, 95 to scores (``mart.reference_norm``); a group of counts under the
    limit of publication has ``None``. ``source`` says which occasion, such as its ``breakdown``.
    """

    label: str
    people: int
    counts: Sequence[tuple[float, int | None]] = ()
    percentiles: Sequence[tuple[int, float]] = ()
    source: Source = NOWHERE


@dataclass(frozen=True)
class Distribution:
    """First and last scores on one instrument, with its cut-off."""

    title: str
    scores: Sequence[Scores]
    lowest: float
    highest: float
    cut_off: float | None = None
    source: Source = NOWHERE


@dataclass(frozen=True)
class PersonTime:
    """Events in the person-years of one span (before, during, after therapy): the rate is events a person-year."""

    label: str
    rate: Value
    person_years: float | None = None


@dataclass(frozen=True)
class PersonYears:
    """One kind of event before, during and after therapy, each over its own person-time."""

    title: str
    event: str
    spans: Sequence[PersonTime]
    scale: Scale
    source: Source = NOWHERE


@dataclass(frozen=True)
class Part:
    """People at a stage who did not go on. ``kind``: ``open`` (may still), ``left`` or ``not known``."""

    label: str
    people: int | None
    kind: str
    column: str
    why_missing: str = "fewer than 5"
    source: Source = NOWHERE


@dataclass(frozen=True)
class Stage:
    """A stage of the stream; its parts and the people of the next stage are all its people."""

    label: str
    people: int | None
    column: str
    parts: Sequence[Part] = ()
    why_missing: str = "fewer than 5"
    source: Source = NOWHERE


@dataclass(frozen=True)
class Stream:
    """From referral to recovery: the same people at every stage."""

    title: str
    stages: Sequence[Stage]
    source: Source = NOWHERE


@dataclass(frozen=True)
class FanPoint:
    """A month of a trajectory: what came, or what is forecast with its limits; with neither, why not."""

    label: str
    actual: int | None = None
    median: int | None = None
    lower_80: int | None = None
    upper_80: int | None = None
    lower_95: int | None = None
    upper_95: int | None = None
    why_missing: str = "not submitted"
    source: Source = NOWHERE


@dataclass(frozen=True)
class Aim:
    """What a month needs for a target, or the target itself: a line up to the month at ``place`` of the points."""

    words: str
    value: int
    column: str
    place: int
    source: Source = NOWHERE


@dataclass(frozen=True)
class Fan:
    """A trajectory: months that came, then months that are forecast, every month in order."""

    title: str
    points: Sequence[FanPoint]
    aim: Aim | None = None
    scale: Scale = field(default_factory=Scale)
    source: Source = NOWHERE


@dataclass(frozen=True)
class SmallMultiples:
    """Several control charts side by side, on scales of equal length."""

    title: str
    charts: Sequence[ControlChart]


@dataclass(frozen=True)
class MatrixCell:
    """How one service stands on one question: a position, or ``None`` and why it cannot be said.

    ``better``: whether high is good (``higher``), low (``lower``) or neither (``none``).
    """

    figure: Value
    position: str | None = None
    better: str = "none"
    scale: Scale = SHARE


@dataclass(frozen=True)
class MatrixRow:
    """A service and its cells, in the order of the questions."""

    name: str
    cells: Sequence[MatrixCell]
    region: str = ""
    is_this: bool = False
    source: Source = NOWHERE


@dataclass(frozen=True)
class Matrix:
    """Services by questions."""

    title: str
    questions: Sequence[str]
    rows: Sequence[MatrixRow] = field(default_factory=tuple)
    source: Source = NOWHERE


@dataclass(frozen=True)
class Week:
    """The end of a week of waiting, in shares of all who were referred; None where one is not known.

    ``begun`` and ``left`` are those seen to; ``if_nobody_left`` would have begun (Kaplan-Meier). ``at_risk`` still
    waited, and were followed, when the last day of the week began.
    """

    day: int
    at_risk: int
    begun: float
    begun_lower: float | None
    begun_upper: float | None
    left: float
    if_nobody_left: float | None = None


@dataclass(frozen=True)
class Waits:
    """How long people wait, week by week from the referral; ``standards`` are days to mark. Columns are those of
    ``mart.waiting_curve``.
    """

    title: str
    weeks: Sequence[Week]
    standards: Sequence[int] = (42, 126)
    source: Source = NOWHERE
