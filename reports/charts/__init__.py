"""Charts: pure functions from plain numbers and texts to inline SVG with a table of every number drawn.

Belongs here: drawing. Does not belong here: statistics (``warehouse``), the text around a chart (the pages).
Each function takes a dataclass of ``reports.charts.data`` and an id that is unique on the page, and gives a
``Figure``.
"""

from reports.charts.caterpillar import caterpillar
from reports.charts.control import control_chart, small_multiples
from reports.charts.data import (
    Caterpillar,
    ControlChart,
    ControlPoint,
    Distribution,
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
)
from reports.charts.distribution import distribution
from reports.charts.figure import Figure
from reports.charts.funnel import funnel
from reports.charts.matrix import matrix
from reports.charts.person_years import person_years
from reports.charts.position import position
from reports.charts.scale import SHARE, Scale
from reports.charts.stream import stream

__all__ = [
    "SHARE", "Caterpillar", "ControlChart", "ControlPoint", "Distribution", "Figure", "Funnel", "Matrix",
    "MatrixCell", "MatrixRow", "Part", "PersonTime", "PersonYears", "Position", "Scale", "Scores", "Service",
    "SmallMultiples", "Source", "Stage", "Stream", "Value", "caterpillar", "control_chart", "distribution",
    "funnel", "matrix", "person_years", "position", "small_multiples", "stream",
]  # fmt: skip
