"""Charts: pure functions from plain numbers and texts to inline SVG with a table of every number drawn.

Belongs here: drawing. Does not belong here: statistics (``warehouse``), the text around a chart (the pages).
Each function takes a dataclass of ``reports.charts.data`` and an id that is unique on the page, and gives a
``Figure``.
"""

from reports.charts.caterpillar import MOST_NAMED, caterpillar
from reports.charts.control import control_chart, small_multiples
from reports.charts.data import (
    Aim,
    Caterpillar,
    ControlChart,
    ControlPoint,
    Distribution,
    Fan,
    FanPoint,
    Funnel,
    Matrix,
    MatrixCell,
    MatrixRow,
    Part,
    PersonTime,
    PersonYears,
    Position,
    Scores,
    Service,
    SmallMultiples,
    Source,
    Stage,
    Stream,
    Value,
    Waits,
    Week,
)
from reports.charts.distribution import distribution
from reports.charts.fan import fan
from reports.charts.figure import Figure
from reports.charts.funnel import funnel
from reports.charts.matrix import matrix
from reports.charts.person_years import person_years
from reports.charts.position import position
from reports.charts.scale import SHARE, Scale
from reports.charts.stream import stream
from reports.charts.waits import waits

__all__ = [
    "MOST_NAMED",
    "SHARE", "Aim", "Caterpillar", "ControlChart", "ControlPoint", "Distribution", "Fan", "FanPoint",
    "Figure", "Funnel", "Matrix", "MatrixCell", "MatrixRow", "Part", "PersonTime", "PersonYears",
    "Position", "Scale", "Scores", "Service", "SmallMultiples", "Source", "Stage", "Stream", "Value",
    "Waits", "Week", "caterpillar", "control_chart", "distribution", "fan", "funnel", "matrix",
    "person_years", "position", "small_multiples", "stream", "waits",
]  # fmt: skip
